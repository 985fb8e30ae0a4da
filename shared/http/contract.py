"""The HTTP contract as pydantic models: what create-order parses, and what OpenAPI shows.

What is about devices and leases is in shared/http/license_contract.py. Not on the import path
of `notify` and `license-fetch`; their answers are built by `shared.http.answers` and
`shared.http.license_answers`, and a test holds them against these models.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, ValidationError

from shared.errors import InvalidRequest
from shared.http.license_contract import DevicesModel
from shared.http.models import Id, Model, MoneyModel, Seconds


class CreateOrderRequest(Model):
    """What a client sends to place an order; the price is never among it."""

    product_id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9:._-]{0,63}$")]
    claim_secret_hash: Annotated[str, Field(
        pattern=r"^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$",
        description="base64url(SHA-256(claim secret)), the shape of RFC 7636 S256. The client "
                    "keeps the secret: 43 to 128 characters of [A-Za-z0-9_-].")]
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = "CNY"
    language: Literal["en", "zh"] = "zh"


class PaymentModel(Model):
    """How to pay: show `value` as a QR code, or go there, or hand it to a payment form."""

    kind: Literal["qr", "redirect", "client_secret"]
    value: str
    expires_at_s: Seconds


class RefundPolicyModel(Model):
    """When a buyer may have the money back without asking anybody; agreed before paying."""

    window_days: int
    only_if_never_activated: bool
    most_per_payer: int | None
    approval_above: MoneyModel | None


class OrderModel(Model):
    """An order as its buyer sees it."""

    order_id: Id
    out_trade_no: Annotated[str, Field(
        description="The order number in the buyer's WeChat bill (商户单号).")]
    status: Literal["created", "awaiting_payment", "expired", "paid", "closed", "refunding",
                    "refunded"]
    product_id: str
    title: str
    price: MoneyModel
    created_at_s: Seconds
    expires_at_s: Seconds
    paid_at_s: Seconds | None
    payment: PaymentModel | None
    refund_policy: RefundPolicyModel | None


class OrderAnswer(Model):
    """Answer of POST /v1/orders, GET /v1/orders/{order_id} and POST …/cancel."""

    order: OrderModel


class ProductModel(Model):
    """One thing for sale."""

    product_id: str
    titles: dict[str, str]
    descriptions: dict[str, str]
    prices: list[MoneyModel]
    term_days: int | None
    entitlements: list[str]
    refund_policy: RefundPolicyModel | None


class ProductsAnswer(Model):
    """Answer of GET /v1/products."""

    catalogue_version: str
    products: list[ProductModel]


class RefundModel(Model):
    """One refund of an order."""

    refund_id: Id
    amount: MoneyModel
    status: Literal["awaiting_approval", "requested", "processing", "abnormal", "succeeded",
                    "closed", "refused", "declined"]
    origin: Literal["buyer", "operator", "product_gone", "console"]
    requested_at_s: Seconds
    settled_at_s: Seconds | None


class ReceiptModel(Model):
    """What was paid, what went back, and whether the rest may be asked back now."""

    order_id: Id
    out_trade_no: str
    status: Literal["created", "awaiting_payment", "paid", "closed", "refunding", "refunded"]
    product_id: str
    title: str
    price: MoneyModel
    paid_at_s: Seconds | None
    transaction_id: Annotated[str | None, Field(
        description="The payment's number in the buyer's WeChat bill (交易单号).")]
    refunded: MoneyModel
    refunds: list[RefundModel]
    refundable: MoneyModel
    refund_refused_by: Annotated[str | None, Field(
        description="The error code that a refund request would get now; null: none.")]
    refund_policy: RefundPolicyModel | None


class ReceiptAnswer(Model):
    """Answer of GET /v1/orders/{order_id}/receipt and POST /v1/orders/{order_id}/refunds."""

    receipt: ReceiptModel


Details = DevicesModel
"""Where a device must be chosen: the devices."""


class ErrorModel(Model):
    """What went wrong: `code` for programs, the messages for people."""

    code: str
    message: str
    message_zh: str
    request_id: str
    field: str | None = None
    retry_after_s: int | None = None
    details: Details | None = None


class ErrorAnswer(Model):
    """The one shape of every error."""

    error: ErrorModel


def parse_create_order(value: dict[str, object]) -> CreateOrderRequest:
    """The request in this JSON object; InvalidRequest names the first wrong field."""
    try:
        return CreateOrderRequest.model_validate(value)
    except ValidationError as error:
        place = error.errors(include_input=False, include_url=False)[0]["loc"]
        known = place and place[0] in CreateOrderRequest.model_fields
        raise InvalidRequest(code="INVALID_FIELD",
                             field=str(place[0]) if known else None) from None
