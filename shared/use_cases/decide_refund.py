"""A person, or the rules, decide about a refund that is reserved and not yet sent.

Approving lets the timer send it; declining gives its amount free. Who asked for a refund cannot
approve it: above the policy's limit it takes two people.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.domain.history import Event
from shared.domain.order import ForbiddenTransition, Order
from shared.domain.refunding import decide_refund as decided
from shared.errors import Conflict, OrderNotFound, StoreUnavailable, VersionConflict
from shared.use_cases.project_license import project_if_possible
from shared.use_cases.record_refund import tell_refund

if TYPE_CHECKING:
    from shared.ports import LicenseRepository
    from shared.use_cases.record_payment import Books

MOST_RIVALS = 5
APPROVED, DECLINED, REFUSED = "refund_approved", "refund_declined", "refund_refused"


def decide_refund(order_id: str, refund_id: str, event: Event, books: Books,
                  licenses: LicenseRepository) -> Order:
    """The order after `event` (refund_approved, refund_declined or refund_refused).

    Its data names the refund. Deciding the same again changes nothing. Raises OrderNotFound,
    Conflict(REFUND_NOT_DECIDABLE or NEEDS_ANOTHER_PERSON) and the Unavailable family.
    """
    for _ in range(MOST_RIVALS):
        order = books.orders.load(order_id)
        if order is None:
            raise OrderNotFound
        _refuse_own_approval(order, refund_id, event)
        try:
            after = decided(order, refund_id, event)
        except ForbiddenTransition:
            raise Conflict(code="REFUND_NOT_DECIDABLE") from None
        if after is order:
            return order
        books.look_later("order", order_id)
        try:
            books.orders.save(after)
        except VersionConflict:
            continue
        tell_refund(after, books)
        project_if_possible(after, licenses, books, source=event.source)
        return after
    raise StoreUnavailable(reason="too_many_rivals", retry_after_s=1)


def decision(kind: str, refund_id: str, now_s: int, *, actor: str, source: str,
             reason: str = "") -> Event:
    """The event of a decision; `reason` is a short code, never free text."""
    data = {"refund_id": refund_id} | ({"reason": reason} if reason else {})
    return Event(kind, now_s, actor, source, data)


def _refuse_own_approval(order: Order, refund_id: str, event: Event) -> None:
    asked = next((refund.requested_by for refund in order.refunds
                  if refund.refund_id == refund_id), None)
    if event.kind == APPROVED and event.actor == asked:
        raise Conflict(code="NEEDS_ANOTHER_PERSON")
