"""Each invariant of orders and money can fail: a store at rest, one thing changed behind its back.

Seeded bugs show that mistakes of the code are found. Some of them are found on the way, by the
story that they spoil, and would be if the invariants of the end said nothing; here they must.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from shared.domain.bill import Difference, Discrepancy
from shared.domain.calendar import DAY_S, day_of
from shared.domain.due import Work
from shared.domain.held import HeldState, hold_payment
from shared.domain.history import Event
from shared.domain.identifiers import order_id as id_of
from shared.domain.license import Standing
from shared.domain.money import Money
from shared.domain.order import OrderState
from shared.domain.payment import Mismatch
from shared.domain.refund import RefundState
from tests import invariants
from tests.crash_points.acts import ask_back, buy, cancel, give_back, place, settle, wait_placed
from tests.crash_points.stage import Stage
from tests.invariants import bills, ends, money, rows
from tests.invariants.ground import Broken
from tests.unit.use_cases.world import KEY, LIFETIME_S, OTHER_KEY

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.domain.order import Order

THIRD_KEY, YOUNG_KEY = "third-" + KEY[6:], "young-" + KEY[6:]
PLANTS: dict[str, tuple[Any, str, Callable[[Shop], object]]] = {}
"""What the invariant says, to itself, its number, and what makes it say so."""


class Shop:
    """A kept purchase, one that was given back, one that was cancelled; and one that is new."""

    def __init__(self) -> None:
        self.stage = stage = Stage()
        self._kept = buy(stage)
        self._gone = buy(stage, OTHER_KEY)
        ask_back(stage, self._gone)
        stage.tell(settle(stage, wait_placed(stage, self._gone)))
        self._closed = place(stage, THIRD_KEY)
        cancel(stage, self._closed)
        stage.recover()
        self._young = place(stage, YOUNG_KEY)

    @property
    def kept(self) -> Order:
        return self.stage.stored(self._kept)

    @property
    def gone(self) -> Order:
        return self.stage.stored(self._gone)

    @property
    def closed(self) -> Order:
        return self.stage.stored(self._closed)

    @property
    def young(self) -> Order:
        return self.stage.stored(self._young)

    def change(self, order: Order, **changes: Any) -> None:
        """The order's row, as no code of ours writes it."""
        self.stage.orders._rows.put(order.order_id, replace(order, **changes))

    def change_license(self, order: Order, **changes: Any) -> None:
        license_ = self.stage.licenses._rows.get(order.license_id)
        assert license_ is not None
        self.stage.licenses._rows.put(order.license_id, replace(license_, **changes))

    def change_refund(self, **changes: Any) -> None:
        refund, = self.gone.refunds
        self.change(self.gone, refunds=(replace(refund, **changes),))

    def change_day(self, order: Order, **changes: Any) -> None:
        assert order.payment is not None
        day = day_of(order.payment.paid_at_s)
        self.stage.days._rows.put(day, replace(
            next(one for one in self.stage.days.rows() if one.day == day), **changes))

    def forget_lines(self, kind: str) -> None:
        lines = self.stage.ledger._lines
        for key in [key for key in lines if key[1] == kind]:
            del lines[key]

    def make_due(self, order: Order, kind: str = "order") -> None:
        self.stage.work.put(Work(kind, order.order_id, self.stage.clock.now_s()))

    def hold(self, order: Order, **changes: Any) -> None:
        """A held payment for this order."""
        fact = self.stage.gateway.fact(self.kept.out_trade_no, source="notify")
        held = hold_payment(fact._replace(out_trade_no=order.out_trade_no), order.order_id,
                            Mismatch.AMOUNT, self.stage.clock.now_s())
        self.stage.held._rows.put((held.provider, held.transaction_id), replace(held, **changes))

    def grow_old(self, seconds: int) -> None:
        """Time passes, and no timer runs."""
        self.stage.work._work.__init__()  # type: ignore[misc]
        self.stage.clock.advance_s(seconds)


def plant(invariant: Any, number: str, text: str) -> Callable[[Callable[[Shop], object]], None]:
    def register(act: Callable[[Shop], object]) -> None:
        PLANTS[text] = invariant, number, act
    return register


# I14: nothing is stuck.

plant(ends.nothing_is_stuck, "I14", "an order stays awaiting_payment, and no row finds it")(
    lambda shop: shop.grow_old(0))
plant(ends.nothing_is_stuck, "I14", "a due row of kind order is never done")(
    lambda shop: shop.stage.clock.advance_s(3_600))
plant(ends.nothing_is_stuck, "I14", "paid, and never in the ledger")(
    lambda shop: shop.forget_lines("payment"))
plant(ends.nothing_is_stuck, "I14", "paid, and no license row")(
    lambda shop: shop.stage.licenses._rows.discard(shop.kept.license_id))
plant(ends.nothing_is_stuck, "I14", "a payment is held, and nobody was told")(
    lambda shop: shop.hold(shop.closed))


@plant(ends.nothing_is_stuck, "I14", "an order stays open long after its end")
def _open_for_ever(shop: Shop) -> None:
    shop.grow_old(LIFETIME_S + 2 * 3_600)
    shop.make_due(shop.young)


@plant(ends.nothing_is_stuck, "I14", "a refund is reserved, and was not placed for hours")
def _never_placed(shop: Shop) -> None:
    shop.change_refund(state=RefundState.REQUESTED)
    shop.make_due(shop.gone)


@plant(ends.nothing_is_stuck, "I14", "it waits for a person, and none was told")
def _silent(shop: Shop) -> None:
    shop.change_refund(state=RefundState.AWAITING_APPROVAL)
    shop.make_due(shop.gone)


@plant(ends.nothing_is_stuck, "I14", "a held payment's refund is not followed")
def _not_followed(shop: Shop) -> None:
    shop.stage.log.fact("payment.held", alarm=True, order_id=shop.closed.order_id)
    shop.hold(shop.closed, state=HeldState.REFUND_REQUESTED)


# I1, I2, I3, I4: payments.

plant(money.one_payment_one_grant, "I1", "a payment has a grant")(
    lambda shop: shop.change(shop.kept, grant=None))
plant(money.one_payment_one_grant, "I1", "one payment pays one order")(
    lambda shop: shop.change(shop.gone, payment=replace(
        shop.gone.payment, transaction_id=shop.kept.payment.transaction_id)))  # type: ignore
plant(money.one_payment_one_grant, "I1", "a payment is booked or held, not both")(
    lambda shop: shop.hold(shop.closed))
plant(money.one_payment_one_grant, "I1", "a grant is applied once")(
    lambda shop: shop.change_license(shop.kept, grants=(shop.kept.grant,) * 2))
plant(money.no_grant_without_payment, "I3", "booked, and the provider took no such payment")(
    lambda shop: shop.change(shop.kept, payment=replace(
        shop.kept.payment, transaction_id="42-other")))  # type: ignore[type-var]
plant(money.no_grant_without_payment, "I3", "a license without a paid order behind it")(
    lambda shop: shop.stage.orders._rows.discard(shop.kept.order_id))
plant(money.paid_is_owed, "I4", "another amount")(
    lambda shop: shop.change(shop.kept, payment=replace(
        shop.kept.payment, amount=Money(1, "CNY"))))  # type: ignore[type-var]
plant(money.delivered, "I2", "paid, and neither booked nor held")(
    lambda shop: shop.change(shop.kept, payment=None))
plant(money.delivered, "I2", "paid, and the license does not have the grant")(
    lambda shop: shop.change_license(shop.kept, grants=()))

# I5, I8, I18: refunds.

plant(money.refunded_is_revoked, "I5", "refunded, and paid")(
    lambda shop: shop.change(shop.gone, state=OrderState.PAID))
plant(money.refunded_is_revoked, "I5", "revoked, and not refunded")(
    lambda shop: shop.change(shop.kept, state=OrderState.REFUNDED))
plant(money.refunded_is_revoked, "I5", "refunded, and the license is not revoked")(
    lambda shop: shop.change_license(shop.gone, standings=()))
plant(money.refunds_within_payment, "I8", "more went back than was paid")(
    lambda shop: shop.stage.refunds._keep("console-9", shop.gone.out_trade_no,
                                          Money(1, "CNY"), ""))
plant(money.refunds_are_known, "I8", "the provider made a refund that no row knows")(
    lambda shop: shop.change(shop.gone, refunds=()))
plant(money.refunds_are_known, "I8", "a refund of another amount")(
    lambda shop: shop.change_refund(amount=Money(1, "CNY")))
plant(money.refunds_are_known, "I8", "succeeded at the provider, processing here")(
    lambda shop: shop.change_refund(state=RefundState.PROCESSING))
plant(money.sent_is_reserved, "I8", "refunded, and not reserved before")(
    lambda shop: shop.change_refund(provider_request="another"))
plant(money.one_refund_per_request, "I8", "one request made two refunds")(
    lambda shop: shop.change(shop.gone, refunds=shop.gone.refunds * 2))


@plant(money.refunds_within_payment, "I8", "more is promised than was paid")
def _promised(shop: Shop) -> None:
    shop.change(shop.gone, refunds=shop.gone.refunds * 2)


@plant(money.policy_is_kept, "I18", "above the limit, and nobody approved it")
def _unapproved(shop: Shop) -> None:
    snapshot = shop.gone.snapshot
    assert snapshot.refund_policy is not None
    shop.change(shop.gone, snapshot=replace(snapshot, refund_policy=replace(
        snapshot.refund_policy, approval_above_minor=1)))


# I9: bill and ledger.

plant(bills.bill_equals_ledger, "I9", "a day with a payment was never reconciled")(
    lambda shop: shop.stage.days._rows.discard(day_of(shop.kept.payment.paid_at_s)))  # type: ignore
plant(bills.bill_equals_ledger, "I9", "the ledger's refunds are not the provider's")(
    lambda shop: shop.forget_lines("refund"))
plant(bills.bill_equals_ledger, "I9", "a refund was billed, and nobody noted it")(
    lambda shop: shop.change_refund(billed_on=None))
plant(bills.bill_equals_ledger, "I9", "one difference is told twice")(
    lambda shop: shop.change_day(shop.kept, discrepancies=(
        Discrepancy(Difference.REPAIRED_PAYMENT, "payment", id_of("TB01-x"), 1),) * 2))
plant(bills.bill_equals_ledger, "I9", "in the bill, and told to be missing")(
    lambda shop: shop.change_day(shop.kept, discrepancies=(
        Discrepancy(Difference.MISSING_IN_BILL, "payment", shop.kept.order_id, 0),)))

# I10, I13, I16, I17 and what a license says.

plant(rows.histories_are_whole, "I10", "an event that leads nowhere")(
    lambda shop: shop.change(shop.kept, history=replace(
        shop.kept.history, events=(*shop.kept.history.events, Event("x", 1, "system", "x")))))
plant(rows.license_follows_order, "I5", "active by its order, revoked in its row")(
    lambda shop: shop.change_license(shop.kept, standings=tuple(
        replace(one, standing=Standing.REVOKED, grant_id=shop.kept.grant.grant_id)  # type: ignore
        for one in _standings(shop.gone, shop))))
plant(rows.one_key_one_order, "I13", "an order at the provider that no row knows")(
    lambda shop: shop.stage.orders._rows.discard(shop.kept.order_id))
plant(rows.one_key_one_order, "I13", "the provider was asked for something else")(
    lambda shop: shop.change(shop.kept, provider_request="{}"))
plant(rows.closed_is_closed, "I17", "closed here, and the provider would still take a payment")(
    lambda shop: shop.change(shop.young, state=OrderState.CLOSED))
plant(rows.alarms_have_stable_names, "I16", "an unknown alarm: order.unheard_of")(
    lambda shop: shop.stage.log.fact("order.unheard_of", alarm=True))


def _standings(order: Order, shop: Shop) -> tuple[Any, ...]:
    license_ = shop.stage.licenses._rows.get(order.license_id)
    assert license_ is not None
    return license_.standings


@pytest.mark.parametrize("text", PLANTS)
def test_what_is_planted_is_found(text: str) -> None:
    invariant, number, act = PLANTS[text]
    shop = Shop()
    invariant(shop.stage, shop.stage.outside)
    act(shop)
    with pytest.raises(Broken, match=None if invariant is rows.histories_are_whole else text) as it:
        invariant(shop.stage, shop.stage.outside)
    assert it.value.number == number


def test_nothing_is_found_where_nothing_is_planted() -> None:
    shop = Shop()
    invariants.check_end(shop.stage, shop.stage.outside)
    shop.stage.let_pass(DAY_S)
    give_back(shop.stage, shop.kept, Money(100, "CNY"), "part")
    shop.stage.recover()


def test_every_invariant_of_orders_and_money_has_something_planted() -> None:
    devices = {one for one in invariants.ALWAYS if one.__module__.endswith(("slots", "leases"))}
    assert {it for it, _, _ in PLANTS.values()} == (
        {*invariants.ALWAYS, *invariants.AT_REST} - devices)
