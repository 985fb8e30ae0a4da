"""Turns what a handler returned, or how it failed, into the HTTP response of the platform.

Called by `triggers.py` for HTTP triggers and by `invoke_api.py` for its error bodies. Sources: the
HTTP-trigger and error-handling pages of Function Compute; README.md lists what is assumed.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from dataclasses import dataclass, field

MAX_RESPONSE_HEADERS_BYTES = 8 * 1024
MAX_RESPONSE_BODY_BYTES = 32 * 1024 * 1024

REQUEST_ERROR = "FcCommonError"
FUNCTION_ERROR = "UnhandledInvocationError"

_NOT_SETTABLE = frozenset(
    {
        "connection",
        "keep-alive",
        "content-length",
        "date",
        "server",
        "transfer-encoding",
    }
)
_HEADER_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_HEADER_VALUE = re.compile(r"[^\x00-\x08\x0a-\x1f\x7f]*")


@dataclass(frozen=True)
class Response:
    """What goes back to an HTTP client. Header names are unique apart from case."""

    status: int
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""

    def header(self, name: str) -> str | None:
        """The value of a header, whatever its case."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    def plus(self, name: str, value: str) -> Response:
        """The same response with one more header."""
        return Response(self.status, [*self.headers, (name, value)], self.body)


class BadResponseError(Exception):
    """The handler returned something that the platform cannot turn into HTTP."""


def refusal(status: int, code: str, message: str, request_id: str) -> Response:
    """An error of the platform itself: the function did not run, or its answer was unusable."""
    kind = FUNCTION_ERROR if status == 502 else REQUEST_ERROR
    body = json.dumps({"RequestId": request_id, "Code": code, "Message": message})
    return Response(
        status,
        [
            ("Content-Type", "application/json"),
            ("X-Fc-Error-Type", kind),
            ("X-Fc-Request-Id", request_id),
        ],
        body.encode(),
    )


def failure(payload: bytes, request_id: str) -> Response:
    """The function raised, ran out of time or lost its process."""
    return Response(
        502,
        [
            ("Content-Type", "application/json"),
            ("X-Fc-Error-Type", FUNCTION_ERROR),
            ("X-Fc-Request-Id", request_id),
        ],
        payload,
    )


def from_payload(payload: bytes, request_id: str) -> Response:
    """The response for a handler's return value; 502 BadResponse when it makes none."""
    try:
        response = _checked(_interpreted(payload))
    except BadResponseError as error:
        return refusal(502, "BadResponse", str(error), request_id)
    return response.plus("X-Fc-Request-Id", request_id)


def _interpreted(payload: bytes) -> Response:
    try:
        value = json.loads(payload)
    except ValueError:
        value = None
    if not isinstance(value, dict) or "statusCode" not in value:
        return Response(200, [("Content-Type", "application/json")], payload)
    headers = _headers(value.get("headers"))
    if not any(name.lower() == "content-type" for name, _ in headers):
        headers = [*headers, ("Content-Type", "application/json")]
    return Response(_status(value["statusCode"]), headers, _body(value))


def _status(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 200 <= value <= 599:
        raise BadResponseError(f"statusCode {value!r} is not an integer from 200 to 599")
    return value


def _headers(value: object) -> list[tuple[str, str]]:
    if value is None:
        return []
    if not isinstance(value, dict):
        raise BadResponseError("headers is not an object")
    kept: dict[str, tuple[str, str]] = {}
    for name, text in value.items():
        if not isinstance(text, str):
            raise BadResponseError(f"header {name!r} is not a string")
        if not _HEADER_NAME.fullmatch(name) or not _HEADER_VALUE.fullmatch(text):
            raise BadResponseError(f"header {name!r} is not valid HTTP")
        if _is_settable(name.lower(), text):
            kept[name.lower()] = (name, text)
    return list(kept.values())


def _is_settable(name: str, value: str) -> bool:
    if name == "content-disposition":
        return value.strip().lower() != "attachment"
    return name not in _NOT_SETTABLE and not name.startswith("x-fc-")


def _body(value: dict[str, object]) -> bytes:
    body = value.get("body")
    encoded = value.get("isBase64Encoded", False)
    if not isinstance(encoded, bool):
        raise BadResponseError("isBase64Encoded is not a boolean")
    if body is None:
        return b""
    if not isinstance(body, str):
        raise BadResponseError("body is not a string")
    if not encoded:
        try:
            return body.encode("utf-8")
        except UnicodeEncodeError as error:
            raise BadResponseError("body is not valid Unicode") from error
    try:
        return base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadResponseError("body is not base64") from error


def _checked(response: Response) -> Response:
    size = sum(len(name) + len(value.encode("utf-8")) + 4 for name, value in response.headers)
    if size > MAX_RESPONSE_HEADERS_BYTES:
        raise BadResponseError(f"response headers exceed {MAX_RESPONSE_HEADERS_BYTES} bytes")
    if len(response.body) > MAX_RESPONSE_BODY_BYTES:
        raise BadResponseError(f"response body exceeds {MAX_RESPONSE_BODY_BYTES} bytes")
    return response
