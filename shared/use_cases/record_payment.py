"""Book a verified payment: the one road for every source (notify, query, bill).

What can fail, and what is true then:
- the order cannot be read: nothing happened; the source comes again.
- the fact does not fit: it is recorded once under its transaction, with an alarm, and refused.
- it is another shop's, on the same merchant number: told, refused, and left alone.
- the write's outcome is unknown: the store reads back first; if that fails too, the caller
  answers 5xx and the source comes again to find the payment booked, or not.
- another writer was first: load again, decide again.
- a crash after the write: the order's row in the work list is still there; where the timer had
  removed it (the order was closed), a new one is put there before the write.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from shared.domain import identifiers
from shared.domain.due import FIRST_LOOK_AFTER_S, Work
from shared.domain.held import held_id, hold_payment
from shared.domain.matching import find_mismatch
from shared.domain.order import record_payment as with_payment
from shared.domain.payment import Mismatch
from shared.errors import NotifyNotAccepted, StoreUnavailable, VersionConflict

if TYPE_CHECKING:
    from shared.domain.order import Order
    from shared.domain.payment import PaymentFact
    from shared.ports import Clock, FactLog, HeldPayments, OrderRepository, WorkList

MOST_RIVALS = 5


class PaymentHeld(NotifyNotAccepted):
    """A verified payment that fits no order, or not its amount; it waits for an operator."""

    code = "PAYMENT_HELD"

    def __init__(self, mismatch: Mismatch) -> None:
        self.mismatch = mismatch
        super().__init__(reason=mismatch.value)


@dataclass(frozen=True)
class Books:
    """What booking needs.

    `prefix` begins the numbers of this deployment's orders: several shops may share one
    merchant number, and what is another's is left alone. `margin_s` is longer than a call of
    this function can last: a row that is put on the work list before a write is not looked at
    before that write can have happened.
    """

    orders: OrderRepository
    work: WorkList
    held: HeldPayments
    clock: Clock
    log: FactLog
    prefix: str = ""
    margin_s: int = FIRST_LOOK_AFTER_S

    def is_foreign(self, out_trade_no: str) -> bool:
        """Whether this number is another shop's."""
        return not out_trade_no.startswith(self.prefix)

    def look_later(self, kind: str, subject_id: str) -> None:
        """Have the timer look at this, later than any write of this call can still happen."""
        self.work.add(Work(kind, subject_id, self.clock.now_s() + self.margin_s))


def record_payment(fact: PaymentFact, books: Books, order: Order | None = None) -> Order:
    """The order once `fact` is durably booked: one payment, one grant, however often told.

    `order` may be the one just loaded or saved, to spare a read. Raises PaymentHeld when the
    payment does not fit, and the Unavailable family when nothing is certain.
    """
    for _ in range(MOST_RIVALS):
        order = order or books.orders.load(identifiers.order_id(fact.out_trade_no))
        mismatch = find_mismatch(order, fact)
        if mismatch is not None:
            _refuse(fact, mismatch, books)
        assert order is not None
        booked = with_payment(order, fact, books.clock.now_s())
        if booked is order:
            return order
        if not order.is_open():
            books.look_later("order", order.order_id)
        try:
            books.orders.save(booked)
        except VersionConflict:
            order = None
            continue
        _tell(order, booked, fact, books)
        return booked
    raise StoreUnavailable(reason="too_many_rivals", retry_after_s=1)


def _refuse(fact: PaymentFact, mismatch: Mismatch, books: Books) -> NoReturn:
    """Hold what was paid; of what was not, only tell: a setting may have changed."""
    order_id = identifiers.order_id(fact.out_trade_no)
    if mismatch is Mismatch.NO_ORDER and books.is_foreign(fact.out_trade_no):
        books.log.fact("payment.foreign", order_id=order_id, source=fact.source)
        raise NotifyNotAccepted(reason="foreign")
    if not fact.was_paid:
        books.log.fact("payment.fact_unfit", alarm=True, order_id=order_id,
                       reason=mismatch.value, source=fact.source)
        raise NotifyNotAccepted(reason=mismatch.value)
    first: bool | None = None
    try:
        if fact.transaction_id:
            if books.held.load(fact.provider, fact.transaction_id) is None:
                books.look_later("held", held_id(fact.provider, fact.transaction_id))
            first = books.held.record_once(
                hold_payment(fact, order_id, mismatch, books.clock.now_s()))
    finally:
        # The alarm must not depend on the row: a store that refuses it is one reason more.
        books.log.fact("payment.held", alarm=True, order_id=order_id, reason=mismatch.value,
                       source=fact.source, first=first)
    raise PaymentHeld(mismatch)


def _tell(before: Order, after: Order, fact: PaymentFact, books: Books) -> None:
    for event in after.history.events[len(before.history.events):]:
        books.log.fact(f"order.{event.kind}", order_id=after.order_id, source=fact.source,
                       late=event.kind == "paid" and not before.is_open())
