"""Give an active device its next lease: two reads, and a write once a day at most.

  1. license row: is the device there?          no: it learns just that, whatever the reason
  2. order row: what is the license worth now?
  3. license row: that, and until when the device holds something good      the commit point
  4. sign
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.domain import identifiers
from shared.domain.activation import find_device, refresh_slot
from shared.domain.device import Refusal
from shared.errors import NotFound, StoreUnavailable
from shared.use_cases.claim_license import hand_over, seat_device

if TYPE_CHECKING:
    from shared.domain.license import License
    from shared.domain.order import Order
    from shared.ports import LicenseRepository
    from shared.use_cases.claim_license import Desk, HandedOver
    from shared.use_cases.record_payment import Books


def refresh_lease(license_id: str, thumbprint: str, desk: Desk) -> HandedOver:
    """The lease of today for this device.

    Raises NotFound(DEVICE_NOT_ACTIVE), Conflict(DEVICE_LIMIT_REACHED) for a dark device where a
    refund lowered the limit, Forbidden(LICENSE_SUSPENDED, LICENSE_REVOKED or LICENSE_EXPIRED)
    and the Unavailable family.
    """
    stored = active_license(license_id, thumbprint, desk.licenses)
    seated = seat_device(order_of(stored, desk.books), desk,
                         lambda it, now_s: refresh_slot(it, thumbprint, now_s), stored)
    return hand_over(seated, thumbprint, desk)


def active_license(license_id: str, thumbprint: str, licenses: LicenseRepository) -> License:
    """The license, for a device of its; else NotFound(DEVICE_NOT_ACTIVE), one face for all."""
    license_ = licenses.load(license_id) if identifiers.is_id(license_id) else None
    if license_ is None or find_device(license_, thumbprint) is None:
        raise NotFound(code=Refusal.NOT_ACTIVE.value)
    return license_


def order_of(license_: License, books: Books) -> Order:
    """The order that made a license; there is no license without one."""
    order = books.orders.load(license_.order_id)
    if order is None:
        raise StoreUnavailable(reason="license_without_order")
    return order
