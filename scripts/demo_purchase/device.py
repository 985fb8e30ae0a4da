"""A buyer's device: a P-256 key that stays here, and proofs by it (RFC 9449, docs/licenses.md)."""

from __future__ import annotations

import hashlib
import json
import secrets
import time
from base64 import urlsafe_b64encode
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

COORDINATE_BYTES = 32
STALE = ("DEVICE_PROOF_REQUIRED", "DEVICE_PROOF_STALE")
"""The shop did not know the proof's nonce; its answer brings one that it knows."""


class Device:
    """One device. `nonce` is the latest that the shop gave out."""

    def __init__(self, platform: str = "chrome/windows") -> None:
        self.platform = platform
        self.nonce: str | None = None
        self._key = ec.generate_private_key(ec.SECP256R1())
        point = self._key.public_key().public_numbers()
        self._jwk = {"crv": "P-256", "kty": "EC", "x": _base64url(_raw(point.x)),
                     "y": _base64url(_raw(point.y))}

    @property
    def thumbprint(self) -> str:
        """What a lease is bound to (RFC 7638)."""
        return digest(json.dumps(self._jwk, separators=(",", ":"), sort_keys=True).encode())

    def proof(self, method: str, url: str, body: bytes | None, secret: str | None) -> str:
        """That this device sends this very request, now."""
        claims: dict[str, Any] = {"htm": method, "htu": url, "iat": int(time.time()),
                                  "jti": secrets.token_urlsafe(16)}
        if self.nonce is not None:
            claims["nonce"] = self.nonce
        if body:
            claims["bth"] = digest(body)
        if secret is not None:
            claims["ath"] = digest(secret.encode())
        header = {"typ": "dpop+jwt", "alg": "ES256", "jwk": self._jwk}
        signed = ".".join(_base64url(json.dumps(part).encode()) for part in (header, claims))
        r, s = decode_dss_signature(self._key.sign(signed.encode(), ec.ECDSA(SHA256())))
        return f"{signed}.{_base64url(_raw(r) + _raw(s))}"


def digest(raw: bytes) -> str:
    """base64url of the SHA-256."""
    return _base64url(hashlib.sha256(raw).digest())


def _raw(number: int) -> bytes:
    return number.to_bytes(COORDINATE_BYTES, "big")


def _base64url(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()
