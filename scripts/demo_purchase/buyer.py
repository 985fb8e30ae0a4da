"""A buyer's client: makes its secrets, places the order, waits, and claims the license."""

from __future__ import annotations

import http.client
import json
import secrets
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from scripts.demo_purchase.device import STALE, Device, digest

if TYPE_CHECKING:
    from collections.abc import Mapping

TIMEOUT_S = 30.0


@dataclass(frozen=True)
class Answered:
    """A JSON answer of the functions and how long it took."""

    status: int
    value: dict[str, Any]
    took_ms: float

    @property
    def error_code(self) -> str | None:
        """The stable code of an error, None for a success."""
        error = self.value.get("error")
        return None if error is None else error["code"]


class PurchaseFailed(Exception):
    """A step of the purchase did not go as it must; the message says which and how."""


def expect(answered: Answered, *statuses: int) -> dict[str, Any]:
    """The answer's value; raises PurchaseFailed for any other status."""
    if answered.status not in statuses:
        raise PurchaseFailed(f"expected {statuses}, got {answered.status} {answered.error_code}")
    return answered.value


@dataclass(frozen=True)
class Buyer:
    """One buyer with one purchase, on one device.

    `urls` maps create-order and license-fetch to addresses.
    """

    urls: Mapping[str, str]
    idempotency_key: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    claim_secret: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    device: Device = field(default_factory=Device, repr=False, compare=False)

    @property
    def claim_secret_hash(self) -> str:
        """All that the shop learns of the secret before payment (RFC 7636 S256)."""
        return digest(self.claim_secret.encode())

    def products(self) -> Answered:
        """GET /v1/products."""
        return self._ask("create-order", "GET", "/v1/products")

    def place(self, product_id: str, language: str = "zh") -> Answered:
        """POST /v1/orders; the same order however often it is sent."""
        return self._ask("create-order", "POST", "/v1/orders", {
            "product_id": product_id, "claim_secret_hash": self.claim_secret_hash,
            "language": language}, {"Idempotency-Key": self.idempotency_key})

    def look(self, order_id: str) -> Answered:
        """GET /v1/orders/{order_id}."""
        return self._ask("license-fetch", "GET", f"/v1/orders/{order_id}", None, self._proof())

    def cancel(self, order_id: str) -> Answered:
        """POST /v1/orders/{order_id}/cancel."""
        return self._ask("create-order", "POST", f"/v1/orders/{order_id}/cancel", None,
                         self._proof())

    def claim(self, order_id: str) -> Answered:
        """POST /v1/licenses/claim."""
        return self._proven("POST", "/v1/licenses/claim", {
            "order_id": order_id, "platform": self.device.platform}, self.claim_secret)

    def restore(self, **known: str) -> Answered:
        """POST /v1/licenses/restore, by order_number or license_key, and maybe replaces."""
        return self._proven("POST", "/v1/licenses/restore",
                            {**known, "platform": self.device.platform})

    def refresh(self, license_id: str) -> Answered:
        """POST /v1/licenses/{license_id}/lease."""
        return self._proven("POST", f"/v1/licenses/{license_id}/lease")

    def devices(self, license_id: str) -> Answered:
        """GET /v1/licenses/{license_id}/devices."""
        return self._proven("GET", f"/v1/licenses/{license_id}/devices")

    def remove(self, license_id: str, device_id: str) -> Answered:
        """DELETE /v1/licenses/{license_id}/devices/{device_id}."""
        return self._proven("DELETE", f"/v1/licenses/{license_id}/devices/{device_id}")

    def decide(self, license_id: str, takeover_id: str, decision: str) -> Answered:
        """POST /v1/licenses/{license_id}/takeovers/{takeover_id}."""
        return self._proven("POST", f"/v1/licenses/{license_id}/takeovers/{takeover_id}",
                            {"decision": decision})

    def bought(self, order_id: str) -> Answered:
        """GET /v1/orders/{order_id}/license: the license key and a receipt."""
        return self._ask("license-fetch", "GET", f"/v1/orders/{order_id}/license", None,
                         self._proof())

    def keys(self) -> Answered:
        """GET /v1/keys."""
        return self._ask("license-fetch", "GET", "/v1/keys")

    def _proof(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.claim_secret}"}

    def _proven(self, method: str, path: str, value: object = None,
                secret: str | None = None) -> Answered:
        """Ask with a proof of the device; once more where its nonce was too old, or missing."""
        answered = self._once(method, path, value, secret)
        if answered.error_code not in STALE:
            return answered
        again = self._once(method, path, value, secret)
        return replace(again, took_ms=answered.took_ms + again.took_ms)

    def _once(self, method: str, path: str, value: object, secret: str | None) -> Answered:
        url = self.urls["license-fetch"] + path
        sent = {} if secret is None else self._proof()
        return self._ask("license-fetch", method, path, value, {
            **sent, "DPoP": self.device.proof(method, url, _body(value), secret)})

    def _ask(self, function: str, method: str, path: str, value: object = None,
             headers: Mapping[str, str] | None = None) -> Answered:
        sent = dict(headers or {})
        body = _body(value)
        if body is not None:
            sent["Content-Type"] = "application/json"
        began = time.perf_counter()
        connection = http.client.HTTPConnection(urlsplit(self.urls[function]).netloc,
                                                timeout=TIMEOUT_S)
        try:
            connection.request(method, path, body, sent)
            with connection.getresponse() as response:
                status, raw = response.status, response.read()
                self.device.nonce = response.headers.get("DPoP-Nonce", self.device.nonce)
        finally:
            connection.close()
        return Answered(status, _json(raw), (time.perf_counter() - began) * 1000)


def _body(value: object) -> bytes | None:
    return None if value is None else json.dumps(value).encode()


def _json(raw: bytes) -> dict[str, Any]:
    try:
        value = json.loads(raw)
    except ValueError:
        raise PurchaseFailed(f"an answer is no JSON: {raw[:80]!r}") from None
    if not isinstance(value, dict):
        raise PurchaseFailed("an answer is no JSON object")
    return value
