"""Events as Function Compute's HTTP trigger sends them (payload v1), and a context.

tests/events/ holds recorded shapes of the same; a test holds this builder against them.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Mapping

SOURCE_IP = "203.0.113.7"


@dataclass(frozen=True)
class Context:
    """What the platform hands to a handler; only the request id is ours to use."""

    request_id: str = "1-64f6cd87-1234567890"


def title_case(name: str) -> str:
    """A header's name as the platform spells it: Content-Type, Wechatpay-Signature."""
    return "-".join(part.capitalize() for part in name.split("-"))


def as_dict(method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes = b"",
            *, in_base64: bool = False) -> dict[str, Any]:
    """One event. A binary body comes in base64, and the flag says so."""
    text = base64.b64encode(body).decode() if in_base64 else body.decode("utf-8")
    path, _, query = path.partition("?")
    return {
        "version": "v1", "rawPath": path, "body": text, "isBase64Encoded": in_base64,
        "headers": {title_case(name): value for name, value in (headers or {}).items()},
        "queryParameters": dict(pair.split("=", 1) for pair in query.split("&") if "=" in pair),
        "requestContext": {
            "accountId": "123456", "domainName": "shop.cn-hangzhou.fcapp.run",
            "domainPrefix": "shop", "requestId": "1-64f6cd87-1234567890",
            "time": "2025-10-09T08:53:20Z", "timeEpoch": "1760000000000",
            "http": {"method": method, "path": unquote(path), "protocol": "HTTP/1.1",
                     "sourceIp": SOURCE_IP, "userAgent": "test"}}}


def event(method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes = b"",
          *, in_base64: bool = False) -> bytes:
    """The same as the bytes that a handler gets."""
    return json.dumps(as_dict(method, path, headers, body, in_base64=in_base64)).encode()
