"""Signs leases and receipts with Ed25519, in this process: never pending.

Both are JWS in compact form (RFC 7515) with the algorithm name of RFC 9864. Ed25519 is
deterministic (RFC 8032 §5.1.6), so the same claims and key give the same token.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from shared.base64url import b64url, from_b64url
from shared.domain.lease import LEASE_TYPE, Window, claims
from shared.domain.receipt import RECEIPT_TYPE, receipt_claims
from shared.license_ports import IssuedLease

if TYPE_CHECKING:
    from shared.domain.license import License
    from shared.domain.order import Order, Payment
    from shared.secret import Secret

ALGORITHM = "Ed25519"


class InvalidSigningKey(Exception):
    """The signing key is not base64url of 32 bytes."""


class Ed25519LicenseIssuer:
    """Implements the LicenseIssuer port. `seed` is base64url of 32 bytes; `kid` names its key."""

    def __init__(self, kid: str, seed: Secret, issuer: str) -> None:
        self._kid = kid
        self._key = _load(seed)
        self._issuer = issuer

    def issue(self, license_: License, thumbprint: str, window: Window) -> IssuedLease:
        """The signed lease; never pending."""
        return IssuedLease(self._sign(
            LEASE_TYPE, claims(license_, thumbprint, window, self._issuer)))

    def receipt(self, order: Order, payment: Payment) -> str | None:
        """The signed receipt; never pending."""
        return self._sign(RECEIPT_TYPE, receipt_claims(order, payment, self._issuer))

    def public_key(self) -> str:
        """The public half, base64url: what the key set must have under this kid."""
        return b64url(self._key.public_key().public_bytes_raw())

    def _sign(self, kind: str, content: dict[str, Any]) -> str:
        header = {"alg": ALGORITHM, "kid": self._kid, "typ": kind}
        signed = f"{_part(header)}.{_part(content)}"
        return f"{signed}.{b64url(self._key.sign(signed.encode()))}"


def _load(seed: Secret) -> Ed25519PrivateKey:
    try:
        return Ed25519PrivateKey.from_private_bytes(from_b64url(seed.reveal().removesuffix("=")))
    except ValueError:  # InvalidBase64url is one
        raise InvalidSigningKey(f"the setting {seed.name} must be base64url of 32 bytes") from None


def _part(value: dict[str, Any]) -> str:
    return b64url(json.dumps(value, ensure_ascii=False, sort_keys=True,
                             separators=(",", ":")).encode())
