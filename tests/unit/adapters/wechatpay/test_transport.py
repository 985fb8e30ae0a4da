"""The way out to WeChat Pay: what is sent, what is believed, what is repeated."""

from __future__ import annotations

import re
from typing import Any

import pytest
from wechatpayv3 import utils

from shared.adapters.wechatpay.http_client import HttpClient
from shared.adapters.wechatpay.transport import Answer, Call
from shared.errors import ProviderUnavailable
from tests.fakes.clock import FakeClock
from tests.unit.adapters.wechatpay import wechat_side as wechat
from tests.unit.adapters.wechatpay.scripted_wechat import (
    DROP,
    Received,
    Reply,
    ScriptedWeChat,
    failed,
    signed,
)
from tests.unit.adapters.wechatpay.wiring import Wired, wired

PLACE = Call("native.place", "POST", "/v3/pay/transactions/native", b'{"a":"\xe5\xae\x9d"}')
QUERY = Call("native.query", "GET", "/v3/pay/transactions/out-trade-no/TB01?mchid=1900000001")
ONCE = Call("complaint.answer", "POST", "/v3/x", b"{}", repeatable=False)


def call(script: list[Any], what: Call = PLACE) -> tuple[Answer | str, ScriptedWeChat, Wired]:
    """The answer, or the reason why there is none; what was received; what was logged."""
    with ScriptedWeChat(*script) as server, wired(server.base_url, read_ms=500) as ours:
        try:
            return ours.transport.call(what), server, ours
        except ProviderUnavailable as error:
            assert error.status == 503
            assert error.__cause__ is None
            return str(error.reason), server, ours


def authorization(received: Received) -> dict[str, str]:
    scheme, _, fields = received.headers["authorization"].partition(" ")
    assert scheme == "WECHATPAY2-SHA256-RSA2048"
    return dict(re.findall(r'([a-z_]+)="([^"]*)"', fields))


def is_signed(received: Received) -> bool:
    """Whether the signature covers what came over the wire, by wechatpayv3's verifier."""
    said = authorization(received)
    first = f"{received.method}\n{received.target}\n{said['timestamp']}"
    key = utils.load_public_key(wechat.pem("merchant_public"))
    return bool(utils.rsa_verify(first, said["nonce_str"], received.body.decode(),
                                 said["signature"], key))


# What is sent

@pytest.mark.parametrize("what", [PLACE, QUERY])
def test_what_arrives_is_what_was_signed(what: Call) -> None:
    _, server, _ = call([signed(200, {})], what)
    (received,) = server.received
    assert (received.method, received.target, received.body) == (
        what.method, what.target, what.body)
    assert is_signed(received)
    said = authorization(received)
    assert (said["mchid"], said["serial_no"], said["timestamp"]) == (
        wechat.MCHID, wechat.MERCHANT_SERIAL, str(wechat.NOW_S))


def test_every_request_names_the_key_that_shall_sign_the_answer() -> None:
    _, server, _ = call([signed(200, {})], QUERY)
    headers = server.received[0].headers
    assert headers["wechatpay-serial"] == wechat.PUBLIC_KEY_ID
    assert headers["accept"] == "application/json"
    assert headers["accept-encoding"] == "identity"
    assert "tongbao" in headers["user-agent"].lower()
    assert "content-type" not in headers


def test_a_body_is_announced_as_json() -> None:
    _, server, _ = call([signed(200, {})])
    assert server.received[0].headers["content-type"] == "application/json"


@pytest.mark.parametrize("target", [
    "/v3/a/../b", "/v3/./a", "/v3//a", "/v3/a|b", "/v3/宝", "/v3/a b", "/v3/%2f", "/v2/a", "v3/a",
    "https://evil.example/v3/a", "/v3/a#b", "/v3/a\r\nX: y", "/v3/a?b=c#d", "//evil/v3/a", "/v3",
    '/v3/a"b', "/v3/a\\b", "/v3/%ZZ"])
def test_a_target_that_could_be_rewritten_on_the_way_is_not_sent(target: str) -> None:
    with ScriptedWeChat() as server, wired(server.base_url) as ours:
        with pytest.raises(ValueError, match="canonical"):
            ours.transport.call(Call("x", "GET", target))
        assert server.received == []


@pytest.mark.parametrize("target", [
    "/v3/a?b=%E5%AE%9D&c=d/e?f", "/v3/a%2Fb", "/v3/a(b)*c'd!e", "/v3/file?token=a+b/c=="])
def test_other_targets_are_sent_as_they_are(target: str) -> None:
    _, server, _ = call([signed(200, {})], Call("x", "GET", target))
    assert server.received[0].target == target
    assert is_signed(server.received[0])


# What is believed

def test_a_signed_answer_is_handed_back() -> None:
    answer, _, _ = call([signed(200, {"code_url": "x"})])
    assert isinstance(answer, Answer)
    assert (answer.status, answer.object(), answer.code) == (200, {"code_url": "x"}, None)


def test_an_empty_answer_is_verified_over_nothing() -> None:
    answer, _, _ = call([signed(204)])
    assert isinstance(answer, Answer)
    assert (answer.status, answer.body) == (204, b"")


def test_a_verified_no_is_an_answer() -> None:
    answer, server, _ = call([failed(403, "NO_AUTH")])
    assert isinstance(answer, Answer)
    assert (answer.status, answer.code, answer.sub_code) == (403, "NO_AUTH", "268435456")
    assert len(server.received) == 1


UNBELIEVED = [
    ({"headers": {"Wechatpay-Signature": None}}, "answer_header_missing"),
    ({"headers": {"Wechatpay-Signature": "WECHATPAY/SIGNTEST/x"}}, "answer_signature_malformed"),
    ({"headers": {"Wechatpay-Serial": "PUB_KEY_ID_2"}}, "answer_serial_unknown"),
    ({"headers": {"Wechatpay-Nonce": "other"}}, "answer_signature_wrong"),
    ({"headers": {"Wechatpay-Signature-Type": "none"}}, "answer_signature_type_unsupported"),
    ({"key": "merchant"}, "answer_signature_wrong"),
    ({"now_s": wechat.NOW_S - 301}, "answer_timestamp_stale"),
    ({"now_s": wechat.NOW_S + 301}, "answer_timestamp_stale"),
    ({"double": "Wechatpay-Nonce"}, "answer_header_ambiguous"),
]


@pytest.mark.parametrize(("changes", "reason"), UNBELIEVED)
@pytest.mark.parametrize("status", [200, 204, 404])
def test_an_answer_that_cannot_be_verified_is_no_answer(status: int, changes: dict[str, Any],
                                                        reason: str) -> None:
    value = None if status == 204 else {"code": "ORDER_NOT_EXIST"}
    found, server, _ = call([signed(status, value, **changes) for _ in range(3)])
    assert found == reason
    assert len(server.received) == 3


@pytest.mark.parametrize("seconds", [-300, 300])
def test_five_minutes_either_way_are_fresh(seconds: int) -> None:
    answer, _, _ = call([signed(200, {}, now_s=wechat.NOW_S + seconds)])
    assert isinstance(answer, Answer)


@pytest.mark.parametrize("unsigned", [
    Reply(200, b"{}"), Reply(404, b'{"code":"ORDER_NOT_EXIST"}'), Reply(502, b"<html>"),
    Reply(302, b"", {"Location": "http://localhost:1/elsewhere"})])
def test_what_is_unsigned_proves_nothing(unsigned: Reply) -> None:
    found, _, _ = call([unsigned] * 3)
    assert found == "answer_header_missing"


def test_a_redirect_is_never_followed() -> None:
    with ScriptedWeChat(signed(200, {})) as elsewhere:
        headers = {"Location": f"{elsewhere.base_url}/v3/x"}
        found, server, _ = call([signed(302, headers=headers)] * 3)
    assert found == "status_302"
    assert len(server.received) == 3
    assert elsewhere.received == []


@pytest.mark.parametrize(("answer", "reason"), [
    (DROP, "connection_broken"),
    (signed(200, {"x": "y" * 100}, cut=50), "connection_broken"),
    (signed(200, {"x": "y" * 300_000}), "answer_too_large")])
def test_an_answer_that_does_not_arrive_whole_is_no_answer(answer: Reply, reason: str) -> None:
    found, server, _ = call([answer] * 3)
    assert found == reason
    assert len(server.received) == 3


def test_nobody_listening_is_no_answer() -> None:
    with ScriptedWeChat() as server:
        base_url = server.base_url
    with wired(base_url) as ours, pytest.raises(ProviderUnavailable) as caught:
        ours.transport.call(QUERY)
    assert caught.value.reason == "not_connected"


def test_an_error_that_is_not_json_has_no_code() -> None:
    reply = signed(400, headers={"Request-Id": "nothing-numeric"})
    answer, _, _ = call([reply])
    assert isinstance(answer, Answer)
    assert (answer.code, answer.sub_code) == (None, None)


@pytest.mark.parametrize("code", ["<script>", "lower", "X" * 65, 5, None])
def test_a_code_that_is_no_code_is_not_repeated(code: Any) -> None:
    answer, _, _ = call([signed(400, {"code": code})])
    assert isinstance(answer, Answer)
    assert answer.code is None


def test_a_signed_body_that_is_no_json_object_is_unavailable() -> None:
    answer, _, _ = call([signed(200, ["x"])])
    assert isinstance(answer, Answer)
    with pytest.raises(ProviderUnavailable, match="answer_malformed"):
        answer.object()


# What is repeated

@pytest.mark.parametrize("trouble", [
    DROP, Reply(502), failed(429, "FREQUENCY_LIMITED"), failed(500, "SYSTEM_ERROR"),
    failed(503, "SERVICE_UNAVAILABLE"), signed(200, {}, key="merchant"),
    failed(404, "ORDER_NOT_EXIST", key="merchant")])
def test_the_same_bytes_are_sent_again_under_a_new_signature(trouble: Reply) -> None:
    answer, server, ours = call([trouble, signed(200, {"ok": 1})])
    assert isinstance(answer, Answer)
    assert answer.object() == {"ok": 1}
    first, second = server.received
    assert (first.target, first.body) == (second.target, second.body)
    assert authorization(first)["nonce_str"] != authorization(second)["nonce_str"]
    assert is_signed(second)
    assert len(ours.clock.slept_ms) == 1


def test_three_attempts_with_growing_pauses_are_all() -> None:
    found, server, ours = call([failed(500, "SYSTEM_ERROR")] * 4)
    assert found == "SYSTEM_ERROR"
    assert len(server.received) == 3
    first, second = ours.clock.slept_ms
    assert 75 <= first <= 150
    assert 150 <= second <= 300


@pytest.mark.parametrize("code", ["OPENID_MISMATCH", "INVALID_TRANSACTIONID"])
def test_some_500s_are_final(code: str) -> None:
    answer, server, _ = call([failed(500, code)])
    assert isinstance(answer, Answer)
    assert answer.code == code
    assert len(server.received) == 1


@pytest.mark.parametrize("trouble", [DROP, failed(500, "SYSTEM_ERROR"), Reply(200, b"{}")])
def test_what_must_not_happen_twice_is_sent_once(trouble: Reply) -> None:
    found, server, _ = call([trouble], ONCE)
    assert isinstance(found, str)
    assert len(server.received) == 1


@pytest.mark.parametrize("what", [PLACE, ONCE])
@pytest.mark.parametrize("key", ["wechatpay", "merchant"])
def test_a_refused_signature_is_made_once_more(what: Call, key: str) -> None:
    answer, server, _ = call([failed(401, "SIGN_ERROR", key=key), signed(200, {})], what)
    assert isinstance(answer, Answer)
    assert answer.status == 200
    assert len(server.received) == 2


def test_a_signature_refused_twice_is_a_verified_no() -> None:
    answer, server, _ = call([failed(401, "SIGN_ERROR")] * 3)
    assert isinstance(answer, Answer)
    assert (answer.status, answer.code) == (401, "SIGN_ERROR")
    assert len(server.received) == 2


# Within the time that is left

def test_nothing_is_sent_without_time() -> None:
    with ScriptedWeChat() as server, wired(server.base_url) as ours:
        ours.deadline.begin(0)
        with pytest.raises(ProviderUnavailable) as caught:
            ours.transport.call(QUERY)
        assert caught.value.reason == "no_time_left"
        assert server.received == []


def test_repetitions_end_with_the_deadline() -> None:
    with ScriptedWeChat(*[failed(500, "SYSTEM_ERROR")] * 3) as server:
        with wired(server.base_url) as ours:
            ours.deadline.begin(200)
            with pytest.raises(ProviderUnavailable):
                ours.transport.call(QUERY)
            assert ours.clock.monotonic_ms() <= 200
        assert len(server.received) == 2


def test_a_trickling_answer_cannot_stretch_the_time() -> None:
    with ScriptedWeChat() as server, wired(server.base_url) as ours:
        slow = signed(200, {"x": "y" * 200}, trickle=lambda: ours.clock.advance_ms(100))
        server.script = [slow, slow, slow]
        with pytest.raises(ProviderUnavailable) as caught:
            ours.transport.call(QUERY)
    assert caught.value.reason == "no_time_left"
    assert len(server.received) == 1


def test_silence_ends_with_the_read_timeout() -> None:
    from threading import Event
    over = Event()

    def silence(_received: Received) -> Reply:
        over.wait(10)
        return DROP

    try:
        with ScriptedWeChat(*[silence] * 3) as server, wired(server.base_url, read_ms=50) as ours:
            with pytest.raises(ProviderUnavailable) as caught:
                ours.transport.call(ONCE)
            assert caught.value.reason == "read_timeout"
            over.set()
    finally:
        over.set()


# What is kept, and what is told

def test_one_connection_serves_many_calls() -> None:
    with ScriptedWeChat(*[signed(200, {})] * 3) as server, wired(server.base_url) as ours:
        for _ in range(3):
            ours.transport.call(QUERY)
        assert len({received.connection for received in server.received}) == 1


def test_a_connection_that_died_meanwhile_is_replaced() -> None:
    script = [signed(200, {}, headers={"Connection": "close"}), signed(200, {})]
    with ScriptedWeChat(*script) as server, wired(server.base_url) as ours:
        ours.transport.call(ONCE)
        ours.transport.call(ONCE)
        assert len({received.connection for received in server.received}) == 2


def test_what_is_left_unread_is_never_taken_for_the_next_answer() -> None:
    script = [signed(200, {"x": "y" * 300_000}), signed(200, {"ok": 1})]
    with ScriptedWeChat(*script) as server, wired(server.base_url) as ours:
        with pytest.raises(ProviderUnavailable):
            ours.transport.call(ONCE)
        assert ours.transport.call(ONCE).object() == {"ok": 1}


@pytest.mark.parametrize(("date", "skew_s"), [
    ("Fri, 15 Jan 2027 08:00:00 GMT", 0), ("Fri, 15 Jan 2027 07:50:00 GMT", 600),
    ("Fri, 15 Jan 2027 08:10:00 GMT", -600), (None, None), ("yesterday", None)])
def test_the_difference_of_the_clocks_is_told(date: str | None, skew_s: int | None) -> None:
    _, _, ours = call([signed(200, {}, headers={"Date": date})])
    assert ours.transport.clock_skew_s == skew_s
    assert ours.log.named("wechatpay.called")[0]["skew_s"] == skew_s


def test_every_attempt_is_told_without_keys_numbers_or_content() -> None:
    _, server, ours = call([failed(500, "SYSTEM_ERROR"), signed(200, {"a": "canary"})], QUERY)
    first, second = ours.log.named("wechatpay.called")
    assert (first["operation"], first["attempt"], first["outcome"], first["status"]) == (
        "native.query", 1, "SYSTEM_ERROR", 500)
    assert (second["attempt"], second["outcome"]) == (2, "decided")
    told = ours.log.text()
    for secret in ("canary", "TB01", authorization(server.received[0])["signature"], "PRIVATE",
                   wechat.MCHID):
        assert secret not in told


@pytest.mark.parametrize("base_url", [
    "http://api.mch.weixin.qq.com", "ftp://x", "https://", "https://x/v3", "https://user@x",
    "https://api.mch.weixin.qq.com@evil", "x", "", "https://x?y", "https://x#y"])
def test_a_base_url_is_https_and_a_host(base_url: str) -> None:
    with pytest.raises(ValueError, match="base URL"):
        HttpClient(base_url, clock=FakeClock())


def test_plain_http_must_be_allowed() -> None:
    assert HttpClient("http://localhost:1/", clock=FakeClock(), allow_http=True).base_url == (
        "http://localhost:1")
    assert HttpClient("https://api.mch.weixin.qq.com/", clock=FakeClock()).base_url == (
        "https://api.mch.weixin.qq.com")
