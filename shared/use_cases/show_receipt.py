"""A buyer's receipt: what was paid, what went back, and whether they may ask for it back now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.domain.money import Money
from shared.domain.refund_policy import Objection, find_objection
from shared.domain.refunding import refundable, refunded_minor
from shared.use_cases.fetch_order import authorized_order
from shared.use_cases.request_refund import circumstances

if TYPE_CHECKING:
    from shared.domain.order import Order
    from shared.use_cases.request_refund import RefundCounter


@dataclass(frozen=True)
class Receipt:
    """An order, what of it went back, what could, and why its buyer cannot have that (None:
    they can).
    """

    order: Order
    refunded: Money
    refundable: Money
    objection: Objection | None


def show_receipt(order_id: str, claim_secret: str | None, counter: RefundCounter) -> Receipt:
    """The receipt of an order, paid or not. Raises OrderNotFound and the Unavailable family."""
    order = authorized_order(order_id, claim_secret, counter.books)
    left = refundable(order)
    return Receipt(order, Money(refunded_minor(order), order.price.currency), left,
                   find_objection(order, left, circumstances(order, counter)))
