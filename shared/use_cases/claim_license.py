"""Hand over the license of a paid order, as a lease.

The payment already fixed the grant (id, terms, time, signing key) in the order's row. Here
it is applied to the license's own row, as often as anyone likes, and a lease is signed for
the current window: the same bytes for everybody who asks in that window.

No lease leaves for money that went back: the order is read first, and what it says the license
is worth is in the license's row before a lease is signed; a newer word that reached that row
meanwhile wins.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.domain.lease import Window, window_at
from shared.domain.license import License, Standing
from shared.errors import Conflict, Forbidden
from shared.use_cases.fetch_order import authorized_order
from shared.use_cases.project_license import project_license

if TYPE_CHECKING:
    from shared.ports import LicenseIssuer, LicenseRepository
    from shared.use_cases.record_payment import Books

SOURCE = "license-fetch"

REFUSALS = {Standing.SUSPENDED: "LICENSE_SUSPENDED", Standing.REVOKED: "LICENSE_REVOKED"}


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

    Raises OrderNotFound, Conflict(ORDER_NOT_PAID), Forbidden(LICENSE_SUSPENDED,
    LICENSE_REVOKED or LICENSE_EXPIRED) and the Unavailable family.
    """
    order = authorized_order(order_id, claim_secret, desk.books)
    if order.grant is None:
        raise Conflict(code="ORDER_NOT_PAID", retry_after_s=2)
    license_ = project_license(order, desk.licenses, desk.books, source=SOURCE, activating=True)
    if license_.standing in REFUSALS:
        raise Forbidden(code=REFUSALS[license_.standing])
    window = window_at(license_, desk.books.clock.now_s())
    if window is None:
        raise Forbidden(code="LICENSE_EXPIRED")
    issued = desk.issuer.issue(license_, window)
    desk.books.log.fact("license.leased" if issued.token else "license.pending",
                        order_id=order_id, license_id=license_.license_id)
    return HandedOver(license_, window, issued.token)
