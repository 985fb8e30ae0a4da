"""The three functions over one World: what is called is what is deployed, minus its adapters."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from functions.create_order import index as create_order
from functions.license_fetch import index as license_fetch
from functions.notify import index as notify
from shared.http.app import App
from shared.http.device_gate import DeviceGate, Doors
from shared.http.source_bucket import SourceBucket
from shared.key_set import KeySet
from tests.fakes.proofs import FakeDeviceProofs
from tests.functions import contract
from tests.functions.events import Context, event
from tests.unit.use_cases.world import (
    DEVICE,
    KEY,
    OTHER_DEVICE,
    OTHER_KEY,
    SECRET,
    World,
    hash_of,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.domain.device import Wanted
    from shared.domain.payment import PaymentFact
    from shared.license_ports import DeviceProofs
    from shared.ports import FactLog

JSON = {"content-type": "application/json"}
ORDERS, PRODUCTS, NOTIFY = "/v1/orders", "/v1/products", "/v1/notify/wechatpay"
CLAIM, RESTORE, KEYS = "/v1/licenses/claim", "/v1/licenses/restore", "/v1/keys"
KEY_SET = KeySet("e30.e30.AA", "tongbao:TB01", "test", 1, 1_900_000_000, (
    {"kid": "k1", "x": "A" * 43, "status": "active", "from": 0, "until": None},
    {"kid": "k0", "x": "B" * 42 + "A", "status": "withdrawn", "from": 0, "until": 1}))


@dataclass(frozen=True)
class Reply:
    """An answer as the platform would send it."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def json(self) -> Any:
        """The body, read."""
        return json.loads(self.text)

    @property
    def ok(self) -> bool:
        """Whether it is a 2xx."""
        return 200 <= self.status < 300


class Shopfront:
    """Calls handlers by event bytes. `apps` holds them by function name.

    Every answer is held against docs/openapi.json, unless `checked` is off. A source may
    restore `restores` times at once. Other `proofs` than the fake's come with the headers.
    """

    def __init__(self, world: World | None = None, log: FactLog | None = None, *,
                 checked: bool = True, restores: int = 10_000,
                 proofs: DeviceProofs | None = None) -> None:
        self.world = world or World()
        self.checked = checked
        self.fake_proofs = FakeDeviceProofs()
        log = log or self.world.log
        bucket = SourceBucket(self.world.clock, per_minute=600, burst=10_000)
        doors = Doors(DeviceGate(proofs or self.fake_proofs, self.world.clock), SourceBucket(
            self.world.clock, per_minute=restores, burst=restores), KEY_SET)
        routes = {
            "create-order": create_order.routes(
                self.world.shop, bucket, self.world.refund_counter),
            "notify": notify.routes(self.world.verifier, self.world.books),
            "license-fetch": license_fetch.routes(
                self.world.counter(), self.world.desk(), self.world.refund_counter, doors)}
        self.apps = {name: App(routes, log=log, cors=name != "notify", begin=lambda _: None)
                     for name, routes in routes.items()}

    def call(self, function: str, raw: object, context: object = None) -> Reply:
        """The answer of one function to one event."""
        answer = self.apps[function](raw, context or Context())
        assert set(answer) == {"statusCode", "headers", "body", "isBase64Encoded"}
        assert answer["isBase64Encoded"] is False
        json.dumps(answer)
        reply = Reply(answer["statusCode"], answer["headers"], answer["body"])
        if self.checked:
            _check(function, raw, reply)
        return reply

    def order(self, key: str = KEY, *, secret: str = SECRET, **fields: Any) -> Reply:
        """POST /v1/orders."""
        body = {"product_id": "reader-pro", "claim_secret_hash": hash_of(secret), **fields}
        return self.call("create-order", event(
            "POST", ORDERS, {**JSON, "idempotency-key": key}, json.dumps(body).encode()))

    def notify(self, fact: PaymentFact) -> Reply:
        """A genuine notify."""
        headers, body = self.world.verifier.sign(fact)
        return self.call("notify", event("POST", NOTIFY, headers, body))

    def cancel(self, order_id: str, secret: str = SECRET) -> Reply:
        """POST /v1/orders/{order_id}/cancel."""
        return self.call("create-order", event(
            "POST", f"/v1/orders/{order_id}/cancel", {"authorization": f"Bearer {secret}"}))

    def refund(self, order_id: str, key: str = OTHER_KEY, secret: str = SECRET) -> Reply:
        """POST /v1/orders/{order_id}/refunds."""
        return self.call("create-order", event(
            "POST", f"/v1/orders/{order_id}/refunds",
            {"authorization": f"Bearer {secret}", "idempotency-key": key}))

    def receipt(self, order_id: str, secret: str = SECRET) -> Reply:
        """GET /v1/orders/{order_id}/receipt."""
        return self.call("license-fetch", event(
            "GET", f"/v1/orders/{order_id}/receipt", {"authorization": f"Bearer {secret}"}))

    def poll(self, order_id: str, secret: str = SECRET) -> Reply:
        """GET /v1/orders/{order_id}."""
        return self.call("license-fetch", event(
            "GET", f"/v1/orders/{order_id}", {"authorization": f"Bearer {secret}"}))

    def bought(self, order_id: str, secret: str = SECRET) -> Reply:
        """GET /v1/orders/{order_id}/license."""
        return self.call("license-fetch", event(
            "GET", f"/v1/orders/{order_id}/license", {"authorization": f"Bearer {secret}"}))

    def claim(self, order_id: str, secret: str = SECRET, device: Wanted = DEVICE) -> Reply:
        """POST /v1/licenses/claim."""
        return self.as_device(device, "POST", CLAIM, {
            "order_id": order_id, "platform": device.platform},
            {"authorization": f"Bearer {secret}"})

    def restore(self, device: Wanted = OTHER_DEVICE, **typed: str) -> Reply:
        """POST /v1/licenses/restore."""
        return self.as_device(device, "POST", RESTORE, {"platform": device.platform, **typed})

    def refresh(self, license_id: str, device: Wanted = DEVICE) -> Reply:
        """POST /v1/licenses/{license_id}/lease."""
        return self.as_device(device, "POST", f"/v1/licenses/{license_id}/lease")

    def devices(self, license_id: str, device: Wanted = DEVICE) -> Reply:
        """GET /v1/licenses/{license_id}/devices."""
        return self.as_device(device, "GET", f"/v1/licenses/{license_id}/devices")

    def remove(self, license_id: str, device_id: str, device: Wanted = DEVICE) -> Reply:
        """DELETE /v1/licenses/{license_id}/devices/{device_id}."""
        return self.as_device(device, "DELETE",
                              f"/v1/licenses/{license_id}/devices/{device_id}")

    def decide(self, license_id: str, takeover_id: str, decision: str,
               device: Wanted = DEVICE) -> Reply:
        """POST /v1/licenses/{license_id}/takeovers/{takeover_id}."""
        return self.as_device(device, "POST", f"/v1/licenses/{license_id}/takeovers/{takeover_id}",
                              {"decision": decision})

    def as_device(self, device: Wanted, method: str, path: str,
                  body: dict[str, str] | None = None,
                  headers: Mapping[str, str] | None = None) -> Reply:
        """A request with this device's proof."""
        proof = self.fake_proofs.proof(device.thumbprint, self.world.clock.now_s())
        return self.proven_by(proof, method, path, body, headers)

    def proven_by(self, proof: str | None, method: str, path: str,
                  body: dict[str, str] | None = None,
                  headers: Mapping[str, str] | None = None) -> Reply:
        """A request with this proof, or none."""
        named = {**({} if body is None else JSON), **(headers or {})}
        if proof is not None:
            named["dpop"] = proof
        return self.call("license-fetch", event(
            method, path, named, b"" if body is None else json.dumps(body).encode()))


def _check(function: str, raw: object, reply: Reply) -> None:
    try:
        payload = json.loads(raw) if isinstance(raw, bytes | str) else raw
        method, path = payload["requestContext"]["http"]["method"], payload["rawPath"]
        operation = contract.operation_of(function, method, path)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        operation = None
    if operation is not None:
        contract.check_answer(operation, reply.status, dict(reply.headers), reply.text)
    elif reply.status != 204:
        contract.check_unrouted(reply.text)
