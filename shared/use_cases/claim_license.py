"""Hand over the license of a paid order, as a lease, to its first device.

The payment already fixed the grant (id, terms, time) in the order's row. Here it is applied to
the license's own row, together with the device, in one conditional write; then a lease is
signed for that device and today: the same bytes, however often it asks today.

No lease leaves for money that went back: the order is read first, and what it says the license
is worth is in the license's row before a lease is signed; a newer word that reached that row
meanwhile wins.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from shared.domain import identifiers
from shared.domain.activation import SOURCE, claim_slot, find_device, lease_window
from shared.domain.device import Refusal, Refused
from shared.domain.device_list import device_list
from shared.errors import Conflict, Forbidden, NotFound, RateLimited, TongbaoError
from shared.use_cases.fetch_order import authorized_order
from shared.use_cases.project_license import change_license

if TYPE_CHECKING:
    from shared.domain.device import Wanted
    from shared.domain.lease import Window
    from shared.domain.license import License
    from shared.domain.license_key import LicenseKeys
    from shared.domain.order import Order
    from shared.license_ports import LicenseIssuer
    from shared.ports import LicenseRepository
    from shared.use_cases.project_license import Change
    from shared.use_cases.record_payment import Books

ERRORS: dict[Refusal, type[TongbaoError]] = {
    Refusal.SUSPENDED: Forbidden, Refusal.REVOKED: Forbidden, Refusal.EXPIRED: Forbidden,
    Refusal.NOT_ACTIVE: NotFound, Refusal.SWAPS: RateLimited}
"""What the others are: Conflict."""


@dataclass(frozen=True)
class Desk:
    """Where licenses are handed over."""

    books: Books
    licenses: LicenseRepository
    issuer: LicenseIssuer
    license_keys: LicenseKeys


@dataclass(frozen=True)
class HandedOver:
    """A license, the device that it is for, and the lease of that device with its window.

    `lease` is None while it is being signed. `license_key` is for a device with a voice alone;
    None too when the secret that it was derived from is no longer here.
    """

    license: License
    thumbprint: str
    window: Window
    lease: str | None
    license_key: str | None


class Seated(NamedTuple):
    """A license as it is stored, and when what is stored was decided."""

    license: License
    decided_at_s: int


def claim_license(order_id: str, claim_secret: str | None, wanted: Wanted,
                  desk: Desk) -> HandedOver:
    """The lease of this order's license for its first device, or for that device again.

    Raises OrderNotFound, Conflict(ORDER_NOT_PAID, CLAIM_SECRET_USED or DEVICE_LIMIT_REACHED),
    Forbidden(LICENSE_SUSPENDED, LICENSE_REVOKED or LICENSE_EXPIRED) and the Unavailable family.
    """
    order = authorized_order(order_id, claim_secret, desk.books)
    seated = seat_device(order, desk, lambda it, now_s: claim_slot(it, wanted, now_s))
    return hand_over(seated, wanted.thumbprint, desk)


def seat_device(order: Order, desk: Desk, change: Change,
                stored: License | None = None) -> Seated:
    """The license of a paid order after `change`, stored; a refusal as the error it is."""
    if order.grant is None:
        raise Conflict(code="ORDER_NOT_PAID", retry_after_s=2)
    asked: list[tuple[License, int]] = []

    def noted(license_: License, now_s: int) -> License:
        asked.append((license_, now_s))
        return change(license_, now_s)

    try:
        seated = change_license(order, desk.licenses, desk.books, noted, source=SOURCE,
                                stored=stored)
    except Refused as refused:
        raise as_error(refused, desk, asked[-1][0]
                       if refused.refusal is Refusal.FULL else None) from None
    return Seated(seated, asked[-1][1])


def hand_over(seated: Seated, thumbprint: str, desk: Desk) -> HandedOver:
    """The lease of this license for a device that has a slot. Raises Unavailable.

    Its window is that of the stored decision: the row must know how long the lease is good.
    """
    license_ = seated.license
    window = lease_window(license_, seated.decided_at_s)
    issued = desk.issuer.issue(license_, thumbprint, window)
    desk.books.log.fact("license.leased" if issued.token else "license.pending",
                        order_id=license_.order_id, license_id=license_.license_id,
                        device_id=identifiers.device_id(license_.license_id, thumbprint))
    device = find_device(license_, thumbprint)
    heard = device is not None and device.has_voice(desk.books.clock.now_s())
    return HandedOver(
        license_, thumbprint, window, issued.token,
        desk.license_keys.key_of(license_.order_id, license_.license_id) if heard else None)


def as_error(refused: Refused, desk: Desk, license_: License | None = None) -> TongbaoError:
    """The API's error for a refusal; with the devices of the license, where one must choose."""
    kind = ERRORS.get(refused.refusal, Conflict)
    now_s = desk.books.clock.now_s()
    again_s = None if refused.again_at_s is None else max(1, refused.again_at_s - now_s)
    return kind(code=refused.refusal.value, retry_after_s=again_s,
                details=None if license_ is None else device_list(license_, now_s))
