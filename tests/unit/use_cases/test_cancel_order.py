"""Cancelling: closed at the provider first; who was faster with paying has paid."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from shared.domain.order import OrderState
from shared.errors import Conflict, OrderNotFound, ProviderUnavailable, StoreUnknown
from shared.ports import AlreadyPaid
from shared.use_cases.cancel_order import cancel_order
from shared.use_cases.create_order import create_order
from shared.use_cases.record_payment import record_payment
from tests.fakes.script import raises
from tests.unit.use_cases.world import OTHER_SECRET, SECRET, World, request

if TYPE_CHECKING:
    from shared.domain.order import Order


def cancel(world: World, order: Order, secret: str = SECRET) -> Order:
    return cancel_order(order.order_id, secret, world.books, world.gateway)


def test_a_cancelled_order_is_closed_at_the_provider_and_then_here(world: World,
                                                                   order: Order) -> None:
    closed = cancel(world, order)
    assert closed.state is OrderState.CLOSED
    assert closed.history.events[-1].actor == "buyer"
    assert world.calls() == ["orders.load", "orders.save", "gateway.close"]


def test_cancelling_again_changes_nothing(world: World, order: Order) -> None:
    closed = cancel(world, order)
    world.forget_calls()
    assert cancel(world, order) == closed
    assert world.calls() == ["orders.load"]


def test_paid_a_moment_before_is_a_payment(world: World, order: Order) -> None:
    world.pay(order)
    paid = cancel(world, order)
    assert paid.state is OrderState.PAID
    assert paid.grant is not None


@pytest.mark.parametrize("is_known", [True, False])
def test_paid_by_the_word_of_closing_alone_decides_nothing(world: World, order: Order,
                                                           is_known: bool) -> None:
    """WeChat closes by one book and is asked by another, which may be behind."""
    world.gateway.script.before("close", raises(AlreadyPaid()))
    trade = world.gateway.trades[order.out_trade_no]
    if not is_known:
        world.gateway.trades.pop(order.out_trade_no)
    with pytest.raises(ProviderUnavailable):
        cancel(world, order)
    assert world.stored(order) == order
    world.gateway.trades[order.out_trade_no] = trade
    world.pay(order)
    assert cancel(world, order).state is OrderState.PAID


def test_a_paid_order_cannot_be_cancelled(world: World, order: Order) -> None:
    record_payment(world.pay(order), world.books)
    with pytest.raises(Conflict) as caught:
        cancel(world, order)
    assert caught.value.code == "ORDER_NOT_OPEN"


def test_somebody_else_cannot_cancel(world: World, order: Order) -> None:
    with pytest.raises(OrderNotFound):
        cancel(world, order, OTHER_SECRET)
    assert world.gateway.calls == []


@pytest.mark.parametrize("when", ["before", "after"])
def test_an_unknown_close_decides_nothing_and_may_be_repeated(world: World, order: Order,
                                                              when: str) -> None:
    getattr(world.gateway.script, when)("close", raises(ProviderUnavailable()))
    with pytest.raises(ProviderUnavailable):
        cancel(world, order)
    assert world.stored(order) == order
    assert cancel(world, order).state is OrderState.CLOSED


def test_closed_there_and_not_here_is_found_by_the_timer(world: World, order: Order) -> None:
    world.orders.script.before("save", raises(StoreUnknown()))
    with pytest.raises(StoreUnknown):
        cancel(world, order)
    assert world.stored(order).is_open()
    world.run_timers_for(120)
    assert world.stored(order).state is OrderState.CLOSED


def test_a_late_notify_of_a_cancelled_order_is_a_payment(world: World, order: Order) -> None:
    fact = world.pay(order)
    world.gateway.trades.pop(order.out_trade_no)
    cancel(world, order)
    booked = record_payment(fact, world.books)
    assert booked.state is OrderState.PAID
    assert booked.payment is not None
    assert booked.payment.late


def test_a_cancel_in_another_window_wins_over_a_code_on_its_way(world: World) -> None:
    world.gateway.script.before("place", raises(ProviderUnavailable()))
    with pytest.raises(ProviderUnavailable):
        create_order(request(), world.shop)
    order, = world.orders.all()
    cancel(world, order)
    assert create_order(request(), world.shop).state is OrderState.CLOSED
    assert "order.refused_by_provider" not in world.log.names()


def test_a_code_that_comes_after_the_cancelling_is_not_stored(world: World) -> None:
    world.gateway.script.after("place", lambda: cancel(world, world.orders.all()[0]))
    assert create_order(request(), world.shop).state is OrderState.CLOSED
