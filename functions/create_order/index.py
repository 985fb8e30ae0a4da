"""create-order: GET /v1/products, POST /v1/orders, and what a buyer changes about an order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared import bootstrap
from shared.http.answers import order_answer, products_answer, receipt_answer
from shared.http.app import App, Route
from shared.http.contract import parse_create_order
from shared.http.incoming import bearer_secret, idempotency_key, json_object
from shared.http.request import Answer, Request
from shared.use_cases.cancel_order import cancel_order
from shared.use_cases.create_order import OrderRequest, Shop, create_order
from shared.use_cases.request_refund import RefundCounter, request_own_refund
from shared.use_cases.show_receipt import show_receipt

if TYPE_CHECKING:
    from shared.http.source_bucket import SourceBucket


def initialize(context: object) -> None:
    """Build everything before the first request (Function Compute's initializer)."""
    bootstrap.create_order_app(routes)


def handler(event: bytes, context: object) -> dict[str, Any]:
    """Answer one HTTP event."""
    app: App = bootstrap.create_order_app(routes)
    return app(event, context)


def routes(shop: Shop, bucket: SourceBucket, refunds: RefundCounter) -> list[Route]:
    """What this function answers to."""
    return [Route("POST", "/v1/orders", lambda request: place(request, shop, bucket)),
            Route("POST", "/v1/orders/{order_id}/cancel",
                  lambda request: cancel(request, shop)),
            Route("POST", "/v1/orders/{order_id}/refunds",
                  lambda request: refund(request, refunds)),
            Route("GET", "/v1/products", lambda _: Answer(200, products_answer(shop.catalogue)))]


def place(request: Request, shop: Shop, bucket: SourceBucket) -> Answer:
    """POST /v1/orders: the order of this Idempotency-Key, with a way to pay it."""
    bucket.take(request.source_ip)
    wanted = parse_create_order(json_object(request))
    order = create_order(OrderRequest(
        product_id=wanted.product_id, currency=wanted.currency,
        idempotency_key=idempotency_key(request),
        claim_secret_hash=wanted.claim_secret_hash, language=wanted.language), shop)
    return Answer(200, order_answer(order, shop.books.clock.now_s()))


def cancel(request: Request, shop: Shop) -> Answer:
    """POST /v1/orders/{order_id}/cancel: nobody can pay it any more; or it was paid."""
    order = cancel_order(request.parameters["order_id"], bearer_secret(request), shop.books,
                         shop.gateway)
    return Answer(200, order_answer(order, shop.books.clock.now_s()))


def refund(request: Request, refunds: RefundCounter) -> Answer:
    """POST /v1/orders/{order_id}/refunds: all that is left, asked back by its buyer."""
    order_id, secret = request.parameters["order_id"], bearer_secret(request)
    request_own_refund(order_id, secret, idempotency_key(request), refunds)
    return Answer(200, receipt_answer(show_receipt(order_id, secret, refunds)))
