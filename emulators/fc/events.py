"""Builds the bytes that a handler receives: HTTP events (format v1) and timer events.

Pure functions. The servers call them for every request; unit tests of handlers call them directly.
Format: "Use an HTTP trigger to invoke a function" of Function Compute 3.0.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from datetime import datetime, timezone
from urllib.parse import parse_qsl, unquote

SAMPLE_REQUEST_ID = "1-00000000-00000000-000000000000"
SAMPLE_NOW_S = 1_767_225_600

_NOT_FORWARDED = frozenset({"connection", "keep-alive", "transfer-encoding", "host"})
_TEXT_TYPES = frozenset(
    {
        "application/json",
        "application/xml",
        "application/javascript",
        "application/ecmascript",
        "application/x-www-form-urlencoded",
        "application/graphql",
        "application/x-ndjson",
        "application/yaml",
        "application/toml",
    }
)


@dataclass(frozen=True)
class Domain:
    """Where the request came in; the default host name of the trigger unless a domain routes."""

    name: str = "tongbao-emulated.cn-hangzhou.fcapp.run"
    account_id: str = "1000000000000001"
    trigger_id: str | None = None

    @property
    def prefix(self) -> str:
        """The first label of the host name."""
        return self.name.partition(".")[0]


def http_event(
    method: str,
    target: str,
    headers: list[tuple[str, str]],
    body: bytes,
    *,
    source_ip: str = "127.0.0.1",
    request_id: str = SAMPLE_REQUEST_ID,
    now_s: float = SAMPLE_NOW_S,
    domain: Domain | None = None,
    base64_body: bool | None = None,
) -> bytes:
    """The event bytes for one HTTP request.

    `target` is what stood in the request line: an encoded path and, after `?`, the query.
    `base64_body` overrides the rule for binary bodies (see `is_text`), which the platform does not
    document in full: a handler should cope with both forms.
    """
    where = domain if domain is not None else Domain()
    raw_path, _, query = target.partition("?")
    forwarded = _header_map(headers)
    as_base64 = (
        not is_text(forwarded.get("Content-Type", ""), body) if base64_body is None else base64_body
    )
    context: dict[str, object] = {
        "accountId": where.account_id,
        "domainName": where.name,
        "domainPrefix": where.prefix,
        "requestId": request_id,
        "time": _iso(now_s),
        "timeEpoch": str(int(now_s * 1000)),
        "http": {
            "method": method,
            "path": unquote(raw_path, errors="replace"),
            "protocol": "HTTP/1.1",
            "sourceIp": source_ip,
            "userAgent": forwarded.get("User-Agent", ""),
        },
    }
    if where.trigger_id is not None:
        context["triggerId"] = where.trigger_id
    return _encode(
        {
            "version": "v1",
            "rawPath": raw_path,
            "headers": forwarded,
            "queryParameters": _joined(parse_qsl(query, keep_blank_values=True, errors="replace")),
            "body": base64.b64encode(body).decode("ascii") if as_base64 else body.decode("utf-8"),
            "isBase64Encoded": as_base64,
            "requestContext": context,
        }
    )


def timer_event(trigger_name: str, payload: str = "", *, now_s: float = SAMPLE_NOW_S) -> bytes:
    """The event bytes of one firing of a timer; `payload` is the trigger's own text."""
    return _encode(
        {
            "triggerTime": _iso(now_s),
            "triggerName": trigger_name,
            "payload": payload,
        }
    )


def is_text(content_type: str, body: bytes) -> bool:
    """Whether the body travels as text rather than base64.

    Assumption (the platform's list is not published): text/*, the usual application types that
    are text, anything ending in +json or +xml, and an absent Content-Type are text, provided
    that the bytes are UTF-8. Everything else is binary.
    """
    media = content_type.partition(";")[0].strip().lower()
    textual = (
        not media
        or media.startswith("text/")
        or media in _TEXT_TYPES
        or media.endswith(("+json", "+xml"))
    )
    if not textual:
        return False
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def canonical_name(name: str) -> str:
    """`content-TYPE` → `Content-Type`, the form in which header names reach a handler."""
    return "-".join(part[:1].upper() + part[1:].lower() for part in name.split("-"))


def _header_map(headers: list[tuple[str, str]]) -> dict[str, str]:
    return _joined(
        [
            (canonical_name(name), value.strip())
            for name, value in headers
            if not _is_dropped(name.lower())
        ]
    )


def _is_dropped(name: str) -> bool:
    return name in _NOT_FORWARDED or name.startswith("x-fc-")


def _joined(pairs: list[tuple[str, str]]) -> dict[str, str]:
    joined: dict[str, str] = {}
    for name, value in pairs:
        joined[name] = f"{joined[name]},{value}" if name in joined else value
    return joined


def _iso(now_s: float) -> str:
    return datetime.fromtimestamp(int(now_s), timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def _encode(event: dict[str, object]) -> bytes:
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
