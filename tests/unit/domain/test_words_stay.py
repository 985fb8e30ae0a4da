"""Words that are in rows, logs, tokens and URLs: a changed one would orphan what was written.

Values may be added here; one that is there stays as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from shared.domain import bill, complaint, held, lease, order, refund
from shared.domain import license as license_module
from shared.domain.bill import DayState, Difference
from shared.domain.complaint import ComplaintState
from shared.domain.device import Refusal, Way
from shared.domain.held import HeldState
from shared.domain.license import Standing
from shared.domain.order import OrderState
from shared.domain.payment import Mismatch, Payee, PaymentFact, TradeState
from shared.domain.refund import RefundOrigin, RefundState
from shared.domain.refund_policy import Objection
from shared.domain.refunding import RefundMismatch

if TYPE_CHECKING:
    from enum import Enum

WORDS: dict[type[Enum], set[str]] = {
    OrderState: {"created", "awaiting_payment", "paid", "closed", "refunding", "refunded"},
    TradeState: {"unpaid", "pending", "paid", "refunded", "closed", "failed"},
    Mismatch: {"no_order", "provider", "merchant", "app", "order_number", "amount", "currency",
               "incomplete", "second_payment"},
    RefundState: {"awaiting_approval", "requested", "processing", "abnormal", "succeeded",
                  "closed", "refused", "declined"},
    RefundOrigin: {"buyer", "operator", "product_gone", "console"},
    RefundMismatch: {"no_order", "not_paid", "provider", "merchant", "order_number",
                     "transaction", "total", "amount", "exceeds_payment", "state"},
    Objection: {"ORDER_NOT_PAID", "REFUND_NOT_OFFERED", "REFUND_EXCEEDS_PAYMENT",
                "REFUND_WINDOW_OVER", "REFUND_AFTER_ACTIVATION", "REFUND_LIMIT_REACHED"},
    Standing: {"active", "suspended", "revoked"},
    Way: {"claim", "order_number", "license_key"},
    Refusal: {"LICENSE_SUSPENDED", "LICENSE_REVOKED", "LICENSE_EXPIRED", "CLAIM_SECRET_USED",
              "DEVICE_LIMIT_REACHED", "DEVICE_NOT_ACTIVE", "DEVICE_TOO_NEW", "DEVICE_SWAP_LIMIT",
              "TAKEOVER_WAITS", "TAKEOVER_BUSY", "RESTORE_BARRED", "TAKEOVER_NOT_OPEN"},
    HeldState: {"waiting", "refund_requested", "refunded", "refund_failed", "dismissed",
                "booked"},
    ComplaintState: {"pending", "processing", "processed"},
    Difference: {"repaired_payment", "repaired_refund", "held_payment", "unfit_refund",
                 "missing_in_bill", "doubled_line"},
    DayState: {"waiting", "failed", "started", "done"},
}


@pytest.mark.parametrize("words", WORDS, ids=lambda it: it.__name__)
def test_what_is_stored_is_what_was_stored(words: type[Enum]) -> None:
    assert {word.value for word in words} >= WORDS[words]
    assert all(isinstance(word.value, str) for word in words)


@pytest.mark.parametrize("words", WORDS, ids=lambda it: it.__name__)
def test_a_word_is_the_lower_case_of_its_name_but_for_error_codes(words: type[Enum]) -> None:
    if words not in (Objection, Refusal):
        assert all(word.value == word.name.lower() for word in words)


def test_every_kind_of_aggregate_roots_its_own_history() -> None:
    kinds = (order.KIND, license_module.KIND, held.KIND, complaint.KIND)
    assert kinds == ("order", "license", "held_payment", "complaint")


def test_a_lease_has_its_own_type_and_its_two_weeks() -> None:
    assert lease.LEASE_TYPE == "tongbao-lease+jwt"
    assert (lease.LEASE_S, lease.BUCKET_S, lease.SLOW_CLOCK_S) == (14 * 86_400, 86_400, 3_600)


def test_a_repaired_line_needs_nobody_and_every_other_does() -> None:
    assert {word.value for word in bill.REPAIRED} == {"repaired_payment", "repaired_refund"}


def test_a_held_payment_is_settled_once_nobody_has_to_do_anything() -> None:
    assert {state.value for state in held.SETTLED} == {"refunded", "dismissed", "booked"}


def test_what_reserves_money_and_what_is_known_at_the_provider() -> None:
    states = {state.value for state in RefundState}
    assert {state.value for state in refund.OPEN} == {
        "awaiting_approval", "requested", "processing", "abnormal"}
    assert {state.value for state in refund.RESERVING} == states - {
        "closed", "refused", "declined"}
    assert {state.value for state in refund.AT_PROVIDER} == {
        "processing", "abnormal", "succeeded", "closed"}


def test_a_fact_of_no_payment_has_none_of_its_parts() -> None:
    fact = PaymentFact("wechatpay", Payee("1", "2"), "T", TradeState.UNPAID, "query")
    assert (fact.transaction_id, fact.amount, fact.paid_at_s, fact.payer_hash) == (
        None, None, None, None)
    assert not fact.was_paid
