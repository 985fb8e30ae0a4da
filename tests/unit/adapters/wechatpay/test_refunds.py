"""Refunds: the request that is stored, and what each of WeChat's answers becomes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from shared.adapters.wechatpay.refunds import WeChatRefundGateway
from shared.domain.money import Money
from shared.domain.refund import RefundFact, RefundState
from shared.errors import ProviderRefused, ProviderUnavailable
from shared.ports import RefundTerms
from tests.unit.adapters.wechatpay import refund_side as sample
from tests.unit.adapters.wechatpay.exchanges import is_signed
from tests.unit.adapters.wechatpay.refund_side import answered
from tests.unit.adapters.wechatpay.scripted_wechat import (
    DROP,
    Reply,
    ScriptedWeChat,
    failed,
    signed,
)
from tests.unit.adapters.wechatpay.wiring import NOTIFY_URL, PAYEE, wired

TERMS = RefundTerms(sample.OUT_REFUND_NO, sample.NUMBER, sample.TRANSACTION,
                    Money(4900, "CNY"), Money(9900, "CNY"))
UNKNOWN = failed(404, "RESOURCE_NOT_EXISTS")


def prepared(**changes: Any) -> str:
    with wired("http://localhost:1") as ours:
        return WeChatRefundGateway(ours.transport, payee=PAYEE, notify_url=NOTIFY_URL).prepare(
            TERMS._replace(**changes))


def run(operation: str, argument: str, *script: Any) -> tuple[Any, ScriptedWeChat]:
    """What it returns or raises, and what the server received."""
    with ScriptedWeChat(*script) as server, wired(server.base_url, read_ms=500) as ours:
        gateway = WeChatRefundGateway(ours.transport, payee=PAYEE, notify_url=NOTIFY_URL)
        try:
            return getattr(gateway, operation)(argument), server
        except (ProviderUnavailable, ProviderRefused) as error:
            assert error.__cause__ is None
            return error, server


def place(*script: Any) -> tuple[Any, ScriptedWeChat]:
    return run("place", prepared(), *script)


def query(*script: Any) -> tuple[Any, ScriptedWeChat]:
    return run("query", sample.OUT_REFUND_NO, *script)


# prepare

def test_the_stored_request_has_what_wechat_needs_and_no_more() -> None:
    text = prepared()
    assert json.loads(text) == {
        "out_refund_no": sample.OUT_REFUND_NO, "transaction_id": sample.TRANSACTION,
        "notify_url": NOTIFY_URL, "amount": {"refund": 4900, "total": 9900, "currency": "CNY"}}
    assert text == json.dumps(json.loads(text), sort_keys=True, separators=(",", ":"))


@pytest.mark.parametrize("changes", [
    {"amount": Money(4900, "USD")}, {"total": Money(9900, "USD")}, {"amount": Money(0, "CNY")},
    {"amount": Money(9901, "CNY")}, {"out_refund_no": ""}, {"out_refund_no": "a/b"},
    {"out_refund_no": "x" * 65}])
def test_a_refund_wechat_cannot_make_is_refused_before_any_call(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"CNY|fen|out_refund_no"):
        prepared(**changes)


# place

def test_placing_sends_the_stored_content_and_states_what_wechat_says() -> None:
    fact, server = place(signed(200, answered()))
    assert fact == RefundFact(
        "wechatpay", PAYEE.merchant_id, sample.NUMBER, sample.TRANSACTION,
        sample.OUT_REFUND_NO, sample.REFUND_ID, RefundState.PROCESSING, Money(4900, "CNY"),
        Money(9900, "CNY"), "place")
    (request,) = server.received
    assert (request.method, request.target) == ("POST", "/v3/refund/domestic/refunds")
    assert json.loads(request.body) == json.loads(prepared())
    assert is_signed(request)


def test_placing_again_sends_the_same_bytes() -> None:
    fact, server = place(DROP, failed(500, "SYSTEM_ERROR"), signed(200, answered()))
    assert isinstance(fact, RefundFact)
    assert len({request.body for request in server.received}) == 1
    assert len(server.received) == 3


@pytest.mark.parametrize(("status", "state", "settled_at_s"), [
    ("PROCESSING", RefundState.PROCESSING, None), ("ABNORMAL", RefundState.ABNORMAL, None),
    ("CLOSED", RefundState.CLOSED, None), ("SUCCESS", RefundState.SUCCEEDED,
                                           sample.SETTLED_AT_S)])
def test_a_refund_placed_before_may_be_anywhere(status: str, state: RefundState,
                                                settled_at_s: int | None) -> None:
    fact, _ = place(signed(200, answered(status=status, success_time=sample.SETTLED)))
    assert (fact.state, fact.settled_at_s) == (state, settled_at_s)


AMOUNT = answered()["amount"]


@pytest.mark.parametrize("changes", [
    {"out_refund_no": "TB01OTHER"}, {"transaction_id": "4200000000"},
    {"amount": {**AMOUNT, "refund": 4901}}, {"amount": {**AMOUNT, "total": 9901}},
    {"amount": {**AMOUNT, "currency": "HKD"}}])
def test_an_answer_about_another_refund_is_not_believed(changes: dict[str, Any]) -> None:
    error, server = place(signed(200, answered(**changes)))
    assert isinstance(error, ProviderUnavailable)
    assert error.reason == "answer_about_another_refund"
    assert len(server.received) == 1


@pytest.mark.parametrize(("changes", "reason"), [
    ({"status": None}, "refund_status_unknown"), ({"status": "success"}, "refund_status_unknown"),
    ({"refund_id": None}, "fact_malformed"), ({"amount": None}, "fact_malformed"),
    ({"amount": {"refund": 4900, "total": 9900}}, "fact_malformed"),
    ({"status": "SUCCESS"}, "fact_malformed")])
def test_an_answer_that_says_nothing_leaves_it_open(changes: dict[str, Any],
                                                    reason: str) -> None:
    error, _ = place(signed(200, answered(**changes)))
    assert isinstance(error, ProviderUnavailable)
    assert error.reason == f"answer_{reason}"


@pytest.mark.parametrize(("status", "code"), [
    (400, "PARAM_ERROR"), (400, "PARAMERROR"), (400, "INVALID_REQUEST"),
    (400, "INVALIDREQUEST"), (404, "RESOURCE_NOT_EXISTS"), (404, "RESOURCENOTEXISTS"),
    (400, "RESOURCE_ALREADY_EXISTS")])
def test_a_final_no_about_a_refund_that_does_not_exist_is_final(status: int, code: str) -> None:
    error, server = place(failed(status, code), UNKNOWN)
    assert isinstance(error, ProviderRefused)
    assert error.reason == code
    assert [request.method for request in server.received] == ["POST", "GET"]
    assert server.received[1].target == f"/v3/refund/domestic/refunds/{sample.OUT_REFUND_NO}"


def test_a_final_no_about_a_refund_that_exists_is_no_no() -> None:
    fact, _ = place(failed(400, "INVALID_REQUEST"), signed(200, answered()))
    assert isinstance(fact, RefundFact)
    assert fact.source == "query"


def test_a_number_used_for_another_amount_is_neither_refused_nor_believed() -> None:
    other = answered(amount={**AMOUNT, "refund": 5000})
    error, _ = place(failed(400, "INVALID_REQUEST"), signed(200, other))
    assert isinstance(error, ProviderUnavailable)
    assert error.reason == "answer_about_another_refund"


@pytest.mark.parametrize("script", [
    [DROP] * 3, [failed(500, "SYSTEM_ERROR")] * 3, [failed(403, "NO_AUTH")],
    [Reply(404, b'{"code":"RESOURCE_NOT_EXISTS"}')] * 3])
def test_a_final_no_that_cannot_be_confirmed_stays_open(script: list[Any]) -> None:
    error, _ = place(failed(400, "INVALID_REQUEST"), *script)
    assert isinstance(error, ProviderUnavailable)


@pytest.mark.parametrize(("status", "code"), [
    (403, "NOT_ENOUGH"), (403, "NOTENOUGH"), (403, "RULE_LIMIT"), (403, "NO_AUTH"),
    (403, "USER_ACCOUNT_ABNORMAL"), (404, "MCH_NOT_EXISTS"), (400, "SOMETHING_OF_2030"),
    (400, "ORDER_CLOSED")])
def test_a_no_that_may_pass_keeps_the_refund_open(status: int, code: str) -> None:
    error, server = place(failed(status, code))
    assert isinstance(error, ProviderUnavailable)
    assert error.reason == code
    assert len(server.received) == 1


@pytest.mark.parametrize(("status", "code"), [
    (429, "FREQUENCY_LIMITED"), (500, "SYSTEM_ERROR"), (500, "INVALID_REQUEST"),
    (503, "SERVICE_UNAVAILABLE")])
def test_troubles_of_wechat_keep_the_refund_open(status: int, code: str) -> None:
    error, server = place(*[failed(status, code)] * 3)
    assert isinstance(error, ProviderUnavailable)
    assert error.reason == code
    assert len(server.received) == 3


def test_a_signature_wechat_does_not_take_keeps_the_refund_open() -> None:
    error, server = place(*[failed(401, "SIGN_ERROR")] * 2)
    assert isinstance(error, ProviderUnavailable)
    assert error.reason == "SIGN_ERROR"
    assert len(server.received) == 2


def test_a_no_without_a_code_keeps_the_refund_open() -> None:
    error, _ = place(signed(400, {"message": "?"}))
    assert isinstance(error, ProviderUnavailable)
    assert error.reason == "status_400"


def test_a_no_that_nobody_signed_keeps_the_refund_open() -> None:
    forged = Reply(400, b'{"code":"INVALID_REQUEST","message":"x"}',
                   {"Content-Type": "application/json"})
    error, server = place(*[forged] * 3)
    assert isinstance(error, ProviderUnavailable)
    assert {request.method for request in server.received} == {"POST"}


# query

def test_a_known_refund_is_stated() -> None:
    fact, server = query(signed(200, answered(status="SUCCESS", success_time=sample.SETTLED)))
    assert (fact.source, fact.state) == ("query", RefundState.SUCCEEDED)
    assert server.received[0].target == f"/v3/refund/domestic/refunds/{sample.OUT_REFUND_NO}"


@pytest.mark.parametrize("code", ["RESOURCE_NOT_EXISTS", "RESOURCENOTEXISTS"])
def test_an_unknown_refund_is_none(code: str) -> None:
    assert query(failed(404, code))[0] is None


@pytest.mark.parametrize(("status", "code"), [
    (404, "MCH_NOT_EXISTS"), (400, "RESOURCE_NOT_EXISTS"), (400, "PARAM_ERROR"),
    (403, "NO_AUTH")])
def test_other_refusals_do_not_say_that_it_is_unknown(status: int, code: str) -> None:
    error, _ = query(failed(status, code))
    assert isinstance(error, ProviderUnavailable)
    assert error.reason == code


def test_an_answer_about_another_number_is_not_believed() -> None:
    error, _ = query(signed(200, answered(out_refund_no="TB01OTHER")))
    assert isinstance(error, ProviderUnavailable)
    assert error.reason == "answer_about_another_refund"


def test_numbers_of_the_merchant_console_can_be_asked_for() -> None:
    number = "1900000001|portal*@x"
    fact, server = run("query", number, signed(200, answered(out_refund_no=number)))
    assert fact.out_refund_no == number
    assert server.received[0].target.endswith("/1900000001%7Cportal%2A%40x")


@pytest.mark.parametrize("number", ["", "a/b", "../x", "x" * 65, "宝"])
def test_what_is_no_number_is_not_asked_for(number: str) -> None:
    found, server = run("query", number)
    assert found is None
    assert server.received == []
