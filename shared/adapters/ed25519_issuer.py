"""Signs leases with Ed25519, in this process: never pending, the same bytes every time.

A lease is a JWS in compact form (RFC 7515) with the algorithm name of RFC 9864. Ed25519 is
deterministic (RFC 8032 §5.1.6), so the same grants, window and key give the same token.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from shared.domain.lease import LEASE_TYPE, Window, claims
from shared.errors import Unavailable
from shared.ports import IssuedLease

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.domain.license import License
    from shared.secret import Secret

ALGORITHM = "Ed25519"


class InvalidSigningKey(Exception):
    """The signing key is not base64url of 32 bytes."""


class Ed25519LicenseIssuer:
    """Implements the LicenseIssuer port. `seeds` maps kid to base64url of 32 bytes."""

    def __init__(self, seeds: Mapping[str, Secret], issuer: str) -> None:
        self._keys = {kid: _load(seed) for kid, seed in seeds.items()}
        self._issuer = issuer

    def issue(self, license_: License, window: Window) -> IssuedLease:
        """The signed lease; Unavailable(reason="unknown_kid") when its key is not here."""
        key = self._keys.get(license_.kid)
        if key is None:
            raise Unavailable(reason="unknown_kid")
        header = {"alg": ALGORITHM, "kid": license_.kid, "typ": LEASE_TYPE}
        signed = f"{_part(header)}.{_part(claims(license_, window, self._issuer))}"
        return IssuedLease(f"{signed}.{_base64url(key.sign(signed.encode()))}")

    def public_keys(self) -> list[dict[str, Any]]:
        """The public halves as JWKs (RFC 8037 §2)."""
        return [{"kty": "OKP", "crv": "Ed25519", "kid": kid, "alg": ALGORITHM, "use": "sig",
                 "x": _base64url(key.public_key().public_bytes_raw())}
                for kid, key in self._keys.items()]


def _load(seed: Secret) -> Ed25519PrivateKey:
    text = seed.reveal().removesuffix("=")
    try:
        raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
        if _base64url(raw) != text:  # the decoder passes over what is not base64url
            raise ValueError
        return Ed25519PrivateKey.from_private_bytes(raw)
    except ValueError:
        raise InvalidSigningKey(f"the setting {seed.name} must be base64url of 32 bytes") from None


def _part(value: dict[str, Any]) -> str:
    return _base64url(json.dumps(value, ensure_ascii=False, sort_keys=True,
                                 separators=(",", ":")).encode())


def _base64url(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()
