"""The bill against the ledger, both ways: what is safe to mend is mended, the rest is told."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from shared.domain.bill import Bill, BillLine, DayState, Difference
from shared.domain.calendar import day_of, days_after
from shared.domain.license import Standing
from shared.domain.money import Money
from shared.domain.order import OrderState
from shared.errors import BillNotReady, Conflict, ProviderUnavailable, UntrustedBill
from shared.use_cases.create_order import create_order
from shared.use_cases.receive_notify import receive_notify
from shared.use_cases.reconcile_day import reconcile_day, reconcile_open_days
from shared.use_cases.record_payment import record_payment
from shared.use_cases.record_refund import record_refund
from tests.fakes.script import raises
from tests.unit.use_cases.bill_days import differences, next_noon, reconcile
from tests.unit.use_cases.world import OTHER_KEY, World, request

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.domain.order import Order


def spoil(world: World, change: Callable[[Bill], Bill]) -> None:
    """The next bills come changed."""
    honest = world.bills.fetch
    world.bills.fetch = lambda day: change(honest(day))  # type: ignore[method-assign]


def test_a_day_on_which_all_went_well_has_no_difference(world: World, order: Order) -> None:
    record_payment(world.pay(order), world.books)
    day = day_of(world.clock.now_s())
    world.run_timers_for(120)
    next_noon(world, day)
    result = reconcile(world, day)
    assert (result.state, result.payments, result.discrepancies) == (DayState.DONE, 1, ())
    assert world.days.rows() == [result]


def test_a_payment_that_nobody_told_of_is_booked_from_the_bill(world: World,
                                                               order: Order) -> None:
    world.pay(order)
    day = day_of(world.clock.now_s())
    next_noon(world, day)
    assert differences(reconcile(world, day)) == [Difference.REPAIRED_PAYMENT]
    paid = world.stored(order)
    assert paid.payment is not None
    assert paid.payment.source == "bill"
    assert [line.order_id for line in world.ledger.lines(day)] == [order.order_id]
    world.run_timers_for(120)
    assert world.licenses.all()[0].grants == (paid.grant,)


def test_a_console_refund_is_found_and_ends_the_license(world: World, order: Order) -> None:
    record_payment(world.pay(order), world.books)
    world.run_timers_for(120)
    day = day_of(world.clock.now_s())
    world.refunds.console_refund(order.out_trade_no)
    next_noon(world, day)
    assert differences(reconcile(world, day)) == [Difference.REPAIRED_REFUND]
    world.run_timers_for(120)
    assert world.stored(order).state is OrderState.REFUNDED
    assert world.licenses.all()[0].standing is Standing.REVOKED


def test_lines_of_another_shop_are_counted_and_left_alone(world: World, order: Order) -> None:
    world.pay(order)
    foreign = replace(world.gateway.trades.pop(order.out_trade_no), transaction_id="42-foreign")
    world.gateway.trades["SHOP2ORDER0001"] = foreign
    day = day_of(world.clock.now_s())
    next_noon(world, day)
    result = reconcile(world, day)
    assert (result.foreign, result.payments, result.discrepancies) == (1, 0, ())
    assert world.held.rows() == []


def test_ours_that_fits_no_order_is_held_with_an_alarm(world: World, order: Order) -> None:
    world.gateway.pay(order.out_trade_no, world.clock.now_s(), amount=Money(1, "CNY"))
    day = day_of(world.clock.now_s())
    next_noon(world, day)
    result = reconcile(world, day)
    assert differences(result) == [Difference.HELD_PAYMENT]
    assert result.discrepancies[0].detail == "amount"
    assert world.log.named("reconcile.difference")[0]["alarm"] is True
    assert len(world.held.rows()) == 1


def test_a_payment_that_the_bill_lacks_is_told(world: World, order: Order) -> None:
    record_payment(world.pay(order), world.books)
    day = day_of(world.clock.now_s())
    world.run_timers_for(120)
    next_noon(world, day)
    spoil(world, lambda bill: replace(bill, lines=()))
    assert differences(reconcile(world, day)) == [Difference.MISSING_IN_BILL]


def test_a_refund_that_no_bill_has_is_told_two_days_later(world: World, order: Order) -> None:
    record_payment(world.pay(order), world.books)
    fact = world.refunds.console_refund(order.out_trade_no)
    headers, body = world.verifier.sign(fact)
    receive_notify(headers, body, verifier=world.verifier, books=world.books)
    world.run_timers_for(180)
    day = day_of(world.clock.now_s())
    spoil(world, lambda bill: replace(
        bill, lines=tuple(line for line in bill.lines if line.refund is None)))
    found = []
    for later in range(4):
        next_noon(world, days_after(day, later))
        found.append(differences(reconcile(world, days_after(day, later))))
    assert found == [[], [], [Difference.MISSING_IN_BILL], []]


def test_a_doubled_line_is_told_and_booked_once(world: World, order: Order) -> None:
    world.pay(order)
    day = day_of(world.clock.now_s())
    next_noon(world, day)
    spoil(world, lambda bill: replace(bill, lines=(
        *bill.lines, BillLine(2, bill.lines[0].payment, None))))
    result = reconcile(world, day)
    assert sorted(difference.value for difference in differences(result)) == [
        "doubled_line", "repaired_payment"]
    kinds = [event.kind for event in world.stored(order).history.events]
    assert kinds.count("paid") == 1


def test_a_second_payment_of_one_order_is_held(world: World, order: Order) -> None:
    record_payment(world.pay(order), world.books)
    world.run_timers_for(120)
    day = day_of(world.clock.now_s())
    next_noon(world, day)
    spoil(world, lambda bill: replace(bill, lines=(*bill.lines, BillLine(
        2, bill.lines[0].payment._replace(transaction_id="42-second"),  # type: ignore[union-attr]
        None))))
    assert differences(reconcile(world, day)) == [Difference.HELD_PAYMENT]
    assert world.held.rows()[0].reason.value == "second_payment"


@pytest.mark.parametrize(("change", "detail"), [
    ({"amount": Money(9899, "CNY")}, "amount"), ({"out_trade_no": "TB01-unknown"}, "no_order")])
def test_a_booked_payment_that_the_bill_has_otherwise_is_told(
        world: World, order: Order, change: dict[str, object], detail: str) -> None:
    record_payment(world.pay(order), world.books)
    world.run_timers_for(120)
    day = day_of(world.clock.now_s())
    next_noon(world, day)
    spoil(world, lambda bill: replace(bill, lines=(BillLine(
        1, bill.lines[0].payment._replace(**change), None),)))  # type: ignore[union-attr]
    told, = reconcile(world, day).discrepancies
    assert (told.difference, told.detail) == (Difference.HELD_PAYMENT, detail)
    assert world.log.named("reconcile.difference")[0]["alarm"] is True


@pytest.mark.parametrize(("error", "state"), [
    (BillNotReady(), DayState.WAITING), (UntrustedBill(reason="hash"), DayState.FAILED)])
def test_a_bill_that_is_not_there_or_not_true_is_tried_again(
        world: World, order: Order, error: Exception, state: DayState) -> None:
    world.pay(order)
    day = day_of(world.clock.now_s())
    next_noon(world, day)
    world.bills.script.before("fetch", raises(error))
    assert reconcile(world, day).state is state
    assert world.stored(order).payment is None
    assert [done.state for done in reconcile_open_days(world.audit_room)
            if done.day == day] == [DayState.DONE]
    assert world.stored(order).payment is not None


def test_a_provider_that_does_not_answer_leaves_the_day_open(world: World) -> None:
    day = day_of(world.clock.now_s())
    next_noon(world, day)
    world.bills.script.before("fetch", raises(ProviderUnavailable()))
    with pytest.raises(ProviderUnavailable):
        reconcile(world, day)
    assert world.days.rows() == []


def test_each_day_is_done_once_by_itself_and_again_by_hand(world: World) -> None:
    day = day_of(world.clock.now_s())
    next_noon(world, day)
    first = reconcile_open_days(world.audit_room)
    assert first[-1].day == day
    assert len(first) == 7
    assert reconcile_open_days(world.audit_room) == []
    again = reconcile_day(day, world.audit_room, actor="operator:li")
    assert (again.version, again.actor) == (2, "operator:li")


def test_there_is_no_bill_before_ten_the_next_day(world: World) -> None:
    with pytest.raises(Conflict) as caught:
        reconcile(world, day_of(world.clock.now_s()))
    assert caught.value.code == "BILL_NOT_DUE"


def test_two_payments_of_one_day_are_told_apart(world: World, order: Order) -> None:
    other = create_order(request(OTHER_KEY), world.shop)
    record_payment(world.pay(order), world.books)
    world.gateway.pay(other.out_trade_no, world.clock.now_s())
    day = day_of(world.clock.now_s())
    world.run_timers_for(60)
    next_noon(world, day)
    result = reconcile(world, day)
    assert result.payments == 2
    assert world.stored(other).state is OrderState.PAID


def test_two_refunds_of_one_order_that_no_bill_has_are_told_apart(world: World,
                                                                  order: Order) -> None:
    record_payment(world.pay(order), world.books)
    for number in ("console-1", "console-2"):
        record_refund(world.refunds.console_refund(order.out_trade_no, Money(100, "CNY"), number),
                      world.books)
    world.run_timers_for(180)
    day = days_after(day_of(world.clock.now_s()), 2)
    next_noon(world, day)
    result = reconcile(world, day)
    assert differences(result) == [Difference.MISSING_IN_BILL] * 2
    assert {one.refund_id for one in result.discrepancies} == {
        refund.refund_id for refund in world.stored(order).refunds}
    told = world.log.named("reconcile.difference")
    assert len({one["refund_id"] for one in told}) == 2


def test_a_run_that_dies_half_way_is_finished_by_the_next(world: World, order: Order) -> None:
    world.pay(order)
    day = day_of(world.clock.now_s())
    next_noon(world, day)
    world.ledger.script.before("enter", raises(ProviderUnavailable()))
    with pytest.raises(ProviderUnavailable):
        reconcile(world, day)
    assert reconcile(world, day).state is DayState.DONE
    assert len(list(world.ledger.lines(day))) == 1
