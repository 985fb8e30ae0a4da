"""Native orders: the request that is prepared, and what each of WeChat's answers becomes."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from shared.domain.money import Money
from shared.domain.order import PaymentInstruction
from shared.domain.payment import PaymentFact, TradeState
from shared.errors import ProviderRefused, ProviderUnavailable
from shared.ports import AlreadyPaid
from tests.fakes.samples import SNAPSHOT
from tests.unit.adapters.wechatpay import wechat_side as wechat
from tests.unit.adapters.wechatpay.scripted_wechat import ScriptedWeChat, failed, signed
from tests.unit.adapters.wechatpay.wechat_side import transaction
from tests.unit.adapters.wechatpay.wiring import NOTIFY_URL, PAYEE, wired

NUMBER = "TB01ABCDEFGHJKMNPQRSTVWXYZ01234"
EXPIRES_AT_S = wechat.NOW_S + 7_200
CODE = {"code_url": "weixin://wxpay/bizpayurl?pr=p4lpSuKzz"}


def prepared(**snapshot: Any) -> str:
    with wired("http://localhost:1") as ours:
        return ours.gateway.prepare(NUMBER, replace(SNAPSHOT, **snapshot), EXPIRES_AT_S)


def run(operation: str, *script: Any, arguments: tuple[Any, ...] = (NUMBER,)) -> tuple[
        Any, ScriptedWeChat]:
    """What `operation` of the gateway returns or raises, and what the server received."""
    with ScriptedWeChat(*script) as server, wired(server.base_url) as ours:
        try:
            return getattr(ours.gateway, operation)(*arguments), server
        except (ProviderUnavailable, ProviderRefused, AlreadyPaid) as error:
            return error, server


def place(*script: Any, now_s: int = wechat.NOW_S) -> tuple[Any, ScriptedWeChat]:
    return run("place", *script, arguments=(prepared(), now_s))


# prepare

def test_the_request_has_exactly_the_fields_of_a_native_order() -> None:
    assert json.loads(prepared()) == {
        "appid": PAYEE.app_id, "mchid": PAYEE.merchant_id, "out_trade_no": NUMBER,
        "description": SNAPSHOT.title, "notify_url": NOTIFY_URL,
        "amount": {"total": 9900, "currency": "CNY"},
        "time_expire": "2027-01-15T18:00:00+08:00"}


def test_equal_orders_have_equal_bytes() -> None:
    text = prepared()
    assert text == prepared()
    assert text == json.dumps(json.loads(text), ensure_ascii=False, sort_keys=True,
                              separators=(",", ":"))


@pytest.mark.parametrize(("title", "description"), [
    ("宝" * 200, "宝" * 127), ("a\nb\x00c", "a?b?c"), ("通宝 🎉", "通宝 ?"),
    ("", "pro-yearly"), ("   ", "pro-yearly"), ("x\u2028y", "x?y"), ("a,`b", "a,?b")])
def test_a_title_becomes_what_wechat_takes(title: str, description: str) -> None:
    assert json.loads(prepared(title=title))["description"] == description


@pytest.mark.parametrize("price", [Money(9900, "USD"), Money(0, "CNY")])
def test_a_price_wechat_cannot_take_is_refused_before_any_call(price: Money) -> None:
    with pytest.raises(ValueError, match="1 fen, in CNY"):
        prepared(price=price)


# place

def test_placing_sends_the_stored_bytes_and_gives_a_code() -> None:
    instruction, server = place(signed(200, CODE))
    assert instruction == PaymentInstruction("qr", CODE["code_url"], EXPIRES_AT_S)
    (received,) = server.received
    assert (received.method, received.target) == ("POST", "/v3/pay/transactions/native")
    assert received.body == prepared().encode()


@pytest.mark.parametrize(("now_s", "expires_at_s"), [
    (EXPIRES_AT_S - 10_000, EXPIRES_AT_S - 2_800), (EXPIRES_AT_S - 10, EXPIRES_AT_S)])
def test_a_code_lives_two_hours_or_as_long_as_the_order(now_s: int, expires_at_s: int) -> None:
    instruction, _ = place(signed(200, CODE), now_s=now_s)
    assert instruction.expires_at_s == expires_at_s


@pytest.mark.parametrize("answer", [
    failed(400, "ORDERPAID"), failed(400, "ORDER_PAID"), failed(403, "ORDERPAID"),
    failed(400, "INVALID_REQUEST", headers={"Request-Id": "08F7-268449538"}),
    failed(400, "INVALID_REQUEST", headers={"Request-Id": "08F7-268498689"})])
def test_an_order_paid_meanwhile_is_told_as_such(answer: Any) -> None:
    error, server = place(answer)
    assert isinstance(error, AlreadyPaid)
    assert len(server.received) == 1


@pytest.mark.parametrize(("status", "code"), [
    (400, "PARAM_ERROR"), (400, "APPID_MCHID_NOT_MATCH"), (400, "ORDER_CLOSED"),
    (400, "RESOURCE_ALREADY_EXISTS"), (403, "NO_AUTH"), (404, "RESOURCE_NOT_EXISTS"),
    (500, "OPENID_MISMATCH")])
def test_a_verified_no_is_a_refusal(status: int, code: str) -> None:
    error, server = place(failed(status, code))
    assert isinstance(error, ProviderRefused)
    assert error.reason == code
    assert len(server.received) == 1


def test_a_number_in_use_is_looked_up_before_it_is_refused() -> None:
    used = failed(403, "OUT_TRADE_NO_USED")
    paid, server = place(used, signed(200, transaction(out_trade_no=NUMBER)))
    assert isinstance(paid, AlreadyPaid)
    assert server.received[1].method == "GET"
    unpaid, _ = place(used, signed(200, transaction(trade_state="NOTPAY")))
    assert isinstance(unpaid, ProviderRefused)
    assert unpaid.reason == "OUT_TRADE_NO_USED"
    unknown, _ = place(used, failed(404, "ORDER_NOT_EXIST"))
    assert isinstance(unknown, ProviderRefused)
    unclear, _ = place(used)
    assert isinstance(unclear, ProviderUnavailable)


@pytest.mark.parametrize("value", [
    {}, {"code_url": None}, {"code_url": 1}, {"code_url": "https://evil"}, {"code_url": ""},
    {"code_url": "weixin://" + "x" * 512}, {"code_url": "weixin://a\nb"}, []])
def test_an_answer_without_a_usable_code_is_unclear(value: Any) -> None:
    error, _ = place(signed(200, value))
    assert isinstance(error, ProviderUnavailable)
    assert error.reason == "answer_malformed"


def test_an_answer_nobody_signed_is_unclear_whatever_it_says() -> None:
    for reply in (signed(200, CODE, key="merchant"), failed(400, "ORDERPAID", key="merchant"),
                  failed(403, "NO_AUTH", key="merchant")):
        error, _ = place(reply, reply, reply)
        assert isinstance(error, ProviderUnavailable)


# query

def test_a_paid_order_is_told_as_a_fact() -> None:
    fact, server = run("query", signed(200, transaction()))
    assert fact == PaymentFact("wechatpay", PAYEE, NUMBER, TradeState.PAID, "query",
                               "4200001968202701159876543210", Money(9900, "CNY"), 1_799_999_995)
    assert server.received[0].target == (
        f"/v3/pay/transactions/out-trade-no/{NUMBER}?mchid={wechat.MCHID}")


@pytest.mark.parametrize(("word", "state"), [
    ("NOTPAY", TradeState.UNPAID), ("CLOSED", TradeState.CLOSED), ("REVOKED", TradeState.CLOSED),
    ("USERPAYING", TradeState.PENDING), ("ACCEPT", TradeState.PENDING),
    ("PAYERROR", TradeState.FAILED)])
def test_an_unpaid_order_has_neither_amount_nor_transaction(word: str, state: TradeState) -> None:
    answer = {"mchid": wechat.MCHID, "appid": wechat.APPID, "out_trade_no": NUMBER,
              "trade_state": word, "trade_state_desc": "x"}
    fact, _ = run("query", signed(200, answer))
    assert fact == PaymentFact("wechatpay", PAYEE, NUMBER, state, "query")


def test_a_refunded_order_was_paid() -> None:
    fact, _ = run("query", signed(200, transaction(trade_state="REFUND")))
    assert fact.trade_state is TradeState.REFUNDED
    assert fact.was_paid


@pytest.mark.parametrize("code", ["ORDER_NOT_EXIST", "ORDERNOTEXIST", "ORDER_NO_TEXIST",
                                  "RESOURCE_NOT_EXISTS"])
def test_an_order_wechat_does_not_know_is_none(code: str) -> None:
    found, server = run("query", failed(404, code))
    assert found is None
    assert len(server.received) == 1


def test_none_needs_a_signature_and_the_right_words() -> None:
    unsigned = failed(404, "ORDER_NOT_EXIST", key="merchant")
    assert isinstance(run("query", unsigned, unsigned, unsigned)[0], ProviderUnavailable)
    assert isinstance(run("query", failed(404, "PATH_NOT_FOUND"))[0], ProviderRefused)
    assert isinstance(run("query", failed(400, "ORDER_NOT_EXIST"))[0], ProviderRefused)


@pytest.mark.parametrize("changes", [
    {"trade_state": "NEW_WORD"}, {"trade_state": None}, {"amount": None}, {"mchid": 1},
    {"transaction_id": None}, {"success_time": "today"},
    {"amount": {"total": True, "currency": "CNY"}}, {"out_trade_no": "TB01ANOTHER"}])
def test_an_answer_we_do_not_understand_is_unclear(changes: dict[str, Any]) -> None:
    error, _ = run("query", signed(200, transaction(**changes)))
    assert isinstance(error, ProviderUnavailable)


def test_a_number_is_quoted_into_the_path() -> None:
    _, server = run("query", failed(404, "ORDER_NOT_EXIST"), arguments=("a|b*/../c?d",))
    assert server.received[0].target == (
        f"/v3/pay/transactions/out-trade-no/a%7Cb%2A%2F..%2Fc%3Fd?mchid={wechat.MCHID}")


# close

def test_closing_says_which_merchant() -> None:
    nothing, server = run("close", signed(204))
    assert nothing is None
    (received,) = server.received
    assert received.target == f"/v3/pay/transactions/out-trade-no/{NUMBER}/close"
    assert json.loads(received.body) == {"mchid": wechat.MCHID}


@pytest.mark.parametrize("code", ["ORDER_CLOSED", "ORDERCLOSED", "ORDER_NOT_EXIST"])
def test_closing_what_is_closed_or_was_never_there_changes_nothing(code: str) -> None:
    nothing, _ = run("close", failed(400, code))
    assert nothing is None


def test_closing_what_was_paid_meanwhile_says_so() -> None:
    assert isinstance(run("close", failed(400, "ORDER_PAID"))[0], AlreadyPaid)
    assert isinstance(run("close", failed(403, "NO_AUTH"))[0], ProviderRefused)
    assert isinstance(run("close", *[failed(500, "SYSTEM_ERROR")] * 3)[0], ProviderUnavailable)
