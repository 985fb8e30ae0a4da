"""A buyer cancels an order that is not paid: closed at the provider first, then here.

If they paid a moment ago, that is a payment, and they get what they paid for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.domain.order import OrderState
from shared.errors import Conflict
from shared.use_cases.ask_provider import close_order
from shared.use_cases.fetch_order import authorized_order

if TYPE_CHECKING:
    from shared.domain.order import Order
    from shared.ports import PaymentGateway
    from shared.use_cases.record_payment import Books


def cancel_order(order_id: str, claim_secret: str | None, books: Books,
                 gateway: PaymentGateway) -> Order:
    """The order, closed (again, when it was before) or paid.

    Raises OrderNotFound, Conflict(ORDER_NOT_OPEN) for one that was paid before the call,
    ProviderRefused and the Unavailable family.
    """
    order = authorized_order(order_id, claim_secret, books)
    if order.state is OrderState.CLOSED:
        return order
    if not order.is_open():
        raise Conflict(code="ORDER_NOT_OPEN")
    return close_order(order, books, gateway, actor="buyer", source="cancel")
