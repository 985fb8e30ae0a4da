"""Bring a license to a new device, by its order number or its license key.

Either may take a free slot. Neither frees one: that takes the word of an active device, or
three days in which none objects (docs/licenses.md).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from shared.domain import identifiers
from shared.domain.activation import find_device, restore_slot
from shared.domain.device import Refusal, Refused, Way
from shared.domain.license_key import parse_license_key
from shared.errors import InvalidRequest, LicenseNotFound
from shared.use_cases.claim_license import as_error, hand_over, seat_device
from shared.use_cases.refresh_lease import order_of

if TYPE_CHECKING:
    from shared.domain.device import Wanted
    from shared.domain.license import License
    from shared.domain.order import Order
    from shared.use_cases.claim_license import Desk, HandedOver


class Claim(NamedTuple):
    """What the buyer knows: an order number or a license key, as typed, and which it is.

    `replaces` is the device whose slot is asked for, None for a free one.
    """

    way: Way
    typed: str
    replaces: str | None = None


def restore_license(claim: Claim, wanted: Wanted, desk: Desk) -> HandedOver:
    """The lease of the license for this device, once it has a slot.

    Raises InvalidRequest(ORDER_NUMBER_MISTYPED, LICENSE_KEY_MISTYPED), LicenseNotFound,
    Conflict(ORDER_NOT_PAID, DEVICE_LIMIT_REACHED, TAKEOVER_WAITS, TAKEOVER_BUSY or
    TAKEOVER_BARRED), NotFound(DEVICE_NOT_ACTIVE), RateLimited(DEVICE_SWAP_LIMIT),
    Forbidden(LICENSE_…) and the Unavailable family.
    """
    order, stored = _found(claim, desk)
    seated = seat_device(order, desk, lambda it, now_s: restore_slot(
        it, wanted, claim.way, claim.replaces, now_s), stored)
    license_ = seated.license
    if find_device(license_, wanted.thumbprint) is None:
        assert license_.takeover is not None
        raise as_error(Refused(Refusal.WAITS, license_.takeover.ripe_at_s), desk, license_)
    return hand_over(seated, wanted.thumbprint, desk)


def _found(claim: Claim, desk: Desk) -> tuple[Order, License | None]:
    if claim.way is Way.LICENSE_KEY:
        license_ = desk.licenses.load(identifiers.license_id(_key(claim.typed)))
        if license_ is None:
            raise LicenseNotFound
        return order_of(license_, desk.books), license_
    order = desk.books.orders.load(identifiers.order_id(_number(claim.typed)))
    if order is None:
        raise LicenseNotFound
    return order, None


def _key(typed: str) -> str:
    try:
        return parse_license_key(typed)
    except identifiers.InvalidIdentifier:
        raise InvalidRequest(code="LICENSE_KEY_MISTYPED", field="license_key") from None


def _number(typed: str) -> str:
    try:
        return identifiers.parse_out_trade_no(typed)
    except identifiers.InvalidIdentifier:
        raise InvalidRequest(code="ORDER_NUMBER_MISTYPED", field="order_number") from None
