"""The way out to WeChat Pay: what is repeated, and for how long."""

from __future__ import annotations

import pytest

from shared.adapters.wechatpay.transport import Answer, Call
from shared.errors import ProviderUnavailable
from tests.unit.adapters.wechatpay.exchanges import (
    ONCE,
    PLACE,
    QUERY,
    authorization,
    call,
    is_signed,
)
from tests.unit.adapters.wechatpay.scripted_wechat import (
    DROP,
    Received,
    Reply,
    ScriptedWeChat,
    failed,
    signed,
)
from tests.unit.adapters.wechatpay.wiring import wired


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
