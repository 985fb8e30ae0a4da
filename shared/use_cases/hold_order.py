"""Hold a license back, and let it go again, without touching the money.

An operator does it by hand; an open complaint does it where policy says so. Each reason is a
hold of its own: the license is free when the last one is gone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.domain.history import Event
from shared.domain.order import ForbiddenTransition, Order
from shared.domain.refunding import place_hold, release_hold
from shared.errors import Conflict, OrderNotFound, StoreUnavailable, VersionConflict
from shared.use_cases.project_license import project_if_possible

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.ports import LicenseRepository
    from shared.use_cases.record_payment import Books

MOST_RIVALS = 5


def hold_order(order_id: str, hold: str, books: Books, licenses: LicenseRepository, *,
               actor: str, source: str) -> Order:
    """The order with its license held back; the same order when this hold is on it.

    Raises OrderNotFound, Conflict(ORDER_NOT_PAID) and the Unavailable family.
    """
    event = Event("held", books.clock.now_s(), actor, source, {"hold": hold})
    return _change(order_id, lambda order: place_hold(order, hold, event), books, licenses)


def free_order(order_id: str, hold: str, books: Books, licenses: LicenseRepository, *,
               actor: str, source: str) -> Order:
    """The order without this hold. Raises OrderNotFound and the Unavailable family."""
    event = Event("released", books.clock.now_s(), actor, source, {"hold": hold})
    return _change(order_id, lambda order: release_hold(order, hold, event), books, licenses)


def _change(order_id: str, change: Callable[[Order], Order], books: Books,
            licenses: LicenseRepository) -> Order:
    for _ in range(MOST_RIVALS):
        order = books.orders.load(order_id)
        if order is None:
            raise OrderNotFound
        try:
            changed = change(order)
        except ForbiddenTransition:
            raise Conflict(code="ORDER_NOT_PAID") from None
        if changed is order:
            return order
        books.look_later("order", order_id)
        try:
            books.orders.save(changed)
        except VersionConflict:
            continue
        event = changed.history.events[-1]
        books.log.fact(f"order.{event.kind}", order_id=order_id, source=event.source)
        project_if_possible(changed, licenses, books, source=event.source)
        return changed
    raise StoreUnavailable(reason="too_many_rivals", retry_after_s=1)
