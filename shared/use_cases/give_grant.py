"""An operator gives more time, without money: a gift is a grant with its own proof.

It lands on the license of an existing order and adds to what is left. A gift keeps its worth
when the order is refunded: it was not paid for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.domain import identifiers
from shared.domain.license import Grant, License, Proof, apply_grant
from shared.errors import Conflict, OrderNotFound
from shared.use_cases.project_license import change_stored, project_license

if TYPE_CHECKING:
    from shared.domain.order import Order
    from shared.ports import LicenseRepository
    from shared.use_cases.record_payment import Books

SOURCE = "admin"


def give_grant(order_id: str, term_days: int, key: str, books: Books,
               licenses: LicenseRepository, *, actor: str) -> License:
    """The license with `term_days` more; the same license when this key came before.

    Raises OrderNotFound, Conflict(ORDER_NOT_PAID) and the Unavailable family.
    """
    order = books.orders.load(order_id)
    if order is None:
        raise OrderNotFound
    if order.grant is None:
        raise Conflict(code="ORDER_NOT_PAID")
    grant = _gift(order, term_days, key, books)
    license_ = project_license(order, licenses, books, source=SOURCE)
    return change_stored(license_, licenses, books, lambda it, now_s: apply_grant(
        it, grant, now_s=now_s, source=SOURCE, actor=actor))


def _gift(order: Order, term_days: int, key: str, books: Books) -> Grant:
    grant_id = identifiers.grant_id("gift", f"{order.order_id}\n{key}")
    return Grant(
        grant_id=grant_id, license_id=order.license_id, product_id=order.snapshot.product_id,
        entitlements=order.snapshot.entitlements, term_days=term_days,
        granted_at_s=books.clock.now_s(), order_id=order.order_id,
        device_limit=order.snapshot.device_limit, proof=Proof("gift", grant_id))
