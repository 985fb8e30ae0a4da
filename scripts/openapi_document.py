"""Writes docs/openapi.json: OpenAPI 3.1 from the models of shared/http/contract.py.

Here is what the models cannot say: which function answers a route, its headers, its security
and its error codes. tests/functions holds real answers of every route against the result.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic.json_schema import models_json_schema

from shared.http import contract
from shared.http import license_contract as licenses
from shared.messages import MESSAGES

if TYPE_CHECKING:
    from shared.http.models import Model

TARGET = Path(__file__).resolve().parents[1] / "docs" / "openapi.json"
JSON = "application/json"

EVERYWHERE = ("INVALID_REQUEST", "INVALID_HEADER", "METHOD_NOT_ALLOWED", "INTERNAL_ERROR")
BODY = ("INVALID_JSON", "INVALID_FIELD", "PAYLOAD_TOO_LARGE", "UNSUPPORTED_MEDIA_TYPE")
PROOF = ("DEVICE_PROOF_REQUIRED", "DEVICE_PROOF_INVALID", "DEVICE_PROOF_STALE")
UNWORTHY = ("LICENSE_SUSPENDED", "LICENSE_REVOKED", "LICENSE_EXPIRED")


@dataclass(frozen=True)
class Operation:
    """One route: who answers it, with what, and which codes its errors can have.

    `secured` by the claim secret, `proven` by a device's key; what is proven gives a nonce too.
    """

    function: str
    method: str
    path: str
    name: str
    summary: str
    errors: tuple[str, ...]
    answers: tuple[tuple[int, str, type[Model] | None], ...]
    body: type[Model] | None = None
    parameters: tuple[str, ...] = ()
    secured: bool = False
    proven: bool = False
    gives_nonce: bool = False


LEASED = ((200, "The license and its lease.", licenses.LicenseAnswer),
          (202, "The lease is being signed: ask again.", licenses.LicenseAnswer))

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
        parameters=("OrderId",), secured=True, gives_nonce=True),
    Operation(
        "license-fetch", "GET", "/v1/orders/{order_id}/license", "getPurchase",
        "What was bought, with a signed receipt. Nothing of it unlocks.",
        (*EVERYWHERE, "ORDER_NOT_FOUND", "ORDER_NOT_PAID", "TEMPORARILY_UNAVAILABLE"),
        ((200, "What was bought.", licenses.PurchaseAnswer),),
        parameters=("OrderId",), secured=True),
    Operation(
        "license-fetch", "POST", "/v1/licenses/claim", "claimLicense",
        "The first activation of a paid order's license: a lease bound to the device's key.",
        (*EVERYWHERE, *BODY, *PROOF, "ORDER_NOT_FOUND", "ORDER_NOT_PAID", "CLAIM_SECRET_USED",
         "DEVICE_LIMIT_REACHED", *UNWORTHY, "TEMPORARILY_UNAVAILABLE"),
        LEASED, body=licenses.ClaimRequest, secured=True, proven=True),
    Operation(
        "license-fetch", "POST", "/v1/licenses/restore", "restoreLicense",
        "A license on a new device, by the order number of WeChat's bill or the license key.",
        (*EVERYWHERE, *BODY, *PROOF, "RATE_LIMITED", "ORDER_NUMBER_MISTYPED",
         "LICENSE_KEY_MISTYPED", "LICENSE_NOT_FOUND", "DEVICE_NOT_ACTIVE", "ORDER_NOT_PAID",
         "DEVICE_LIMIT_REACHED", "TAKEOVER_WAITS", "TAKEOVER_BUSY", "RESTORE_BARRED",
         "DEVICE_SWAP_LIMIT", *UNWORTHY, "TEMPORARILY_UNAVAILABLE"),
        LEASED, body=licenses.RestoreRequest, proven=True),
    Operation(
        "license-fetch", "POST", "/v1/licenses/{license_id}/lease", "refreshLease",
        "The next lease of an active device; the same one when asked again on the same day.",
        (*EVERYWHERE, *PROOF, "DEVICE_NOT_ACTIVE", *UNWORTHY, "TEMPORARILY_UNAVAILABLE"),
        LEASED, parameters=("LicenseId",), proven=True),
    Operation(
        "license-fetch", "GET", "/v1/licenses/{license_id}/devices", "listDevices",
        "All devices of a license, for one of them, and the request that waits.",
        (*EVERYWHERE, *PROOF, "DEVICE_NOT_ACTIVE", "TEMPORARILY_UNAVAILABLE"),
        ((200, "The devices.", licenses.DevicesAnswer),),
        parameters=("LicenseId",), proven=True),
    Operation(
        "license-fetch", "DELETE", "/v1/licenses/{license_id}/devices/{device_id}",
        "removeDevice", "Free a device's slot; one that is gone already is gone.",
        (*EVERYWHERE, *PROOF, "DEVICE_NOT_ACTIVE", "DEVICE_TOO_NEW", "DEVICE_SWAP_LIMIT",
         "TEMPORARILY_UNAVAILABLE"),
        ((200, "The devices that are left.", licenses.DevicesAnswer),),
        parameters=("LicenseId", "DeviceId"), proven=True),
    Operation(
        "license-fetch", "POST", "/v1/licenses/{license_id}/takeovers/{takeover_id}",
        "decideTakeover", "Approve a new device's request for a slot, or object to it.",
        (*EVERYWHERE, *BODY, *PROOF, "DEVICE_NOT_ACTIVE", "DEVICE_TOO_NEW", "TAKEOVER_NOT_OPEN",
         "DEVICE_SWAP_LIMIT", *UNWORTHY, "TEMPORARILY_UNAVAILABLE"),
        ((200, "The devices as they are now.", licenses.DevicesAnswer),),
        body=licenses.DecisionRequest, parameters=("LicenseId", "TakeoverId"), proven=True),
    Operation(
        "license-fetch", "GET", "/v1/keys", "listKeys",
        "The keys that verify leases, and the set that a root signed, which clients trust.",
        EVERYWHERE, ((200, "A JWK set (RFC 7517), and the signed set.", licenses.KeysAnswer),)),
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
    "DeviceProof": {
        "name": "DPoP", "in": "header", "required": True,
        "description": "A JWS with ES256 by the device's key (RFC 9449), made for this request "
                       "alone: htm, htu, iat, jti, nonce, ath where the claim secret is sent, "
                       "bth where there is a body (docs/licenses.md).",
        "schema": {"type": "string", "maxLength": 4096}},
    **{name: {"name": field, "in": "path", "required": True,
              "schema": {"type": "string", "pattern": "^[0-9A-HJKMNP-TV-Z]{26}$"}}
       for name, field in {"OrderId": "order_id", "LicenseId": "license_id",
                           "DeviceId": "device_id", "TakeoverId": "takeover_id"}.items()},
}

HEADERS: dict[str, dict[str, Any]] = {
    "RetryAfter": {"description": "Seconds to wait before the same request is sent again.",
                   "schema": {"type": "integer", "minimum": 1}},
    "Allow": {"description": "The methods that this address takes.",
              "schema": {"type": "string"}},
    "DPoPNonce": {"description": "What the next proof must carry (RFC 9449 §8).",
                  "schema": {"type": "string"}},
}

NONCE_HEADER = {"DPoP-Nonce": {"$ref": "#/components/headers/DPoPNonce"}}

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
    parameters = (*operation.parameters, *(("DeviceProof",) if operation.proven else ()))
    if parameters:
        made["parameters"] = [{"$ref": f"#/components/parameters/{name}"}
                              for name in parameters]
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
        if operation.proven or operation.gives_nonce:
            responses[str(status)]["headers"] = NONCE_HEADER
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
    if set(codes) & {"DEVICE_PROOF_REQUIRED", "DEVICE_PROOF_STALE"}:
        response["headers"] = NONCE_HEADER
    if status == 405:
        response["headers"] = {"Allow": {"$ref": "#/components/headers/Allow"}}
    return response


def _ref(model: type[Model]) -> dict[str, str]:
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
