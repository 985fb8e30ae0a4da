"""What an order keeps and what its history says, to the last field."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.domain import identifiers
from shared.domain.history import Event
from shared.domain.license import Grant, Proof
from shared.domain.order import (
    OPEN_STATES,
    QUERY_INTERVAL_S,
    REFUND_TRANSITIONS,
    TRANSITIONS,
    ForbiddenTransition,
    OrderState,
    Payment,
    close,
    instruct,
    record_payment,
)
from shared.domain.payment import TradeState
from tests.fakes import samples
from tests.fakes.provider import PAYEE

NOW_S = samples.NOW_S
PLACED = samples.order()
INSTRUCTED = samples.instructed(PLACED)
PAID = record_payment(INSTRUCTED, samples.paid_fact(INSTRUCTED), NOW_S + 61)


def test_a_placed_order_has_what_was_agreed() -> None:
    assert PLACED.order_id == identifiers.order_id(samples.number())
    assert PLACED.license_id == identifiers.license_id(samples.LICENSE_KEYS.new(PLACED.order_id))
    assert (PLACED.out_trade_no, PLACED.environment, PLACED.provider, PLACED.payee) == (
        samples.number(), "test", "wechatpay", PAYEE)
    assert PLACED.snapshot is samples.SNAPSHOT
    assert PLACED.price == samples.PRICE
    assert PLACED.claim_secret_hash == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    assert PLACED.provider_request == f'{{"out_trade_no":"{samples.number()}"}}'
    assert (PLACED.created_at_s, PLACED.expires_at_s) == (NOW_S, NOW_S + 7200)
    assert PLACED.next_query_at_s == NOW_S + 7
    assert (PLACED.state, PLACED.version) == (OrderState.CREATED, 1)
    assert (PLACED.instruction, PLACED.payment, PLACED.grant) == (None, None, None)
    assert (PLACED.refunds, PLACED.holds, PLACED.refund_reported_at_s) == ((), (), None)


def test_every_event_says_who_did_it_and_how_we_know() -> None:
    refunded = samples.paid_fact(PAID, trade_state=TradeState.REFUNDED, source="query")
    refunding = record_payment(PAID, refunded, NOW_S + 99)
    assert PAID.grant is not None
    assert refunding.history.events == (
        Event("placed", NOW_S, "buyer", "create-order", {
            "product_id": "pro-yearly", "price": {"amount_minor": 9900, "currency": "CNY"},
            "catalogue_version": "2025-10-01", "provider": "wechatpay"}),
        Event("instructed", NOW_S + 1, "provider", "create-order", {
            "kind": "qr", "expires_at_s": NOW_S + 1 + 7200}),
        Event("paid", NOW_S + 61, "provider", "notify", {
            "transaction_id": "4200000000" + PLACED.order_id[:18],
            "amount": {"amount_minor": 9900, "currency": "CNY"}, "paid_at_s": NOW_S + 60,
            "grant_id": PAID.grant.grant_id, "license_id": PLACED.license_id}),
        Event("refund_reported", NOW_S + 99, "provider", "query"))
    assert refunding.refund_reported_at_s == NOW_S + 99


def test_a_close_says_who_closed() -> None:
    closed = close(INSTRUCTED, NOW_S + 5, actor="operator:ann", source="timer")
    assert closed.history.events[-1] == Event("closed", NOW_S + 5, "operator:ann", "timer")
    assert (closed.state, closed.version) == (OrderState.CLOSED, 3)
    assert closed.instruction == INSTRUCTED.instruction


def test_a_fresh_code_takes_the_place_of_the_old_one() -> None:
    fresh = replace(INSTRUCTED.instruction, value="weixin://fresh")  # type: ignore[type-var]
    again = instruct(INSTRUCTED, fresh, NOW_S + 9)  # type: ignore[arg-type]
    assert again.instruction == fresh
    assert (again.state, again.version) == (OrderState.AWAITING_PAYMENT, 3)


def test_a_paid_order_has_its_payment_and_its_grant() -> None:
    assert PAID.payment == Payment("4200000000" + PLACED.order_id[:18], samples.PRICE,
                                   NOW_S + 60, "notify", None, late=False)
    assert PAID.grant == Grant(
        identifiers.grant_id("order", PLACED.order_id), PLACED.license_id, "pro-yearly",
        ("pro", "course:101"), 365, NOW_S + 60, PLACED.order_id, 3,
        Proof("payment", "wechatpay:4200000000" + PLACED.order_id[:18]))
    assert (PAID.state, PAID.version) == (OrderState.PAID, 3)


@pytest.mark.parametrize("late", [False, True])
def test_a_payment_after_closing_is_marked_late_and_keeps_the_payers_hash(late: bool) -> None:
    before = close(INSTRUCTED, NOW_S + 5, actor="system", source="timer") if late else INSTRUCTED
    fact = samples.paid_fact(before)._replace(payer_hash="ab" * 32)
    paid = record_payment(before, fact, NOW_S + 61)
    assert paid.payment is not None
    assert paid.payment.late is late
    assert paid.payment.payer_hash == "ab" * 32


def test_the_moves_up_to_the_payment_are_these_and_no_others() -> None:
    created, awaiting, paid, closed = (OrderState.CREATED, OrderState.AWAITING_PAYMENT,
                                       OrderState.PAID, OrderState.CLOSED)
    assert {
        (created, "instructed"): awaiting, (awaiting, "instructed"): awaiting,
        (created, "closed"): closed, (awaiting, "closed"): closed,
        (created, "paid"): paid, (awaiting, "paid"): paid, (closed, "paid"): paid,
        (paid, "refund_reported"): OrderState.REFUNDING} == TRANSITIONS
    assert (created, awaiting) == OPEN_STATES


def test_refunds_never_lead_back_before_the_payment_and_all_of_it_is_the_end() -> None:
    refunding, refunded = OrderState.REFUNDING, OrderState.REFUNDED
    every = {OrderState.PAID, refunding, refunded}
    assert {state: set(after) for state, after in REFUND_TRANSITIONS.items()} == {
        OrderState.PAID: every, refunding: every, refunded: {refunded}}


@pytest.mark.parametrize("state", OrderState)
def test_only_what_waits_for_its_payment_is_open(state: OrderState) -> None:
    expected = state in (OrderState.CREATED, OrderState.AWAITING_PAYMENT)
    assert replace(PLACED, state=state).is_open() is expected


def test_a_forbidden_move_says_which() -> None:
    with pytest.raises(ForbiddenTransition, match="paid has no move 'closed'"):
        close(PAID, NOW_S, actor="system", source="timer")


@pytest.mark.parametrize("missing", ["transaction_id", "amount", "paid_at_s"])
def test_a_payment_without_one_of_its_parts_is_a_mistake_of_ours(missing: str) -> None:
    fact = samples.paid_fact(INSTRUCTED)._replace(**{missing: None})
    with pytest.raises(AssertionError):
        record_payment(INSTRUCTED, fact, NOW_S)


def test_a_lost_notify_costs_seconds() -> None:
    assert QUERY_INTERVAL_S == 7


def test_what_is_not_said_of_a_sale_or_a_payment_is_not_there() -> None:
    assert PLACED.snapshot.refund_policy is None
    payment = Payment("4200000001", samples.PRICE, NOW_S, "notify")
    assert payment.payer_hash is None
    assert payment.late is False
