"""Booking: what fits is booked once, what does not is held once, and nothing is lost."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from shared.domain.money import Money
from shared.domain.order import OrderState, schedule_query
from shared.domain.payment import Mismatch, Payee, PaymentFact, TradeState
from shared.errors import (
    InvalidNotify,
    NotifyNotAccepted,
    StoreUnavailable,
    StoreUnknown,
    Unavailable,
)
from shared.use_cases.receive_notify import receive_notify
from shared.use_cases.record_payment import PaymentHeld, record_payment
from tests.fakes.script import raises

if TYPE_CHECKING:
    from shared.domain.order import Order
    from tests.unit.use_cases.world import World


def notify(world: World, fact: PaymentFact) -> Order:
    headers, body = world.verifier.sign(fact)
    receive_notify(headers, body, verifier=world.verifier, books=world.books)
    return next(it for it in world.orders.all() if it.out_trade_no == fact.out_trade_no)


def test_a_notify_costs_one_read_and_one_write(world: World, order: Order) -> None:
    paid = notify(world, world.pay(order))
    assert world.calls() == ["orders.load", "orders.save"]
    assert paid.state is OrderState.PAID
    assert paid.payment is not None
    assert paid.payment.amount == order.price
    assert world.stored(order) == paid
    assert world.log.named("order.paid") == [
        {"order_id": order.order_id, "source": "notify", "late": False}]


def test_a_duplicate_notify_costs_one_read_and_changes_nothing(world: World,
                                                               order: Order) -> None:
    fact = world.pay(order)
    paid = notify(world, fact)
    world.forget_calls()
    for _ in range(3):
        assert notify(world, fact) == paid
    assert world.calls() == ["orders.load"] * 3
    assert len(world.log.named("order.paid")) == 1


def test_a_late_notify_after_the_refund_changes_nothing(world: World, order: Order) -> None:
    fact = world.pay(order)
    notify(world, fact)
    refunding = notify(world, world.gateway.refund(order.out_trade_no))
    assert refunding.state is OrderState.REFUNDING
    world.forget_calls()
    assert notify(world, fact) == refunding
    assert world.calls() == ["orders.load"]


def _tampered(headers: dict[str, str], body: bytes) -> list[tuple[dict[str, str], bytes]]:
    return [({}, body), (headers, body + b" "), (headers, body.replace(b"9900", b"9901")),
            ({**headers, "fake-signature": "0" * 64}, body), (headers, b"")]


@pytest.mark.parametrize("which", range(5))
def test_junk_costs_nothing(world: World, order: Order, which: int) -> None:
    fact = world.pay(order)
    headers, body = _tampered(*world.verifier.sign(fact))[which]
    with pytest.raises(InvalidNotify):
        receive_notify(headers, body, verifier=world.verifier, books=world.books)
    assert world.calls() == []
    assert world.log.facts[2:] == []
    assert notify(world, fact).state is OrderState.PAID


@pytest.mark.parametrize("state", [TradeState.UNPAID, TradeState.PENDING, TradeState.CLOSED,
                                   TradeState.FAILED])
def test_a_notify_of_no_payment_is_not_accepted(world: World, order: Order,
                                                state: TradeState) -> None:
    with pytest.raises(NotifyNotAccepted) as caught:
        notify(world, world.pay(order)._replace(trade_state=state))
    assert caught.value.reason == "not_a_payment"
    assert world.calls() == []


def test_an_unpaid_fact_that_does_not_fit_is_told_but_not_held(world: World, order: Order) -> None:
    fact = world.pay(order)._replace(trade_state=TradeState.UNPAID)
    assert record_payment(fact, world.books) == world.stored(order)
    with pytest.raises(NotifyNotAccepted) as caught:
        record_payment(fact._replace(payee=Payee("1900000002", "wxfake00000000001")), world.books)
    assert not isinstance(caught.value, PaymentHeld)
    assert "payment.held" not in world.log.names()
    assert world.log.names()[-1] == "payment.fact_unfit"
    assert world.log.named("payment.fact_unfit")[0]["alarm"] is True


MISFITS: list[tuple[Mismatch, dict[str, Any]]] = [
    (Mismatch.PROVIDER, {"provider": "other"}),
    (Mismatch.MERCHANT, {"payee": Payee("1900000002", "wxfake00000000001")}),
    (Mismatch.APP, {"payee": Payee("1900000001", "wxother")}),
    (Mismatch.AMOUNT, {"amount": Money(9899, "CNY")}),
    (Mismatch.CURRENCY, {"amount": Money(9900, "USD")}),
    (Mismatch.INCOMPLETE, {"paid_at_s": None}),
    (Mismatch.NO_ORDER, {"out_trade_no": "TB01-unknown"}),
]


@pytest.mark.parametrize(("reason", "change"), MISFITS)
def test_a_payment_that_does_not_fit_is_held_once_and_told_each_time(
        world: World, order: Order, reason: Mismatch, change: dict[str, Any]) -> None:
    fact = world.pay(order)
    for _ in range(3):
        with pytest.raises(PaymentHeld) as caught:
            notify(world, fact._replace(**change))
        assert caught.value.mismatch is reason
        assert caught.value.status == 500
    held, = world.held.rows()
    assert (held.reason, held.transaction_id) == (reason, fact.transaction_id)
    alarms = world.log.named("payment.held")
    assert [alarm["first"] for alarm in alarms] == [True, False, False]
    assert all(alarm["alarm"] for alarm in alarms)
    assert world.stored(order) == order
    assert notify(world, fact).state is OrderState.PAID


@pytest.mark.parametrize("gone", [None, ""])
def test_a_payment_without_a_transaction_is_told_but_has_no_row(world: World, order: Order,
                                                                gone: str | None) -> None:
    with pytest.raises(PaymentHeld):
        notify(world, world.pay(order)._replace(transaction_id=gone))
    assert world.held.rows() == []
    assert world.log.named("payment.held")[0]["alarm"] is True


def test_a_second_transaction_for_one_order_is_held(world: World, order: Order) -> None:
    fact = world.pay(order)
    paid = notify(world, fact)
    second = fact._replace(transaction_id="4200000000000000000000000002")
    with pytest.raises(PaymentHeld) as caught:
        notify(world, second)
    assert caught.value.mismatch is Mismatch.SECOND_PAYMENT
    assert world.stored(order) == paid
    assert [held.transaction_id for held in world.held.rows()] == [second.transaction_id]


def test_of_two_transactions_at_once_one_is_booked_and_one_is_held(world: World,
                                                                   order: Order) -> None:
    first = world.pay(order)
    second = first._replace(transaction_id="4200000000000000000000000002")
    world.orders.script.before("save", lambda: notify(world, second))
    with pytest.raises(PaymentHeld) as caught:
        notify(world, first)
    assert caught.value.mismatch is Mismatch.SECOND_PAYMENT
    payment = world.stored(order).payment
    assert payment is not None
    assert payment.transaction_id == second.transaction_id
    assert [held.transaction_id for held in world.held.rows()] == [first.transaction_id]


def test_a_held_payment_that_cannot_be_recorded_is_told_and_comes_again(
        world: World, order: Order) -> None:
    wrong = world.pay(order)._replace(amount=Money(1, "CNY"))
    world.held.script.before("record_once", raises(StoreUnavailable()))
    with pytest.raises(StoreUnavailable):
        notify(world, wrong)
    assert world.held.rows() == []
    assert world.log.named("payment.held") == [{
        "alarm": True, "order_id": order.order_id, "reason": "amount", "source": "notify",
        "first": None}]
    with pytest.raises(PaymentHeld):
        notify(world, wrong)
    assert len(world.held.rows()) == 1


@pytest.mark.parametrize(("method", "when", "error"), [
    ("load", "before", StoreUnavailable()), ("save", "before", StoreUnavailable()),
    ("save", "before", StoreUnknown()), ("save", "after", StoreUnknown())])
def test_what_is_not_certain_is_not_accepted_and_comes_again(
        world: World, order: Order, method: str, when: str, error: Unavailable) -> None:
    fact = world.pay(order)
    getattr(world.orders.script, when)(method, raises(error))
    with pytest.raises(Unavailable):
        notify(world, fact)
    paid = notify(world, fact)
    assert paid.state is OrderState.PAID
    assert [event.kind for event in paid.history.events].count("paid") == 1


def test_two_notifies_at_once_book_one_payment(world: World, order: Order) -> None:
    fact = world.pay(order)
    world.orders.script.before("save", lambda: notify(world, fact))
    paid = notify(world, fact)
    assert world.stored(order) == paid
    assert [event.kind for event in paid.history.events].count("paid") == 1
    assert len(world.log.named("order.paid")) == 1


def test_a_rival_who_only_scheduled_a_query_does_not_stop_a_payment(world: World,
                                                                    order: Order) -> None:
    fact = world.pay(order)
    world.orders.script.before("save", lambda: world.orders.save(
        schedule_query(world.stored(order), world.clock.now_s())))
    paid = notify(world, fact)
    assert paid.state is OrderState.PAID
    assert paid.version == order.version + 2


def test_endless_rivals_end_in_try_again(world: World, order: Order) -> None:
    fact = world.pay(order)

    def rival() -> None:
        stored = world.stored(order)
        world.orders.save(replace(stored, version=stored.version + 1))

    def again() -> None:
        world.orders.script.before("save", None, again)
        rival()

    world.orders.script.before("save", again)
    with pytest.raises(StoreUnavailable) as caught:
        notify(world, fact)
    assert (caught.value.reason, caught.value.retry_after_s) == ("too_many_rivals", 1)
    assert world.orders.calls.count("load") == 5
    assert world.stored(order).payment is None


def test_another_shops_payment_is_told_and_left_alone(world: World, order: Order) -> None:
    fact = world.pay(order)._replace(out_trade_no="OTHERSHOP0001")
    with pytest.raises(NotifyNotAccepted) as caught:
        record_payment(fact, world.books)
    assert caught.value.reason == "foreign"
    assert world.held.rows() == []
    assert "alarm" not in world.log.named("payment.foreign")[0]


def test_an_order_placed_under_an_earlier_prefix_is_still_ours(world: World,
                                                               order: Order) -> None:
    books = replace(world.books, prefix="TB02")
    assert record_payment(world.pay(order), books).state is OrderState.PAID
