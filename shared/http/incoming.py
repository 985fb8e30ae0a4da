"""What a request may carry: its JSON body, its bearer secret, its idempotency key.

Everything is checked by form before any rule runs; what is wrong is named by its field,
never repeated.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from shared.errors import InvalidRequest, PayloadTooLarge, UnsupportedMedia
from shared.strict_json import InvalidJson, loads

if TYPE_CHECKING:
    from shared.http.request import Request

MOST_BODY_BYTES = 16 * 1024
KEY_BITS = 128
FEWEST_DISTINCT = 8

_JSON_TYPE = re.compile(r" *application/json *(; *charset=utf-8 *)?", re.IGNORECASE)
_BEARER = re.compile(r"[Bb]earer ([A-Za-z0-9_-]{43,128})")
_KEY = re.compile(r"[A-Za-z0-9_.~-]{16,128}")
_HEX_KEY = re.compile(r"[0-9a-fA-F-]+")


def json_object(request: Request) -> dict[str, Any]:
    """The body as a JSON object; raises the narrow kin of InvalidRequest."""
    if not _JSON_TYPE.fullmatch(request.headers.get("content-type", "")):
        raise UnsupportedMedia
    if "content-encoding" in request.headers:
        raise UnsupportedMedia(reason="content_encoding")
    if len(request.body) > MOST_BODY_BYTES:
        raise PayloadTooLarge
    try:
        value = loads(request.body)
    except InvalidJson as error:
        raise InvalidRequest(code="INVALID_JSON", reason=error.reason) from None
    if not isinstance(value, dict):
        raise InvalidRequest(code="INVALID_JSON", reason="not_an_object")
    return value


def bearer_secret(request: Request) -> str | None:
    """The claim secret in `Authorization: Bearer …` (RFC 6750 §2.1); None if there is none.

    A malformed one is treated as none: from outside, all failures look the same.
    """
    match = _BEARER.fullmatch(request.headers.get("authorization", ""))
    return match.group(1) if match else None


def idempotency_key(request: Request) -> str:
    """The Idempotency-Key, if it can hold 128 random bits; else IDEMPOTENCY_KEY_REQUIRED.

    Hex digits (and a UUID's dashes) count 4 bits each, other characters 6; a key of few
    distinct characters was typed, not drawn.
    """
    key = request.headers.get("idempotency-key", "")
    if not _KEY.fullmatch(key) or len(set(key)) < FEWEST_DISTINCT or _bits(key) < KEY_BITS:
        raise InvalidRequest(code="IDEMPOTENCY_KEY_REQUIRED", field="Idempotency-Key")
    return key


def _bits(key: str) -> int:
    if _HEX_KEY.fullmatch(key):
        return 4 * len(key.replace("-", ""))
    return 6 * len(key)
