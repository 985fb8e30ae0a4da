"""Ask the provider how an order stands, and book what it says; close an order there.

Used by polls, by the timer and by a cancelling buyer: all of them may find a payment that no
notify told of, and all of them book it on the one road.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.domain.matching import find_mismatch
from shared.domain.order import close
from shared.domain.payment import Mismatch, TradeState
from shared.errors import ProviderUnavailable, StoreUnavailable, VersionConflict
from shared.ports import AlreadyPaid
from shared.use_cases.record_payment import Books, record_payment

if TYPE_CHECKING:
    from shared.domain.order import Order
    from shared.ports import PaymentGateway

MOST_RIVALS = 3


def ask_provider(order: Order, books: Books, gateway: PaymentGateway) -> Order:
    """The order after what the provider knows of it now is booked.

    Raises PaymentHeld, ProviderRefused and the Unavailable family.
    """
    _refuse_another_merchant(order, books, gateway)
    fact = gateway.query(order.out_trade_no)
    if fact is None:
        return order
    if fact.trade_state is TradeState.CLOSED and find_mismatch(order, fact) is None:
        return close_here(order, books, actor="provider", source="query")
    return record_payment(fact, books, order)


def close_order(order: Order, books: Books, gateway: PaymentGateway, *, actor: str,
                source: str) -> Order:
    """The order, closed at the provider and then here; or paid, when the buyer was faster.

    Raises ProviderRefused and the Unavailable family; then nothing was decided here, and the
    same call may be made again.
    """
    _refuse_another_merchant(order, books, gateway)
    try:
        gateway.close(order.out_trade_no)
    except AlreadyPaid:
        return book_already_paid(order, books, gateway)
    return close_here(order, books, actor=actor, source=source)


def book_already_paid(order: Order, books: Books, gateway: PaymentGateway) -> Order:
    """The order after the payment is booked that the provider just said it has (AlreadyPaid).

    Raises PaymentHeld and the Unavailable family: a query may not know yet what was just said.
    """
    fact = gateway.query(order.out_trade_no)
    if fact is None or not fact.was_paid:
        raise ProviderUnavailable(reason="paid_but_unknown_to_query", retry_after_s=2) from None
    return record_payment(fact, books, order)


def _refuse_another_merchant(order: Order, books: Books, gateway: PaymentGateway) -> None:
    """A merchant number knows nothing of another's orders: that must not pass for "unpaid"."""
    if order.payee.merchant_id != gateway.payee.merchant_id:
        books.log.fact("payment.fact_unfit", alarm=True, order_id=order.order_id,
                       reason=Mismatch.MERCHANT.value, source="query")
        raise ProviderUnavailable(reason="order_of_another_merchant")


def close_here(order: Order, books: Books, *, actor: str, source: str) -> Order:
    """The order in its state closed, unless somebody moved it on meanwhile."""
    for _ in range(MOST_RIVALS):
        if not order.is_open():
            return order
        closed = close(order, books.clock.now_s(), actor=actor, source=source)
        try:
            books.orders.save(closed)
        except VersionConflict:
            order = books.orders.load(order.order_id) or order
            continue
        books.log.fact("order.closed", order_id=order.order_id, source=source)
        return closed
    raise StoreUnavailable(reason="too_many_rivals", retry_after_s=1)
