"""Work off what is due: the timer's job, every minute, in any number of instances.

A row is leased by a conditional write before anything is done for it, so two timers that run at
once do not do it twice (and it would do no harm: every look can be repeated). A look that fails
keeps its row; it is free again when the lease ends.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from shared.domain.calendar import DAY_S
from shared.domain.due import LEASE_S, Work
from shared.errors import NotifyNotAccepted, TongbaoError, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shared.use_cases.record_payment import Books

MOST_AT_ONCE = 200
BACKLOG_AFTER_S = 900


class WorkDone(NamedTuple):
    """What one run did: rows looked at, rows that another has, and looks that failed."""

    looked: int
    taken: int
    failed: int


def work_due(looks: Mapping[str, Callable[[str], int | None]], books: Books,
             stop_at_ms: int) -> WorkDone:
    """Look at everything that is due, until all is done or the monotonic clock says stop.

    `looks` has one function per kind of work: it takes the subject and answers when to look
    again (None: never). Raises the Unavailable family when the list itself cannot be read.
    """
    now_s = books.clock.now_s()
    due = books.work.list(now_s, MOST_AT_ONCE)
    if due and now_s - due[0].due_at_s > BACKLOG_AFTER_S:
        books.log.fact("work.backlog", alarm=True, late_s=now_s - due[0].due_at_s,
                       rows=len(due))
    results = []
    for work in due:
        if books.clock.monotonic_ms() >= stop_at_ms:
            break
        results.append(_work_on(work, looks, books))
    done = WorkDone(results.count("looked"), results.count("taken"), results.count("failed"))
    books.log.fact("work.done", **done._asdict(), left=len(due) - len(results))
    return done


def _work_on(work: Work, looks: Mapping[str, Callable[[str], int | None]],
             books: Books) -> str:
    if work.kind not in looks:
        books.log.fact("work.unreadable", alarm=True, kind=work.kind, due_at_s=work.due_at_s)
        return "failed"
    try:
        leased = books.work.lease(work, books.clock.now_s() + LEASE_S)
        if leased is None:
            return "taken"
        next_at_s = _looked(work, looks, books)
        if next_at_s is not None:
            # A clock that was set back would name this row's own place: it is removed next.
            later_s = max(next_at_s, work.due_at_s + 1)
            books.work.add(Work(work.kind, work.subject_id, later_s))
        books.work.remove(leased)
    except TongbaoError as error:
        books.log.fact("work.failed", alarm=not isinstance(error, Unavailable), kind=work.kind,
                       subject=_shown(work), code=error.code, reason=error.reason)
        return "failed"
    except Exception as error:
        # A mistake in our code about one subject must not stop the others.
        books.log.fact("work.crashed", alarm=True, kind=work.kind, subject=_shown(work),
                       error=type(error).__name__)
        return "failed"
    return "looked"


def _looked(work: Work, looks: Mapping[str, Callable[[str], int | None]],
            books: Books) -> int | None:
    try:
        return looks[work.kind](work.subject_id)
    except NotifyNotAccepted as held:
        # Booking refused it, with an alarm, and a person must decide: no need to ask each minute.
        books.log.fact("work.waits", kind=work.kind, subject=_shown(work), code=held.code,
                       reason=held.reason)
        return books.clock.now_s() + DAY_S


def _shown(work: Work) -> str:
    """What a log line may name: an order's id is a hash, a held payment's is not."""
    return work.subject_id if work.kind == "order" else work.kind
