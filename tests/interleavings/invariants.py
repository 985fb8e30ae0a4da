"""What must hold at every answer, and when all is over; `watch` looks at every write."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared.domain.due import next_look, waits_for_operator
from shared.domain.history import verify_chain
from shared.domain.license import Standing
from shared.domain.order import Order, OrderState
from shared.domain.refund import RefundFact, RefundState
from shared.domain.refunding import find_refund, refunded_minor, standing_of

if TYPE_CHECKING:
    from shared.domain.history import Event, History
    from shared.domain.license import License
    from shared.domain.payment import PaymentFact
    from tests.interleavings.scene import Scene


class Broken(AssertionError):
    """A promise that the store, an answer or the end did not keep."""


def must(holds: object, promise: str) -> None:
    """Raise Broken with the promise unless it holds."""
    if not holds:
        raise Broken(promise)


def order_of(scene: Scene) -> Order:
    """The one order that a scene is about."""
    orders = scene.orders.all()
    must(len(orders) == 1, f"one key makes one order, not {len(orders)}")
    return orders[0]


def license_of(scene: Scene) -> License:
    """The one license of that order."""
    licenses = scene.licenses.all()
    must(len(licenses) == 1, f"one payment, one license, not {len(licenses)}")
    return licenses[0]


def accepted_is_durable(scene: Scene, fact: PaymentFact | RefundFact) -> None:
    """A notify was answered 2xx: then what it says is in the order's row, now."""
    order = order_of(scene)
    if isinstance(fact, RefundFact):
        refund = find_refund(order, fact.out_refund_no)
        must(refund is not None, "a refund's notify was accepted, and it is not booked")
        must(fact.state is not RefundState.SUCCEEDED or refund is None
             or refund.state is RefundState.SUCCEEDED, "accepted as refunded, and is not")
        return
    must(order.payment is not None and order.grant is not None, "accepted, and not booked")
    assert order.payment is not None
    must(order.payment.transaction_id == fact.transaction_id, "accepted for another payment")


def shown_is_durable(scene: Scene, shown: Order) -> None:
    """A client was shown an order: nothing in it may be news to the store."""
    stored = order_of(scene)
    must(stored.version >= shown.version, "shown, and not stored")
    must(shown.payment is None or stored.payment == shown.payment, "shown as paid, and is not")
    must(shown.grant is None or stored.grant == shown.grant, "shown a grant that is not stored")
    numbers = {refund.out_refund_no for refund in stored.refunds}
    must(all(refund.out_refund_no in numbers for refund in shown.refunds),
         "shown a refund that is not stored")


def leased_is_durable(scene: Scene, given: Any) -> None:
    """A lease was handed out: its license is stored, and the payment behind it.

    And when the claim began, nothing was stored that takes the license away (unless that was
    given up meanwhile: then the license is of worth again).
    """
    if given.lease is None:
        return
    order, license_ = order_of(scene), license_of(scene)
    must(order.payment is not None, "leased without a payment")
    must(order.grant in license_.grants, "leased without the order's grant")
    began = scene.began_with()
    must(began is None or began.payment is None
         or Standing.ACTIVE in (standing_of(began), standing_of(order)),
         "a lease for a claim that began after its refund was stored")


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


def histories_are_whole(scene: Scene) -> None:
    """Every history leads to its head."""
    for order in scene.orders.all():
        CHAINS.check("order", order.order_id, order.history)
    for license_ in scene.licenses.all():
        CHAINS.check("license", license_.license_id, license_.history)


def nothing_is_left_to_do(scene: Scene) -> None:
    """Every order is at its end, or waits for a person, and the work list knows it."""
    order = order_of(scene)
    if not waits_for_operator(order):
        must(next_look(order, scene.clock.now_s()) is None, "not at its end, and nobody knows")
        must(not scene.work.rows(), "work that never ends")


def paid_and_delivered_once(scene: Scene) -> None:
    """The end of a purchase: one payment of the right amount, one grant, one license."""
    order = order_of(scene)
    must(order.state is OrderState.PAID, f"paid for, and {order.state.value}")
    payment_is_booked_once(scene)
    license_is_up_to_date(scene)
    must(license_of(scene).standing is Standing.ACTIVE, "paid for, and of no worth")


def payment_is_booked_once(scene: Scene) -> None:
    """What the provider took is what was owed, and is booked once, with one grant."""
    order = order_of(scene)
    trade, = scene.gateway.trades.values()
    must(order.payment is not None and order.grant is not None, "paid for, and not booked")
    assert order.payment is not None
    must(order.payment.amount == order.price == trade.amount, "the amount is what was owed")
    must(order.payment.transaction_id == trade.transaction_id, "the payment is the provider's")
    kinds = [event.kind for event in order.history.events]
    must(kinds.count("paid") == 1, "a payment is booked once")
    license_ = license_of(scene)
    must(license_.grants == (order.grant,), "the license has the order's grant, once")
    must([event.kind for event in license_.history.events].count("granted") == 1,
         "a grant is applied once")
    histories_are_whole(scene)


def license_is_up_to_date(scene: Scene) -> None:
    """What the license's row says is what the order's refunds and holds make of it."""
    order, license_ = order_of(scene), license_of(scene)
    must(license_.standing is standing_of(order),
         f"the order says {standing_of(order).value}, the license {license_.standing.value}")


def money_went_back_once(scene: Scene) -> None:
    """Each refund in the order's row is the provider's, once, and not more than was paid."""
    order = order_of(scene)
    assert order.payment is not None
    there = {number: back for number, back in scene.refunds.refunds.items()
             if back.state is not RefundState.CLOSED}
    here = {refund.out_refund_no: refund for refund in order.refunds
            if refund.state is RefundState.SUCCEEDED}
    must(set(there) == set(here), "refunds here and at the provider are the same")
    must(all(there[number].amount == here[number].amount for number in here),
         "the provider refunded what was asked for")
    must(refunded_minor(order) <= order.payment.amount.amount_minor, "no more than was paid")
    booked = {(line.kind, line.number): line.amount for line in scene.ledger.rows()}
    must({number for kind, number in booked if kind == "refund"} == set(here),
         "the ledger has every refund")
    must(("payment", order.payment.transaction_id) in booked, "the ledger has the payment")


def never_paid(scene: Scene) -> None:
    """The end where nothing that fits was paid: no payment, no license."""
    order = order_of(scene)
    must(order.payment is None and order.grant is None, "booked what does not fit")
    must(not scene.licenses.all(), "a license without a payment")
    histories_are_whole(scene)
