"""The way out to WeChat Pay: what is sent, and over which connection."""

from __future__ import annotations

import pytest

from shared.adapters.wechatpay.http_client import HttpClient
from shared.adapters.wechatpay.transport import Call
from shared.errors import ProviderUnavailable
from tests.fakes.clock import FakeClock
from tests.unit.adapters.wechatpay import wechat_side as wechat
from tests.unit.adapters.wechatpay.exchanges import (
    ONCE,
    PLACE,
    QUERY,
    authorization,
    call,
    is_signed,
)
from tests.unit.adapters.wechatpay.scripted_wechat import (
    ScriptedWeChat,
    failed,
    signed,
)
from tests.unit.adapters.wechatpay.wiring import wired


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
