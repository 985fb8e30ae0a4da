"""Know of every complaint, hold its deadline, and act on it.

A notify says only that something changed; the timer reads the complaint itself, and lists the
last days' complaints besides, because a notify may be lost. What the provider says is compared
with the row: a new complaint, a new word in an old one, a state. Where policy says so, the
license is held back while the complaint is open.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.domain import identifiers
from shared.domain.calendar import DAY_S, day_of, days_after
from shared.domain.complaint import (
    Complaint,
    ComplaintFact,
    open_complaint,
    record_act,
    record_complaint,
)
from shared.domain.history import Event
from shared.errors import (
    AlreadyExists,
    Conflict,
    NotFound,
    OrderNotFound,
    StoreUnavailable,
    TongbaoError,
    Unavailable,
    VersionConflict,
)
from shared.use_cases.hold_order import hold_order, release_order

if TYPE_CHECKING:
    from shared.ports import ComplaintDesk, ComplaintRepository, LicenseRepository
    from shared.use_cases.record_payment import Books

MOST_RIVALS = 5
LISTED_DAYS = 30
REMIND_BEFORE_S = 6 * 3_600


@dataclass(frozen=True)
class ComplaintRoom:
    """What handling complaints needs."""

    books: Books
    licenses: LicenseRepository
    complaints: ComplaintRepository
    desk: ComplaintDesk
    provider: str
    answer_within_s: int
    holds_license: bool


def list_new_complaints(room: ComplaintRoom) -> int:
    """Read the last days' complaints at the provider; how many were news.

    One that cannot be booked (a row that nobody can read) is told, and holds up no other.
    """
    today = day_of(room.books.clock.now_s())
    found = room.desk.list(days_after(today, 1 - LISTED_DAYS), today)
    return sum(_is_news(fact, room) for fact in found)


def _is_news(fact: ComplaintFact, room: ComplaintRoom) -> bool:
    try:
        return book_complaint(fact, room, source="timer")
    except Unavailable:
        raise
    except TongbaoError as error:
        room.books.log.fact("complaint.failed", alarm=True, code=error.code,
                            reason=error.reason)
        return False


def look_at_complaint(complaint_id: str, room: ComplaintRoom) -> int | None:
    """Bring the row up to date; when to look again, None once it is processed.

    Raises the Unavailable family.
    """
    fact = room.desk.read(complaint_id)
    if fact is None:
        room.books.log.fact("complaint.unknown", alarm=True)
        return None
    book_complaint(fact, room, source="timer")
    stored = room.complaints.load(room.provider, complaint_id)
    if stored is None or not stored.is_open:
        return None
    return _remind(stored, room)


def book_complaint(fact: ComplaintFact, room: ComplaintRoom, *, source: str) -> bool:
    """Whether the provider's word was news; it is durable, and its holds are set, on return.

    A complaint about another shop's orders alone is left to that shop.
    """
    if fact.out_trade_nos and all(map(room.books.is_foreign, fact.out_trade_nos)):
        room.books.log.fact("complaint.foreign", source=source)
        return False
    for _ in range(MOST_RIVALS):
        stored = room.complaints.load(fact.provider, fact.complaint_id)
        fresh = _with_news(stored, fact, room, source)
        if fresh is stored:
            _settle_holds(fresh, room, source)
            return False
        room.books.look_later("complaint", fact.complaint_id)
        try:
            if stored is None:
                room.complaints.create(fresh)
            else:
                room.complaints.save(fresh)
        except (AlreadyExists, VersionConflict):
            continue
        room.books.log.fact("complaint.changed", alarm=stored is None or fresh.is_open,
                            state=fresh.state.value, orders=len(fresh.order_ids),
                            answer_by_s=fresh.answer_by_s, source=source)
        _settle_holds(fresh, room, source)
        return True
    raise StoreUnavailable(reason="too_many_rivals", retry_after_s=1)


def answer_complaint(complaint_id: str, text: str, room: ComplaintRoom, *,
                     actor: str) -> Complaint:
    """Send the buyer an answer. Raises NotFound, ProviderRefused and the Unavailable family.

    The text goes to the provider and is not kept. After an unknown outcome look before you
    send again: the provider has no key that would make an answer single.
    """
    stored = load_complaint(complaint_id, room)
    room.desk.answer(complaint_id, text)
    return _acted(stored, "answered", room, actor)


def complete_complaint(complaint_id: str, room: ComplaintRoom, *, actor: str) -> Complaint:
    """Tell the provider that the complaint is settled. Raises as `answer_complaint` does."""
    stored = load_complaint(complaint_id, room)
    if not stored.is_open:
        return stored
    room.desk.complete(complaint_id)
    acted = _acted(stored, "completed", room, actor)
    fact = room.desk.read(complaint_id)
    if fact is not None:
        book_complaint(fact, room, source="admin")
    return room.complaints.load(room.provider, complaint_id) or acted


def load_complaint(complaint_id: str, room: ComplaintRoom) -> Complaint:
    """The stored complaint; raises NotFound."""
    stored = room.complaints.load(room.provider, complaint_id)
    if stored is None:
        raise NotFound(code="COMPLAINT_NOT_FOUND")
    return stored


def _with_news(stored: Complaint | None, fact: ComplaintFact, room: ComplaintRoom,
               source: str) -> Complaint:
    now_s = room.books.clock.now_s()
    if stored is None:
        ours = tuple(identifiers.order_id(number) for number in fact.out_trade_nos
                     if not room.books.is_foreign(number))
        return open_complaint(fact, ours, answer_within_s=room.answer_within_s, now_s=now_s,
                              source=source)
    return record_complaint(stored, fact, answer_within_s=room.answer_within_s, now_s=now_s,
                            source=source)


def _settle_holds(complaint: Complaint, room: ComplaintRoom, source: str) -> None:
    """Hold back, or release, the licenses of its orders; those of unpaid orders need nothing.

    Without the policy they are released too: it may have been switched off while one was held.
    """
    change = hold_order if complaint.is_open and room.holds_license else release_order
    for order_id in complaint.order_ids:
        try:
            change(order_id, complaint.hold, room.books, room.licenses, actor="system",
                   source=source)
        except (OrderNotFound, Conflict) as error:
            room.books.log.fact("complaint.without_license", order_id=order_id, code=error.code)


def _remind(complaint: Complaint, room: ComplaintRoom) -> int:
    """Tell while it is open: once a day, and from some hours before the deadline on hourly."""
    now_s = room.books.clock.now_s()
    left_s = complaint.answer_by_s - now_s
    waits = complaint.answered_at_s is None
    if waits:
        room.books.log.fact("complaint.unanswered", alarm=True, left_s=left_s,
                            state=complaint.state.value)
    if waits and left_s <= REMIND_BEFORE_S:
        return now_s + 3_600
    if waits:
        return min(now_s + DAY_S, complaint.answer_by_s - REMIND_BEFORE_S)
    return now_s + DAY_S


def _acted(complaint: Complaint, kind: str, room: ComplaintRoom, actor: str) -> Complaint:
    for _ in range(MOST_RIVALS):
        event = Event(kind, room.books.clock.now_s(), actor, "admin")
        after = record_act(complaint, event, answered=kind == "answered")
        try:
            room.complaints.save(after)
        except VersionConflict:
            complaint = load_complaint(complaint.complaint_id, room)
            continue
        room.books.log.fact(f"complaint.{kind}", state=after.state.value)
        return after
    raise StoreUnavailable(reason="too_many_rivals", retry_after_s=1)
