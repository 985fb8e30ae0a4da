"""What must hold at every write: looked at right after it, before anybody else goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared.domain.held import HeldState
from shared.domain.order import REFUND_TRANSITIONS, TRANSITIONS, Order, OrderState
from shared.domain.refund import MOVES, RESERVING
from shared.domain.refunding import find_refund, refunded_minor, reserved_minor, standing_of
from tests.interleavings.invariants import must

if TYPE_CHECKING:
    from shared.domain.held import HeldPayment
    from shared.domain.license import License
    from tests.interleavings.scene import Scene


class Watch:
    """Compares the rows after a write with those before it."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._orders: dict[str, Order] = {}
        self._licenses: dict[str, License] = {}
        self._held: dict[str, HeldPayment] = {}
        self._refunds: frozenset[str] = frozenset()
        self._looks = {"orders": self._at_orders, "licenses": self._at_licenses,
                       "held": self._at_held, "refunds": self._at_refunds}

    def restart(self) -> None:
        """What is stored now is where the next writes start from."""
        self._orders = {it.order_id: it for it in self._scene.orders.all()}
        self._licenses = {it.license_id: it for it in self._scene.licenses.all()}
        self._held = {it.transaction_id: it for it in self._scene.held.rows()}
        self._refunds = frozenset(self._scene.refunds.refunds)

    def stepped(self, call: str) -> None:
        """Look at what this call may have written."""
        look = self._looks.get(call.partition(".")[0])
        if look is not None:
            look()

    def _at_orders(self) -> None:
        for order in self._scene.orders.all():
            before = self._orders.get(order.order_id)
            if before is not order:
                _one_version_on(before, order)
                _moved_by_the_tables(before, order)
                self._orders[order.order_id] = order

    def _at_licenses(self) -> None:
        for license_ in self._scene.licenses.all():
            before = self._licenses.get(license_.license_id)
            if before is not license_:
                _one_version_on(before, license_)
                _says_what_the_order_says(self._scene, before, license_)
                self._licenses[license_.license_id] = license_

    def _at_held(self) -> None:
        for held in self._scene.held.rows():
            before = self._held.get(held.transaction_id)
            if before is not held:
                _one_version_on(before, held)
                self._held[held.transaction_id] = held

    def _at_refunds(self) -> None:
        there = frozenset(self._scene.refunds.refunds)
        _were_reserved(self._scene, there - self._refunds)
        self._refunds = there


def _one_version_on(before: Any, after: Any) -> None:
    if before is None:
        must(after.version == 1, "a new row starts with version 1")
        return
    must(after.version == before.version + 1, "a write moves the version by exactly one")
    old = before.history.events
    must(after.history.events[:len(old)] == old, "history is only ever added to")


def _moved_by_the_tables(before: Order | None, after: Order) -> None:
    state = OrderState.CREATED if before is None else before.state
    news = after.history.events[len(before.history.events) if before else 1:]
    rest = False
    for event in news:
        if (state, event.kind) in TRANSITIONS:
            state = TRANSITIONS[(state, event.kind)]
        else:
            rest = True
    allowed = REFUND_TRANSITIONS.get(state, ()) if rest else (state,)
    must(after.state in allowed, f"no table leads from {state.value} to {after.state.value}")
    if before is not None:
        must(before.payment in (None, after.payment), "a payment is never changed")
        must(before.grant in (None, after.grant), "a grant is never changed")
        _refunds_moved(before, after, [event.kind for event in news])


def _refunds_moved(before: Order, after: Order, kinds: list[str]) -> None:
    for old in before.refunds:
        new = find_refund(after, old.out_refund_no)
        must(new is not None and new.amount == old.amount, "a refund's amount is never changed")
        assert new is not None
        must(new.state is old.state
             or any(MOVES.get((old.state, kind)) is new.state for kind in kinds),
             f"a refund does not move from {old.state.value} to {new.state.value}")
    paid = 0 if after.payment is None else after.payment.amount.amount_minor
    must(refunded_minor(after) <= paid, "more went back than was paid")
    must("refund_requested" not in kinds or reserved_minor(after) <= paid,
         "more is promised back than was paid")


def _says_what_the_order_says(scene: Scene, before: License | None, license_: License) -> None:
    """A license's standing names the version of the order that it was read from: the newest."""
    old = {} if before is None else {one.grant_id: one for one in before.standings}
    for told in license_.standings:
        must(told.grant_id not in old
             or told.order_version >= old[told.grant_id].order_version,
             "an old standing undoes a newer one")
    for order in scene.orders.all():
        for told in license_.standings:
            must(told.order_version <= order.version, "a standing from the future")
            must(told.order_version < order.version or told.standing is standing_of(order),
                 "a standing that the order did not give")


def _were_reserved(scene: Scene, numbers: frozenset[str]) -> None:
    """The provider was asked for refunds: each is reserved in the row of what it gives back."""
    order = scene.stored_order()
    assert order is not None
    for number in numbers:
        request = scene.refunds.refunds[number].request
        if not request:
            continue  # made in the provider's console: it asked nobody here
        known = find_refund(order, number)
        must((known is not None and known.state in RESERVING)
             or any(held.state is HeldState.REFUND_REQUESTED and held.provider_request == request
                    for held in scene.held.rows()),
             "the provider was asked before the amount was reserved")
    total = scene.refunds.refunded_minor(order.out_trade_no)
    must(total <= scene.gateway.trades[order.out_trade_no].amount.amount_minor,
         "the provider was asked for more than was paid")
