"""Compare the provider's bill of a day with our ledger: each day once, and again by hand.

A day is done when its result is stored. Until then every run goes on where the one before it
ended, as long as the provider gives the same file; `compare_bill` says how. A day that is done
starts anew when an operator has it done once more.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from shared.domain.bill import DayState, Reconciliation, next_run
from shared.domain.calendar import DAY_S, day_of, days_after, start_of
from shared.errors import (
    BillNotReady,
    Conflict,
    StoreUnavailable,
    TongbaoError,
    Unavailable,
    UntrustedBill,
    VersionConflict,
)
from shared.use_cases.compare_bill import compare

if TYPE_CHECKING:
    from shared.domain.bill import Bill
    from shared.use_cases.compare_bill import AuditRoom

READY_AFTER_S = 34 * 3_600
"""A day's bill is made from 10:00 on the next day, Beijing time."""
LOOK_BACK_DAYS = 7
OVERDUE_DAYS = 2
"""A bill that has not come, or not whole, for so many days is somebody's business."""
MOST_RIVALS = 5


def reconcile_open_days(room: AuditRoom) -> list[Reconciliation]:
    """Do every day of the last week whose bill should be there and that is not done yet.

    A day that cannot be done, not even read, holds up no other. Raises what failed when none
    could be done: the Unavailable family, or for a row that cannot be read TongbaoError.
    """
    now_s = room.books.clock.now_s()
    newest = day_of(now_s - READY_AFTER_S)
    days = [days_after(newest, -back) for back in range(LOOK_BACK_DAYS)]
    results, failure = [], None
    for day in reversed(days):
        result = None
        try:
            before = room.days.load(day)
            if before is not None and before.state is DayState.DONE:
                continue
            result = _run(day, before, room, actor="system")
            results.append(result)
        except TongbaoError as error:
            _tell_failure(day, error, room)
            failure = error
        done = result is not None and result.state is DayState.DONE
        if day <= days[OVERDUE_DAYS] and not done:
            room.books.log.fact("reconcile.overdue", alarm=True, day=day)
    if failure is not None and not results:
        raise failure
    return results


def _tell_failure(day: str, error: TongbaoError, room: AuditRoom) -> None:
    """What passes by waiting is only noted; a row that cannot be read is somebody's business."""
    if isinstance(error, Unavailable):
        room.books.log.fact("reconcile.postponed", day=day, code=error.code,
                            reason=error.reason)
    else:
        room.books.log.fact("reconcile.failed", alarm=True, day=day, code=error.code,
                            reason=error.reason)


def reconcile_day(day: str, room: AuditRoom, *, actor: str) -> Reconciliation:
    """The stored result of reconciling this Beijing day (YYYY-MM-DD), done now.

    WAITING while the bill is not made, FAILED when it cannot be trusted. Raises
    Conflict(BILL_NOT_DUE) before there can be one, and the Unavailable family.
    """
    if room.books.clock.now_s() < start_of(day) + READY_AFTER_S:
        raise Conflict(code="BILL_NOT_DUE")
    return _run(day, room.days.load(day), room, actor=actor)


def _run(day: str, before: Reconciliation | None, room: AuditRoom, *,
         actor: str) -> Reconciliation:
    for _ in range(MOST_RIVALS):
        run = next_run(day, before, run_at_s=room.books.clock.now_s(), actor=actor)
        try:
            return _run_once(run, room)
        except VersionConflict:
            before = room.days.load(day)
            if before is not None and before.state is DayState.DONE:
                # Somebody reconciled the same day at the same time; both found the same.
                return before
    raise StoreUnavailable(reason="too_many_rivals", retry_after_s=1)


def _fetched(day: str, room: AuditRoom) -> Bill:
    """The bill of the day. Raises as the source does, and BillNotReady for one not believed yet.

    "Nothing was traded" cannot be true of a day on which we were paid. What comes early may
    lack what the seller refunded in the portal, and a day is done once: so ask again, for as
    long as the day is not overdue.
    """
    bill = room.bills.fetch(day)
    overdue_at_s = start_of(day) + READY_AFTER_S + OVERDUE_DAYS * DAY_S
    if bill.lines or bill.digest or room.books.clock.now_s() >= overdue_at_s:
        return bill
    if any(line.kind == "payment" for line in room.ledger.lines(day)):
        raise BillNotReady(reason="nothing_traded_though_paid")
    return bill


def _run_once(run: Reconciliation, room: AuditRoom) -> Reconciliation:
    log = room.books.log
    try:
        bill = _fetched(run.day, room)
    except BillNotReady:
        log.fact("reconcile.waiting", day=run.day)
        return _stored(replace(run, state=DayState.WAITING), room)
    except UntrustedBill as error:
        log.fact("reconcile.untrusted_bill", alarm=True, day=run.day, reason=error.reason)
        return _stored(replace(run, state=DayState.FAILED, reason=error.reason or ""), room)
    result = compare(bill, run, room)
    log.fact("reconcile.done", day=run.day, payments=result.payments, refunds=result.refunds,
             foreign=result.foreign, differences=result.differences)
    return result


def _stored(result: Reconciliation, room: AuditRoom) -> Reconciliation:
    room.days.save(result)
    return result
