"""Encodings of keys and tokens: base64url, canonical JSON, thumbprints, points of the curve."""

from __future__ import annotations

import hashlib
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

_FIELD = 2**255 - 19
_CURVE_D = -121665 * pow(121666, -1, _FIELD) % _FIELD


def base64url(raw: bytes) -> str:
    """Without padding (RFC 7515 §2)."""
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def from_base64url(text: str) -> bytes:
    """The bytes; raises ValueError for every spelling but the one that `base64url` writes."""
    raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if base64url(raw) != text:  # the decoder passes over what is not base64url
        raise ValueError("not base64url")
    return raw


def compact_json(value: dict[str, Any]) -> bytes:
    """Sorted names, no spaces: one text per value."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def thumbprint(x: str) -> str:
    """The RFC 7638 thumbprint of an Ed25519 key: its members are named in RFC 8037 §2."""
    jwk = {"crv": "Ed25519", "kty": "OKP", "x": x}
    return base64url(hashlib.sha256(compact_json(jwk)).digest())


def is_public_key(x: str) -> bool:
    """Whether `x` is base64url of a point of the curve (RFC 8032 §5.1.3).

    Every second text of the right length is none: so half of all mistyped keys, and of
    seeds given in place of their public half, are found before a set announces them.
    """
    try:
        raw = from_base64url(x)
    except ValueError:
        return False
    y = int.from_bytes(raw, "little") & (2**255 - 1)
    if len(raw) != 32 or y >= _FIELD:
        return False
    square = (y * y - 1) * pow(_CURVE_D * y * y + 1, -1, _FIELD) % _FIELD
    return square == 0 or pow(square, (_FIELD - 1) // 2, _FIELD) == 1
