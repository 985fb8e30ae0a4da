"""At every door: what is not a good request gets its 4xx, stores nothing and sends nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest

from functions.create_order import index as create_order
from shared.http.app import App
from shared.http.source_bucket import SourceBucket
from shared.messages import MESSAGES
from tests.functions.events import as_dict, event
from tests.functions.shopfront import (
    CLAIM,
    JSON,
    KEYS,
    NOTIFY,
    ORDERS,
    PRODUCTS,
    RESTORE,
    Reply,
    Shopfront,
)
from tests.unit.use_cases.world import KEY, SECRET, World, hash_of

GOOD = {"product_id": "reader-pro", "claim_secret_hash": hash_of(SECRET)}
ORDER_HEADERS = {**JSON, "idempotency-key": KEY}
CLAIM_HEADERS = {**JSON, "authorization": f"Bearer {SECRET}", "dpop": "device nonce-0"}
SOME_ID = "0123456789ABCDEFGHJKMNPQRS"
LICENSES = "/v1/licenses"

ROUTES = [("create-order", "POST", ORDERS), ("create-order", "GET", PRODUCTS),
          ("notify", "POST", NOTIFY), ("license-fetch", "GET", f"{ORDERS}/{SOME_ID}"),
          ("license-fetch", "POST", CLAIM), ("license-fetch", "GET", KEYS),
          ("license-fetch", "GET", f"{ORDERS}/{SOME_ID}/license"),
          ("license-fetch", "POST", RESTORE),
          ("license-fetch", "POST", f"{LICENSES}/{SOME_ID}/lease"),
          ("license-fetch", "GET", f"{LICENSES}/{SOME_ID}/devices"),
          ("license-fetch", "DELETE", f"{LICENSES}/{SOME_ID}/devices/{SOME_ID}"),
          ("license-fetch", "POST", f"{LICENSES}/{SOME_ID}/takeovers/{SOME_ID}")]
FUNCTIONS = ("create-order", "notify", "license-fetch")
BUYER_ROUTES = [route for route in ROUTES if route[0] != "notify"]


def check_error(reply: Reply, status: int, code: str) -> dict[str, Any]:
    """The one shape of an error; returns what is inside."""
    assert reply.status == status, reply
    assert set(reply.json) == {"error"}
    error: dict[str, Any] = reply.json["error"]
    assert {"code", "message", "message_zh", "request_id"} <= set(error)
    assert set(error) <= {"code", "message", "message_zh", "request_id", "field",
                          "retry_after_s", "details"}
    assert error["code"] == code
    assert (error["message"], error["message_zh"], status) == MESSAGES[code]
    assert reply.headers["Content-Type"] == "application/json; charset=utf-8"
    return error


def nothing_happened(front: Shopfront) -> None:
    assert front.world.orders.all() == []
    assert front.world.licenses.all() == []
    assert front.world.held.rows() == []
    assert front.world.gateway.calls == []
    assert set(front.world.orders.calls) <= {"load"}


def order(front: Shopfront, body: bytes | None = None, *, in_base64: bool = False,
          **headers: str | None) -> Reply:
    named = {**ORDER_HEADERS, **{key.replace("_", "-"): text for key, text in headers.items()}}
    return front.call("create-order", event(
        "POST", ORDERS, {key: text for key, text in named.items() if text is not None},
        json.dumps(GOOD).encode() if body is None else body, in_base64=in_base64))


def claim(front: Shopfront, body: bytes, **headers: str | None) -> Reply:
    named = {**CLAIM_HEADERS, **{key.replace("_", "-"): text for key, text in headers.items()}}
    return front.call("license-fetch", event(
        "POST", CLAIM, {key: text for key, text in named.items() if text is not None}, body))


@pytest.fixture
def front() -> Shopfront:
    return Shopfront()


def test_the_good_request_of_this_file_is_good(front: Shopfront) -> None:
    assert order(front).status == 200
    assert order(Shopfront(), in_base64=True).status == 200


@pytest.mark.parametrize(("function", "method", "path"), ROUTES)
@pytest.mark.parametrize("wrong", ["PUT", "DELETE", "PATCH", "HEAD", "TRACE", "CONNECT"])
def test_a_wrong_method_is_405_with_the_right_ones(front: Shopfront, function: str, method: str,
                                                   path: str, wrong: str) -> None:
    if wrong == method:
        wrong = "GET"
    reply = front.call(function, event(wrong, path))
    check_error(reply, 405, "METHOD_NOT_ALLOWED")
    assert method in reply.headers["Allow"].split(", ")
    nothing_happened(front)


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("path", ["/", "/v1", "/v1/orders/", "/v2/orders", "/v1/orders/x/y",
                                  "/v1//orders", "/v1/notify/", "/v1/notify/alipay", "/admin",
                                  "/v1/orders/..%2f..%2fkeys", "/.env", "/V1/KEYS"])
def test_another_path_is_404(front: Shopfront, function: str, path: str) -> None:
    reply = front.call(function, event("POST", path, ORDER_HEADERS, json.dumps(GOOD).encode()))
    if not (function == "license-fetch" and reply.status == 405):
        check_error(reply, 404, "ROUTE_NOT_FOUND")
    nothing_happened(front)


@pytest.mark.parametrize(("function", "method", "path"), ROUTES)
def test_a_route_lives_in_one_function_only(front: Shopfront, function: str, method: str,
                                            path: str) -> None:
    for other in FUNCTIONS:
        if other != function:
            assert front.call(other, event(method, path)).status in (404, 405)


@pytest.mark.parametrize(("function", "method", "path"), BUYER_ROUTES)
def test_a_browser_may_ask_first_at_every_buyer_route(front: Shopfront, function: str,
                                                      method: str, path: str) -> None:
    reply = front.call(function, event("OPTIONS", path, {
        "origin": "chrome-extension://abc", "access-control-request-method": method}))
    assert (reply.status, reply.text) == (204, "")
    assert method in reply.headers["Access-Control-Allow-Methods"].split(", ")
    for header in ("Authorization", "Content-Type", "Idempotency-Key", "DPoP"):
        assert header in reply.headers["Access-Control-Allow-Headers"].split(", ")
    nothing_happened(front)


def test_no_browser_has_business_at_notify(front: Shopfront) -> None:
    for method in ("OPTIONS", "POST", "GET"):
        reply = front.call("notify", event(method, NOTIFY, {"origin": "https://evil.example"}))
        assert reply.status in (401, 405)
        assert not [name for name in reply.headers if name.startswith("Access-Control")]


BODIES = [b"", b"{", b"[]", b"null", b'{"product_id":"reader-pro","product_id":"course"}',
          b'{"a":NaN}', b'{"a":' + b"[" * 50 + b"]" * 50 + b"}", b"\xef\xbb\xbf{}",
          b'{"a":1e999}', b'{"order_id":"\\ud800"}']


@pytest.mark.parametrize("body", BODIES)
def test_a_body_that_is_no_json_object_is_400(front: Shopfront, body: bytes) -> None:
    check_error(order(front, body), 400, "INVALID_JSON")
    check_error(claim(front, body), 400, "INVALID_JSON")
    nothing_happened(front)


def test_a_body_that_is_not_utf8_is_400(front: Shopfront) -> None:
    reply = order(front, b'{"a":"\xff\xfe"}', in_base64=True)
    check_error(reply, 400, "INVALID_JSON")
    nothing_happened(front)


@pytest.mark.parametrize("media_type", [None, "text/plain", "application/json,application/json",
                                        "application/json; charset=gb2312"])
def test_another_media_type_is_415(front: Shopfront, media_type: str | None) -> None:
    check_error(order(front, content_type=media_type), 415, "UNSUPPORTED_MEDIA_TYPE")
    check_error(claim(front, b"{}", content_type=media_type), 415, "UNSUPPORTED_MEDIA_TYPE")
    nothing_happened(front)


def test_a_compressed_body_is_415(front: Shopfront) -> None:
    check_error(order(front, content_encoding="gzip"), 415, "UNSUPPORTED_MEDIA_TYPE")
    nothing_happened(front)


def test_a_long_body_is_413(front: Shopfront) -> None:
    check_error(order(front, b" " * 20_000), 413, "PAYLOAD_TOO_LARGE")
    check_error(claim(front, b" " * 20_000), 413, "PAYLOAD_TOO_LARGE")
    nothing_happened(front)


@pytest.mark.parametrize("key", [None, "", "1", f"{KEY},{KEY}", f"{KEY}, {KEY}", KEY[:-1]])
def test_a_weak_doubled_or_missing_idempotency_key_is_400(front: Shopfront,
                                                          key: str | None) -> None:
    error = check_error(order(front, idempotency_key=key), 400, "IDEMPOTENCY_KEY_REQUIRED")
    assert error["field"] == "Idempotency-Key"
    nothing_happened(front)


FIELDS: list[tuple[str | None, dict[str, Any]]] = [
    ("product_id", {"product_id": None}), ("product_id", {"product_id": 7}),
    ("product_id", {"product_id": ""}), ("product_id", {"product_id": "Reader"}),
    ("product_id", {"product_id": "x" * 65}), ("product_id", {"product_id": "reader-pro\n"}),
    ("product_id", {"product_id": ["reader-pro"]}), ("product_id", {"product_id": "../etc"}),
    ("claim_secret_hash", {"claim_secret_hash": SECRET[:42]}),
    ("claim_secret_hash", {"claim_secret_hash": hash_of(SECRET) + "="}),
    ("claim_secret_hash", {"claim_secret_hash": hash_of(SECRET) + "\n"}),
    ("claim_secret_hash", {"claim_secret_hash": "A" * 42 + "B"}),
    ("claim_secret_hash", {"claim_secret_hash": True}),
    ("currency", {"currency": "cny"}), ("currency", {"currency": "CNYX"}),
    ("currency", {"currency": None}), ("language", {"language": "fr"}),
    ("language", {"language": None}), ("language", {"language": "zh "}),
    (None, {"price": 1}), (None, {"amount_minor": 1}), (None, {"__proto__": {}}),
    (None, {"claim_secret": SECRET})]


@pytest.mark.parametrize(("field", "change"), FIELDS)
def test_a_wrong_or_unknown_field_is_400_and_named_but_not_repeated(
        front: Shopfront, field: str | None, change: dict[str, Any]) -> None:
    reply = order(front, json.dumps({**GOOD, **change}).encode())
    error = check_error(reply, 400, "INVALID_FIELD")
    assert error.get("field") == field
    nothing_happened(front)


@pytest.mark.parametrize("missing", list(GOOD))
def test_a_missing_field_is_named(front: Shopfront, missing: str) -> None:
    body = {name: value for name, value in GOOD.items() if name != missing}
    error = check_error(order(front, json.dumps(body).encode()), 400, "INVALID_FIELD")
    assert error["field"] == missing


def test_what_is_not_for_sale_is_404(front: Shopfront) -> None:
    for change in ({"product_id": "no-such"}, {"currency": "USD"}):
        reply = order(front, json.dumps({**GOOD, **change}).encode())
        assert check_error(reply, 404, "PRODUCT_NOT_FOUND")["field"] == "product_id"
    nothing_happened(front)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_header_in_two_spellings_is_400(front: Shopfront, function: str) -> None:
    raw = as_dict("POST", {name: path for name, _, path in reversed(ROUTES)}[function],
                  CLAIM_HEADERS)
    raw["headers"]["AUTHORIZATION"] = "Bearer x"
    check_error(front.call(function, json.dumps(raw).encode()), 400, "INVALID_HEADER")
    nothing_happened(front)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_bad_base64_is_400(front: Shopfront, function: str) -> None:
    raw = {**as_dict("POST", ORDERS, ORDER_HEADERS), "isBase64Encoded": True, "body": "%%%"}
    check_error(front.call(function, json.dumps(raw).encode()), 400, "INVALID_REQUEST")
    nothing_happened(front)


@pytest.mark.parametrize("path", [f"{ORDERS}/{SOME_ID}", f"{ORDERS}/nope", f"{ORDERS}/"])
@pytest.mark.parametrize("secret", [None, SECRET])
def test_an_order_that_is_not_there_is_404(front: Shopfront, path: str,
                                           secret: str | None) -> None:
    headers = {} if secret is None else {"authorization": f"Bearer {secret}"}
    check_error(front.call("license-fetch", event("GET", path, headers)), 404, "ORDER_NOT_FOUND")
    nothing_happened(front)


def test_too_many_orders_from_one_source_are_429(front: Shopfront) -> None:
    world = World()
    bucket = SourceBucket(world.clock, per_minute=1, burst=2)
    routes = create_order.routes(world.shop, bucket, world.refund_counter)
    front.apps["create-order"] = App(routes, log=world.log, cors=True, begin=lambda _: None)
    assert [order(front).status for _ in range(3)] == [200, 200, 429]
    reply = order(front)
    error = check_error(reply, 429, "RATE_LIMITED")
    assert reply.headers["Retry-After"] == str(error["retry_after_s"])
    assert world.orders.calls.count("create") == 2
