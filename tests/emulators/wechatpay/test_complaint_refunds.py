"""Complaints that ask for a refund: the merchant's decision, and what refunds do to them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.emulators.wechatpay.complaints import complained, decide, detail, respond, steps
from tests.emulators.wechatpay.merchant import Merchant, refusal


def state(merchant: Merchant, complaint_id: str) -> str:
    return str(detail(merchant, complaint_id)["complaint_state"])


def test_an_approved_refund_ends_the_complaint_when_it_arrives(merchant: Merchant) -> None:
    complaint_id = complained(merchant)
    assert decide(merchant, complaint_id, action="APPROVE", launch_refund_day=1).status == 204
    assert state(merchant, complaint_id) == "PROCESSING"
    merchant.refund()
    assert state(merchant, complaint_id) == "PROCESSING"
    merchant.emulator.settle_refund("REFUND0001")
    shown = detail(merchant, complaint_id)
    assert (shown["complaint_state"], shown["complaint_full_refunded"]) == ("PROCESSED", True)
    assert steps(merchant, complaint_id) == [
        "USER_CREATE_COMPLAINT", "MERCHANT_APPROVE_REFUND", "COMPLAINT_FULL_REFUNDED",
        "COMPLAINT_REFUND_RECEIVED_SYSTEM_MESSAGE"]


def test_less_than_what_was_asked_for_ends_nothing(merchant: Merchant) -> None:
    complaint_id = complained(merchant, apply_refund_fen=400)
    decide(merchant, complaint_id)
    merchant.refund(399, out_refund_no="R1")
    merchant.emulator.settle_refund("R1")
    assert state(merchant, complaint_id) == "PROCESSING"
    merchant.refund(1, out_refund_no="R2")
    merchant.emulator.settle_refund("R2")
    shown = detail(merchant, complaint_id)
    assert (shown["complaint_state"], shown["complaint_full_refunded"]) == ("PROCESSED", False)


def test_a_refund_nobody_approved_ends_nothing(merchant: Merchant) -> None:
    complaint_id = complained(merchant)
    merchant.refund()
    merchant.emulator.settle_refund("REFUND0001")
    shown = detail(merchant, complaint_id)
    assert (shown["complaint_state"], shown["complaint_full_refunded"]) == ("PENDING", True)


def test_a_refund_that_fails_ends_nothing(merchant: Merchant) -> None:
    complaint_id = complained(merchant)
    decide(merchant, complaint_id)
    merchant.refund()
    merchant.emulator.settle_refund("REFUND0001", "CLOSED")
    shown = detail(merchant, complaint_id)
    assert (shown["complaint_state"], shown["complaint_full_refunded"]) == ("PROCESSING", False)


def test_a_refused_refund_may_be_approved_later_but_not_the_other_way(
        merchant: Merchant) -> None:
    complaint_id = complained(merchant)
    assert decide(merchant, complaint_id, action="REJECT", reject_reason="已激活").status == 204
    assert state(merchant, complaint_id) == "PROCESSING"
    assert decide(merchant, complaint_id).status == 204
    answer = decide(merchant, complaint_id, action="REJECT", reject_reason="已激活")
    assert refusal(answer)[:2] == (400, "INVALID_REQUEST")
    assert steps(merchant, complaint_id)[1:] == [
        "MERCHANT_REFUSE_RERUND", "MERCHANT_APPROVE_REFUND"]


def test_there_is_nothing_to_approve_where_no_refund_is_asked_for(merchant: Merchant) -> None:
    complaint_id = complained(merchant, problem_type="OTHERS")
    assert refusal(decide(merchant, complaint_id))[:2] == (400, "INVALID_REQUEST")
    assert respond(merchant, complaint_id).status == 204


@pytest.mark.parametrize("body", [
    {"action": "MAYBE", "launch_refund_day": 0}, {"action": "APPROVE"}, {"action": "REJECT"},
    {"action": "REJECT", "reject_reason": "x" * 201},
    {"action": "APPROVE", "launch_refund_day": -1},
    {"action": "APPROVE", "launch_refund_day": 0, "reject_media_list": ["m"] * 5},
    {"launch_refund_day": 0},
])
def test_a_decision_outside_the_rules(merchant: Merchant, body: dict[str, Any]) -> None:
    complaint_id = complained(merchant)
    assert refusal(decide(merchant, complaint_id, **body))[:2] == (400, "PARAM_ERROR")
    assert state(merchant, complaint_id) == "PENDING"
