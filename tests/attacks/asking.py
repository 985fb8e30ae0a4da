"""A buyer's request in parts, so that an attack can change exactly one of them."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from emulators.fc import http_event
from tests.wire.deployment import ADDRESS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.wire.deployment import Buyer
    from tests.wire.device import Device

JSON = "application/json"
BEARER = re.compile(r"Bearer ([A-Za-z0-9_-]{43,128})")


def same(value: Any) -> Any:
    """No change."""
    return value


class Proving(NamedTuple):
    """What a device is about to prove: the request as it is sent in the end."""

    device: Device
    method: str
    url: str
    body: bytes
    secret: str | None

    def made(self, **changes: Any) -> str:
        """The proof; `changes` as for `Device.proof`."""
        return self.device.proof(self.method, self.url, body=self.body, secret=self.secret,
                                 **changes)


@dataclass(frozen=True)
class Asking:
    """One request. `raw` changes the body's bytes, `event` the event that Function Compute
    made of it; a header of value None is left out. `device` proves what is sent in the end, so
    that an attack is refused for what it is and not for its proof; `proving` is an attack on it.
    """

    function: str
    method: str
    target: str
    headers: Mapping[str, str | None]
    fields: Mapping[str, Any] | None = None
    more_headers: tuple[tuple[str, str], ...] = ()
    source_ip: str = "203.0.113.7"
    device: Device | None = None
    proving: Callable[[Proving], str | None] = field(default=Proving.made)
    raw: Callable[[bytes], bytes] = field(default=same)
    event_change: Callable[[dict[str, Any]], dict[str, Any]] = field(default=same)

    @staticmethod
    def place(buyer: Buyer) -> Asking:
        """POST /v1/orders."""
        return Asking("create-order", "POST", "/v1/orders",
                      {"Content-Type": JSON, "Idempotency-Key": buyer.key},
                      {"product_id": "reader-pro", "claim_secret_hash": buyer.secret_hash})

    @staticmethod
    def poll(buyer: Buyer, order_id: str) -> Asking:
        """GET /v1/orders/{order_id}."""
        return Asking("license-fetch", "GET", f"/v1/orders/{order_id}",
                      {"Authorization": f"Bearer {buyer.secret}"})

    @staticmethod
    def claim(buyer: Buyer, order_id: str) -> Asking:
        """POST /v1/licenses/claim."""
        return Asking("license-fetch", "POST", "/v1/licenses/claim",
                      {"Content-Type": JSON, "Authorization": f"Bearer {buyer.secret}"},
                      {"order_id": order_id}, device=buyer.device)

    @staticmethod
    def cancel(buyer: Buyer, order_id: str) -> Asking:
        """POST /v1/orders/{order_id}/cancel."""
        return Asking("create-order", "POST", f"/v1/orders/{order_id}/cancel",
                      {"Authorization": f"Bearer {buyer.secret}"})

    @staticmethod
    def refund(buyer: Buyer, order_id: str) -> Asking:
        """POST /v1/orders/{order_id}/refunds."""
        return Asking("create-order", "POST", f"/v1/orders/{order_id}/refunds",
                      {"Authorization": f"Bearer {buyer.secret}",
                       "Idempotency-Key": buyer.key[::-1]})

    @staticmethod
    def receipt(buyer: Buyer, order_id: str) -> Asking:
        """GET /v1/orders/{order_id}/receipt."""
        return Asking("license-fetch", "GET", f"/v1/orders/{order_id}/receipt",
                      {"Authorization": f"Bearer {buyer.secret}"})

    @staticmethod
    def restore(device: Device, **fields: str) -> Asking:
        """POST /v1/licenses/restore, with order_number or license_key, and maybe replaces."""
        return Asking("license-fetch", "POST", "/v1/licenses/restore", {"Content-Type": JSON},
                      fields, device=device)

    @staticmethod
    def refresh(device: Device, license_id: str) -> Asking:
        """POST /v1/licenses/{license_id}/lease."""
        return Asking("license-fetch", "POST", f"/v1/licenses/{license_id}/lease", {},
                      device=device)

    @staticmethod
    def devices(device: Device, license_id: str) -> Asking:
        """GET /v1/licenses/{license_id}/devices."""
        return Asking("license-fetch", "GET", f"/v1/licenses/{license_id}/devices", {},
                      device=device)

    @staticmethod
    def remove(device: Device, license_id: str, device_id: str) -> Asking:
        """DELETE /v1/licenses/{license_id}/devices/{device_id}."""
        return Asking("license-fetch", "DELETE",
                      f"/v1/licenses/{license_id}/devices/{device_id}", {}, device=device)

    @staticmethod
    def decide(device: Device, license_id: str, takeover_id: str, decision: str) -> Asking:
        """POST /v1/licenses/{license_id}/takeovers/{takeover_id}."""
        return Asking("license-fetch", "POST",
                      f"/v1/licenses/{license_id}/takeovers/{takeover_id}",
                      {"Content-Type": JSON}, {"decision": decision}, device=device)

    @staticmethod
    def purchase(buyer: Buyer, order_id: str) -> Asking:
        """GET /v1/orders/{order_id}/license."""
        return Asking("license-fetch", "GET", f"/v1/orders/{order_id}/license",
                      {"Authorization": f"Bearer {buyer.secret}"})

    def but(self, **changes: Any) -> Asking:
        """The same request with these parts changed."""
        return replace(self, **changes)

    def header(self, name: str, value: str | None) -> Asking:
        """The same request with one header changed."""
        return self.but(headers={**self.headers, name: value})

    def with_fields(self, **changes: Any) -> Asking:
        """The same request with fields of its body changed or added."""
        return self.but(fields={**(self.fields or {}), **changes})

    def event(self) -> bytes:
        """The event bytes."""
        body = self.raw(b"" if self.fields is None else json.dumps(self.fields).encode())
        headers = [(name, value) for name, value in self.headers.items() if value is not None]
        headers += self.more_headers
        made = http_event(self.method, self.target, headers, body, source_ip=self.source_ip)
        event = self.event_change(json.loads(made))
        if self.device is not None:
            proof = self.proving(Proving(
                self.device, self.method, ADDRESS + self.target, body,
                _secret(event["headers"].get("Authorization", ""))))
            if proof is not None:
                event["headers"]["Dpop"] = proof
        return json.dumps(event).encode()


def _secret(authorization: str) -> str | None:
    found = BEARER.fullmatch(authorization)
    return None if found is None else found[1]
