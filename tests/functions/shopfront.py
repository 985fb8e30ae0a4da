"""The three functions over one World: what is called is what is deployed, minus its adapters."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from functions.create_order import index as create_order
from functions.license_fetch import index as license_fetch
from functions.notify import index as notify
from shared.http.app import App
from shared.http.source_bucket import SourceBucket
from tests.functions import contract
from tests.functions.events import Context, event
from tests.unit.use_cases.world import KEY, OTHER_KEY, SECRET, World, hash_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.domain.payment import PaymentFact
    from shared.ports import FactLog

JSON = {"content-type": "application/json"}
ORDERS, PRODUCTS, NOTIFY = "/v1/orders", "/v1/products", "/v1/notify/wechatpay"
CLAIM, KEYS = "/v1/licenses/claim", "/v1/keys"


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

    Every answer is held against docs/openapi.json, unless `checked` is off.
    """

    def __init__(self, world: World | None = None, log: FactLog | None = None, *,
                 checked: bool = True) -> None:
        self.world = world or World()
        self.checked = checked
        log = log or self.world.log
        bucket = SourceBucket(self.world.clock, per_minute=600, burst=10_000)
        routes = {
            "create-order": create_order.routes(
                self.world.shop, bucket, self.world.refund_counter),
            "notify": notify.routes(self.world.verifier, self.world.books),
            "license-fetch": license_fetch.routes(
                self.world.counter(), self.world.desk(), self.world.refund_counter)}
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

    def claim(self, order_id: str, secret: str = SECRET) -> Reply:
        """POST /v1/licenses/claim."""
        return self.call("license-fetch", event(
            "POST", CLAIM, {**JSON, "authorization": f"Bearer {secret}"},
            json.dumps({"order_id": order_id}).encode()))


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
