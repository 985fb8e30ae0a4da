"""Verifies leases as a stranger would: RFC 7515 and RFC 8032, and nothing of shared/.

What is trusted from the start are the roots alone; they say which signing keys count.
"""

from __future__ import annotations

import hashlib
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LEASE_TYPE = "tongbao-lease+jwt"
KEYS_TYPE = "tongbao-keys+jwt"


class InvalidLease(Exception):
    """The lease, or the set of keys, proves nothing; the message says why."""


@dataclass(frozen=True)
class VerifiedLease:
    """A genuine lease."""

    header: dict[str, Any]
    claims: dict[str, Any]


@dataclass(frozen=True)
class Trust:
    """What a client knows: signing keys by kid, because a pinned root signed the set `seq`."""

    seq: int
    keys: Mapping[str, Mapping[str, Any]]

    def counts(self, kid: str) -> bool:
        """Whether leases of this key are taken at all."""
        return kid in self.keys and self.keys[kid]["status"] != "withdrawn"


def verify_keys(token: str, roots: Sequence[str], *, now_s: float, min_seq: int = 1) -> Trust:
    """The keys of a set that one of these roots signed, and that is not older than `min_seq`."""
    by_kid = {_thumbprint(root): root for root in roots}
    header = _header(token, KEYS_TYPE)
    if header.get("kid") not in by_kid:
        raise InvalidLease("the keys are not signed by a root that is pinned here")
    found = _signed(token, by_kid[header["kid"]])
    if found["seq"] < min_seq:
        raise InvalidLease("the set of keys is older than one that was seen before")
    if now_s >= found["exp"]:
        raise InvalidLease("the set of keys has ended")
    return Trust(found["seq"], {key["kid"]: key for key in found["keys"]})


def verify_lease(token: str, trust: Trust, *, product_id: str, thumbprint: str,
                 now_s: float) -> VerifiedLease:
    """The header and claims for the device with this thumbprint; raises InvalidLease."""
    header = _header(token, LEASE_TYPE)
    kid = str(header.get("kid"))
    if not trust.counts(kid):
        raise InvalidLease("signed with a key that does not count")
    claims = _signed(token, trust.keys[kid]["x"])
    since, until = trust.keys[kid]["from"], trust.keys[kid]["until"]
    if not since <= claims["iat"] or (until is not None and claims["iat"] >= until):
        raise InvalidLease("signed with a key outside its time")
    if claims["aud"] != product_id:
        raise InvalidLease("for another product")
    if claims["cnf"]["jkt"] != thumbprint:
        raise InvalidLease("for another device")
    if not claims["nbf"] <= now_s < claims["exp"] + claims["grc"]:
        raise InvalidLease("not good now")
    return VerifiedLease(header, claims)


def _header(token: str, kind: str) -> dict[str, Any]:
    header = _json(token.partition(".")[0])
    if header.get("alg") != "Ed25519" or header.get("typ") != kind:
        raise InvalidLease(f"not a {kind}")
    return header


def _signed(token: str, x: str) -> dict[str, Any]:
    parts = token.split(".")
    if len(parts) != 3:
        raise InvalidLease("a compact JWS has three parts")
    try:
        Ed25519PublicKey.from_public_bytes(_bytes(x)).verify(
            _bytes(parts[2]), f"{parts[0]}.{parts[1]}".encode())
    except (InvalidSignature, ValueError):
        raise InvalidLease("the signature is wrong") from None
    return _json(parts[1])


def _thumbprint(x: str) -> str:
    jwk = f'{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}'
    return urlsafe_b64encode(hashlib.sha256(jwk.encode()).digest()).rstrip(b"=").decode()


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
