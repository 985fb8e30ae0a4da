"""The one file that knows Function Compute 3.0's event, context and answer.

Event functions get bytes (payload version v1) and give a dict; another cloud would be a
sibling of this file. See "HTTP trigger: invoke a function" in the Function Compute manual.
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import TYPE_CHECKING, Any

from shared.errors import InvalidRequest
from shared.http.request import Request
from shared.strict_json import loads_object

if TYPE_CHECKING:
    from collections.abc import Mapping


def request_id_of(context: object) -> str:
    """The platform's id of this invocation, "-" where it gives none."""
    found = getattr(context, "request_id", None)
    return found if isinstance(found, str) and found else "-"


def access_key_of(context: object) -> tuple[str, str, str] | None:
    """The role's temporary key (id, secret, token) as Python 3.10 gets it; later runtimes
    keep it in the environment and give none here.
    """
    credentials = getattr(context, "credentials", None)
    key = tuple(getattr(credentials, name, None) or "" for name in (
        "access_key_id", "access_key_secret", "security_token"))
    return (key[0], key[1], key[2]) if key[0] and key[1] else None


def parse_event(event: object, request_id: str) -> Request:
    """The request in an HTTP trigger's event; InvalidRequest for anything else."""
    payload = _payload(event)
    context = _mapping(payload, "requestContext")
    http = _mapping(context, "http")
    method, path = http.get("method"), payload.get("rawPath")
    if not isinstance(method, str) or not isinstance(path, str):
        raise InvalidRequest(reason="not_an_http_event")
    headers = _headers(payload)
    return Request(
        method=method.upper(), path=path, headers=headers,
        query={name: value for name, value in _mapping(payload, "queryParameters").items()
               if isinstance(value, str)},
        body=_body(payload), source_ip=str(http.get("sourceIp", "")), request_id=request_id,
        host=_text(context.get("domainName")) or headers.get("host", ""))


def timer_payload(event: object) -> str:
    """The text that a timer trigger was given; InvalidRequest for anything but its event."""
    payload = _payload(event)
    text = payload.get("payload")
    if not isinstance(payload.get("triggerName"), str) or not isinstance(text, str):
        raise InvalidRequest(reason="not_a_timer_event")
    return text


def invoked_with(event: object) -> dict[str, Any]:
    """The JSON object that InvokeFunction was called with; InvalidRequest for anything else."""
    if not isinstance(event, bytes):
        raise InvalidRequest(reason="event_is_not_bytes")
    try:
        return loads_object(event)
    except ValueError:
        raise InvalidRequest(code="INVALID_JSON") from None


def answer_dict(status: int, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
    """What Function Compute turns into the HTTP answer."""
    return {"statusCode": status, "headers": dict(headers), "isBase64Encoded": False,
            "body": body.decode("utf-8")}


def _payload(event: object) -> dict[str, Any]:
    try:
        text = event.decode() if isinstance(event, bytes) else event
        payload = json.loads(text) if isinstance(text, str) else text
    except (ValueError, RecursionError):
        raise InvalidRequest(reason="event_is_not_json") from None
    if not isinstance(payload, dict):
        raise InvalidRequest(reason="not_an_http_event")
    return payload


def _mapping(holder: dict[str, Any], name: str) -> dict[str, Any]:
    value = holder.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise InvalidRequest(reason="not_an_http_event")
    return value


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _headers(payload: dict[str, Any]) -> dict[str, str]:
    """Header names in lower case; two spellings of one name are an ambiguity, refused."""
    headers: dict[str, str] = {}
    for name, value in _mapping(payload, "headers").items():
        lower = name.lower()
        if not isinstance(value, str) or lower in headers:
            raise InvalidRequest(code="INVALID_HEADER")
        headers[lower] = value
    return headers


def _body(payload: dict[str, Any]) -> bytes:
    body = payload.get("body")
    if body is None:
        return b""
    if not isinstance(body, str):
        raise InvalidRequest(reason="not_an_http_event")
    try:
        if payload.get("isBase64Encoded") is True:
            return base64.b64decode(body, validate=True)
        return body.encode("utf-8")
    except (binascii.Error, ValueError):
        raise InvalidRequest(reason="body_encoding") from None
