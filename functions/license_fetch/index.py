"""license-fetch: how an order stands, its receipt, POST /v1/licenses/claim and GET /v1/keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared import bootstrap
from shared.errors import InvalidRequest
from shared.http.answers import license_answer, order_answer, receipt_answer
from shared.http.app import App, Route
from shared.http.incoming import bearer_secret, json_object
from shared.http.request import Answer, Request
from shared.use_cases.claim_license import Desk, claim_license
from shared.use_cases.fetch_order import Counter, fetch_order
from shared.use_cases.show_receipt import show_receipt

if TYPE_CHECKING:
    from shared.use_cases.request_refund import RefundCounter

KEYS_CACHE = {"Cache-Control": "public, max-age=300"}


def initialize(context: object) -> None:
    """Build everything before the first request (Function Compute's initializer)."""
    bootstrap.license_fetch_app(routes)


def handler(event: bytes, context: object) -> dict[str, Any]:
    """Answer one HTTP event."""
    app: App = bootstrap.license_fetch_app(routes)
    return app(event, context)


def routes(counter: Counter, desk: Desk, refunds: RefundCounter) -> list[Route]:
    """What this function answers to."""
    return [Route("GET", "/v1/orders/{order_id}", lambda request: show(request, counter)),
            Route("GET", "/v1/orders/{order_id}/receipt",
                  lambda request: show_paid(request, refunds)),
            Route("POST", "/v1/licenses/claim", lambda request: claim(request, desk)),
            Route("GET", "/v1/keys", lambda _: Answer(
                200, {"keys": desk.issuer.public_keys()}, headers=KEYS_CACHE))]


def show(request: Request, counter: Counter) -> Answer:
    """GET /v1/orders/{order_id}: how the order stands, for who knows its claim secret."""
    order = fetch_order(request.parameters["order_id"], bearer_secret(request), counter)
    return Answer(200, order_answer(order, counter.books.clock.now_s()))


def show_paid(request: Request, refunds: RefundCounter) -> Answer:
    """GET /v1/orders/{order_id}/receipt: what was paid and what went back."""
    return Answer(200, receipt_answer(show_receipt(
        request.parameters["order_id"], bearer_secret(request), refunds)))


def claim(request: Request, desk: Desk) -> Answer:
    """POST /v1/licenses/claim: the license of a paid order, as a lease."""
    body = json_object(request)
    order_id = body.get("order_id")
    if set(body) != {"order_id"} or not isinstance(order_id, str):
        raise InvalidRequest(code="INVALID_FIELD", field="order_id")
    handed = claim_license(order_id, bearer_secret(request), desk)
    return Answer(202 if handed.lease is None else 200, license_answer(handed))
