"""Following a refund: sent once, followed to its end, found where nobody asked."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from shared.domain.license import DAY_S, Standing
from shared.domain.money import Money
from shared.domain.order import OrderState
from shared.domain.refund import RefundOrigin, RefundState
from shared.domain.refunding import refundable
from shared.errors import (
    Conflict,
    NotifyNotAccepted,
    OrderNotFound,
    ProviderRefused,
    ProviderUnavailable,
    StoreUnavailable,
    StoreUnknown,
)
from shared.use_cases.project_license import project_license
from shared.use_cases.record_payment import record_payment
from shared.use_cases.record_refund import RefundUnfit, record_refund
from shared.use_cases.request_refund import (
    request_own_refund,
)
from tests.fakes.script import raises
from tests.unit.use_cases.refunding import ask, give, license_standing, settle
from tests.unit.use_cases.world import KEY, OTHER_SECRET, World

if TYPE_CHECKING:
    from shared.domain.order import Order


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_lost_refund_call_is_repeated_with_the_same_number(world: World, paid: Order,
                                                             when: str) -> None:
    ask(world, paid)
    getattr(world.refunds.script, when)("place", raises(ProviderUnavailable()))
    world.run_timers_for(600)
    assert len(world.refunds.refunds) == 1
    assert len({number for _, number in world.refunds.calls}) == 1
    assert world.stored(paid).refunds[0].state is RefundState.PROCESSING


def test_too_little_balance_keeps_the_amount_reserved_until_it_is_there(world: World,
                                                                        paid: Order) -> None:
    world.refunds.has_balance = False
    ask(world, paid)
    world.run_timers_for(3 * 3_600)
    assert world.stored(paid).refunds[0].state is RefundState.REQUESTED
    postponed = world.log.named("refund.postponed")
    assert [it["alarm"] for it in (postponed[0], postponed[-1])] == [False, True]
    world.refunds.has_balance = True
    world.run_timers_for(3 * 3_600)
    settle(world, paid)
    assert world.stored(paid).state is OrderState.REFUNDED


def test_a_final_no_frees_the_amount_with_an_alarm(world: World, paid: Order) -> None:
    ask(world, paid)
    world.refunds.script.before("place", raises(ProviderRefused(reason="PARAM_ERROR")))
    world.run_timers_for(120)
    after = world.stored(paid)
    assert after.refunds[0].state is RefundState.REFUSED
    assert (after.state, license_standing(world)) == (OrderState.PAID, Standing.ACTIVE)
    assert world.log.named("refund.refused")[0]["alarm"] is True


def test_an_abnormal_refund_waits_for_a_person_and_then_ends(world: World, paid: Order) -> None:
    ask(world, paid)
    settle(world, paid, RefundState.ABNORMAL)
    assert license_standing(world) is Standing.SUSPENDED
    assert world.log.named("refund.needs_operator")[0]["alarm"] is True
    refund, = world.stored(paid).refunds
    world.refunds.settle(refund.out_refund_no)
    world.run_timers_for(DAY_S)
    assert world.stored(paid).state is OrderState.REFUNDED


def test_a_console_refund_told_by_notify_is_found(world: World, paid: Order) -> None:
    record_refund(world.refunds.console_refund(paid.out_trade_no), world.books)
    world.run_timers_for(120)
    after = world.stored(paid)
    assert after.refunds[0].origin is RefundOrigin.CONSOLE
    assert (after.state, license_standing(world)) == (OrderState.REFUNDED, Standing.REVOKED)


def test_an_unexplained_refund_suspends_until_it_is_explained(world: World, order: Order) -> None:
    world.pay(order)
    part = Money(100, "CNY")
    explanation = world.refunds.console_refund(order.out_trade_no, part)
    world.run_timers_for(120)
    assert world.stored(order).state is OrderState.REFUNDING
    assert license_standing(world) is Standing.SUSPENDED
    assert world.log.named("refund.unexplained")[0]["alarm"] is True
    record_refund(explanation, world.books)
    world.run_timers_for(120)
    assert world.stored(order).state is OrderState.PAID
    assert license_standing(world) is Standing.ACTIVE


def test_a_late_payment_notify_after_the_refund_changes_nothing(world: World,
                                                                order: Order) -> None:
    fact = world.pay(order)
    record_payment(fact, world.books)
    ask(world, order)
    settle(world, order)
    before = world.stored(order)
    assert record_payment(fact, world.books) == before


def test_a_refund_notify_before_the_payments_is_refused_and_comes_again(world: World,
                                                                        order: Order) -> None:
    world.pay(order)
    fact = world.refunds.console_refund(order.out_trade_no)
    with pytest.raises(NotifyNotAccepted):
        record_refund(fact, world.books)
    assert world.log.named("refund.unfit")[0]["alarm"] is False
    world.run_timers_for(120)
    record_refund(fact, world.books)
    assert world.stored(order).state is OrderState.REFUNDED


@pytest.mark.parametrize("change", [
    {"out_trade_no": "TB01-unknown"}, {"merchant_id": "1900000002"}, {"provider": "other"},
    {"transaction_id": "42-other"}, {"total": Money(9901, "CNY")},
    {"amount": Money(9901, "CNY")}, {"amount": Money(9900, "USD")}])
def test_a_refund_that_fits_nothing_is_told_and_refused(world: World, paid: Order,
                                                        change: dict[str, object]) -> None:
    fact = world.refunds.console_refund(paid.out_trade_no)
    with pytest.raises(RefundUnfit):
        record_refund(fact._replace(**change), world.books)
    assert world.stored(paid) == paid
    assert world.log.named("refund.unfit")[0]["alarm"] is True
    record_refund(fact, world.books)
    assert world.stored(paid).state is OrderState.REFUNDED


@pytest.mark.parametrize("error", [StoreUnavailable(), StoreUnknown()])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_request_whose_write_is_unknown_is_one_refund_when_it_comes_again(
        world: World, paid: Order, when: str, error: Exception) -> None:
    getattr(world.orders.script, when)("save", raises(error))
    with pytest.raises(type(error)):
        ask(world, paid)
    ask(world, paid)
    settle(world, paid)
    assert len(world.stored(paid).refunds) == len(world.refunds.refunds) == 1


def test_a_license_row_that_does_not_answer_is_suspended_by_the_timer(world: World,
                                                                     paid: Order) -> None:
    world.licenses.script.before("save", raises(StoreUnavailable()))
    ask(world, paid)
    assert license_standing(world) is Standing.ACTIVE
    world.run_timers_for(120)
    assert license_standing(world) is Standing.SUSPENDED


def test_who_does_not_know_the_secret_gets_nothing_back(world: World, paid: Order) -> None:
    with pytest.raises(OrderNotFound):
        request_own_refund(paid.order_id, OTHER_SECRET, KEY, world.refund_counter)
    assert world.stored(paid) == paid


def test_an_unpaid_order_has_nothing_to_refund(world: World, order: Order) -> None:
    for attempt in (ask, lambda it, of: give(it, of, None)):
        with pytest.raises(Conflict) as caught:
            attempt(world, order)
        assert caught.value.code == "ORDER_NOT_PAID"


def test_an_old_copy_does_not_restore_a_revoked_license(world: World, paid: Order) -> None:
    ask(world, paid)
    settle(world, paid)
    project_license(replace(paid), world.licenses, world.books, source="slow worker")
    assert license_standing(world) is Standing.REVOKED


@pytest.mark.parametrize("state", [RefundState.PROCESSING, RefundState.ABNORMAL])
def test_a_refund_that_was_refused_and_exists_all_the_same_is_followed(
        world: World, paid: Order, state: RefundState) -> None:
    """WeChat Pay said no, and did not know it yet: an earlier try was still on its way there."""
    ask(world, paid)
    world.refunds.script.before("place", raises(ProviderUnavailable()),
                                raises(ProviderRefused(reason="INVALID_REQUEST")))
    world.run_timers_for(180)
    refused, = world.stored(paid).refunds
    assert (refused.state, license_standing(world)) == (RefundState.REFUSED, Standing.ACTIVE)
    world.refunds.place(refused.provider_request)
    record_refund(world.refunds.settle(refused.out_refund_no, state), world.books)
    world.run_timers_for(DAY_S, every_s=600)
    after = world.stored(paid)
    assert (after.refunds[0].state, after.state) == (state, OrderState.REFUNDING)
    assert refundable(after) == Money(0, "CNY")
    assert license_standing(world) is Standing.SUSPENDED
    told = world.log.named("refund.needs_operator")
    assert bool(told) is (state is RefundState.ABNORMAL)
    world.refunds.settle(refused.out_refund_no)
    world.run_timers_for(DAY_S, every_s=600)
    assert license_standing(world) is Standing.REVOKED
