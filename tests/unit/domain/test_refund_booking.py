"""Refunds in their order: reserved first, followed by what the provider says, never too much."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from shared.domain import identifiers
from shared.domain.history import Event
from shared.domain.license import Standing
from shared.domain.money import Money
from shared.domain.order import ForbiddenTransition, Order, OrderState, record_payment
from shared.domain.refund import Refund, RefundFact, RefundOrigin, RefundState
from shared.domain.refunding import RefundMismatch as Mismatch
from shared.domain.refunding import (
    decide_refund,
    find_refund,
    find_refund_mismatch,
    record_refund,
    refundable,
    refunded_minor,
    request_refund,
    reserved_minor,
    standing_of,
)
from tests.fakes import samples

NOW_S = samples.NOW_S
UNPAID = samples.instructed(samples.order())
PAID = record_payment(UNPAID, samples.paid_fact(UNPAID), NOW_S + 61)
AWAITING, REQUESTED = RefundState.AWAITING_APPROVAL, RefundState.REQUESTED
PROCESSING, ABNORMAL = RefundState.PROCESSING, RefundState.ABNORMAL
SUCCEEDED, CLOSED = RefundState.SUCCEEDED, RefundState.CLOSED
REFUSED, DECLINED = RefundState.REFUSED, RefundState.DECLINED
HOLD = Event("hold_placed", NOW_S + 70, "operator:ann", "admin")
RELEASE = Event("hold_released", NOW_S + 80, "operator:ann", "admin")


def refund(n: int = 1, minor: int = 9900, state: RefundState = REQUESTED) -> Refund:
    return Refund(f"R{n}", f"N{n}", Money(minor, "CNY"), state, RefundOrigin.BUYER, "buyer",
                  NOW_S + 100, provider_request="{}")


def asked(*refunds: Refund, order: Order = PAID) -> Order:
    for one in refunds:
        order = request_refund(order, one, source="refund")
    return order


def fact(n: int = 1, minor: int = 9900, state: RefundState = SUCCEEDED, **more: Any) -> RefundFact:
    assert PAID.payment is not None
    told = RefundFact("wechatpay", PAID.payee.merchant_id, PAID.out_trade_no,
                      PAID.payment.transaction_id, f"N{n}", f"P{n}", state, Money(minor, "CNY"),
                      samples.PRICE, "query", NOW_S + 200 if state is SUCCEEDED else None)
    return told._replace(**more)


def told(order: Order, *facts: RefundFact) -> Order:
    for one in facts:
        order = record_refund(order, one, NOW_S + 300)
    return order


# requested

def test_a_request_reserves_its_amount_in_one_version_and_one_event() -> None:
    order = asked(refund(minor=4000))
    assert order.refunds == (refund(minor=4000),)
    assert order.version == PAID.version + 1
    assert order.history == PAID.history.add(Event(
        "refund_requested", NOW_S + 100, "buyer", "refund", {
            "refund_id": "R1", "amount": {"amount_minor": 4000, "currency": "CNY"},
            "origin": "buyer", "state": "requested"}))
    assert order.state is OrderState.REFUNDING
    assert (reserved_minor(order), refunded_minor(order)) == (4000, 0)
    assert refundable(order) == Money(5900, "CNY")


def test_the_same_request_again_changes_nothing() -> None:
    order = asked(refund(minor=4000))
    assert request_refund(order, refund(minor=4000), source="refund") is order


def test_two_equal_parts_are_two_refunds() -> None:
    order = asked(refund(1, 4950), refund(2, 4950))
    assert refundable(order) == Money(0, "CNY")
    assert [one.out_refund_no for one in order.refunds] == ["N1", "N2"]
    assert find_refund(order, "N2") == refund(2, 4950)
    assert find_refund(order, "N3") is None


@pytest.mark.parametrize("state", [REQUESTED, AWAITING])
def test_a_refund_begins_as_a_request_or_waits_for_approval(state: RefundState) -> None:
    assert asked(refund(state=state)).refunds[0].state is state


@pytest.mark.parametrize("state", [PROCESSING, ABNORMAL, SUCCEEDED, CLOSED, REFUSED, DECLINED])
def test_a_refund_begins_in_no_other_state(state: RefundState) -> None:
    with pytest.raises(ForbiddenTransition, match="begins as a request"):
        asked(refund(state=state))


@pytest.mark.parametrize("minor", [0, 9901])
def test_nothing_and_more_than_is_left_cannot_be_requested(minor: int) -> None:
    with pytest.raises(ForbiddenTransition, match="more than is left"):
        asked(refund(minor=minor))


def test_a_second_refund_has_what_the_first_left() -> None:
    asked(refund(1, 9899), refund(2, 1))
    with pytest.raises(ForbiddenTransition, match="more than is left"):
        asked(refund(1, 9899), refund(2, 2))


def test_another_currency_and_an_unpaid_order_have_no_refund() -> None:
    with pytest.raises(ForbiddenTransition):
        asked(replace(refund(), amount=Money(1, "USD")))
    with pytest.raises(ForbiddenTransition):
        asked(refund(minor=1), order=UNPAID)
    assert refundable(UNPAID) == Money(0, "CNY")


@pytest.mark.parametrize(("state", "reserves"), [
    (AWAITING, True), (REQUESTED, True), (PROCESSING, True), (ABNORMAL, True), (SUCCEEDED, True),
    (CLOSED, False), (REFUSED, False), (DECLINED, False)])
def test_an_amount_is_free_again_only_after_a_definite_failure(state: RefundState,
                                                               reserves: bool) -> None:
    order = replace(PAID, refunds=(refund(state=state),))
    assert refundable(order).amount_minor == (0 if reserves else 9900)
    assert refunded_minor(order) == (9900 if state is SUCCEEDED else 0)


def test_what_the_provider_gave_beyond_the_payment_leaves_nothing_and_no_less() -> None:
    order = replace(PAID, refunds=(refund(1), refund(2)))
    assert refundable(order) == Money(0, "CNY")


# decided

@pytest.mark.parametrize(("begun", "kind", "state"), [
    (AWAITING, "refund_approved", REQUESTED), (AWAITING, "refund_declined", DECLINED),
    (REQUESTED, "refund_refused", REFUSED)])
def test_a_decision_is_one_version_and_is_made_once(begun: RefundState, kind: str,
                                                    state: RefundState) -> None:
    order = asked(refund(state=begun))
    event = Event(kind, NOW_S + 150, "operator:ann", "admin", {"refund_id": "R1"})
    decided = decide_refund(order, "R1", event)
    assert decided.refunds == (refund(state=state),)
    assert decided.version == order.version + 1
    assert decided.history == order.history.add(event)
    assert decided.state is (OrderState.REFUNDING if state is REQUESTED else OrderState.PAID)
    assert decide_refund(decided, "R1", event) is decided


def test_a_decision_about_one_refund_is_none_about_another() -> None:
    order = asked(refund(1, 1, AWAITING), refund(2, 1, AWAITING))
    for n in (1, 2):
        event = Event("refund_approved", 1, "operator:ann", "admin", {"refund_id": f"R{n}"})
        order = decide_refund(order, f"R{n}", event)
    assert [one.state for one in order.refunds] == [REQUESTED, REQUESTED]
    other = Event("refund_declined", 1, "operator:ann", "admin", {"refund_id": "R1"})
    with pytest.raises(ForbiddenTransition, match="is requested has no refund_declined"):
        decide_refund(order, "R1", other)


def test_an_unknown_refund_cannot_be_decided() -> None:
    event = Event("refund_approved", 1, "operator:ann", "admin", {"refund_id": "R9"})
    with pytest.raises(ForbiddenTransition, match="no such refund"):
        decide_refund(asked(refund()), "R9", event)


# stated by the provider: what fits

FIT = asked(refund(1, 4000))


@pytest.mark.parametrize(("reason", "changes"), [
    (Mismatch.PROVIDER, {"provider": "other"}), (Mismatch.MERCHANT, {"merchant_id": "1"}),
    (Mismatch.ORDER_NUMBER, {"out_trade_no": "T"}), (Mismatch.TRANSACTION, {"transaction_id": "4"}),
    (Mismatch.TOTAL, {"total": Money(9901, "CNY")}),
    (Mismatch.TOTAL, {"total": Money(9900, "USD")}),
    (Mismatch.AMOUNT, {"amount": Money(3999, "CNY")}),
    (Mismatch.AMOUNT, {"amount": Money(4000, "USD")}), (None, {"total": None}), (None, {})])
def test_one_changed_thing_is_one_reason(reason: Mismatch | None, changes: dict[str, Any]) -> None:
    assert find_refund_mismatch(FIT, fact(1, 4000, **changes)) is reason


def test_without_an_order_or_a_payment_nothing_fits() -> None:
    assert find_refund_mismatch(None, fact()) is Mismatch.NO_ORDER
    assert find_refund_mismatch(UNPAID, fact()) is Mismatch.NOT_PAID


@pytest.mark.parametrize(("minor", "currency", "reason"), [
    (0, "CNY", Mismatch.AMOUNT), (1, "USD", Mismatch.AMOUNT), (1, "CNY", None),
    (9900, "CNY", None), (9901, "CNY", Mismatch.EXCEEDS_PAYMENT)])
def test_a_refund_that_we_did_not_ask_for_must_fit_the_payment(
        minor: int, currency: str, reason: Mismatch | None) -> None:
    assert find_refund_mismatch(PAID, fact(amount=Money(minor, currency))) is reason


def test_only_money_that_went_back_counts_against_the_payment() -> None:
    done = told(asked(refund(1, 4000), refund(2, 3000)), fact(1, 4000))
    assert find_refund_mismatch(done, fact(1, 4000)) is None
    assert find_refund_mismatch(done, fact(3, 5900)) is None
    assert find_refund_mismatch(done, fact(3, 5901)) is Mismatch.EXCEEDS_PAYMENT
    assert find_refund_mismatch(done, fact(3, 5901, PROCESSING)) is None


@pytest.mark.parametrize(("known", "now", "reason"), [
    (SUCCEEDED, CLOSED, Mismatch.STATE), (SUCCEEDED, PROCESSING, None),
    (SUCCEEDED, SUCCEEDED, None), (CLOSED, SUCCEEDED, None), (PROCESSING, CLOSED, None),
    (AWAITING, PROCESSING, Mismatch.STATE), (DECLINED, SUCCEEDED, Mismatch.STATE),
    (REQUESTED, SUCCEEDED, None), (REFUSED, SUCCEEDED, None)])
def test_two_different_ends_contradict_each_other(known: RefundState, now: RefundState,
                                                  reason: Mismatch | None) -> None:
    order = replace(PAID, refunds=(refund(state=known),))
    assert find_refund_mismatch(order, fact(state=now)) is reason


# stated by the provider: what is booked

@pytest.mark.parametrize(("state", "after"), [
    (PROCESSING, OrderState.REFUNDING), (ABNORMAL, OrderState.REFUNDING),
    (SUCCEEDED, OrderState.REFUNDED), (CLOSED, OrderState.PAID)])
def test_a_statement_is_one_version_and_one_event(state: RefundState, after: OrderState) -> None:
    before = asked(refund())
    order = told(before, fact(state=state))
    settled = NOW_S + 200 if state is SUCCEEDED else None
    assert order.refunds == (replace(refund(), state=state, provider_refund_id="P1",
                                     settled_at_s=settled),)
    data = {"refund_id": "R1", "provider_refund_id": "P1"}
    assert order.history == before.history.add(Event(
        f"refund_{state.value}", NOW_S + 300, "provider", "query",
        data if settled is None else {**data, "settled_at_s": settled}))
    assert (order.state, order.version) == (after, before.version + 1)
    assert told(order, fact(state=state)) is order


def test_a_part_that_went_back_leaves_a_paid_order() -> None:
    order = told(asked(refund(minor=9899)), fact(minor=9899))
    assert (order.state, standing_of(order)) == (OrderState.PAID, Standing.ACTIVE)


def test_a_time_of_settling_without_success_is_not_kept() -> None:
    order = told(asked(refund()), fact(state=CLOSED, settled_at_s=NOW_S + 9))
    assert order.refunds[0].settled_at_s is None


def test_the_bill_leaves_its_day_on_a_refund_and_only_the_first() -> None:
    done = told(asked(refund()), fact())
    billed = told(done, fact(source="bill", billed_on="2026-01-01"))
    assert billed.refunds == (replace(done.refunds[0], billed_on="2026-01-01"),)
    assert billed.version == done.version + 1
    assert billed.history.events[-1] == Event("refund_billed", NOW_S + 300, "provider", "bill", {
        "refund_id": "R1", "billed_on": "2026-01-01"})
    assert told(billed, fact(source="bill", billed_on="2026-01-02")) is billed


def test_a_success_that_the_bill_tells_first_has_its_day_at_once() -> None:
    order = told(asked(refund()), fact(source="bill", billed_on="2026-01-01"))
    assert order.refunds[0].billed_on == "2026-01-01"
    assert order.history.events[-1].data == {
        "refund_id": "R1", "provider_refund_id": "P1", "settled_at_s": NOW_S + 200,
        "billed_on": "2026-01-01"}


def test_a_day_that_was_kept_stays_through_later_statements() -> None:
    order = replace(PAID, refunds=(replace(refund(state=CLOSED), billed_on="2026-01-01"),))
    assert told(order, fact(billed_on="2026-01-02")).refunds[0].billed_on == "2026-01-01"


@pytest.mark.parametrize(("state", "after"), [
    (PROCESSING, OrderState.REFUNDING), (SUCCEEDED, OrderState.REFUNDED),
    (CLOSED, OrderState.PAID)])
def test_a_refund_made_in_the_providers_console_is_found(state: RefundState,
                                                         after: OrderState) -> None:
    order = told(PAID, fact(7, state=state, billed_on="2026-01-01", settled_at_s=NOW_S + 200))
    refund_id = identifiers.refund_id("N7")
    settled = NOW_S + 200 if state is SUCCEEDED else None
    assert order.refunds == (Refund(
        refund_id, "N7", samples.PRICE, state, RefundOrigin.CONSOLE, "provider", NOW_S + 300,
        provider_request="", provider_refund_id="P7", settled_at_s=settled,
        billed_on="2026-01-01"),)
    assert order.history.events[-1] == Event("refund_found", NOW_S + 300, "provider", "query", {
        "refund_id": refund_id, "provider_refund_id": "P7", "settled_at_s": NOW_S + 200,
        "billed_on": "2026-01-01", "state": state.value,
        "amount": {"amount_minor": 9900, "currency": "CNY"}})
    assert (order.state, order.version) == (after, PAID.version + 1)


def test_a_statement_about_one_refund_leaves_the_others_as_they_are() -> None:
    order = told(asked(refund(1, 100), refund(2, 200), refund(3, 300)), fact(2, 200))
    assert [one.state for one in order.refunds] == [REQUESTED, SUCCEEDED, REQUESTED]
    assert order.state is OrderState.REFUNDING
