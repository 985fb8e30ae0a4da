"""What must hold: at every write, at every answer, and when all is over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared.domain.history import verify_chain
from shared.domain.order import TRANSITIONS, Order, OrderState

if TYPE_CHECKING:
    from shared.domain.history import Event, History
    from shared.domain.payment import PaymentFact
    from tests.interleavings.scene import Scene

MOVES = {kind for _, kind in TRANSITIONS}


class Broken(AssertionError):
    """A promise that the store, an answer or the end did not keep."""


def must(holds: object, promise: str) -> None:
    """Raise Broken with the promise unless it holds."""
    if not holds:
        raise Broken(promise)


class Watch:
    """Looks at the rows after every write: one version on, one more piece of history."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._orders: dict[str, Order] = {}
        self._licenses: dict[str, Any] = {}

    def restart(self) -> None:
        """What is stored now is where the next writes start from."""
        self._orders = {it.order_id: it for it in self._scene.orders.all()}
        self._licenses = {it.license_id: it for it in self._scene.licenses.all()}

    def stepped(self, actor: str, call: str) -> None:
        """Compare with what was stored before this call."""
        if call.startswith("orders."):
            for order in self._scene.orders.all():
                before = self._orders.get(order.order_id)
                if before is not order:
                    _one_version_on(before, order)
                    _moved_by_the_table(before, order)
                    self._orders[order.order_id] = order
        elif call.startswith("licenses."):
            for license_ in self._scene.licenses.all():
                before = self._licenses.get(license_.license_id)
                if before is not license_:
                    _one_version_on(before, license_)
                    self._licenses[license_.license_id] = license_


def _one_version_on(before: Any, after: Any) -> None:
    if before is None:
        must(after.version == 1, "a new row starts with version 1")
        return
    must(after.version == before.version + 1, "a write moves the version by exactly one")
    old = before.history.events
    must(after.history.events[:len(old)] == old, "history is only ever added to")


def _moved_by_the_table(before: Order | None, after: Order) -> None:
    state = OrderState.CREATED if before is None else before.state
    for event in after.history.events[len(before.history.events) if before else 1:]:
        if event.kind in MOVES:
            must((state, event.kind) in TRANSITIONS, f"{state.value} has no move {event.kind}")
            state = TRANSITIONS[(state, event.kind)]
    must(state is after.state, "the state is where the events lead")


def accepted_is_durable(scene: Scene, fact: PaymentFact) -> None:
    """A notify was answered 2xx: then its payment is in the order's row, now."""
    order = order_of(scene)
    must(order.payment is not None and order.grant is not None, "accepted, and not booked")
    assert order.payment is not None
    must(order.payment.transaction_id == fact.transaction_id, "accepted for another payment")


def shown_is_durable(scene: Scene, shown: Order) -> None:
    """A client was shown an order: nothing in it may be news to the store."""
    stored = order_of(scene)
    must(stored.version >= shown.version, "shown, and not stored")
    must(shown.payment is None or stored.payment == shown.payment, "shown as paid, and is not")
    must(shown.grant is None or stored.grant == shown.grant, "shown a grant that is not stored")


def leased_is_durable(scene: Scene, license_: Any) -> None:
    """A lease was handed out: its license is stored, and the payment behind it."""
    stored = [it for it in scene.licenses.all() if it.license_id == license_.license_id]
    must(len(stored) == 1, "leased, and no license is stored")
    order = order_of(scene)
    must(order.grant in stored[0].grants, "leased without the order's grant")
    must(order.payment is not None, "leased without a payment")


def order_of(scene: Scene) -> Order:
    """The one order that a scene is about."""
    orders = scene.orders.all()
    must(len(orders) == 1, f"one key makes one order, not {len(orders)}")
    return orders[0]


class Chains:
    """Verifies histories; the very same history is verified once."""

    def __init__(self) -> None:
        self._good: dict[tuple[str, str, str], tuple[Event, ...]] = {}

    def check(self, kind: str, aggregate_id: str, history: History) -> None:
        """Raise BrokenHistory unless the events lead to the head."""
        key = (kind, aggregate_id, history.head)
        if self._good.get(key) != history.events:
            verify_chain(kind, aggregate_id, history.events, history.head)
            self._good[key] = history.events


CHAINS = Chains()


def paid_and_delivered_once(scene: Scene) -> None:
    """The end of a purchase: one payment of the right amount, one grant, one license."""
    order = order_of(scene)
    trade, = scene.gateway.trades.values()
    must(order.state is OrderState.PAID, f"paid for, and {order.state.value}")
    assert order.payment is not None
    must(order.payment.amount == order.price == trade.amount, "the amount is what was owed")
    must(order.payment.transaction_id == trade.transaction_id, "the payment is the provider's")
    kinds = [event.kind for event in order.history.events]
    must(kinds.count("paid") == 1, "a payment is booked once")
    licenses = scene.licenses.all()
    must(len(licenses) == 1, f"one payment, one license, not {len(licenses)}")
    must(licenses[0].grants == (order.grant,), "the license has the order's grant, once")
    must([event.kind for event in licenses[0].history.events].count("granted") == 1,
         "a grant is applied once")
    histories_are_whole(scene)


def never_paid(scene: Scene) -> None:
    """The end where nothing that fits was paid: no payment, no license."""
    order = order_of(scene)
    must(order.payment is None and order.grant is None, "booked what does not fit")
    must(not scene.licenses.all(), "a license without a payment")
    histories_are_whole(scene)


def histories_are_whole(scene: Scene) -> None:
    """Every history leads to its head, and the due row of an order is there to find it."""
    for order in scene.orders.all():
        CHAINS.check("order", order.order_id, order.history)
    for license_ in scene.licenses.all():
        CHAINS.check("license", license_.license_id, license_.history)
