"""A buyer's device as tests need it: a P-256 key, its proofs, and the calls that it makes.

Written from RFC 9449, RFC 7638 and docs/licenses.md; it shares no code with the functions.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

if TYPE_CHECKING:
    from collections.abc import Mapping

JSON = ("Content-Type", "application/json")
STALE = ("DEVICE_PROOF_REQUIRED", "DEVICE_PROOF_STALE")


def base64url(raw: bytes) -> str:
    """Without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def digest(raw: bytes) -> str:
    """base64url of the SHA-256."""
    return base64url(hashlib.sha256(raw).digest())


@dataclass(frozen=True)
class Reply:
    """An answer of a function; `headers` are left out of comparisons."""

    status: int
    body: Any
    headers: Mapping[str, str] = field(default_factory=dict, compare=False)

    @property
    def code(self) -> str | None:
        """The error's code, None for a success."""
        return self.body["error"]["code"] if "error" in (self.body or {}) else None


class Send(Protocol):
    """How a request reaches the functions."""

    def __call__(self, method: str, path: str, headers: list[tuple[str, str]],
                 body: bytes) -> Reply:
        """The answer."""


class Device:
    """One key, as it would lie in a browser, and the latest nonce that it was told."""

    def __init__(self) -> None:
        self.private = ec.generate_private_key(ec.SECP256R1())
        numbers = self.private.public_key().public_numbers()
        x, y = (base64url(part.to_bytes(32, "big")) for part in (numbers.x, numbers.y))
        self.jwk = {"crv": "P-256", "kty": "EC", "x": x, "y": y}
        self.nonce: str | None = None

    @property
    def thumbprint(self) -> str:
        """RFC 7638: the required members, sorted, without spaces."""
        return digest(json.dumps(self.jwk, separators=(",", ":"), sort_keys=True).encode())

    def sign(self, header: Mapping[str, Any], claims: Mapping[str, Any]) -> str:
        """A JWS with ES256: r and s, 32 bytes each (RFC 7518 §3.4)."""
        signed = ".".join(base64url(json.dumps(part).encode()) for part in (header, claims))
        r, s = decode_dss_signature(self.private.sign(signed.encode(), ec.ECDSA(SHA256())))
        return f"{signed}.{base64url(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"

    def proof(self, method: str, url: str, *, body: bytes = b"", secret: str | None = None,
              **changes: Any) -> str:
        """A proof for this request. `changes` replaces claims; one that is None is left out."""
        claims = {
            "htm": method, "htu": url, "iat": int(time.time()), "jti": secrets.token_urlsafe(16),
            "nonce": self.nonce, "bth": digest(body) if body else None,
            "ath": None if secret is None else digest(secret.encode()), **changes}
        return self.sign({"typ": "dpop+jwt", "alg": "ES256", "jwk": self.jwk},
                         {name: value for name, value in claims.items() if value is not None})


@dataclass(frozen=True)
class Client:
    """A device that talks to one deployment. A refused nonce is asked for once again."""

    device: Device
    base_url: str
    send: Send

    def claim(self, order_id: str, secret: str) -> Reply:
        """POST /v1/licenses/claim."""
        return self.ask("POST", "/v1/licenses/claim", {
            "order_id": order_id, "platform": "chrome/windows"}, secret=secret)

    def restore(self, **fields: str) -> Reply:
        """POST /v1/licenses/restore, with order_number or license_key, and maybe replaces."""
        return self.ask("POST", "/v1/licenses/restore", {**fields, "platform": "edge/macos"})

    def refresh(self, license_id: str) -> Reply:
        """POST /v1/licenses/{license_id}/lease."""
        return self.ask("POST", f"/v1/licenses/{license_id}/lease")

    def devices(self, license_id: str) -> Reply:
        """GET /v1/licenses/{license_id}/devices."""
        return self.ask("GET", f"/v1/licenses/{license_id}/devices")

    def remove(self, license_id: str, device_id: str) -> Reply:
        """DELETE /v1/licenses/{license_id}/devices/{device_id}."""
        return self.ask("DELETE", f"/v1/licenses/{license_id}/devices/{device_id}")

    def decide(self, license_id: str, takeover_id: str, decision: str) -> Reply:
        """POST /v1/licenses/{license_id}/takeovers/{takeover_id}."""
        return self.ask("POST", f"/v1/licenses/{license_id}/takeovers/{takeover_id}",
                        {"decision": decision})

    def ask(self, method: str, path: str, fields: Mapping[str, Any] | None = None, *,
            secret: str | None = None) -> Reply:
        """Any request with a proof."""
        body = b"" if fields is None else json.dumps(fields).encode()
        reply = self.once(method, path, body, secret)
        return self.once(method, path, body, secret) if reply.code in STALE else reply

    def once(self, method: str, path: str, body: bytes, secret: str | None = None,
             **changes: Any) -> Reply:
        """One request, whatever comes back; `changes` as for `Device.proof`."""
        headers = [("DPoP", self.device.proof(method, self.base_url + path, body=body,
                                              secret=secret, **changes))]
        if body:
            headers.append(JSON)
        if secret is not None:
            headers.append(("Authorization", f"Bearer {secret}"))
        reply = self.send(method, path, headers, body)
        self.device.nonce = reply.headers.get("DPoP-Nonce", self.device.nonce)
        return reply
