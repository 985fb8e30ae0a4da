"""One look of the timer at one order: whatever is half done is brought on.

  open                    ask the provider (a payment that no notify told of is booked)
  open and expired        ask, then close it there and here; "already paid" is a payment
  paid                    license up to date; ledger lines written; refunds followed
  paid late, product gone the whole amount is refunded
  paid long ago           the hash of its payer is forgotten

Every step can be done again: the look may die anywhere, and the next one starts from what is
stored then.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.domain.bill import ledger_lines
from shared.domain.due import next_look
from shared.domain.held import SETTLED
from shared.domain.privacy import KEEP_PAYER_S, payer_goes_at_s
from shared.domain.refund import RefundOrigin
from shared.domain.refunding import has_unexplained_refund
from shared.use_cases.ask_provider import ask_provider, close_here, close_order
from shared.use_cases.follow_refund import SOURCE, follow_refund
from shared.use_cases.forget_buyer import forget_payer_of
from shared.use_cases.project_license import project_license
from shared.use_cases.record_payment import PaymentHeld
from shared.use_cases.request_refund import RefundRequest, request_refund

if TYPE_CHECKING:
    from shared.domain.bill import LedgerLine
    from shared.domain.catalogue import Catalogue
    from shared.domain.order import Order
    from shared.ports import Ledger, PaymentGateway
    from shared.use_cases.record_payment import Books
    from shared.use_cases.request_refund import RefundCounter


@dataclass(frozen=True)
class BackOffice:
    """What looking after orders needs."""

    counter: RefundCounter
    gateway: PaymentGateway
    ledger: Ledger
    catalogue: Catalogue
    keep_payer_s: int = KEEP_PAYER_S


def look_at_order(order_id: str, office: BackOffice) -> int | None:
    """Do what is due for this order; when to look again, None when it has come to an end.

    Raises PaymentHeld, RefundUnfit, ProviderRefused and the Unavailable family: look again.
    """
    books = office.counter.books
    order = books.orders.load(order_id)
    if order is None:
        # Half of a batch: whoever tried to place the order will try again, with a new row.
        books.log.fact("work.without_order", order_id=order_id)
        return None
    if order.is_open():
        order = _settle_payment(order, office)
    if order.payment is not None:
        order = _look_after_paid(_give_back_if_gone(order, office), office)
    goes_at_s = payer_goes_at_s(order, office.keep_payer_s)
    if goes_at_s is not None and books.clock.now_s() >= goes_at_s:
        order = forget_payer_of(order, office.counter, actor="system", source=SOURCE)
    return next_look(order, books.clock.now_s(), office.keep_payer_s)


def _settle_payment(order: Order, office: BackOffice) -> Order:
    books = office.counter.books
    try:
        order = ask_provider(order, books, office.gateway)
    except PaymentHeld:
        if not _is_over(order, books):
            raise
        return close_here(order, books, actor="system", source=SOURCE)
    if order.is_open() and books.clock.now_s() >= order.expires_at_s:
        order = close_order(order, books, office.gateway, actor="system", source=SOURCE)
    return order


def _is_over(order: Order, books: Books) -> bool:
    """Whether it has expired, and every payment of its that did not fit was settled."""
    if books.clock.now_s() < order.expires_at_s:
        return False
    states = [held.state for held in books.held.all() if held.order_id == order.order_id]
    return bool(states) and all(state in SETTLED for state in states)


def _give_back_if_gone(order: Order, office: BackOffice) -> Order:
    """A late payment for a thing that is not sold any more goes back, once, as a whole."""
    assert order.payment is not None
    gone = order.snapshot.product_id not in office.catalogue.products
    goes_back = bool(order.refunds) or order.refund_reported_at_s is not None
    if goes_back or not (gone and order.payment.late):
        return order
    wanted = RefundRequest("product gone", None, RefundOrigin.PRODUCT_GONE, "system", SOURCE)
    return request_refund(order.order_id, wanted, office.counter)


def _look_after_paid(order: Order, office: BackOffice) -> Order:
    counter = office.counter
    _enter(order, (), office.ledger)
    before = order
    for number in [refund.out_refund_no for refund in order.refunds if refund.is_open]:
        license_ = project_license(order, counter.licenses, counter.books, source=SOURCE)
        refund = next(one for one in order.refunds if one.out_refund_no == number)
        order = follow_refund(order, refund, license_, counter)
    project_license(order, counter.licenses, counter.books, source=SOURCE)
    _enter(order, tuple(ledger_lines(before)), office.ledger)
    if has_unexplained_refund(order):
        counter.books.log.fact("refund.unexplained", alarm=True, order_id=order.order_id)
    return order


def _enter(order: Order, entered: tuple[LedgerLine, ...], ledger: Ledger) -> None:
    for line in ledger_lines(order):
        if line not in entered:
            ledger.enter(line)
