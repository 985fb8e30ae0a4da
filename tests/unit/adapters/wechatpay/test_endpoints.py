"""The endpoint methods of wechatpayv3 over our transport."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from emulators.wechatpay import Fault
from shared.adapters.wechatpay.endpoints import (
    UnsupportedEndpoint,
    answer_of,
    open_endpoints,
)
from shared.errors import ProviderUnavailable
from tests.unit.adapters.wechatpay.emulated import NUMBER, Pair, pair
from tests.unit.adapters.wechatpay.scripted_wechat import ScriptedWeChat, failed, signed
from tests.unit.adapters.wechatpay.wechat_side import NONCE, NOW_S, sign
from tests.unit.adapters.wechatpay.wiring import wired

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture
def both() -> Iterator[Pair]:
    with pair() as made:
        yield made


@pytest.fixture
def sdk(both: Pair) -> Any:
    return open_endpoints(both.transport, both.gateway.payee)


def test_its_query_and_close_travel_our_way(both: Pair, sdk: Any) -> None:
    both.place()
    status, text = sdk.query(out_trade_no=NUMBER)
    assert status == 200
    assert NUMBER in text
    assert sdk.close(NUMBER) == (204, "")
    assert both.wechat.orders[NUMBER].trade_state == "CLOSED"


def test_its_refund_is_made_once_though_the_first_answer_is_lost(both: Pair, sdk: Any) -> None:
    both.wechat.pay(both.place().value)
    both.wechat.inject(Fault("timeout_after_commit", "refund", hold_s=1))
    status, text = sdk.refund(out_refund_no="R1", out_trade_no=NUMBER, reason="退款",
                              amount={"refund": 100, "total": 9900, "currency": "CNY"})
    assert status == 200
    assert '"out_refund_no":"R1"' in text.replace(" ", "")
    assert list(both.wechat.refunds) == ["R1"]
    assert sdk.query_refund("R1")[0] == 200


def test_its_answers_are_verified_even_when_they_are_errors(both: Pair, sdk: Any) -> None:
    both.wechat.inject(Fault("unsigned", "query", times=None))
    with pytest.raises(ProviderUnavailable):
        sdk.query(out_trade_no=NUMBER)


@pytest.mark.parametrize("number_", ["a|b", "../../v3/certificates", "宝", "a b"])
def test_it_cannot_send_a_path_that_was_not_quoted(both: Pair, sdk: Any, number_: str) -> None:
    with pytest.raises(ValueError, match="canonical"):
        sdk.query(out_trade_no=number_)
    assert both.wechat.requests == []


def test_a_bill_file_is_the_only_unsigned_answer(both: Pair, sdk: Any) -> None:
    both.wechat.pay(both.place().value)
    both.clock.advance_s(2 * 86_400)
    both.deadline.begin(8_000)
    status, text = sdk.trade_bill("2027-01-15")
    assert status == 200, text
    status, content = sdk.download_bill(json.loads(text)["download_url"])
    assert status == 200
    assert isinstance(content, bytes)
    assert content[:2] == b"\x1f\x8b"
    with pytest.raises((ValueError, UnsupportedEndpoint)):
        sdk.download_bill("https://evil.example/v3/billdownload/file?token=x")
    with pytest.raises(UnsupportedEndpoint):
        sdk._core.request("/v3/certificates", skip_verify=True)


def test_what_the_transport_cannot_do_is_said(sdk: Any) -> None:
    with pytest.raises(UnsupportedEndpoint):
        sdk.abnormal_refund("1", "R1", "USER_BANK_CARD", bank_account="6225")


@pytest.mark.parametrize(("method", "sent"), [
    (lambda sdk: sdk.complaint_detail_query("1"), 3),
    (lambda sdk: sdk.refund(out_refund_no="R1", out_trade_no=NUMBER, amount={"refund": 1}), 3),
    (lambda sdk: sdk.complaint_response("1", "我们已退款"), 1),
    (lambda sdk: sdk.complaint_complete("1"), 1)])
def test_only_what_wechat_does_once_is_sent_again(method: Callable[[Any], Any],
                                                  sent: int) -> None:
    with (ScriptedWeChat(*[failed(500, "SYSTEM_ERROR")] * 3) as server,
          wired(server.base_url) as ours):
        with pytest.raises(ProviderUnavailable):
            method(open_endpoints(ours.transport, ours.gateway.payee))
        assert len(server.received) == sent


def test_the_log_names_the_endpoint_and_not_whom_it_is_about() -> None:
    with ScriptedWeChat(signed(200, {})) as server, wired(server.base_url) as ours:
        open_endpoints(ours.transport, ours.gateway.payee).complaint_detail_query("2002018204")
        (told,) = ours.log.named("wechatpay.called")
    assert told["operation"] == "get.merchant-service.complaints-v2"
    assert "2002018204" not in ours.log.text()


def test_a_signed_answer_that_is_no_text_is_no_answer() -> None:
    broken = signed(200, {})
    body = b'{"a":"\xff"}'
    message = f"{NOW_S}\n{NONCE}\n".encode() + body + b"\n"
    reply = replace(broken, body=body,
                    headers={**broken.headers, "Wechatpay-Signature": sign(message)})
    with ScriptedWeChat(reply) as server, wired(server.base_url) as ours:
        with pytest.raises(ProviderUnavailable, match="answer_malformed"):
            open_endpoints(ours.transport, ours.gateway.payee).query_refund("R1")
        assert len(server.received) == 1


@pytest.mark.parametrize(("told", "code", "plain_code"), [
    ((404, '{"code":"RESOURCE_NOT_EXISTS"}'), "RESOURCE_NOT_EXISTS", "RESOURCENOTEXISTS"),
    ((200, '{"code":"RESOURCE_NOT_EXISTS"}'), None, ""), ((400, ""), None, ""),
    ((400, b"<html>"), None, ""), ((400, '{"code":"not a code"}'), None, ""),
    ((400, '{"code":1}'), None, ""), ((400, "[]"), None, "")])
def test_what_a_method_returns_is_an_answer_again(told: Any, code: str | None,
                                                  plain_code: str) -> None:
    answer = answer_of(told)
    assert (answer.status, answer.code, answer.plain_code) == (told[0], code, plain_code)
