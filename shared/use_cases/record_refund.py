"""Book what a provider says of a refund: the one road for placing, query, notify and bill.

What can fail, and what is true then:
- the order cannot be read, or its write is unknown: nothing is certain; the source comes again.
- the order's payment is not known here yet (a refund's notify overtook it): refused for now;
  the timer is told to ask the provider, and the source comes again.
- it is the whole refund of a held payment: that is moved instead. A part is told and refused.
- it fits nothing: told with an alarm and refused.
- a crash after the write, before the license knows: the timer was told before the write.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from shared.domain import identifiers
from shared.domain.held import (
    SETTLED,
    HeldPayment,
    HeldState,
    held_id,
    move_held,
    refund_number,
)
from shared.domain.history import Event
from shared.domain.refund import RefundFact, RefundState
from shared.domain.refunding import RefundMismatch, find_refund_mismatch
from shared.domain.refunding import record_refund as with_refund
from shared.errors import NotifyNotAccepted, StoreUnavailable, VersionConflict

if TYPE_CHECKING:
    from shared.domain.order import Order
    from shared.use_cases.record_payment import Books

MOST_RIVALS = 5

HELD_EVENTS = {RefundState.SUCCEEDED: "refund_succeeded", RefundState.CLOSED: "refund_failed"}
"""What a refund's end means for a held payment; anything else is not its end."""


class RefundUnfit(NotifyNotAccepted):
    """A verified statement about a refund that fits no order here."""

    code = "REFUND_UNFIT"

    def __init__(self, mismatch: RefundMismatch) -> None:
        self.mismatch = mismatch
        super().__init__(reason=mismatch.value)


def record_refund(fact: RefundFact, books: Books, order: Order | None = None) -> Order | None:
    """The order once `fact` is durably booked; None when it was about a held payment.

    `order` may be the one just loaded or saved, to spare a read. Raises RefundUnfit and the
    Unavailable family.
    """
    for _ in range(MOST_RIVALS):
        order = order or books.orders.load(identifiers.order_id(fact.out_trade_no))
        mismatch = find_refund_mismatch(order, fact)
        if mismatch is not None:
            _record_for_another(fact, mismatch, books)
            return None
        assert order is not None
        booked = with_refund(order, fact, books.clock.now_s())
        if booked is order:
            return order
        books.look_later("order", order.order_id)
        try:
            books.orders.save(booked)
        except VersionConflict:
            order = None
            continue
        tell_newest_event(booked, books)
        _tell_given_up(booked, books)
        return booked
    raise StoreUnavailable(reason="too_many_rivals", retry_after_s=1)


def _tell_given_up(order: Order, books: Books) -> None:
    """The money stayed with the seller, and somebody expects it: a person must decide."""
    event = order.history.events[-1]
    if event.kind == "refund_closed":
        books.log.fact("refund.given_up", alarm=True, order_id=order.order_id,
                       refund_id=event.data.get("refund_id"))


def tell_newest_event(order: Order, books: Books) -> None:
    """Log the order's newest event, and the refund that it is about, if it is about one."""
    event = order.history.events[-1]
    books.log.fact(f"order.{event.kind}", order_id=order.order_id, source=event.source,
                   refund_id=event.data.get("refund_id"))


def _record_for_another(fact: RefundFact, mismatch: RefundMismatch, books: Books) -> None:
    """Not this order's: perhaps a held payment's, perhaps too early, else nobody's."""
    for _ in range(MOST_RIVALS):
        held = books.held.load(fact.provider, fact.transaction_id)
        if held is None:
            _refuse(fact, mismatch, books)
        if _is_part(held, fact) and held.state not in SETTLED:
            _refuse(fact, RefundMismatch.AMOUNT, books)
        kind = _held_event(held, fact)
        moved = held if kind is None else move_held(
            held, Event(kind, books.clock.now_s(), "provider", fact.source))
        if moved is held:
            return
        books.look_later("held", held_id(fact.provider, fact.transaction_id))
        try:
            books.held.save(moved)
        except VersionConflict:
            continue
        books.log.fact("payment.held_refund", order_id=held.order_id, state=moved.state.value,
                       source=fact.source)
        tell_failed(moved, books)
        return
    raise StoreUnavailable(reason="too_many_rivals", retry_after_s=1)


def _held_event(held: HeldPayment, fact: RefundFact) -> str | None:
    """What the fact means for the held payment: only the refund that we asked for can fail it."""
    is_anothers = fact.out_refund_no != refund_number(held)
    if _is_part(held, fact) or (fact.state is RefundState.CLOSED and is_anothers):
        return None
    return HELD_EVENTS.get(fact.state)


def _is_part(held: HeldPayment, fact: RefundFact) -> bool:
    """A part given back (in the console) settles nothing: the rest still waits for a person."""
    return held.amount not in (None, fact.amount)


def tell_failed(held: HeldPayment, books: Books) -> None:
    """Tell a person of a held payment whose refund came to nothing."""
    if held.state is HeldState.REFUND_FAILED:
        books.log.fact("payment.held_waits", alarm=True, order_id=held.order_id,
                       reason=held.history.events[-1].data.get("reason", "closed"))


def _refuse(fact: RefundFact, mismatch: RefundMismatch, books: Books) -> NoReturn:
    order_id = identifiers.order_id(fact.out_trade_no)
    if mismatch is RefundMismatch.NO_ORDER and books.is_foreign(fact.out_trade_no):
        books.log.fact("refund.foreign", order_id=order_id, source=fact.source)
        raise NotifyNotAccepted(reason="foreign")
    if mismatch is RefundMismatch.NOT_PAID:
        # The payment's own notify was overtaken or lost; the provider will tell the timer.
        books.look_later("order", order_id)
    books.log.fact("refund.unfit", alarm=mismatch is not RefundMismatch.NOT_PAID,
                   order_id=order_id, reason=mismatch.value, source=fact.source)
    raise RefundUnfit(mismatch)
