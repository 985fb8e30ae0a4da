"""The way out to WeChat Pay: which answers are believed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from shared.adapters.wechatpay.transport import Answer
from shared.errors import ProviderUnavailable
from tests.unit.adapters.wechatpay import wechat_side as wechat
from tests.unit.adapters.wechatpay.exchanges import (
    QUERY,
    call,
)
from tests.unit.adapters.wechatpay.scripted_wechat import (
    DROP,
    Reply,
    ScriptedWeChat,
    failed,
    signed,
)
from tests.unit.adapters.wechatpay.wiring import wired


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


@pytest.mark.parametrize(("status", "believed"), [(200, True), (404, False), (204, False)])
def test_where_no_signature_comes_with_a_file_no_refusal_is_believed_without(
        status: int, believed: bool) -> None:
    bill = replace(QUERY, unsigned_answer=True)
    found, _, _ = call([Reply(status, b"")] * 3, bill)
    assert isinstance(found, Answer) is believed
    assert believed or found == "answer_header_missing"


@pytest.mark.parametrize("status", [202, 429])
def test_accepted_for_later_decides_nothing(status: int) -> None:
    found, server, _ = call([signed(status, {})] * 3)
    assert found == f"status_{status}"
    assert len(server.received) == 3


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
