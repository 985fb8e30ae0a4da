"""Hand over the license of a paid order, as a lease.

The payment already fixed the grant (id, terms, time, signing key) in the order's row. Here
it is applied to the license's own row, as often as anyone likes, and a lease is signed for
the current window: the same bytes for everybody who asks in that window.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.domain.lease import Window, window_at
from shared.domain.license import Grant, License, apply_grant, open_license
from shared.domain.order import Order, OrderState
from shared.errors import AlreadyExists, Conflict, Forbidden, StoreUnavailable, VersionConflict
from shared.use_cases.fetch_order import authorized_order

if TYPE_CHECKING:
    from shared.ports import LicenseIssuer, LicenseRepository
    from shared.use_cases.record_payment import Books

MOST_RIVALS = 5
SOURCE = "license-fetch"


@dataclass(frozen=True)
class Desk:
    """Where licenses are handed over."""

    books: Books
    licenses: LicenseRepository
    issuer: LicenseIssuer


@dataclass(frozen=True)
class HandedOver:
    """A license, the window of its lease, and the lease; None while it is being signed."""

    license: License
    window: Window
    lease: str | None


def claim_license(order_id: str, claim_secret: str | None, desk: Desk) -> HandedOver:
    """The lease of this order's license.

    Raises OrderNotFound, Conflict(ORDER_NOT_PAID), Forbidden(LICENSE_SUSPENDED or
    LICENSE_EXPIRED) and the Unavailable family.
    """
    order = authorized_order(order_id, claim_secret, desk.books)
    license_ = ensure_license(_grant_of(order), order.environment, desk)
    window = window_at(license_, desk.books.clock.now_s())
    if window is None:
        raise Forbidden(code="LICENSE_EXPIRED")
    issued = desk.issuer.issue(license_, window)
    desk.books.log.fact("license.leased" if issued.token else "license.pending",
                        order_id=order_id, license_id=license_.license_id)
    return HandedOver(license_, window, issued.token)


def ensure_license(grant: Grant, environment: str, desk: Desk) -> License:
    """The stored license with this grant applied; applying it again changes nothing."""
    books = desk.books
    for _ in range(MOST_RIVALS):
        stored = desk.licenses.load(grant.license_id)
        now_s = books.clock.now_s()
        try:
            if stored is None:
                fresh = open_license(grant, environment, now_s=now_s, source=SOURCE)
                desk.licenses.create(fresh)
            else:
                fresh = apply_grant(stored, grant, now_s=now_s, source=SOURCE)
                if fresh is stored:
                    return stored
                desk.licenses.save(fresh)
        except (AlreadyExists, VersionConflict):
            continue
        books.log.fact("license.granted", license_id=fresh.license_id, grant_id=grant.grant_id)
        return fresh
    raise StoreUnavailable(reason="too_many_rivals", retry_after_s=1)


def _grant_of(order: Order) -> Grant:
    if order.state is OrderState.REFUNDING:
        raise Forbidden(code="LICENSE_SUSPENDED")
    if order.grant is None:
        raise Conflict(code="ORDER_NOT_PAID", retry_after_s=2)
    return order.grant
