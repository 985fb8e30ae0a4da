"""Encodings of keys and tokens: canonical JSON, thumbprints, points of the curve."""

from __future__ import annotations

import json
from typing import Any

from shared.base64url import digest_b64url, from_b64url

_FIELD = 2**255 - 19
_CURVE_D = -121665 * pow(121666, -1, _FIELD) % _FIELD


def compact_json(value: dict[str, Any]) -> bytes:
    """Sorted names, no spaces: one text per value."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def thumbprint(x: str) -> str:
    """The RFC 7638 thumbprint of an Ed25519 key: its members are named in RFC 8037 §2."""
    jwk = {"crv": "Ed25519", "kty": "OKP", "x": x}
    return digest_b64url(compact_json(jwk))


def is_public_key(x: str) -> bool:
    """Whether `x` is base64url of a point of the curve (RFC 8032 §5.1.3).

    Every second text of the right length is none: so half of all mistyped keys, and of
    seeds given in place of their public half, are found before a set announces them.
    """
    try:
        raw = from_b64url(x)
    except ValueError:
        return False
    y = int.from_bytes(raw, "little") & (2**255 - 1)
    if len(raw) != 32 or y >= _FIELD:
        return False
    square = (y * y - 1) * pow(_CURVE_D * y * y + 1, -1, _FIELD) % _FIELD
    return square == 0 or pow(square, (_FIELD - 1) // 2, _FIELD) == 1
