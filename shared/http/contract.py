"""The HTTP contract as pydantic models: what create-order parses, and what OpenAPI shows.

Not on the import path of `notify` and `license-fetch`; their answers are built by
`shared.http.answers` and a test holds them against these models.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shared.errors import InvalidRequest

Id = Annotated[str, Field(pattern=r"^[0-9A-HJKMNP-TV-Z]{26}$")]
Seconds = Annotated[int, Field(ge=0, description="Seconds since 1970 (UTC).")]


class Model(BaseModel):
    """No unknown field, no silent conversion."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class MoneyModel(Model):
    """An exact amount in the currency's smallest unit."""

    amount_minor: int
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]


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


Platform = Annotated[str, Field(
    pattern=r"^([a-z0-9]{1,16}/[a-z0-9]{1,16})?$",
    description='What the device runs on, coarsely: "chrome/windows".')]
DeviceWay = Literal["claim", "order_number", "license_key"]


class ClaimRequest(Model):
    """Which order's license; the claim secret goes into Authorization, the proof into DPoP."""

    order_id: Id
    platform: Platform = ""


class RestoreRequest(Model):
    """An order number or a license key, as typed; `replaces` asks for that device's slot."""

    order_number: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    license_key: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    replaces: Id | None = None
    platform: Platform = ""


class DecisionRequest(Model):
    """What an active device says to another's request for a slot."""

    decision: Literal["approve", "object"]


class DeviceModel(Model):
    """A device with a slot. From `dark_at_s` on nothing that it holds is good any more."""

    device_id: Id
    platform: str
    way: DeviceWay
    activated_at_s: Seconds
    dark_at_s: Seconds


class TakeoverModel(Model):
    """A new device's request for a slot: without objection it may have it at `ripe_at_s`."""

    takeover_id: Id
    platform: str
    way: DeviceWay
    replaces: Id
    asked_at_s: Seconds
    ripe_at_s: Seconds


class DevicesModel(Model):
    """The devices of a license; also the `details` of an error that asks to choose one."""

    device_limit: int
    devices: list[DeviceModel]
    takeover: TakeoverModel | None


class DevicesAnswer(DevicesModel):
    """Answer of GET and DELETE /v1/licenses/{license_id}/devices… and of POST …/takeovers/…."""

    license_id: Id


class LeaseModel(Model):
    """A lease: a JWS bound to the device's key, verified offline (docs/licenses.md)."""

    token: str
    starts_at_s: Seconds
    ends_at_s: Seconds
    grace_ends_at_s: Seconds
    refresh_at_s: Annotated[int, Field(ge=0, description=(
        "Ask for the next one by then, at the latest; each client a little earlier."))]


class LicenseModel(DevicesModel):
    """A license as one of its devices sees it."""

    license_id: Id
    license_key: Annotated[str | None, Field(
        description="For the buyer to keep; null for a device that came by a number or key less "
                    "than three days ago, and when it cannot be derived any more.")]
    product_id: str
    entitlements: list[str]
    paid_at_s: Seconds
    ends_at_s: Seconds | None
    status: Literal["active", "pending"]
    lease: LeaseModel | None


class LicenseAnswer(Model):
    """Answer of claim, restore and refresh; 202 and no lease while it is being signed."""

    license: LicenseModel


class PurchaseModel(Model):
    """What was bought, for who knows the claim secret. `receipt` is signed and unlocks nothing."""

    order_id: Id
    out_trade_no: str
    license_id: Id
    product_id: str
    entitlements: list[str]
    standing: Literal["active", "suspended", "revoked"]
    receipt: str | None


class PurchaseAnswer(Model):
    """Answer of GET /v1/orders/{order_id}/license."""

    purchase: PurchaseModel


class KeyModel(Model):
    """A verification key (RFC 8037)."""

    kty: Literal["OKP"]
    crv: Literal["Ed25519"]
    kid: str
    alg: Literal["Ed25519"]
    use: Literal["sig"]
    x: str


class KeysAnswer(Model):
    """Answer of GET /v1/keys: a JWK set (RFC 7517 §5), and the signed set that clients trust."""

    keys: list[KeyModel]
    set: str


class ErrorModel(Model):
    """What went wrong: `code` for programs, the messages for people."""

    code: str
    message: str
    message_zh: str
    request_id: str
    field: str | None = None
    retry_after_s: int | None = None
    details: DevicesModel | None = None


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
