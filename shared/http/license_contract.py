"""Licenses, devices, leases and keys in the HTTP contract, as pydantic models.

Not on the import path of `license-fetch`: it reads bodies in shared.http.license_bodies and
builds answers in shared.http.license_answers; a test holds both against these models.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field
from pydantic.json_schema import SkipJsonSchema

from shared.http.models import Id, Model, Seconds

Platform = Annotated[str, Field(
    pattern=r"^([a-z0-9]{1,16}/[a-z0-9]{1,16})?$",
    description='What the device runs on, coarsely: "chrome/windows".')]
DeviceWay = Literal["claim", "order_number", "license_key"]
Nothing = SkipJsonSchema[None]
Typed = Annotated[str, Field(min_length=1, max_length=64)]


def _optional(schema: dict[str, Any]) -> None:
    """It may be left out; null is not taken for that."""
    schema.pop("default")


class ClaimRequest(Model):
    """Which order's license; the claim secret goes into Authorization, the proof into DPoP."""

    order_id: Id
    platform: Platform = ""


class RestoreRequest(Model):
    """An order number or a license key, as typed; `replaces` asks for that device's slot."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [
        {"required": ["order_number"]}, {"required": ["license_key"]}]})

    order_number: Annotated[Typed | Nothing, Field(json_schema_extra=_optional)] = None
    license_key: Annotated[Typed | Nothing, Field(json_schema_extra=_optional)] = None
    replaces: Annotated[Id | Nothing, Field(json_schema_extra=_optional)] = None
    platform: Platform = ""


class DecisionRequest(Model):
    """What an active device says to another's request for a slot."""

    decision: Literal["approve", "object"]


class DeviceModel(Model):
    """A device with a slot. From `dark_at_s` on nothing that it holds is good any more.

    `is_this`: it is the one whose proof came with the request.
    """

    device_id: Id
    platform: str
    way: DeviceWay
    activated_at_s: Seconds
    dark_at_s: Seconds
    is_this: bool


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
