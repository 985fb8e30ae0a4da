"""Hold a license back, and let it go again, without touching the money.

An operator does it by hand; an open complaint does it where policy says so. Each reason is a
hold of its own: the license is free when the last one is gone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.domain.history import Event
from shared.domain.refunding import place_hold, release_hold
from shared.use_cases.change_order import change_order

if TYPE_CHECKING:
    from shared.domain.order import Order
    from shared.ports import LicenseRepository
    from shared.use_cases.record_payment import Books


def hold_order(order_id: str, hold: str, books: Books, licenses: LicenseRepository, *,
               actor: str, source: str) -> Order:
    """The order with its license held back; the same order when this hold is on it.

    Raises OrderNotFound, Conflict(ORDER_NOT_PAID) and the Unavailable family.
    """
    event = Event("held", books.clock.now_s(), actor, source, {"hold": hold})
    return change_order(order_id, lambda order: place_hold(order, hold, event), books, licenses,
                        forbidden="ORDER_NOT_PAID")


def release_order(order_id: str, hold: str, books: Books, licenses: LicenseRepository, *,
                  actor: str, source: str) -> Order:
    """The order without this hold. Raises OrderNotFound and the Unavailable family."""
    event = Event("released", books.clock.now_s(), actor, source, {"hold": hold})
    return change_order(order_id, lambda order: release_hold(order, hold, event), books,
                        licenses, forbidden="ORDER_NOT_PAID")
