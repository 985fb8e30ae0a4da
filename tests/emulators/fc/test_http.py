"""Requests over HTTP to functions in their own processes; one emulator for the module."""

from __future__ import annotations

import hashlib
import json
import socket
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from emulators.fc import AccessKey, FunctionComputeEmulator, Options
from emulators.fc.acs3 import SignedRequest, sign
from tests.emulators.fc.support import (
    FUNCTIONS,
    Answer,
    ask,
    function,
    http_trigger,
    rendered,
    send,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

KEY = AccessKey("test-key", "test-secret")
NOW_S = 1_767_225_600
NOW = "2026-01-01T00:00:00Z"


@pytest.fixture(scope="module")
def emulator() -> Iterator[FunctionComputeEmulator]:
    document = rendered(
        main=function(functionName="main"),
        signed=function(functionName="signed", triggers=[http_trigger(authType="function")]),
        silent=function(functionName="silent", triggers=[]),
        hidden=function(functionName="hidden", triggers=[http_trigger(disableURLInternet=True)]),
        domain={"component": "fc3-domain", "props": {
            "domainName": "pay.example.com", "routeConfig": {"routes": [
                {"path": "/*", "functionName": "main", "methods": ["POST"]},
                {"path": "/hidden", "functionName": "hidden"}]}}})
    options = Options(now_s=lambda: NOW_S, access_key=KEY)
    with FunctionComputeEmulator(document, FUNCTIONS, options=options) as started:
        yield started


def error_of(answer: Answer) -> tuple[int, str, str]:
    return answer.status, json.loads(answer.body)["Code"], answer.headers["x-fc-error-type"]


def test_a_response_is_what_the_handler_returned(emulator: FunctionComputeEmulator) -> None:
    answer = ask(emulator.url("main"), "own-headers")
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/html"
    assert answer.headers["x-custom"].encode("latin-1").decode() == "通宝"


def test_headers_that_belong_to_the_platform_cannot_be_set(
        emulator: FunctionComputeEmulator) -> None:
    answer = ask(emulator.url("main"), "own-headers")
    assert "x-fc-anything" not in answer.headers
    assert "server" not in answer.headers
    assert "connection" not in answer.headers
    assert answer.headers["content-length"] == "0"
    assert answer.headers["date"] != "no"


@pytest.mark.parametrize(("behaviour", "body"), [
    ("text", b"plain text"), ("bytes", b"\x00\xff"), ("none", b"null"), ("list", b"[1, 2]"),
    ("object", b'{"a": 1}')])
def test_a_value_without_status_code_is_sent_as_json(
        emulator: FunctionComputeEmulator, behaviour: str, body: bytes) -> None:
    answer = ask(emulator.url("main"), behaviour)
    assert (answer.status, answer.headers["content-type"], answer.body) == (
        200, "application/json", body)


def test_a_base64_body_is_decoded(emulator: FunctionComputeEmulator) -> None:
    assert ask(emulator.url("main"), "body-base64").body == b"\x00\xff"


def test_no_content_has_no_body(emulator: FunctionComputeEmulator) -> None:
    answer = ask(emulator.url("main"), "no-content")
    assert (answer.status, answer.body) == (204, b"")
    assert "content-length" not in answer.headers


@pytest.mark.parametrize("behaviour", [
    "status-text", "status-true", "status-high", "headers-list", "header-number",
    "header-newline", "header-name", "headers-huge", "body-object", "body-not-base64", "flag-text",
    "body-huge"])
def test_a_return_value_that_makes_no_response_is_a_bad_response(
        emulator: FunctionComputeEmulator, behaviour: str) -> None:
    answer = ask(emulator.url("main"), behaviour)
    assert error_of(answer) == (502, "BadResponse", "UnhandledInvocationError")
    assert "content-disposition" not in answer.headers


@pytest.mark.parametrize(("behaviour", "message", "kind"), [
    ("raise:no such thing", "no such thing", "ValueError"),
    ("unserializable", "Object of type object is not JSON serializable", "TypeError"),
    ("unheard-of", "'unheard-of'", "KeyError")])
def test_an_exception_is_answered_with_its_trace(
        emulator: FunctionComputeEmulator, behaviour: str, message: str, kind: str) -> None:
    answer = ask(emulator.url("main"), behaviour)
    assert (answer.status, answer.headers["x-fc-error-type"]) == (502, "UnhandledInvocationError")
    error = json.loads(answer.body)
    assert (error["errorMessage"], error["errorType"]) == (message, kind)


def test_the_trace_names_the_function_and_not_the_emulator(
        emulator: FunctionComputeEmulator) -> None:
    trace = json.loads(ask(emulator.url("main"), "raise:x").body)["stackTrace"]
    assert [frame[2] for frame in trace] == ["in handler", "in _raise"]
    assert trace[-1][3] == "raise ValueError(text)"


def test_a_method_that_the_trigger_does_not_list_is_refused(
        emulator: FunctionComputeEmulator) -> None:
    for method in ("OPTIONS", "PUT", "DELETE"):
        assert error_of(send(emulator.url("main"), method)) == (
            403, "AccessDenied", "FcCommonError")


def test_a_function_without_http_trigger_is_not_found(emulator: FunctionComputeEmulator) -> None:
    assert error_of(send(emulator.url("silent"))) == (404, "TriggerNotFound", "FcCommonError")


@pytest.mark.parametrize(("target", "headers", "body", "code"), [
    ("/" + "a" * 4096, {}, b"", "InvalidArgument"),
    ("/?" + "a" * 4096, {}, b"", "InvalidArgument"),
    ("/", {"X-A": "b" * 8192}, b"", "InvalidArgument"),
    ("/", {}, b"x" * (32 * 1024 * 1024 + 1), "EntityTooLarge"),
    ("/", {"X-Fc-Invocation-Type": "Async"}, b"x" * (128 * 1024 + 1), "EntityTooLarge"),
])
def test_a_request_beyond_the_limits_is_refused(
        emulator: FunctionComputeEmulator, target: str, headers: dict[str, str], body: bytes,
        code: str) -> None:
    answer = send(emulator.url("main") + target, "POST", body, headers)
    assert error_of(answer) == (400, code, "FcCommonError")


def test_a_request_at_the_limit_of_the_target_is_served(emulator: FunctionComputeEmulator) -> None:
    answer = send(emulator.url("main") + "/" + "a" * 4095, "POST", b"ok")
    assert answer.status == 200


def test_the_own_address_makes_a_browser_download_and_a_domain_does_not(
        emulator: FunctionComputeEmulator) -> None:
    own = ask(emulator.url("main"), "text")
    domain = ask(emulator.gateway_url + "/any", "text")
    assert own.headers["content-disposition"] == "attachment"
    assert "content-disposition" not in domain.headers
    assert own.body == domain.body


def test_a_disabled_internet_address_still_serves_the_domain(
        emulator: FunctionComputeEmulator) -> None:
    assert error_of(ask(emulator.url("hidden"), "ok")) == (403, "AccessDenied", "FcCommonError")
    assert ask(emulator.gateway_url + "/hidden", "ok").status == 200


def test_a_route_has_its_own_methods(emulator: FunctionComputeEmulator) -> None:
    assert error_of(send(emulator.gateway_url + "/any")) == (403, "AccessDenied", "FcCommonError")


def test_head_has_the_headers_of_get_without_a_body() -> None:
    document = rendered(main=function("echo.handler", triggers=[http_trigger("HEAD")]))
    with FunctionComputeEmulator(document, FUNCTIONS) as emulator:
        answer = send(emulator.url("main"), "HEAD")
    assert answer.body == b""
    assert int(answer.headers["content-length"]) > 0


def signed(**changes: str) -> dict[str, str]:
    """Headers for POST /ok with body `ok`, signed; then `changes` replaces some."""
    headers = {"x-acs-date": NOW, "content-type": "text/plain",
               "x-acs-content-sha256": hashlib.sha256(b"ok").hexdigest()}
    request = SignedRequest("POST", "/ok", list(headers.items()), b"ok")
    signature = sign(request, ["x-acs-date"], KEY.access_key_secret)
    headers["Authorization"] = (f"ACS3-HMAC-SHA256 Credential={KEY.access_key_id},"
                                f"SignedHeaders=x-acs-date,Signature={signature}")
    return {**headers, **changes}


def test_a_signed_request_passes(emulator: FunctionComputeEmulator) -> None:
    assert send(emulator.url("signed") + "/ok", "POST", b"ok", signed()).status == 200


@pytest.mark.parametrize(("changes", "status", "code"), [
    ({"x-acs-date": "2026-01-01T00:00:01Z"}, 403, "SignatureNotMatch"),
    ({"x-acs-date": "2026-01-01T00:15:01Z"}, 403, "AccessDenied"),
    ({"x-acs-date": "today"}, 403, "AccessDenied"),
    ({"Authorization": "FC test-key:c2ln"}, 403, "AccessDenied"),
    ({"x-acs-content-sha256": "0" * 64}, 403, "SignatureNotMatch"),
])
def test_a_request_with_another_signature_is_refused(
        emulator: FunctionComputeEmulator, changes: dict[str, str], status: int,
        code: str) -> None:
    answer = send(emulator.url("signed") + "/ok", "POST", b"ok", signed(**changes))
    assert error_of(answer) == (status, code, "FcCommonError")


def test_another_path_is_not_covered_by_the_signature(emulator: FunctionComputeEmulator) -> None:
    answer = send(emulator.url("signed") + "/other", "POST", b"ok", signed())
    assert error_of(answer) == (403, "SignatureNotMatch", "FcCommonError")


def test_another_body_is_not_covered_by_the_signature(emulator: FunctionComputeEmulator) -> None:
    answer = send(emulator.url("signed") + "/ok", "POST", b"ok!", signed())
    assert error_of(answer) == (403, "SignatureNotMatch", "FcCommonError")


@pytest.mark.parametrize("missing", ["Authorization", "x-acs-date"])
def test_an_unsigned_request_is_refused(emulator: FunctionComputeEmulator, missing: str) -> None:
    headers = {name: value for name, value in signed().items() if name != missing}
    answer = send(emulator.url("signed") + "/ok", "POST", b"ok", headers)
    assert error_of(answer) == (400, "MissingRequiredHeader", "FcCommonError")


def test_a_chunked_body_arrives_whole(emulator: FunctionComputeEmulator) -> None:
    address = urlsplit(emulator.url("main"))
    with socket.create_connection((address.hostname, address.port), timeout=10) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
                           b"Connection: close\r\n\r\n3\r\nok:\r\n6;x=y\r\nchunks\r\n0\r\n\r\n")
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
    assert answer.endswith(b"\r\n\r\nchunks")


def test_the_event_names_the_host_that_was_asked_for() -> None:
    with FunctionComputeEmulator(rendered(main=function("echo.handler")), FUNCTIONS) as emulator:
        url = emulator.url("main")
        event = json.loads(send(url).body)
        assert event["requestContext"]["domainName"] == urlsplit(url).netloc
        event = json.loads(send(url, headers={"Host": "other.example"}).body)
        assert event["requestContext"]["domainName"] == "other.example"
        assert "Host" not in event["headers"]
