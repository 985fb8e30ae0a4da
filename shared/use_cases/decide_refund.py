"""A person, or the rules, decide about a refund that is reserved and not yet sent.

Approving lets the timer send it; declining gives its amount free. Who asked for a refund cannot
approve it: above the policy's limit it takes two people.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.domain.history import Event
from shared.domain.refunding import decide_refund as decided
from shared.errors import Conflict
from shared.use_cases.change_order import change_order

if TYPE_CHECKING:
    from shared.domain.order import Order
    from shared.ports import LicenseRepository
    from shared.use_cases.record_payment import Books

APPROVED, DECLINED, REFUSED = "refund_approved", "refund_declined", "refund_refused"


def decide_refund(order_id: str, refund_id: str, event: Event, books: Books,
                  licenses: LicenseRepository) -> Order:
    """The order after `event` (refund_approved, refund_declined or refund_refused).

    Its data names the refund. Deciding the same again changes nothing. Raises OrderNotFound,
    Conflict(REFUND_NOT_DECIDABLE or NEEDS_ANOTHER_PERSON) and the Unavailable family.
    """
    def change(order: Order) -> Order:
        _refuse_own_approval(order, refund_id, event)
        return decided(order, refund_id, event)

    return change_order(order_id, change, books, licenses, forbidden="REFUND_NOT_DECIDABLE")


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
