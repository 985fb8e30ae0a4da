"""A poll tells the truth, asks the provider now and then, and never fails because of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from shared.domain.order import QUERY_INTERVAL_S, Order, OrderState
from shared.domain.payment import Payee, PaymentFact, TradeState
from shared.errors import (
    OrderNotFound,
    ProviderRefused,
    ProviderUnavailable,
    StoreUnavailable,
    StoreUnknown,
)
from shared.use_cases.create_order import create_order
from shared.use_cases.fetch_order import fetch_order
from shared.use_cases.record_payment import record_payment
from tests.fakes.script import raises
from tests.unit.use_cases.world import OTHER_SECRET, SECRET, World, hash_of, request


def fetch(world: World, order: Order, wait_s: int = 0) -> Order:
    return fetch_order(order.order_id, SECRET, world.counter(wait_s))


def queries(world: World) -> int:
    return [name for name, _ in world.gateway.calls].count("query")


@pytest.mark.parametrize(("change", "reads"), [
    ({"claim_secret": OTHER_SECRET}, 1), ({"claim_secret": None}, 0),
    ({"claim_secret": SECRET[:-1] + "x"}, 1),
    ({"order_id": "0" * 26}, 1), ({"order_id": "no-id"}, 0), ({"order_id": ""}, 0)])
def test_no_order_for_who_does_not_know_its_secret(world: World, order: Order,
                                                   change: dict[str, Any], reads: int) -> None:
    world.clock.advance_s(3600)
    right = {"order_id": order.order_id, "claim_secret": SECRET}
    with pytest.raises(OrderNotFound):
        fetch_order(**{**right, **change}, counter=world.counter(20))
    assert world.calls() == ["orders.load"] * reads
    assert fetch_order(**right, counter=world.counter()).order_id == order.order_id


@pytest.mark.parametrize("symbols", [8, 42])
def test_a_secret_is_compared_to_its_last_symbol(world: World, symbols: int) -> None:
    right = hash_of(SECRET)
    close_by = right[:symbols] + hash_of(OTHER_SECRET)[symbols:]
    assert close_by != right
    order = create_order(replace(request(), claim_secret_hash=close_by), world.shop)
    with pytest.raises(OrderNotFound):
        fetch(world, order)


def test_a_fresh_order_is_read_and_nobody_is_asked(world: World, order: Order) -> None:
    assert fetch(world, order) == order
    assert world.calls() == ["orders.load"]


def test_a_due_query_costs_one_write_and_one_call(world: World, order: Order) -> None:
    world.clock.advance_s(QUERY_INTERVAL_S)
    after = fetch(world, order)
    assert world.calls() == ["orders.load", "orders.save", "gateway.query"]
    assert after.state is OrderState.AWAITING_PAYMENT
    assert after.next_query_at_s == world.clock.now_s() + QUERY_INTERVAL_S


def test_any_number_of_pages_makes_one_query_per_interval(world: World, order: Order) -> None:
    for _ in range(3 * QUERY_INTERVAL_S):
        world.clock.advance_s(1)
        for _page in range(5):
            fetch(world, order)
    assert queries(world) == 3


def test_a_page_that_is_open_for_long_is_still_told_within_ten_seconds(world: World,
                                                                       order: Order) -> None:
    world.clock.advance_s(5_000)
    fetch(world, order)
    world.pay(order)
    paid_at_s = world.clock.now_s()
    while fetch(world, order).payment is None:
        world.clock.advance_s(2)
    assert world.clock.now_s() - paid_at_s <= 10


def test_a_lost_notify_is_made_up_for_by_the_poll(world: World, order: Order) -> None:
    fact = world.pay(order)
    paid = fetch(world, order)
    assert paid.state is OrderState.PAID
    assert paid.payment is not None
    assert paid.payment.transaction_id == fact.transaction_id
    assert paid.payment.source == "query"
    assert world.stored(order) == paid
    assert record_payment(fact, world.books) == paid


def test_who_loses_the_write_does_not_call(world: World, order: Order) -> None:
    world.clock.advance_s(QUERY_INTERVAL_S)
    world.orders.script.before("save", lambda: fetch(world, order))
    fetch(world, order)
    assert queries(world) == 1


@pytest.mark.parametrize("error", [
    ProviderUnavailable(), ProviderRefused(reason="SIGN_ERROR"), StoreUnavailable()])
def test_trouble_at_the_provider_never_fails_a_poll(world: World, order: Order,
                                                    error: Exception) -> None:
    world.clock.advance_s(QUERY_INTERVAL_S)
    world.gateway.script.before("query", raises(error))
    assert fetch(world, order).state is OrderState.AWAITING_PAYMENT
    assert world.log.named("order.query_failed") == [{
        "order_id": order.order_id, "code": error.code,  # type: ignore[attr-defined]
        "reason": error.reason}]  # type: ignore[attr-defined]
    fetch(world, order)
    assert queries(world) == 1


@pytest.mark.parametrize("error", [StoreUnavailable(), StoreUnknown()])
def test_who_cannot_write_does_not_ask_and_still_answers(world: World, order: Order,
                                                         error: Exception) -> None:
    world.clock.advance_s(QUERY_INTERVAL_S)
    world.orders.script.before("save", raises(error))
    assert fetch(world, order) == order
    assert queries(world) == 0


@pytest.mark.parametrize("error", [StoreUnavailable(), StoreUnknown()])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_payment_that_could_not_be_booked_is_not_shown(world: World, order: Order, when: str,
                                                         error: Exception) -> None:
    world.pay(order)
    getattr(world.orders.script, when)("save", None, raises(error))
    assert fetch(world, order).state is OrderState.AWAITING_PAYMENT
    world.clock.advance_s(QUERY_INTERVAL_S)
    assert fetch(world, order).state is OrderState.PAID


def test_an_order_that_cannot_be_read_is_an_error(world: World, order: Order) -> None:
    world.orders.script.before("load", raises(StoreUnavailable()))
    with pytest.raises(StoreUnavailable):
        fetch(world, order)


def test_the_provider_may_not_know_the_order(world: World, order: Order) -> None:
    world.gateway.trades.clear()
    world.clock.advance_s(QUERY_INTERVAL_S)
    assert fetch(world, order).state is OrderState.AWAITING_PAYMENT


def test_closed_at_the_provider_is_closed_here(world: World, order: Order) -> None:
    world.gateway.close(order.out_trade_no)
    world.clock.advance_s(QUERY_INTERVAL_S)
    closed = fetch(world, order)
    assert closed.state is OrderState.CLOSED
    assert world.stored(order) == closed
    event = closed.history.events[-1]
    assert (event.kind, event.actor, event.source) == ("closed", "provider", "query")
    world.clock.advance_s(3600)
    assert fetch(world, order) == closed
    assert queries(world) == 1


@pytest.mark.parametrize("change", [
    {"out_trade_no": "another"}, {"payee": Payee("1900000002", "wxfake00000000001")},
    {"payee": Payee("1900000001", "wxother")}, {"provider": "other"}])
def test_closed_is_believed_only_of_this_very_order(world: World, order: Order,
                                                    change: dict[str, Any]) -> None:
    closed = PaymentFact("wechatpay", order.payee, order.out_trade_no, TradeState.CLOSED, "query")

    class OtherAnswer:
        provider, payee = "wechatpay", order.payee

        def query(self, out_trade_no: str) -> PaymentFact:
            return closed._replace(**change)

    world.clock.advance_s(QUERY_INTERVAL_S)
    counter = replace(world.counter(), gateway=OtherAnswer())  # type: ignore[arg-type]
    assert fetch_order(order.order_id, SECRET, counter).state is OrderState.AWAITING_PAYMENT
    assert world.stored(order).state is OrderState.AWAITING_PAYMENT


def test_closed_loses_against_a_payment_that_came_first(world: World, order: Order) -> None:
    fact = world.pay(order)
    world.gateway.trades[order.out_trade_no] = replace(
        world.gateway.trades[order.out_trade_no], state=TradeState.CLOSED)
    world.orders.script.before("save", None, lambda: record_payment(fact, world.books))
    assert fetch(world, order).state is OrderState.PAID


def test_a_late_payment_of_a_closed_order_is_booked(world: World, order: Order) -> None:
    world.gateway.close(order.out_trade_no)
    world.clock.advance_s(QUERY_INTERVAL_S)
    fetch(world, order)
    record_payment(world.pay(order), world.books)
    assert fetch(world, order).state is OrderState.PAID
    assert world.log.named("order.paid")[0]["late"] is True


def test_a_refund_seen_by_a_query_is_paid_and_refunding(world: World, order: Order) -> None:
    world.pay(order)
    world.gateway.refund(order.out_trade_no)
    after = fetch(world, order)
    assert after.state is OrderState.REFUNDING
    assert after.grant is not None


def test_a_payment_that_does_not_fit_fails_no_poll_but_is_held(world: World,
                                                               order: Order) -> None:
    world.clock.advance_s(10)
    world.gateway.pay(order.out_trade_no, world.clock.now_s(),
                      amount=replace(order.price, amount_minor=1))
    assert fetch(world, order).state is OrderState.AWAITING_PAYMENT
    assert [held.reason.value for held in world.held.rows()] == ["amount"]


@pytest.mark.parametrize("wait_s", [0, 1, 2, 7, 20])
def test_a_long_poll_reads_at_most_every_two_seconds(world: World, order: Order,
                                                     wait_s: int) -> None:
    fetch(world, order, wait_s)
    assert world.orders.calls.count("load") == 1 + wait_s // 2
    assert set(world.clock.slept_ms) <= {2_000}
    assert sum(world.clock.slept_ms) <= wait_s * 1000


def test_a_long_poll_ends_with_the_payment(world: World, order: Order) -> None:
    def buyer_pays() -> None:
        record_payment(world.gateway.pay(order.out_trade_no, world.clock.now_s()), world.books)

    world.orders.script.before("load", None, buyer_pays)
    assert fetch(world, order, 20).state is OrderState.PAID
    assert len(world.clock.slept_ms) == 1


def test_a_long_poll_of_a_settled_order_does_not_wait(world: World, order: Order) -> None:
    record_payment(world.pay(order), world.books)
    fetch(world, order, 20)
    assert world.clock.slept_ms == []


def test_a_read_that_fails_while_waiting_does_not_fail_the_poll(world: World,
                                                                order: Order) -> None:
    world.orders.script.before("load", None, raises(StoreUnavailable()))
    assert fetch(world, order, 6).state is OrderState.AWAITING_PAYMENT
