"""Verifies a lease as a stranger would: RFC 7515 and RFC 8032, and nothing of shared/."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LEASE_TYPE = "tongbao-lease+jwt"
LEEWAY_S = 300


class InvalidLease(Exception):
    """The lease proves nothing; the message says why."""


@dataclass(frozen=True)
class VerifiedLease:
    """A genuine lease."""

    header: dict[str, Any]
    claims: dict[str, Any]


def verify_lease(token: str, keys: Sequence[Mapping[str, str]], *, product_id: str,
                 now_s: float) -> VerifiedLease:
    """The header and claims; raises InvalidLease. `keys` are JWKs (RFC 8037)."""
    parts = token.split(".")
    if len(parts) != 3:
        raise InvalidLease("a compact JWS has three parts")
    header = _json(parts[0])
    if header.get("alg") != "Ed25519" or header.get("typ") != LEASE_TYPE:
        raise InvalidLease("not a lease")
    key = next((key for key in keys if key["kid"] == header.get("kid")), None)
    if key is None:
        raise InvalidLease("signed with a key that is not known")
    try:
        Ed25519PublicKey.from_public_bytes(_bytes(key["x"])).verify(
            _bytes(parts[2]), f"{parts[0]}.{parts[1]}".encode())
    except (InvalidSignature, ValueError):
        raise InvalidLease("the signature is wrong") from None
    claims = _json(parts[1])
    if claims["aud"] != product_id:
        raise InvalidLease("for another product")
    if not claims["nbf"] - LEEWAY_S <= now_s < claims["exp"]:
        raise InvalidLease("not good now")
    return VerifiedLease(header, claims)


def _bytes(part: str) -> bytes:
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _json(part: str) -> dict[str, Any]:
    try:
        value = json.loads(_bytes(part))
    except ValueError:
        raise InvalidLease("a part is no JSON") from None
    if not isinstance(value, dict):
        raise InvalidLease("a part is no JSON object")
    return value
