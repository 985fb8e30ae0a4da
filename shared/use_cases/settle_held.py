"""What becomes of a held payment: refunded, or settled by a person in another way.

Nothing is refunded by itself unless the deployment says so: a payment that does not fit is
often a mistake on our side, and the money may be owed. The transaction names the payment at the
provider; the refund's number is made from it, so it is refunded once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.domain import identifiers
from shared.domain.calendar import DAY_S
from shared.domain.due import FIRST_LOOK_AFTER_S
from shared.domain.held import HeldPayment, HeldState, held_id, move_held, refund_number
from shared.domain.history import Event
from shared.domain.refund import RefundState
from shared.errors import (
    Conflict,
    NotFound,
    ProviderRefused,
    ProviderUnavailable,
    StoreUnavailable,
    VersionConflict,
)
from shared.ports import RefundTerms
from shared.use_cases.record_refund import HELD_EVENTS, record_refund, tell_failed

if TYPE_CHECKING:
    from shared.ports import RefundGateway
    from shared.use_cases.record_payment import Books

MOST_RIVALS = 5
SOURCE = "timer"


@dataclass(frozen=True)
class HeldDesk:
    """`refunds_by_itself`: whether what fits no order is refunded without a person."""

    books: Books
    gateway: RefundGateway
    refunds_by_itself: bool


def load_held(subject_id: str, books: Books) -> HeldPayment:
    """The held payment of this name ("provider:transaction"); raises NotFound."""
    held = _find(subject_id, books)
    if held is None:
        raise NotFound(code="HELD_PAYMENT_NOT_FOUND")
    return held


def _find(subject_id: str, books: Books) -> HeldPayment | None:
    provider, _, transaction_id = subject_id.partition(":")
    return books.held.load(provider, transaction_id)


def look_at_held(subject_id: str, desk: HeldDesk) -> int | None:
    """Bring a held payment on; when to look again, None once it is settled.

    One that waits for a person is looked at daily: its order may have booked it meanwhile.
    Raises ProviderUnavailable and the rest of its family.
    """
    books = desk.books
    held = _find(subject_id, books)
    if held is None:
        return None
    if held.state is HeldState.WAITING:
        if _was_booked(held, books):
            move(held, Event("booked", books.clock.now_s(), "system", SOURCE), books)
            return None
        if not (desk.refunds_by_itself and _is_ours_to_refund(held)):
            books.log.fact("payment.held_waits", alarm=True, order_id=held.order_id,
                           reason=held.reason.value)
            return _tomorrow(held, books.clock.now_s())
        held = refund_held(held, desk, actor="system", source=SOURCE)
    if held.state is HeldState.REFUND_REQUESTED:
        return _follow(held, desk)
    return None


def _is_ours_to_refund(held: HeldPayment) -> bool:
    """Its amount is known, and its number is one that we could have made.

    Another shop on the same merchant number may have numbers that begin as ours do: what it
    sold must not go back.
    """
    return held.amount is not None and identifiers.is_out_trade_no(held.out_trade_no)


def refund_held(held: HeldPayment, desk: HeldDesk, *, actor: str, source: str) -> HeldPayment:
    """The held payment with its refund reserved; the timer places it.

    Raises Conflict(HELD_PAYMENT_SETTLED) when it was settled before, or booked on its order
    after all (then the order's refund is asked for), and the Unavailable family.
    """
    if held.state is not HeldState.REFUND_REQUESTED and _was_booked(held, desk.books):
        raise Conflict(code="HELD_PAYMENT_SETTLED")
    if held.amount is None:
        raise Conflict(code="HELD_PAYMENT_UNREADABLE")
    request = desk.gateway.prepare(RefundTerms(
        refund_number(held), held.out_trade_no, held.transaction_id, held.amount, held.amount))
    event = Event("refund_requested", desk.books.clock.now_s(), actor, source,
                  {"amount": held.amount.as_dict()})
    return move(held, event, desk.books, provider_request=request)


def dismiss_held(held: HeldPayment, reason: str, books: Books, *, actor: str,
                 source: str) -> HeldPayment:
    """The held payment as settled otherwise; `reason` is a short code. Raises as above."""
    event = Event("dismissed", books.clock.now_s(), actor, source, {"reason": reason})
    return move(held, event, books)


def move(held: HeldPayment, event: Event, books: Books, *,
         provider_request: str = "") -> HeldPayment:
    """The held payment after this event; as stored, when the same event came before."""
    for _ in range(MOST_RIVALS):
        moved = move_held(held, event, provider_request=provider_request)
        if moved is held:
            if held.history.events[-1].kind == event.kind:
                return held
            raise Conflict(code="HELD_PAYMENT_SETTLED")
        books.look_later("held", held_id(held.provider, held.transaction_id))
        try:
            books.held.save(moved)
        except VersionConflict:
            held = books.held.load(held.provider, held.transaction_id) or held
            continue
        books.log.fact(f"held.{event.kind}", order_id=held.order_id, source=event.source)
        tell_failed(moved, books)
        return moved
    raise StoreUnavailable(reason="too_many_rivals", retry_after_s=1)


def _follow(held: HeldPayment, desk: HeldDesk) -> int | None:
    """Place the refund again with the same bytes: that also tells how it stands."""
    books = desk.books
    now_s = books.clock.now_s()
    try:
        fact = desk.gateway.place(held.provider_request)
    except ProviderRefused as refusal:
        move(held, Event("refund_failed", now_s, "provider", SOURCE,
                         {"reason": refusal.reason or ""}), books)
        return None
    except ProviderUnavailable as error:
        waited_s = now_s - held.history.events[-1].at_s
        books.log.fact("refund.postponed", alarm=waited_s > DAY_S, order_id=held.order_id,
                       refund_id=None, reason=error.reason, waited_s=waited_s)
        return now_s + 10 * FIRST_LOOK_AFTER_S
    record_refund(fact, books)
    if fact.state is RefundState.ABNORMAL:
        books.log.fact("refund.needs_operator", alarm=True, order_id=held.order_id,
                       refund_id=None, state=fact.state.value)
        return _tomorrow(held, now_s)
    if fact.state not in HELD_EVENTS:
        return now_s + 10 * FIRST_LOOK_AFTER_S
    # Where the payment was booked after all, the line above moved the order, not this.
    held = books.held.load(held.provider, held.transaction_id) or held
    if held.state is HeldState.REFUND_REQUESTED:
        move(held, Event(HELD_EVENTS[fact.state], now_s, "provider", SOURCE), books)
    return None


def _tomorrow(held: HeldPayment, now_s: int) -> int:
    """Daily from when it was recorded: rows that two calls put there meet on one place."""
    return now_s + DAY_S - (now_s - held.recorded_at_s) % DAY_S


def _was_booked(held: HeldPayment, books: Books) -> bool:
    order = books.orders.load(held.order_id)
    return (order is not None and order.payment is not None
            and order.payment.transaction_id == held.transaction_id)
