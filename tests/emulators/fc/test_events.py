from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulators.fc import Domain, http_event, timer_event

JSON = [("Content-Type", "application/json")]


def event_of(method: str = "POST", target: str = "/", headers: Any = (), body: bytes = b"",
             **rest: Any) -> dict[str, Any]:
    event: dict[str, Any] = json.loads(http_event(method, target, list(headers), body, **rest))
    return event


def body_of(event: dict[str, Any]) -> bytes:
    if event["isBase64Encoded"]:
        return base64.b64decode(event["body"])
    return str(event["body"]).encode()


def test_an_event_has_exactly_the_documented_fields() -> None:
    event = event_of("GET", "/a%20b?x=1", [("user-agent", "probe")], b"hello",
                     source_ip="203.0.113.5", request_id="1-2-3-4", now_s=1_693_896_071.895,
                     domain=Domain("pay.example.com", "42"))
    assert event == {
        "version": "v1", "rawPath": "/a%20b", "body": "hello", "isBase64Encoded": False,
        "headers": {"User-Agent": "probe"}, "queryParameters": {"x": "1"},
        "requestContext": {
            "accountId": "42", "domainName": "pay.example.com", "domainPrefix": "pay",
            "requestId": "1-2-3-4", "time": "2023-09-05T06:41:11Z", "timeEpoch": "1693896071895",
            "http": {"method": "GET", "path": "/a b", "protocol": "HTTP/1.1",
                     "sourceIp": "203.0.113.5", "userAgent": "probe"}}}


@given(st.binary(), st.sampled_from(
    ["", "application/json", "text/plain; charset=utf-8", "application/octet-stream", "image/png",
     "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]))
def test_a_handler_gets_back_exactly_the_bytes_that_were_sent(body: bytes, kind: str) -> None:
    assert body_of(event_of(headers=[("Content-Type", kind)], body=body)) == body


@given(st.text(), st.booleans())
def test_both_body_forms_can_be_asked_for(text: str, as_base64: bool) -> None:
    body = text.encode("utf-8", "surrogatepass")
    if "�" in body.decode("utf-8", "replace") and not as_base64:
        return
    event = event_of(headers=JSON, body=body, base64_body=as_base64)
    assert event["isBase64Encoded"] is as_base64
    assert body_of(event) == body


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_the_encoded_path_stays_and_the_decoded_one_is_beside_it(path: str) -> None:
    event = event_of(target="/" + quote(path, safe="/"))
    assert event["rawPath"] == "/" + quote(path, safe="/")
    assert event["requestContext"]["http"]["path"] == "/" + path


@given(st.lists(st.tuples(st.text(st.characters(exclude_categories=["Cs"]), min_size=1),
                          st.text(st.characters(exclude_categories=["Cs"])))))
def test_repeated_query_keys_are_joined_with_commas(pairs: list[tuple[str, str]]) -> None:
    expected: dict[str, list[str]] = {}
    for name, value in pairs:
        expected.setdefault(name, []).append(value)
    got = event_of(target="/?" + urlencode(pairs))["queryParameters"]
    assert got == {name: ",".join(values) for name, values in expected.items()}


def test_header_names_are_title_case_and_repeats_are_joined() -> None:
    headers = [("wechatpay-SIGNATURE", "a"), ("Wechatpay-Signature", "b"), ("X-ACS-Date", "c")]
    assert event_of(headers=headers)["headers"] == {"Wechatpay-Signature": "a,b", "X-Acs-Date": "c"}


@pytest.mark.parametrize("name", ["Connection", "keep-alive", "Host", "Transfer-Encoding",
                                  "X-Fc-Invocation-Type", "x-fc-security-token"])
def test_a_platform_header_does_not_reach_the_function(name: str) -> None:
    assert event_of(headers=[(name, "x"), ("X-Other", "y")])["headers"] == {"X-Other": "y"}


@pytest.mark.parametrize(("kind", "as_base64"), [
    ("application/json", False), ("APPLICATION/JSON;charset=utf-8", False), ("text/html", False),
    ("application/problem+json", False), ("image/svg+xml", False), ("", False),
    ("application/octet-stream", True), ("image/png", True), ("application/zip", True),
])
def test_binary_content_types_travel_as_base64(kind: str, as_base64: bool) -> None:
    event = event_of(headers=[("Content-Type", kind)], body=b"{}")
    assert event["isBase64Encoded"] is as_base64


def test_text_that_is_not_utf8_travels_as_base64() -> None:
    assert event_of(headers=JSON, body=b"\xff")["isBase64Encoded"] is True
    assert event_of(headers=JSON, body=b"f")["isBase64Encoded"] is False


def test_the_trigger_id_is_there_only_when_the_domain_has_one() -> None:
    assert "triggerId" not in event_of()["requestContext"]
    assert event_of(domain=Domain(trigger_id="t-1"))["requestContext"]["triggerId"] == "t-1"


def test_a_timer_event_carries_its_name_time_and_text() -> None:
    assert json.loads(timer_event("every5m", '{"job":"x"}', now_s=1_518_155_340.9)) == {
        "triggerTime": "2018-02-09T05:49:00Z", "triggerName": "every5m", "payload": '{"job":"x"}'}
