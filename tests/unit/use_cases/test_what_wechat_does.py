"""What the provider is known to do, and a simpler model of it would not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.domain.bill import Bill, DayState, Difference
from shared.domain.calendar import day_of
from shared.domain.license import DAY_S, Standing
from shared.domain.money import Money
from shared.domain.order import OrderState
from shared.domain.payment import Payee
from shared.domain.refund import RefundState
from shared.errors import ProviderRefused
from shared.use_cases.record_payment import record_payment
from tests.unit.use_cases.bill_days import differences, next_noon, reconcile
from tests.unit.use_cases.refunding import give
from tests.unit.use_cases.world import LIFETIME_S, OTHER_KEY, World

if TYPE_CHECKING:
    from shared.domain.order import Order
    from shared.domain.refund import RefundFact


def test_refunds_of_one_order_are_sent_a_minute_apart(world: World, order: Order) -> None:
    """WeChat Pay wants that (4012791862), and refuses one that comes sooner."""
    record_payment(world.pay(order), world.books)
    world.run_timers_for(120)
    place, sent_at_s = world.refunds.place, []

    def hurried(provider_request: str) -> RefundFact:
        now_s = world.clock.now_s()
        if sent_at_s and now_s < sent_at_s[-1] + 60:
            raise ProviderRefused(reason="INVALID_REQUEST")
        fact = place(provider_request)
        sent_at_s.append(now_s)
        return fact

    world.refunds.place = hurried  # type: ignore[method-assign]
    give(world, order, Money(100, "CNY"))
    world.clock.advance_s(30)
    give(world, order, Money(200, "CNY"), OTHER_KEY)
    world.run_timers_for(600, every_s=30)
    assert [refund.state for refund in world.stored(order).refunds] == [
        RefundState.PROCESSING, RefundState.PROCESSING]


def nothing_traded(world: World) -> None:
    """WeChat Pay says for the next time that there was no trade on a day."""
    honest = world.bills.fetch

    def early(day: str) -> Bill:
        world.bills.fetch = honest  # type: ignore[method-assign]
        return Bill(day, (), "")

    world.bills.fetch = early  # type: ignore[method-assign]


def test_a_day_without_a_trade_on_which_we_were_paid_is_asked_for_again(world: World,
                                                                        order: Order) -> None:
    record_payment(world.pay(order), world.books)
    world.run_timers_for(120)
    day = day_of(world.clock.now_s())
    world.refunds.console_refund(order.out_trade_no)
    next_noon(world, day)
    nothing_traded(world)
    assert reconcile(world, day).state is DayState.WAITING
    world.clock.advance_s(1_800)
    result = reconcile(world, day)
    assert (result.state, differences(result)) == (DayState.DONE, [Difference.REPAIRED_REFUND])
    world.run_timers_for(120)
    assert world.licenses.all()[0].standing is Standing.REVOKED


def test_after_two_days_the_word_that_nothing_was_traded_is_taken(world: World,
                                                                  order: Order) -> None:
    record_payment(world.pay(order), world.books)
    world.run_timers_for(120)
    day = day_of(world.clock.now_s())
    next_noon(world, day)
    world.clock.advance_s(2 * DAY_S)
    nothing_traded(world)
    result = reconcile(world, day)
    assert (result.state, differences(result)) == (DayState.DONE, [Difference.MISSING_IN_BILL])


def test_an_order_of_another_merchant_number_is_not_closed_by_its_ignorance(
        world: World, order: Order) -> None:
    """The number was changed while the order was open, and its payment is at the old one."""
    world.pay(order)
    old = world.gateway.payee, world.gateway.trades
    world.gateway.payee, world.gateway.trades = Payee("1900009191", "wxother"), {}
    world.run_timers_for(LIFETIME_S + 600)
    assert world.stored(order).is_open()
    told = world.log.named("payment.fact_unfit")
    assert {(line["alarm"], line["reason"]) for line in told} == {(True, "merchant")}
    world.gateway.payee, world.gateway.trades = old
    world.run_timers_for(2 * DAY_S, every_s=600)
    assert world.stored(order).state is OrderState.PAID
