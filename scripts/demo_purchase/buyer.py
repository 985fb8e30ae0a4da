"""A buyer's client: makes its secrets, places the order, waits, and claims the license."""

from __future__ import annotations

import hashlib
import http.client
import json
import secrets
import time
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

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
    """One buyer with one purchase. `urls` maps create-order and license-fetch to addresses."""

    urls: Mapping[str, str]
    idempotency_key: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    claim_secret: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)

    @property
    def claim_secret_hash(self) -> str:
        """All that the shop learns of the secret before payment (RFC 7636 S256)."""
        digest = hashlib.sha256(self.claim_secret.encode()).digest()
        return urlsafe_b64encode(digest).rstrip(b"=").decode()

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
        return self._ask("license-fetch", "POST", "/v1/licenses/claim", {"order_id": order_id},
                         self._proof())

    def keys(self) -> Answered:
        """GET /v1/keys."""
        return self._ask("license-fetch", "GET", "/v1/keys")

    def _proof(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.claim_secret}"}

    def _ask(self, function: str, method: str, path: str, value: object = None,
             headers: Mapping[str, str] | None = None) -> Answered:
        sent = dict(headers or {})
        body = None
        if value is not None:
            body = json.dumps(value).encode()
            sent["Content-Type"] = "application/json"
        began = time.perf_counter()
        connection = http.client.HTTPConnection(urlsplit(self.urls[function]).netloc,
                                                timeout=TIMEOUT_S)
        try:
            connection.request(method, path, body, sent)
            with connection.getresponse() as response:
                status, raw = response.status, response.read()
        finally:
            connection.close()
        return Answered(status, _json(raw), (time.perf_counter() - began) * 1000)


def _json(raw: bytes) -> dict[str, Any]:
    try:
        value = json.loads(raw)
    except ValueError:
        raise PurchaseFailed(f"an answer is no JSON: {raw[:80]!r}") from None
    if not isinstance(value, dict):
        raise PurchaseFailed("an answer is no JSON object")
    return value
