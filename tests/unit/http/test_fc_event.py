"""Function Compute's events in, answers out; anything else is refused in one way."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import InvalidRequest
from shared.http.fc_event import access_key_of, answer_dict, parse_event, request_id_of
from tests.functions.events import as_dict, event

EVENTS = Path(__file__).resolve().parents[2] / "events"
SAMPLES = sorted(path.name for path in EVENTS.glob("*.json"))
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner,
                                                                max_size=3), max_leaves=8)


def sample(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((EVENTS / name).read_text(encoding="utf-8"))
    return found


def shape(value: Any) -> Any:
    return {key: shape(item) for key, item in value.items()} if isinstance(value, dict) else (
        type(value).__name__)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_event_is_understood(name: str) -> None:
    raw = sample(name)
    request = parse_event(json.dumps(raw).encode(), "r1")
    assert request.method == raw["requestContext"]["http"]["method"]
    assert request.path == raw["rawPath"]
    assert request.source_ip == raw["requestContext"]["http"]["sourceIp"]
    assert request.headers == {key.lower(): value for key, value in raw["headers"].items()}
    assert request.request_id == "r1"


@pytest.mark.parametrize("name", SAMPLES)
def test_the_builder_makes_events_of_the_sampled_shape(name: str) -> None:
    raw = sample(name)
    body = base64.b64decode(raw["body"]) if raw["isBase64Encoded"] else raw["body"].encode()
    built = as_dict(raw["requestContext"]["http"]["method"], raw["rawPath"], raw["headers"], body,
                    in_base64=raw["isBase64Encoded"])
    assert {**shape(built), "queryParameters": 0} == {**shape(raw), "queryParameters": 0}
    assert built["headers"] == raw["headers"]
    assert built["body"] == raw["body"]


def test_the_body_is_the_very_bytes_in_both_encodings() -> None:
    body = '{"title": "\u901a\u5b9d",\r\n "a":1}'.encode()
    for in_base64 in (False, True):
        raw = event("POST", "/", {}, body, in_base64=in_base64)
        assert parse_event(raw, "-").body == body


def test_bytes_text_and_dict_mean_the_same() -> None:
    raw = event("POST", "/v1/orders", {"a": "b"}, b"x")
    assert (parse_event(raw, "-") == parse_event(raw.decode(), "-")
            == parse_event(json.loads(raw), "-"))


def test_an_absent_body_query_or_header_map_is_empty() -> None:
    request = parse_event({"rawPath": "/", "requestContext": {"http": {"method": "get"}}}, "-")
    assert (request.method, request.body, request.source_ip) == ("GET", b"", "")
    assert (dict(request.headers), dict(request.query)) == ({}, {})


def changed(place: str, value: Any) -> dict[str, Any]:
    raw = as_dict("POST", "/v1/orders", {"content-type": "application/json"}, b"{}")
    *path, last = place.split(".")
    holder = raw
    for name in path:
        holder = holder[name]
    holder[last] = value
    return raw


BAD = [("rawPath", None), ("rawPath", 7), ("requestContext", None), ("requestContext", []),
       ("requestContext.http", None), ("requestContext.http", "x"),
       ("requestContext.http.method", None), ("requestContext.http.method", 1),
       ("headers", []), ("headers", "x"), ("queryParameters", 3), ("body", 7), ("body", {}),
       ("body", "\ud800")]


@pytest.mark.parametrize(("place", "value"), BAD)
def test_an_event_of_another_shape_is_refused(place: str, value: Any) -> None:
    parse_event(changed("version", "v1"), "-")
    with pytest.raises(InvalidRequest):
        parse_event(changed(place, value), "-")


@pytest.mark.parametrize("body", ["!", "e30", "e30=x", "e3 0=", "e30=\n", "\u00e9"])
def test_bad_base64_is_refused(body: str) -> None:
    raw = changed("isBase64Encoded", True)
    assert parse_event({**raw, "body": "e30="}, "-").body == b"{}"
    with pytest.raises(InvalidRequest) as caught:
        parse_event({**raw, "body": body}, "-")
    assert caught.value.reason == "body_encoding"


@pytest.mark.parametrize("headers", [
    {"Authorization": "a", "authorization": "b"}, {"Authorization": "a", "AUTHORIZATION": "a"},
    {"Authorization": ["a"]}, {"Authorization": None}, {"Authorization": 1}])
def test_an_ambiguous_header_is_refused(headers: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest) as caught:
        parse_event(changed("headers", headers), "-")
    assert caught.value.code == "INVALID_HEADER"


@pytest.mark.parametrize("raw", [
    b"", b"{", b"null", b"[]", b"7", b'"x"', b"\xff\xfe", b"{}", b"[" * 100_000,
    b'{"triggerTime":"2026-01-01T00:00:00Z","triggerName":"t","payload":"p"}',
    b'{"a":' + b"1" * 5000 + b"}", None, 7, [], object()])
def test_what_is_no_http_event_is_refused(raw: object) -> None:
    with pytest.raises(InvalidRequest):
        parse_event(raw, "-")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_an_event_is_utf_8_and_no_other_encoding_is_guessed(encoding: str) -> None:
    text = json.dumps(as_dict("GET", "/v1/products"))
    assert parse_event(text.encode("utf-8"), "-").path == "/v1/products"
    with pytest.raises(InvalidRequest):
        parse_event(text.encode(encoding), "-")


@given(st.binary(max_size=200) | JSON_VALUES.map(lambda it: json.dumps(it).encode()) | JSON_VALUES)
def test_garbage_is_refused_or_read_and_never_crashes(raw: object) -> None:
    with pytest.raises(InvalidRequest):
        parse_event(raw, "-")


@given(st.sampled_from(["rawPath", "headers", "queryParameters", "body", "isBase64Encoded",
                        "requestContext", "requestContext.http", "requestContext.http.method",
                        "requestContext.http.sourceIp"]), JSON_VALUES)
def test_one_strange_part_never_crashes(place: str, value: Any) -> None:
    try:
        request = parse_event(changed(place, value), "-")
    except InvalidRequest:
        return
    assert isinstance(request.body, bytes)
    assert all(isinstance(text, str) for text in (*request.headers.values(), request.source_ip,
                                                  *request.query.values()))


@pytest.mark.parametrize(("context", "found"), [
    (SimpleNamespace(request_id="1-2"), "1-2"), (SimpleNamespace(request_id=""), "-"),
    (SimpleNamespace(request_id=7), "-"), (None, "-"), (object(), "-")])
def test_a_request_id_is_there_or_a_dash(context: object, found: str) -> None:
    assert request_id_of(context) == found


@pytest.mark.parametrize("flag", [None, False, "false", 0, 1])
def test_only_the_flag_itself_makes_a_body_base64(flag: object) -> None:
    raw = {**as_dict("POST", "/", body=b"e30="), "isBase64Encoded": flag}
    assert parse_event(raw, "r1").body == b"e30="


def test_the_role_key_comes_from_the_context_where_there_is_one() -> None:
    full = SimpleNamespace(credentials=SimpleNamespace(
        access_key_id="i", access_key_secret="s", security_token="t"))
    assert access_key_of(full) == ("i", "s", "t")
    for context in (None, SimpleNamespace(), SimpleNamespace(credentials=None),
                    SimpleNamespace(credentials=SimpleNamespace(
                        access_key_id="", access_key_secret="s", security_token="t")),
                    SimpleNamespace(credentials=SimpleNamespace(
                        access_key_id="i", access_key_secret="", security_token="t"))):
        assert access_key_of(context) is None


def test_an_answer_is_the_dict_that_the_platform_takes() -> None:
    answer = answer_dict(200, {"A": "b"}, '{"x":"\u901a"}'.encode())
    assert answer == {"statusCode": 200, "headers": {"A": "b"}, "isBase64Encoded": False,
                      "body": '{"x":"\u901a"}'}


@pytest.mark.parametrize(("headers", "domain", "host"), [
    ({}, "pay.example.com", "pay.example.com"),
    ({"Host": "evil.example"}, "x.cn-hangzhou.fcapp.run", "x.cn-hangzhou.fcapp.run"),
    ({"Host": "pay.example.com"}, None, "pay.example.com"), ({}, None, ""), ({}, 7, "")])
def test_the_host_is_the_one_that_the_platform_names(
        headers: dict[str, str], domain: object, host: str) -> None:
    raw = sample("poll.json")
    raw["headers"] = {**raw["headers"], **headers}
    raw["requestContext"]["domainName"] = domain
    assert parse_event(json.dumps(raw).encode(), "r1").host == host
