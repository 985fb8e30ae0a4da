"""What notifies of refunds and complaints become, and which are refused."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.adapters.wechatpay.reasons import Reason
from shared.domain.complaint import ComplaintNotice
from shared.domain.money import Money
from shared.domain.refund import RefundFact, RefundState
from shared.errors import InvalidNotify
from tests.unit.adapters.wechatpay import refund_side as sample
from tests.unit.adapters.wechatpay import wechat_side as wechat
from tests.unit.adapters.wechatpay.refund_side import notified, other_notify, refund_notify
from tests.unit.adapters.wechatpay.refusals import refused
from tests.unit.adapters.wechatpay.test_notify_fuzz import JSON, dumps_anything
from tests.unit.adapters.wechatpay.wechat_side import Notify, dumps, transaction

COMPLAINT = {"complaint_id": "200201820200101080076610000", "action_type": "CREATE_COMPLAINT"}


def verify(notify: Notify) -> Any:
    return wechat.verifier().verify(*notify.send(), wechat.NOW_S)


def test_a_refund_that_succeeded_becomes_a_fact() -> None:
    assert verify(refund_notify()) == RefundFact(
        provider="wechatpay", merchant_id="1900000001", out_trade_no=sample.NUMBER,
        transaction_id=sample.TRANSACTION, out_refund_no=sample.OUT_REFUND_NO,
        provider_refund_id=sample.REFUND_ID, state=RefundState.SUCCEEDED,
        amount=Money(4900, "CNY"), total=Money(9900, "CNY"), source="notify",
        settled_at_s=sample.SETTLED_AT_S, billed_on=None)


@pytest.mark.parametrize(("event", "state"), [
    ("REFUND.ABNORMAL", RefundState.ABNORMAL), ("REFUND.CLOSED", RefundState.CLOSED)])
def test_other_ends_of_a_refund(event: str, state: RefundState) -> None:
    fact = verify(refund_notify(event))
    assert (fact.state, fact.settled_at_s) == (state, None)


@pytest.mark.parametrize("associated", ["", None])
def test_associated_data_may_be_empty_or_absent(associated: str | None) -> None:
    assert verify(refund_notify(associated_data=associated)) == verify(refund_notify())


@pytest.mark.parametrize(("event", "status"), [
    ("REFUND.SUCCESS", "CLOSED"), ("REFUND.SUCCESS", "ABNORMAL"), ("REFUND.CLOSED", "SUCCESS"),
    ("REFUND.ABNORMAL", "SUCCESS"), ("REFUND.SUCCESS", "PROCESSING")])
def test_an_event_that_disagrees_with_the_refund(event: str, status: str) -> None:
    assert refused(refund_notify(event, notified(status))) == "refund_status_contradicts_event"


@pytest.mark.parametrize("status", [None, "success", "", 1, True, ["SUCCESS"], "REFUNDED"])
def test_a_refund_status_nobody_knows(status: Any) -> None:
    told = notified(refund_status=status)
    assert refused(refund_notify(plaintext=told)) == "refund_status_unknown"


@pytest.mark.parametrize("changes", [
    {"mchid": None}, {"mchid": 1900000001}, {"out_trade_no": ""}, {"transaction_id": None},
    {"out_refund_no": None}, {"out_refund_no": "a b"}, {"out_refund_no": "x" * 65},
    {"refund_id": None}, {"refund_id": "5,0"}, {"success_time": None}, {"success_time": "now"},
    {"success_time": 1}, {"amount": None}, {"amount": []},
    {"amount": {"total": 9900}}, {"amount": {"refund": 4900}},
    {"amount": {"total": 9900, "refund": 0}}, {"amount": {"total": 9900, "refund": -1}},
    {"amount": {"total": 9900, "refund": 9901}}, {"amount": {"total": 9900, "refund": 49.0}},
    {"amount": {"total": 9900, "refund": True}}, {"amount": {"total": "9900", "refund": 4900}},
    {"amount": {"total": 9900, "refund": 4900, "currency": "cny"}}])
def test_a_refund_with_a_field_that_cannot_be(changes: dict[str, Any]) -> None:
    assert refused(refund_notify(plaintext=notified(**changes))) == "fact_malformed"


@pytest.mark.parametrize(("kind", "event", "plaintext"), [
    ("transaction", "REFUND.SUCCESS", dumps(notified())),
    ("complaint", "REFUND.SUCCESS", dumps(notified())),
    ("refund", "TRANSACTION.SUCCESS", dumps(transaction())),
    ("refund", "COMPLAINT.CREATE", dumps(COMPLAINT)),
    ("transaction", "COMPLAINT.CREATE", dumps(COMPLAINT))])
def test_an_envelope_of_one_kind_around_another(kind: str, event: str,
                                                plaintext: bytes) -> None:
    assert refused(other_notify(kind, event, plaintext)) == "envelope_malformed"


@pytest.mark.parametrize("original_type", ["transaction", "complaint", None, "", 1])
def test_a_refund_that_calls_itself_something_else(original_type: Any) -> None:
    assert refused(refund_notify(original_type=original_type)) == "envelope_malformed"


def test_a_refund_sealed_as_a_payment_is_no_refund() -> None:
    notify = refund_notify(associated_data="transaction")
    assert refused(notify) == "envelope_malformed"


@pytest.mark.parametrize("event", ["COMPLAINT.CREATE", "COMPLAINT.STATE_CHANGE"])
def test_a_complaint_becomes_a_notice_of_which_one(event: str) -> None:
    told = {**COMPLAINT, "complaint_detail": "我要退款", "payer_phone": "sealed"}
    notice = verify(other_notify("complaint", event, dumps(told)))
    assert notice == ComplaintNotice("wechatpay", "200201820200101080076610000",
                                     "CREATE_COMPLAINT")


@pytest.mark.parametrize("changes", [
    {"complaint_id": None}, {"complaint_id": ""}, {"complaint_id": "../x"}, {"complaint_id": 1},
    {"complaint_id": "1" * 65}, {"action_type": None}, {"action_type": "create"},
    {"action_type": "A" * 65}])
def test_a_complaint_notify_that_names_none(changes: dict[str, Any]) -> None:
    notify = other_notify("complaint", "COMPLAINT.CREATE", dumps({**COMPLAINT, **changes}))
    assert refused(notify) == "fact_malformed"


@given(st.sampled_from(sorted(notified())), JSON)
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=100)
def test_any_value_in_a_sealed_refund_gives_a_fact_or_a_reason(name: str, value: Any) -> None:
    told = dumps_anything({**notified(), name: value})
    try:
        fact = verify(other_notify("refund", "REFUND.SUCCESS", told))
    except InvalidNotify as error:
        assert error.reason in {reason.value for reason in Reason}
    else:
        assert isinstance(fact, RefundFact)
        assert fact.amount.amount_minor > 0
        assert fact.state is RefundState.SUCCEEDED
