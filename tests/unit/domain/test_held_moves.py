"""A held payment waits for a person, and moves only as its table says."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from shared.domain.held import (
    KIND,
    MOVES,
    HeldPayment,
    HeldState,
    held_id,
    hold_payment,
    move_held,
    refund_number,
)
from shared.domain.history import Event, begin
from shared.domain.identifiers import out_refund_no
from shared.domain.payment import Mismatch
from tests.fakes import samples

FACT = samples.paid_fact(samples.order())
HELD = hold_payment(FACT, "ORDER", Mismatch.AMOUNT, 99)
WAITING, DISMISSED, BOOKED = HeldState.WAITING, HeldState.DISMISSED, HeldState.BOOKED
REQUESTED, REFUNDED, FAILED = (HeldState.REFUND_REQUESTED, HeldState.REFUNDED,
                               HeldState.REFUND_FAILED)
KINDS = ("refund_requested", "refund_succeeded", "refund_failed", "dismissed", "booked",
         "held")


def test_a_held_payment_keeps_what_the_provider_stated() -> None:
    assert FACT.transaction_id is not None
    event = Event("held", 99, "provider", "notify", {"reason": "amount"})
    assert HeldPayment(
        provider="wechatpay", transaction_id=FACT.transaction_id, order_id="ORDER",
        out_trade_no=samples.number(), reason=Mismatch.AMOUNT, payee=FACT.payee,
        amount=samples.PRICE, paid_at_s=samples.NOW_S + 60, source="notify", recorded_at_s=99,
        history=begin(KIND, f"wechatpay:{FACT.transaction_id}").add(event), state=WAITING,
        provider_request="", version=1) == HELD


def test_its_name_is_provider_and_transaction() -> None:
    assert held_id("wechatpay", "42") == "wechatpay:42"


def test_a_fact_of_no_payment_cannot_be_held() -> None:
    with pytest.raises(AssertionError):
        hold_payment(FACT._replace(transaction_id=None), "ORDER", Mismatch.INCOMPLETE, 99)


def test_the_table_of_moves() -> None:
    assert MOVES == {
        (WAITING, "refund_requested"): REQUESTED, (FAILED, "refund_requested"): REQUESTED,
        (REQUESTED, "refund_succeeded"): REFUNDED, (REQUESTED, "refund_failed"): FAILED,
        (WAITING, "refund_succeeded"): REFUNDED, (FAILED, "refund_succeeded"): REFUNDED,
        (DISMISSED, "refund_succeeded"): REFUNDED,
        (WAITING, "booked"): BOOKED, (FAILED, "booked"): BOOKED,
        (WAITING, "dismissed"): DISMISSED, (FAILED, "dismissed"): DISMISSED}


@pytest.mark.parametrize(("state", "kind"), list(product(HeldState, KINDS)))
def test_it_moves_exactly_where_the_table_says(state: HeldState, kind: str) -> None:
    before = replace(HELD, state=state, version=5)
    event = Event(kind, 100, "operator:ann", "admin")
    after = move_held(before, event)
    if (state, kind) in MOVES:
        assert after == replace(before, state=MOVES[state, kind], version=6,
                                history=before.history.add(event))
    else:
        assert after is before


def test_the_request_that_was_sent_stays_for_its_retries() -> None:
    asked = move_held(HELD, Event("refund_requested", 1, "operator:ann", "admin"),
                      provider_request="{1}")
    assert asked.provider_request == "{1}"
    failed = move_held(asked, Event("refund_failed", 2, "provider", "query"))
    assert failed.provider_request == "{1}"
    again = move_held(failed, Event("refund_requested", 3, "operator:ann", "admin"),
                      provider_request="{2}")
    assert again.provider_request == "{2}"


def after(*acts: tuple[str, dict[str, str]]) -> HeldPayment:
    """The held payment after these, each a kind of event with what it says."""
    held = HELD
    for kind, data in acts:
        held = move_held(held, Event(kind, 1, "provider", "query", data))
    return held


def test_its_refund_has_one_number_until_the_provider_closed_it() -> None:
    asked, refused, closed = (("refund_requested", {}), ("refund_failed", {"reason": "no_money"}),
                              ("refund_failed", {}))
    once, twice, thrice = (out_refund_no(HELD.out_trade_no, f"held {HELD.transaction_id}{again}")
                           for again in ("", " 1", " 2"))
    assert [refund_number(held) for held in (
        HELD, after(asked), after(asked, refused), after(asked, refused, asked))] == [once] * 4
    assert [refund_number(held) for held in (
        after(asked, closed), after(asked, closed, asked, refused))] == [twice] * 2
    assert refund_number(after(asked, closed, asked, closed, asked)) == thrice
