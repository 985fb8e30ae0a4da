"""Writes docs/openapi.json: OpenAPI 3.1 from the models of shared/http/contract.py.

Here is what the models cannot say: which function answers a route, its headers, its security
and its error codes. tests/functions holds real answers of every route against the result.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic.json_schema import models_json_schema

from shared.errors import MESSAGES
from shared.http import contract

TARGET = Path(__file__).resolve().parents[1] / "docs" / "openapi.json"
JSON = "application/json"

EVERYWHERE = ("INVALID_REQUEST", "INVALID_HEADER", "METHOD_NOT_ALLOWED", "INTERNAL_ERROR")
BODY = ("INVALID_JSON", "INVALID_FIELD", "PAYLOAD_TOO_LARGE", "UNSUPPORTED_MEDIA_TYPE")


@dataclass(frozen=True)
class Operation:
    """One route: who answers it, with what, and which codes its errors can have."""

    function: str
    method: str
    path: str
    name: str
    summary: str
    errors: tuple[str, ...]
    answers: tuple[tuple[int, str, type[contract.Model] | None], ...]
    body: type[contract.Model] | None = None
    parameters: tuple[str, ...] = ()
    secured: bool = False


OPERATIONS = (
    Operation(
        "create-order", "POST", "/v1/orders", "createOrder",
        "Place an order, or get the order that this Idempotency-Key placed before.",
        (*EVERYWHERE, *BODY, "IDEMPOTENCY_KEY_REQUIRED", "PRODUCT_NOT_FOUND",
         "IDEMPOTENCY_KEY_REUSED", "RATE_LIMITED", "PAYMENT_HELD", "TEMPORARILY_UNAVAILABLE",
         "PROVIDER_UNAVAILABLE", "PROVIDER_REFUSED"),
        ((200, "The order, with a way to pay it while it can be paid.", contract.OrderAnswer),),
        body=contract.CreateOrderRequest, parameters=("IdempotencyKey",)),
    Operation(
        "create-order", "POST", "/v1/orders/{order_id}/cancel", "cancelOrder",
        "Close an unpaid order at WeChat Pay; one that was paid a moment ago is paid.",
        (*EVERYWHERE, "ORDER_NOT_FOUND", "ORDER_NOT_OPEN", "PAYMENT_HELD",
         "TEMPORARILY_UNAVAILABLE", "PROVIDER_UNAVAILABLE", "PROVIDER_REFUSED"),
        ((200, "The order, closed or paid.", contract.OrderAnswer),),
        parameters=("OrderId",), secured=True),
    Operation(
        "create-order", "POST", "/v1/orders/{order_id}/refunds", "requestRefund",
        "Ask for all that is left of a payment back; the license is suspended at once.",
        (*EVERYWHERE, "IDEMPOTENCY_KEY_REQUIRED", "IDEMPOTENCY_KEY_REUSED", "ORDER_NOT_FOUND",
         "ORDER_NOT_PAID", "REFUND_NOT_OFFERED", "REFUND_EXCEEDS_PAYMENT", "REFUND_WINDOW_OVER",
         "REFUND_AFTER_ACTIVATION", "REFUND_LIMIT_REACHED", "TEMPORARILY_UNAVAILABLE"),
        ((200, "The receipt, with the refund in it.", contract.ReceiptAnswer),),
        parameters=("OrderId", "IdempotencyKey"), secured=True),
    Operation(
        "license-fetch", "GET", "/v1/orders/{order_id}/receipt", "getReceipt",
        "What was paid, what went back, and whether the rest may be asked back now.",
        (*EVERYWHERE, "ORDER_NOT_FOUND", "TEMPORARILY_UNAVAILABLE"),
        ((200, "The receipt.", contract.ReceiptAnswer),),
        parameters=("OrderId",), secured=True),
    Operation(
        "create-order", "GET", "/v1/products", "listProducts", "Everything that is for sale.",
        EVERYWHERE, ((200, "The catalogue.", contract.ProductsAnswer),)),
    Operation(
        "license-fetch", "GET", "/v1/orders/{order_id}", "getOrder",
        "How an order stands. A wrong secret, no secret and an unknown id look the same.",
        (*EVERYWHERE, "ORDER_NOT_FOUND", "TEMPORARILY_UNAVAILABLE"),
        ((200, "The order as it stands now.", contract.OrderAnswer),),
        parameters=("OrderId",), secured=True),
    Operation(
        "license-fetch", "POST", "/v1/licenses/claim", "claimLicense",
        "The license of a paid order, as a lease that is verified offline.",
        (*EVERYWHERE, *BODY, "ORDER_NOT_FOUND", "ORDER_NOT_PAID", "LICENSE_SUSPENDED",
         "LICENSE_REVOKED", "LICENSE_EXPIRED", "TEMPORARILY_UNAVAILABLE"),
        ((200, "The license and its lease.", contract.LicenseAnswer),
         (202, "The lease is being signed: ask again.", contract.LicenseAnswer)),
        body=contract.ClaimRequest, secured=True),
    Operation(
        "license-fetch", "GET", "/v1/keys", "listKeys", "The keys that verify leases.",
        EVERYWHERE, ((200, "A JWK set (RFC 7517).", contract.KeysAnswer),)),
    Operation(
        "notify", "POST", "/v1/notify/wechatpay", "receiveWechatpayNotify",
        "For WeChat Pay alone: a signed payment notify (WeChat Pay document 4012791882).",
        ("METHOD_NOT_ALLOWED",),
        ((200, "Durably booked.", None), (204, "Durably booked.", None))),
)

PARAMETERS: dict[str, dict[str, Any]] = {
    "IdempotencyKey": {
        "name": "Idempotency-Key", "in": "header", "required": True,
        "description": "At least 128 random bits, drawn once per purchase and sent again with "
                       "every retry; a UUID will do.",
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9_.~-]{16,128}$"},
        "example": "0f8fad5b-d9cb-469f-a165-70867728950e"},
    "OrderId": {
        "name": "order_id", "in": "path", "required": True,
        "schema": {"type": "string", "pattern": "^[0-9A-HJKMNP-TV-Z]{26}$"}},
}

HEADERS: dict[str, dict[str, Any]] = {
    "RetryAfter": {"description": "Seconds to wait before the same request is sent again.",
                   "schema": {"type": "integer", "minimum": 1}},
    "Allow": {"description": "The methods that this address takes.",
              "schema": {"type": "string"}},
}

PROVIDER_REPLY = {
    "description": "What WeChat Pay is told; anything but 200 or 204 brings the notify again.",
    "content": {JSON: {"schema": {"type": "object"}}}}


def document() -> dict[str, Any]:
    """The whole OpenAPI document."""
    paths: dict[str, Any] = {}
    for operation in OPERATIONS:
        item = paths.setdefault(operation.path, {"servers": [_server(operation.function)]})
        item[operation.method.lower()] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Tongbao", "version": "1", "license": {
            "name": "Apache-2.0", "identifier": "Apache-2.0"},
            "description": "Licenses for a browser extension, sold through WeChat Pay. Every "
                           "function has its own base address. Times are seconds since 1970 "
                           "(UTC), amounts are in the currency's smallest unit."},
        "paths": paths,
        "components": {
            "schemas": _schemas(), "parameters": PARAMETERS, "headers": HEADERS,
            "securitySchemes": {"claimSecret": {
                "type": "http", "scheme": "bearer",
                "description": "The claim secret whose hash the order was placed with: 43 to "
                               "128 characters of [A-Za-z0-9_-]."}}}}


def _server(function: str) -> dict[str, Any]:
    return {"url": f"https://{{{function}}}", "description": f"The function {function}.",
            "variables": {function: {"default": f"{function}.example.com",
                                     "description": f"Host of the function {function}."}}}


def _operation(operation: Operation) -> dict[str, Any]:
    made: dict[str, Any] = {"operationId": operation.name, "summary": operation.summary,
                            "tags": [operation.function], "responses": _responses(operation)}
    if operation.parameters:
        made["parameters"] = [{"$ref": f"#/components/parameters/{name}"}
                              for name in operation.parameters]
    if operation.body is not None:
        made["requestBody"] = {"required": True, "content": {
            JSON: {"schema": _ref(operation.body)}}}
    if operation.function == "notify":
        made["requestBody"] = {"required": True, "content": {JSON: {"schema": {
            "type": "object"}}}}
    made["security"] = [{"claimSecret": []}] if operation.secured else []
    return made


def _responses(operation: Operation) -> dict[str, Any]:
    responses: dict[str, Any] = {}
    for status, text, model in operation.answers:
        responses[str(status)] = {"description": text} if status == 204 else (
            PROVIDER_REPLY if model is None else
            {"description": text, "content": {JSON: {"schema": _ref(model)}}})
    by_status: dict[int, list[str]] = {}
    for code in operation.errors:
        by_status.setdefault(MESSAGES[code][2], []).append(code)
    for status, codes in sorted(by_status.items()):
        responses[str(status)] = _error(status, codes)
    if operation.function == "notify":
        responses["default"] = PROVIDER_REPLY
    return responses


def _error(status: int, codes: list[str]) -> dict[str, Any]:
    examples = {code: {"value": {"error": {
        "code": code, "message": MESSAGES[code][0], "message_zh": MESSAGES[code][1],
        "request_id": "1-68e77890-1234567890"}}} for code in codes}
    response: dict[str, Any] = {
        "description": ", ".join(codes),
        "content": {JSON: {"schema": _ref(contract.ErrorAnswer), "examples": examples}}}
    if status in (409, 429, 503):
        response["headers"] = {"Retry-After": {"$ref": "#/components/headers/RetryAfter"}}
    if status == 405:
        response["headers"] = {"Allow": {"$ref": "#/components/headers/Allow"}}
    return response


def _ref(model: type[contract.Model]) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{model.__name__}"}


def _schemas() -> dict[str, Any]:
    models = {model for operation in OPERATIONS for _, _, model in operation.answers}
    models |= {operation.body for operation in OPERATIONS} | {contract.ErrorAnswer}
    named = sorted((model for model in models if model is not None),
                   key=lambda model: model.__name__)
    _, made = models_json_schema([(model, "validation") for model in named],
                                 ref_template="#/components/schemas/{model}")
    schemas: dict[str, Any] = made["$defs"]
    schemas["ErrorModel"]["properties"]["code"]["enum"] = list(MESSAGES)
    return schemas


def main(arguments: list[str]) -> int:
    """Write the document; with --check only compare it. 0: fine, 1: stale, 2: called wrongly."""
    if arguments not in ([], ["--check"]):
        print("usage: scripts/openapi [--check]", file=sys.stderr)
        return 2
    text = json.dumps(document(), ensure_ascii=False, indent=2) + "\n"
    if arguments:
        fresh = TARGET.exists() and TARGET.read_text(encoding="utf-8") == text
        print("docs/openapi.json is up to date" if fresh
              else "docs/openapi.json is stale: run scripts/openapi")
        return 0 if fresh else 1
    TARGET.write_text(text, encoding="utf-8")
    print("docs/openapi.json written")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
