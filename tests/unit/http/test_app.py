"""One door for every function: routes, CORS, one shape of error, and it never raises."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from shared.errors import Conflict, Forbidden, RateLimited, StoreUnavailable, TongbaoError
from shared.http.app import App, Route
from shared.http.request import Answer, Request
from tests.fakes.log import RecordingLog
from tests.functions.events import Context, event


def fails(error: BaseException) -> Any:
    def handle(_: Request) -> Answer:
        raise error
    return handle


def app(*routes: Route, cors: bool = True, log: RecordingLog | None = None,
        begin: Any = lambda _: None) -> App:
    return App(routes or ROUTES, log=log or RecordingLog(), cors=cors, begin=begin)


def call(app: App, method: str, path: str) -> Any:
    raw = app(event(method, path), Context("r-7"))
    return SimpleNamespace(status=raw["statusCode"], headers=raw["headers"], body=raw["body"],
                           json=json.loads(raw["body"]) if raw["body"] else None)


def echo(request: Request) -> Answer:
    return Answer(200, {"path": request.path, **request.parameters})


ROUTES = (Route("POST", "/v1/orders", echo), Route("GET", "/v1/orders/{order_id}", echo),
          Route("DELETE", "/v1/orders/{order_id}", echo))


def test_a_route_is_found_by_method_and_path() -> None:
    assert call(app(), "POST", "/v1/orders").json == {"path": "/v1/orders"}
    assert call(app(), "GET", "/v1/orders/A%2FB").json["order_id"] == "A%2FB"
    assert call(app(), "post", "/v1/orders").status == 200


@pytest.mark.parametrize("path", ["", "/", "/v1", "/v1/orders/", "//v1/orders", "/v1//orders",
                                  "/V1/orders", "/v1/orders/x/y", "/v1/orders;a=b", "v1/orders",
                                  "/v1/%6Frders", "/v1/../v1/orders", "/v1/orders\x00"])
def test_only_the_exact_path_is_a_route(path: str) -> None:
    answer = call(app(ROUTES[0]), "POST", path)
    assert answer.status == 404
    assert answer.json["error"]["code"] == "ROUTE_NOT_FOUND"


def test_a_path_that_looks_like_the_pattern_is_a_value_like_any_other() -> None:
    assert call(app(), "GET", "/v1/orders/{order_id}").json["order_id"] == "{order_id}"


@pytest.mark.parametrize("method", ["GET", "PUT", "HEAD", "TRACE", "PATCH", "", "POSTT"])
def test_a_known_path_with_another_method_names_the_methods(method: str) -> None:
    answer = call(app(), method, "/v1/orders")
    assert answer.status == 405
    assert answer.json["error"]["code"] == "METHOD_NOT_ALLOWED"
    assert answer.headers["Allow"] == "OPTIONS, POST"


def test_a_function_without_cors_takes_no_options() -> None:
    answer = call(app(cors=False), "OPTIONS", "/v1/orders")
    assert answer.status == 405
    assert answer.headers["Allow"] == "POST"
    assert not [name for name in answer.headers if name.startswith("Access-Control")]


def test_a_preflight_names_what_a_browser_may_send() -> None:
    answer = call(app(), "OPTIONS", "/v1/orders/X")
    assert (answer.status, answer.body) == (204, "")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Access-Control-Allow-Methods"] == "DELETE, GET, OPTIONS"
    assert answer.headers["Access-Control-Allow-Headers"] == (
        "Authorization, Content-Type, Idempotency-Key, DPoP")
    assert answer.headers["Access-Control-Max-Age"] == "86400"
    assert "Access-Control-Allow-Credentials" not in answer.headers
    assert "Content-Type" not in answer.headers


def test_a_preflight_of_nothing_is_not_found() -> None:
    assert call(app(), "OPTIONS", "/v2").status == 404


@pytest.mark.parametrize("cors", [True, False])
@pytest.mark.parametrize(("method", "path"), [("POST", "/v1/orders"), ("GET", "/"),
                                              ("PUT", "/v1/orders")])
def test_every_answer_is_uncached_json_and_open_to_browsers_only_where_asked(
        cors: bool, method: str, path: str) -> None:
    headers = call(app(cors=cors), method, path).headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Type"] == "application/json; charset=utf-8"
    assert (headers.get("Access-Control-Allow-Origin") == "*") is cors
    assert ("Access-Control-Expose-Headers" in headers) is cors


@pytest.mark.parametrize("error", [
    Conflict(code="ORDER_NOT_PAID", retry_after_s=2), RateLimited(retry_after_s=3),
    Forbidden(code="LICENSE_EXPIRED"), StoreUnavailable(reason="secret detail"),
    Conflict(code="IDEMPOTENCY_KEY_REUSED", field="Idempotency-Key")])
def test_every_error_has_one_shape(error: TongbaoError) -> None:
    log = RecordingLog()
    answer = call(app(Route("GET", "/x", fails(error)), log=log), "GET", "/x")
    assert answer.status == error.status
    body = answer.json["error"]
    assert body.pop("request_id") == "r-7"
    assert body.pop("code") == error.code
    assert body.pop("message") == error.en
    assert body.pop("message_zh") == error.zh
    assert body.pop("field", None) == error.field
    assert body.pop("retry_after_s", None) == error.retry_after_s
    assert body == {}
    expected = None if error.retry_after_s is None else str(error.retry_after_s)
    assert answer.headers.get("Retry-After") == expected
    assert "secret detail" not in answer.body
    assert log.facts == [("request.refused", {
        "code": error.code, "status": error.status, "reason": error.reason})]


def test_a_crash_is_a_500_that_tells_nothing_and_an_alarm() -> None:
    log = RecordingLog()
    answer = call(app(Route("GET", "/x", fails(KeyError("api_v3_key=geheim"))), log=log),
                  "GET", "/x")
    assert answer.status == 500
    assert answer.json["error"]["code"] == "INTERNAL_ERROR"
    assert log.named("function.crashed") == [{"alarm": True, "kind": "KeyError"}]
    assert "geheim" not in answer.body + log.text()


def test_a_body_that_cannot_be_written_is_a_500_too() -> None:
    for value in ({"x": object()}, {"x": "\ud800"}):
        route = Route("GET", "/x", lambda _, value=value: Answer(200, value))  # type: ignore[misc]
        assert call(app(route), "GET", "/x").status == 500
    raw = Route("GET", "/x", lambda _: Answer(200, raw=b"\xff"))
    assert call(app(raw), "GET", "/x").status == 500


def test_each_invocation_begins_with_its_context() -> None:
    seen: list[object] = []
    context = Context("r-9")
    app(begin=seen.append)(event("POST", "/v1/orders"), context)
    app(begin=seen.append)(b"junk", context)
    assert seen == [context, context]


def test_a_failure_to_begin_is_answered() -> None:
    answer = app(begin=lambda _: 1 / 0)(event("POST", "/v1/orders"), Context("r-9"))
    assert answer["statusCode"] == 500


def test_a_providers_answer_is_sent_as_it_is() -> None:
    route = Route("POST", "/n", lambda _: Answer(
        401, raw=b'{"code":"FAIL"}', headers={"Content-Type": "application/json"}))
    answer = call(app(route, cors=False), "POST", "/n")
    assert (answer.status, answer.body) == (401, '{"code":"FAIL"}')
    assert answer.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize(("error", "code"), [
    (RateLimited(), "RATE_LIMITED"), (KeyError("geheim"), "INTERNAL_ERROR")])
def test_a_route_may_tell_every_error_in_its_callers_form(error: Exception, code: str) -> None:
    log = RecordingLog()
    route = Route("POST", "/n", fails(error),
                  lambda told: Answer(told.status, raw=told.code.encode()))
    raw = app(route, cors=False, log=log)(event("POST", "/n"), Context("r-7"))
    assert (raw["statusCode"], raw["body"]) == (429 if code == "RATE_LIMITED" else 500, code)
    assert log.names() == ([] if code == "RATE_LIMITED" else ["function.crashed"])


def test_a_route_that_cannot_even_tell_its_error_is_a_500() -> None:
    route = Route("POST", "/n", fails(RateLimited()), lambda _: Answer(1 // 0))
    assert call(app(route, cors=False), "POST", "/n").status == 500
