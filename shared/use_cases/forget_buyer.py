"""Forget who bought: by timer when it is no longer needed, by an operator when a buyer asks.

  1. payer's list: this order's go     fails: the hash is still in the order, so again
  2. order row: the payer's hash goes  fails: again, from the start
  3. license row: its devices go       only where the buyer asked
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from shared.domain.activation import forget_devices
from shared.domain.privacy import forget_payer
from shared.errors import OrderNotFound
from shared.use_cases.change_order import change_order
from shared.use_cases.project_license import change_stored, project_license

if TYPE_CHECKING:
    from shared.domain.complaint import Complaint
    from shared.domain.license import License
    from shared.domain.order import Order
    from shared.ports import ComplaintRepository
    from shared.use_cases.request_refund import RefundCounter


class BuyerData(NamedTuple):
    """Everything that is kept about one purchase and whoever made it."""

    order: Order
    license: License | None
    payer_refunds: tuple[str, ...]
    complaints: tuple[Complaint, ...]


def collect_buyer(order: Order, counter: RefundCounter,
                  complaints: ComplaintRepository) -> BuyerData:
    """What is kept, for a buyer who asks (PIPL article 45). Raises Unavailable."""
    payer = order.payment.payer_hash if order.payment is not None else None
    return BuyerData(
        order, counter.licenses.load(order.license_id),
        tuple(sorted(counter.payers.list(payer))) if payer is not None else (),
        tuple(one for one in complaints.all() if order.order_id in one.order_ids))


def forget_payer_of(order: Order, counter: RefundCounter, *, actor: str, source: str) -> Order:
    """The order without its payer's hash. Raises Unavailable; may be done again."""
    books = counter.books
    if order.payment is None or order.payment.payer_hash is None:
        return order
    for refund in order.refunds:
        # Those of the payer's other orders still count: an old order must not lift a limit.
        counter.payers.forget(order.payment.payer_hash, refund.refund_id)
    return change_order(
        order.order_id, lambda it: forget_payer(
            it, now_s=books.clock.now_s(), actor=actor, source=source),
        books, counter.licenses, forbidden="ORDER_NOT_PAID")


def forget_buyer(order_id: str, counter: RefundCounter, *, actor: str, source: str) -> Order:
    """The order, with nothing left of who bought: neither payer nor devices (PIPL article 47).

    The license stays, and can be restored with its order number. Raises OrderNotFound and the
    Unavailable family; may be done again.
    """
    books = counter.books
    order = books.orders.load(order_id)
    if order is None:
        raise OrderNotFound
    order = forget_payer_of(order, counter, actor=actor, source=source)
    if order.grant is not None:
        license_ = project_license(order, counter.licenses, books, source=source)
        change_stored(license_, counter.licenses, books, lambda it, now_s: forget_devices(
            it, now_s=now_s, actor=actor, source=source))
    return order
