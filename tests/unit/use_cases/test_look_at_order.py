"""The timer's looks: a payment that nobody told of is found, what has expired is closed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from shared.domain.due import LEASE_S, UNREADABLE, Work
from shared.domain.license import DAY_S, Standing
from shared.domain.money import Money
from shared.domain.order import OrderState
from shared.domain.refund import RefundOrigin
from shared.errors import ProviderUnavailable, StoreUnavailable, StoreUnknown
from shared.ports import AlreadyPaid
from shared.use_cases.create_order import create_order
from shared.use_cases.look_at_order import look_at_order
from shared.use_cases.record_payment import record_payment
from tests.fakes.script import raises
from tests.unit.use_cases.world import LIFETIME_S, OTHER_KEY, World, request

if TYPE_CHECKING:
    from shared.domain.order import Order

FIVE_MINUTES_S = 300


@pytest.mark.parametrize("paid_after_s", [0, 50, 70, 200, 470, 481, 900, 3_000, 7_000])
def test_a_payment_that_nobody_tells_of_is_found_within_five_minutes(
        world: World, order: Order, paid_after_s: int) -> None:
    world.run_timers_for(paid_after_s)
    world.pay(order)
    paid_at_s = world.clock.now_s()
    while world.stored(order).payment is None:
        world.run_timers_for(60)
        assert world.clock.now_s() - paid_at_s <= FIVE_MINUTES_S
    license_, = world.licenses.all()
    assert license_.grants == (world.stored(order).grant,)
    assert license_.activated_at_s is None


def test_an_unpaid_order_is_asked_about_ever_more_seldom_and_closed_at_its_end(
        world: World, order: Order) -> None:
    world.run_timers_for(LIFETIME_S + 600)
    assert world.stored(order).state is OrderState.CLOSED
    asked = [name for name, _ in world.gateway.calls]
    assert asked[-1] == "close"
    assert asked.count("query") <= 4 + LIFETIME_S // 240 + 2
    assert world.work.rows() == []


def test_a_finished_order_leaves_the_list_and_has_its_ledger_line(world: World,
                                                                  order: Order) -> None:
    record_payment(world.pay(order), world.books)
    world.run_timers_for(120)
    assert world.work.rows() == []
    line, = world.ledger.rows()
    paid = world.stored(order)
    assert paid.payment is not None
    assert (line.kind, line.number, line.order_id, line.amount) == (
        "payment", paid.payment.transaction_id, order.order_id, order.price)


def test_paid_between_the_last_query_and_the_close_is_paid(world: World, order: Order) -> None:
    world.run_timers_for(LIFETIME_S - 60)
    world.gateway.script.after("query", lambda: world.pay(order))
    world.run_timers_for(600)
    assert world.stored(order).state is OrderState.PAID


def test_closing_says_paid_and_the_query_does_not_know_yet(world: World, order: Order) -> None:
    """WeChat's left hand is faster than its right: nothing is decided, and asked again."""
    world.run_timers_for(LIFETIME_S - 60)
    world.gateway.script.before("close", raises(AlreadyPaid()))
    world.run_timers_for(120)
    assert world.stored(order).is_open()
    world.pay(order)
    world.run_timers_for(600)
    assert world.stored(order).state is OrderState.PAID


def test_a_late_payment_of_a_closed_order_is_delivered(world: World, order: Order) -> None:
    world.run_timers_for(LIFETIME_S + 600)
    record_payment(world.pay(order), world.books)
    world.run_timers_for(120)
    assert world.stored(order).state is OrderState.PAID
    assert world.licenses.all()[0].standing is Standing.ACTIVE


def test_a_late_payment_of_what_is_not_sold_any_more_goes_back_once(world: World,
                                                                    order: Order) -> None:
    world.run_timers_for(LIFETIME_S + 600)
    record_payment(world.pay(order), world.books)
    world.office = replace(world.office, catalogue=replace(world.shop.catalogue, products={}))
    world.run_timers_for(300)
    refund, = world.stored(order).refunds
    assert (refund.origin, refund.amount) == (RefundOrigin.PRODUCT_GONE, order.price)
    assert world.licenses.all()[0].standing is Standing.SUSPENDED
    world.refunds.settle(refund.out_refund_no)
    world.run_timers_for(3_600)
    assert world.stored(order).state is OrderState.REFUNDED
    assert world.licenses.all()[0].standing is Standing.REVOKED
    assert len(world.refunds.refunds) == 1


def test_what_was_given_back_in_the_console_is_not_given_back_again(world: World,
                                                                    order: Order) -> None:
    world.run_timers_for(LIFETIME_S + 600)
    world.pay(order)
    world.refunds.console_refund(order.out_trade_no)
    record_payment(world.gateway.fact(order.out_trade_no, source="query"), world.books)
    world.office = replace(world.office, catalogue=replace(world.shop.catalogue, products={}))
    world.run_timers_for(600)
    late = world.stored(order)
    assert late.payment is not None
    assert late.payment.late
    assert (late.refunds, world.refunds.calls) == ((), [])
    assert world.licenses.all()[0].standing is Standing.SUSPENDED


def test_an_in_time_payment_of_what_is_not_sold_any_more_is_delivered(world: World,
                                                                      order: Order) -> None:
    record_payment(world.pay(order), world.books)
    world.office = replace(world.office, catalogue=replace(world.shop.catalogue, products={}))
    world.run_timers_for(300)
    assert world.stored(order).refunds == ()


def test_a_work_row_without_its_order_is_dropped(world: World) -> None:
    world.work.add(Work("order", "0" * 26, world.clock.now_s()))
    world.run_timer()
    assert world.work.rows() == []
    assert "work.without_order" in world.log.names()


def test_a_look_that_fails_keeps_its_row_until_the_lease_ends(world: World,
                                                              order: Order) -> None:
    world.clock.advance_s(60)
    world.gateway.script.before("query", raises(ProviderUnavailable()))
    assert world.run_timer().failed == 1
    world.pay(order)
    assert world.run_timer().looked == 0
    world.clock.advance_s(LEASE_S)
    assert world.run_timer().looked == 1
    assert world.stored(order).state is OrderState.PAID


def test_two_timers_at_once_do_not_do_it_twice(world: World, order: Order) -> None:
    world.clock.advance_s(60)
    world.work.script.before("lease", None)
    work, = world.work.list(world.clock.now_s(), 10)
    assert world.work.lease(work, world.clock.now_s() + LEASE_S) is not None
    world.forget_calls()
    assert world.run_timer().looked == 0
    assert world.gateway.calls == []


@pytest.mark.parametrize("error", [StoreUnavailable(), StoreUnknown()])
def test_a_dead_list_is_the_invocations_failure(world: World, order: Order,
                                                error: Exception) -> None:
    world.clock.advance_s(60)
    world.work.script.before("list", raises(error))
    with pytest.raises(type(error)):
        world.run_timer()


def test_a_payment_that_does_not_fit_waits_for_a_person_and_is_asked_about_daily(
        world: World, order: Order) -> None:
    world.gateway.pay(order.out_trade_no, world.clock.now_s(), amount=Money(1, "CNY"))
    world.run_timers_for(600)
    asked = len(world.gateway.calls)
    assert asked <= 2
    held, = world.held.rows()
    assert held.reason.value == "amount"
    world.run_timers_for(DAY_S // 2, every_s=600)
    assert len(world.gateway.calls) == asked


def test_looking_again_at_a_settled_order_writes_nothing(world: World, order: Order) -> None:
    record_payment(world.pay(order), world.books)
    look_at_order(order.order_id, world.office)
    world.forget_calls()
    assert look_at_order(order.order_id, world.office) is None
    assert world.calls() == ["orders.load", "licenses.load"]


def test_a_row_that_nobody_can_read_is_told_and_stops_no_other(world: World,
                                                               order: Order) -> None:
    world.clock.advance_s(60)
    world.work.add(Work(UNREADABLE, "k0", world.clock.now_s() - 1))
    world.pay(order)
    done = world.run_timer()
    assert (done.looked, done.failed) == (1, 1)
    assert world.stored(order).state is OrderState.PAID
    assert world.log.named("work.unreadable")[0]["alarm"] is True


def test_a_mistake_of_ours_in_one_look_stops_no_other(world: World, order: Order) -> None:
    other = create_order(request(OTHER_KEY), world.shop)
    world.clock.advance_s(60)
    for one in (order, other):
        world.gateway.pay(one.out_trade_no, world.clock.now_s())
    world.gateway.script.before("query", raises(ZeroDivisionError()))
    done = world.run_timer()
    assert (done.looked, done.failed) == (1, 1)
    assert world.log.named("work.crashed")[0]["alarm"] is True
    world.run_timers_for(LEASE_S + 60)
    assert all(one.payment is not None for one in world.orders.all())
