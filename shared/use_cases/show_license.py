"""What the claim secret shows after the first activation: a receipt, no lease, no key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.domain.refunding import standing_of
from shared.errors import Conflict
from shared.use_cases.fetch_order import authorized_order

if TYPE_CHECKING:
    from shared.domain.license import Standing
    from shared.domain.order import Order
    from shared.use_cases.claim_license import Desk


@dataclass(frozen=True)
class Purchase:
    """A paid order, what it is worth now, and its signed receipt; None while that is signed."""

    order: Order
    standing: Standing
    receipt: str | None


def show_license(order_id: str, claim_secret: str | None, desk: Desk) -> Purchase:
    """What was bought. Raises OrderNotFound, Conflict(ORDER_NOT_PAID), Unavailable."""
    order = authorized_order(order_id, claim_secret, desk.books)
    if order.payment is None:
        raise Conflict(code="ORDER_NOT_PAID", retry_after_s=2)
    return Purchase(order, standing_of(order), desk.issuer.receipt(order, order.payment))
