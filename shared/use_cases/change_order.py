"""Change a paid order by one of its rules, and bring its license up to date.

  1. work list: look at this order soon    fails: nothing happened
  2. order row: the change                 the only commit point; lost to a rival: decide again
  3. license row                           fails: the timer does it
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.domain.order import ForbiddenTransition, Order
from shared.errors import Conflict, OrderNotFound, StoreUnavailable, VersionConflict
from shared.use_cases.project_license import project_if_possible
from shared.use_cases.record_refund import tell_newest_event

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.ports import LicenseRepository
    from shared.use_cases.record_payment import Books

MOST_RIVALS = 5


def change_order(order_id: str, change: Callable[[Order], Order], books: Books,
                 licenses: LicenseRepository, *, forbidden: str) -> Order:
    """The order after `change`, stored; as it is, when that answers the same order.

    `forbidden` is the code of the Conflict for a change that the rules do not allow. Raises
    OrderNotFound, Conflict and the Unavailable family.
    """
    for _ in range(MOST_RIVALS):
        order = books.orders.load(order_id)
        if order is None:
            raise OrderNotFound
        try:
            changed = change(order)
        except ForbiddenTransition:
            raise Conflict(code=forbidden) from None
        if changed is order:
            return order
        books.look_later("order", order_id)
        try:
            books.orders.save(changed)
        except VersionConflict:
            continue
        tell_newest_event(changed, books)
        project_if_possible(changed, licenses, books,
                            source=changed.history.events[-1].source)
        return changed
    raise StoreUnavailable(reason="too_many_rivals", retry_after_s=1)
