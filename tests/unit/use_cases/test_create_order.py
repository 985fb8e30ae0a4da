"""Placing an order: stored before it is sent, replayed with the same bytes, one per key."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.domain import identifiers
from shared.domain.due import FIRST_LOOK_AFTER_S
from shared.domain.money import Money
from shared.domain.order import OrderState, close
from shared.domain.payment import TradeState
from shared.errors import (
    Conflict,
    NotFound,
    ProviderRefused,
    ProviderUnavailable,
    StoreUnavailable,
    StoreUnknown,
    TongbaoError,
    Unavailable,
)
from shared.use_cases.create_order import create_order
from shared.use_cases.receive_notify import receive_notify
from shared.use_cases.record_payment import record_payment
from tests.fakes.script import raises
from tests.unit.use_cases.world import KEY, LIFETIME_S, OTHER_KEY, OTHER_SECRET, World, request


def test_an_order_comes_with_a_way_to_pay_it(world: World) -> None:
    order = create_order(request(), world.shop)
    assert order.state is OrderState.AWAITING_PAYMENT
    assert order.instruction is not None
    assert order.instruction.kind == "qr"
    assert order.out_trade_no == identifiers.out_trade_no("TB01", "test", KEY)
    assert order.order_id == identifiers.order_id(order.out_trade_no)
    assert order.expires_at_s == order.created_at_s + LIFETIME_S
    assert world.stored(order) == order
    assert world.log.names() == ["order.placed", "order.instructed"]


def test_price_and_title_come_from_the_catalogue(world: World) -> None:
    order = create_order(replace(request(), language="en"), world.shop)
    assert order.snapshot.title == "Reader Pro"
    assert order.price == Money(9900, "CNY")
    assert order.snapshot.catalogue_version == "2026-11-22"


def test_order_and_due_row_are_stored_before_the_provider_hears_of_it(world: World) -> None:
    seen: list[tuple[str, int, int]] = []

    def look() -> None:
        stored = world.orders.all()[0]
        due_at_s = stored.created_at_s + FIRST_LOOK_AFTER_S
        seen.append((stored.state.value, world.work.count(due_at_s - 1),
                     world.work.count(due_at_s)))

    world.gateway.script.before("place", look)
    create_order(request(), world.shop)
    assert seen == [("created", 0, 1)]


def test_an_order_that_cannot_be_stored_is_never_sent(world: World) -> None:
    world.orders.script.before("create", raises(StoreUnavailable()))
    with pytest.raises(StoreUnavailable):
        create_order(request(), world.shop)
    assert world.gateway.calls == []
    assert world.orders.all() == []


@pytest.mark.parametrize(("product_id", "currency"), [
    ("no-such", "CNY"), ("reader-pro", "USD"), ("", "CNY")])
def test_what_is_not_for_sale_is_not_ordered(world: World, product_id: str,
                                             currency: str) -> None:
    with pytest.raises(NotFound) as caught:
        create_order(request(product_id=product_id, currency=currency), world.shop)
    assert caught.value.code == "PRODUCT_NOT_FOUND"
    assert world.calls() == ["orders.load"]


def test_the_same_key_gives_the_same_order_without_another_call(world: World) -> None:
    first = create_order(request(), world.shop)
    world.forget_calls()
    world.clock.advance_s(30)
    assert create_order(request(), world.shop) == first
    assert world.calls() == ["orders.create", "orders.load"]


def test_another_key_is_another_order(world: World) -> None:
    first = create_order(request(), world.shop)
    second = create_order(request(OTHER_KEY), world.shop)
    assert first.order_id != second.order_id
    assert len(world.gateway.trades) == 2


@pytest.mark.parametrize("other", [
    request(product_id="course"), request(secret=OTHER_SECRET), request(language="en")])
def test_a_key_is_good_for_one_request_only(world: World, other: object) -> None:
    first = create_order(request(), world.shop)
    world.forget_calls()
    with pytest.raises(Conflict) as caught:
        create_order(other, world.shop)  # type: ignore[arg-type]
    assert caught.value.code == "IDEMPOTENCY_KEY_REUSED"
    assert world.gateway.calls == []
    assert world.stored(first) == first


def test_a_retry_after_a_price_change_keeps_the_agreed_price(world: World) -> None:
    world.gateway.script.before("place", raises(ProviderUnavailable()))
    with pytest.raises(ProviderUnavailable):
        create_order(request(), world.shop)
    dearer = replace(world.shop.catalogue.products["reader-pro"],
                     prices={"CNY": Money(99900, "CNY")})
    shop = replace(world.shop, catalogue=replace(
        world.shop.catalogue, products={"reader-pro": dearer}))
    order = create_order(request(), shop)
    assert order.price == Money(9900, "CNY")
    assert world.gateway.trades[order.out_trade_no].amount == Money(9900, "CNY")


def test_a_retry_after_the_product_was_withdrawn_gives_the_order_placed_before(
        world: World) -> None:
    placed = create_order(request(), world.shop)
    shop = replace(world.shop, catalogue=replace(world.shop.catalogue, products={}))
    assert create_order(request(), shop) == placed
    with pytest.raises(Conflict):
        create_order(request(secret=OTHER_SECRET), shop)
    with pytest.raises(NotFound):
        create_order(request(OTHER_KEY), shop)


def test_an_order_of_a_withdrawn_product_is_not_sent_without_its_due_row(world: World) -> None:
    world.gateway.script.before("place", raises(ProviderUnavailable()))
    with pytest.raises(ProviderUnavailable):
        create_order(request(), world.shop)
    far_s = world.clock.now_s() + 10 * FIRST_LOOK_AFTER_S
    [due] = world.work.list(far_s, 10)
    world.work.remove(due)
    shop = replace(world.shop, catalogue=replace(world.shop.catalogue, products={}))
    create_order(request(), shop)
    assert world.work.list(far_s, 10) == [due]


FAILURES: list[tuple[str, str, str, TongbaoError]] = [
    ("orders", "create", "before", StoreUnavailable()),
    ("orders", "create", "before", StoreUnknown()),
    ("orders", "create", "after", StoreUnknown()),
    ("gateway", "place", "before", ProviderUnavailable()),
    ("gateway", "place", "after", ProviderUnavailable()),
    ("orders", "save", "before", StoreUnavailable()),
    ("orders", "save", "before", StoreUnknown()),
    ("orders", "save", "after", StoreUnknown()),
]


@pytest.mark.parametrize(("port", "method", "when", "error"), FAILURES)
def test_after_any_failure_the_same_key_finishes_the_same_order(
        world: World, port: str, method: str, when: str, error: TongbaoError) -> None:
    script = getattr(world, port).script
    getattr(script, when)(method, raises(error))
    with pytest.raises(Unavailable) as caught:
        create_order(request(), world.shop)
    assert caught.value is error
    world.clock.advance_s(40)
    order = create_order(request(), world.shop)
    assert order.state is OrderState.AWAITING_PAYMENT
    assert world.stored(order) == order
    assert len(world.orders.all()) == len(world.gateway.trades) == 1
    trade = world.gateway.trades[order.out_trade_no]
    assert trade.provider_request == order.provider_request
    assert trade.instruction == order.instruction


def test_a_refusal_of_the_provider_is_told_as_such(world: World) -> None:
    world.gateway.script.before("place", raises(ProviderRefused(reason="APPID_MCHID_NOT_MATCH")))
    with pytest.raises(ProviderRefused):
        create_order(request(), world.shop)
    [told] = world.log.named("order.refused_by_provider")
    assert (told["alarm"], told["reason"]) == (True, "APPID_MCHID_NOT_MATCH")


def test_an_expired_code_is_refreshed_under_the_same_number(world: World) -> None:
    shop = replace(world.shop, order_lifetime_s=86_400)
    first = create_order(request(), shop)
    assert first.instruction is not None
    world.clock.advance_s(first.instruction.expires_at_s - world.clock.now_s())
    second = create_order(request(), shop)
    assert second.instruction is not None
    assert second.out_trade_no == first.out_trade_no
    assert second.instruction.value != first.instruction.value
    assert second.instruction.expires_at_s > world.clock.now_s()
    assert second.expires_at_s == first.expires_at_s
    assert world.stored(second) == second
    assert len(world.gateway.trades) == 1


def test_an_expired_order_gets_no_new_code(world: World) -> None:
    first = create_order(request(), world.shop)
    world.forget_calls()
    world.clock.advance_s(LIFETIME_S)
    assert create_order(request(), world.shop) == first
    assert world.gateway.calls == []


@pytest.mark.parametrize("state", [OrderState.PAID, OrderState.CLOSED])
def test_the_key_of_a_settled_order_returns_it_as_it_is(world: World, state: OrderState) -> None:
    first = create_order(request(), world.shop)
    if state is OrderState.PAID:
        settled = record_payment(world.pay(first), world.books)
    else:
        settled = close(first, world.clock.now_s(), actor="provider", source="query")
        world.orders.save(settled)
    world.forget_calls()
    assert create_order(request(), world.shop) == settled
    assert world.gateway.calls == []


def test_a_notify_may_come_before_the_create_call_returns(world: World) -> None:
    def pay_at_once() -> None:
        number = next(iter(world.gateway.trades))
        fact = world.gateway.pay(number, world.clock.now_s())
        headers, body = world.verifier.sign(fact)
        receive_notify(headers, body, verifier=world.verifier, books=world.books)

    world.gateway.script.after("place", pay_at_once)
    order = create_order(request(), world.shop)
    assert order.state is OrderState.PAID
    assert order.grant is not None
    assert world.stored(order) == order


def test_already_paid_is_asked_for_and_booked(world: World) -> None:
    world.orders.script.before("save", raises(StoreUnavailable()))
    with pytest.raises(StoreUnavailable):
        create_order(request(), world.shop)
    number = next(iter(world.gateway.trades))
    world.gateway.pay(number, world.clock.now_s())
    order = create_order(request(), world.shop)
    assert order.state is OrderState.PAID
    assert [name for name, _ in world.gateway.calls] == ["place", "place", "query"]
    assert len([event for event in order.history.events if event.kind == "paid"]) == 1


def _paid_but_the_code_was_never_stored(world: World) -> str:
    world.gateway.script.after("place", raises(ProviderUnavailable()))
    with pytest.raises(ProviderUnavailable):
        create_order(request(), world.shop)
    number = next(iter(world.gateway.trades))
    world.gateway.pay(number, world.clock.now_s())
    return number


@pytest.mark.parametrize("lag", [TradeState.UNPAID, None])
def test_paid_says_one_call_and_not_yet_says_the_next_is_asked_again(
        world: World, lag: TradeState | None) -> None:
    """A provider's two answers may be of two minds for a moment; neither is made up here."""
    number = _paid_but_the_code_was_never_stored(world)
    paid = world.gateway.trades[number]

    def lags() -> None:
        if lag is None:
            del world.gateway.trades[number]
        else:
            world.gateway.trades[number] = replace(paid, state=lag)

    world.gateway.script.before("query", lags)
    with pytest.raises(ProviderUnavailable) as caught:
        create_order(request(), world.shop)
    assert caught.value.retry_after_s == 2
    world.gateway.trades[number] = paid
    assert create_order(request(), world.shop).state is OrderState.PAID


def test_a_payment_that_does_not_fit_is_no_news_for_the_one_who_asks(world: World) -> None:
    number = _paid_but_the_code_was_never_stored(world)
    world.gateway.pay(number, world.clock.now_s(), amount=Money(1, "CNY"))
    with pytest.raises(TongbaoError) as caught:
        create_order(request(), world.shop)
    assert caught.value.status == 500
    assert caught.value.code == "PAYMENT_HELD"
    assert len(world.held.rows()) == 1
