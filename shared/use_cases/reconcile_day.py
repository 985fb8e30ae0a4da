"""Compare the provider's bill of a day with our ledger, line by line, both ways.

  bill → ledger   a payment or refund that we do not have is booked on the roads that notifies
                  take; what fits nothing is held or told
  ledger → bill   a payment that the bill of its day lacks, or a refund that no bill had within
                  two days, is told: only a person can know why

Lines of other shops on the same merchant number are counted and left alone. Every step can be
done again; a day is done when its result is stored, and an operator may do it once more.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from shared.domain import identifiers
from shared.domain.bill import (
    REPAIRED,
    Bill,
    BillLine,
    DayState,
    Difference,
    Discrepancy,
    LedgerLine,
    Reconciliation,
    ledger_lines,
)
from shared.domain.calendar import day_of, days_after, start_of
from shared.domain.refund import RefundState
from shared.domain.refunding import find_refund
from shared.errors import (
    BillNotReady,
    Conflict,
    Unavailable,
    UntrustedBill,
    VersionConflict,
)
from shared.use_cases.record_payment import PaymentHeld, record_payment
from shared.use_cases.record_refund import RefundUnfit, record_refund

if TYPE_CHECKING:
    from shared.domain.order import Order
    from shared.domain.payment import PaymentFact
    from shared.domain.refund import RefundFact
    from shared.ports import BillSource, Ledger, Reconciliations
    from shared.use_cases.record_payment import Books

READY_AFTER_S = 34 * 3_600
"""A day's bill is made from 10:00 on the next day, Beijing time."""
LOOK_BACK_DAYS = 7
REFUND_PATIENCE_DAYS = 2
OVERDUE_DAYS = 2
"""A bill that has not come, or not whole, for so many days is somebody's business."""


@dataclass(frozen=True)
class AuditRoom:
    """What reconciling needs."""

    books: Books
    bills: BillSource
    ledger: Ledger
    days: Reconciliations


@dataclass
class _Findings:
    """What one run has found so far."""

    payments: int = 0
    refunds: int = 0
    foreign: int = 0
    discrepancies: list[Discrepancy] = field(default_factory=list)


def reconcile_open_days(room: AuditRoom) -> list[Reconciliation]:
    """Do every day of the last week whose bill should be there and that is not done yet.

    A day that cannot be done holds up no other. Raises the Unavailable family when none could.
    """
    now_s = room.books.clock.now_s()
    newest = day_of(now_s - READY_AFTER_S)
    days = [days_after(newest, -back) for back in range(LOOK_BACK_DAYS)]
    results, failure = [], None
    for day in reversed(days):
        if _is_done(day, room):
            continue
        result = None
        try:
            result = reconcile_day(day, room, actor="system")
            results.append(result)
        except Unavailable as error:
            room.books.log.fact("reconcile.postponed", day=day, code=error.code,
                                reason=error.reason)
            failure = error
        done = result is not None and result.state is DayState.DONE
        if day <= days[OVERDUE_DAYS] and not done:
            room.books.log.fact("reconcile.overdue", alarm=True, day=day)
    if failure is not None and not results:
        raise failure
    return results


def reconcile_day(day: str, room: AuditRoom, *, actor: str) -> Reconciliation:
    """The stored result of reconciling this Beijing day (YYYY-MM-DD), done now.

    WAITING while the bill is not made, FAILED when it cannot be trusted. Raises
    Conflict(BILL_NOT_DUE) before there can be one, and the Unavailable family.
    """
    now_s = room.books.clock.now_s()
    if now_s < start_of(day) + READY_AFTER_S:
        raise Conflict(code="BILL_NOT_DUE")
    outcome = Reconciliation(day, DayState.WAITING, now_s, actor)
    try:
        bill = room.bills.fetch(day)
    except BillNotReady:
        room.books.log.fact("reconcile.waiting", day=day)
        return _stored(outcome, room)
    except UntrustedBill as error:
        room.books.log.fact("reconcile.untrusted_bill", alarm=True, day=day, reason=error.reason)
        return _stored(replace(outcome, state=DayState.FAILED, reason=error.reason or ""), room)
    found = _compared(bill, room)
    room.books.log.fact("reconcile.done", day=day, payments=found.payments,
                        refunds=found.refunds, foreign=found.foreign,
                        differences=len(found.discrepancies))
    return _stored(replace(
        outcome, state=DayState.DONE, digest=bill.digest, payments=found.payments,
        refunds=found.refunds, foreign=found.foreign,
        discrepancies=tuple(found.discrepancies)), room)


def _is_done(day: str, room: AuditRoom) -> bool:
    result = room.days.load(day)
    return result is not None and result.state is DayState.DONE


def _stored(outcome: Reconciliation, room: AuditRoom) -> Reconciliation:
    before = room.days.load(outcome.day)
    result = outcome if before is None else replace(outcome, version=before.version + 1)
    try:
        room.days.save(result)
    except VersionConflict:
        # Somebody reconciled the same day at the same time; both found the same.
        return room.days.load(outcome.day) or result
    return result


def _compared(bill: Bill, room: AuditRoom) -> _Findings:
    found = _Findings()
    ledger = {(line.kind, line.number): line for line in room.ledger.lines(bill.day)}
    ours = [line for line in bill.lines if not room.books.is_foreign(line.out_trade_no)]
    found.foreign = len(bill.lines) - len(ours)
    _tell_doubles(ours, found, room)
    for line in ours:
        if line.payment is not None:
            found.payments += 1
            _compare_payment(line, line.payment, ledger, found, room)
    for line in ours:
        if line.refund is not None:
            found.refunds += 1
            _compare_refund(line, line.refund, found, room)
    _look_for_missing(bill, ours, ledger, found, room)
    return found


def _number(line: BillLine) -> tuple[str, str]:
    if line.payment is not None:
        return "payment", line.payment.transaction_id or ""
    assert line.refund is not None
    return "refund", line.refund.out_refund_no


def _tell_doubles(ours: list[BillLine], found: _Findings, room: AuditRoom) -> None:
    counted = Counter(_number(line) for line in ours)
    for line in ours:
        kind, number = _number(line)
        if counted[kind, number] > 1:
            counted[kind, number] = 1
            _differs(Difference.DOUBLED_LINE, line, found, room)


def _compare_payment(line: BillLine, fact: PaymentFact,
                     ledger: dict[tuple[str, str], LedgerLine], found: _Findings,
                     room: AuditRoom) -> None:
    order_id = identifiers.order_id(fact.out_trade_no)
    known = ledger.get(_number(line))
    if known is not None and (known.order_id, known.amount) == (order_id, fact.amount):
        return
    before = room.books.orders.load(order_id)
    try:
        order = record_payment(fact, room.books, before)
    except PaymentHeld as held:
        return _differs(Difference.HELD_PAYMENT, line, found, room, held.mismatch.value)
    if before is None or before.payment is None:
        room.books.look_later("order", order_id)
        _differs(Difference.REPAIRED_PAYMENT, line, found, room)
    _enter(order, room)


def _compare_refund(line: BillLine, fact: RefundFact, found: _Findings,
                    room: AuditRoom) -> None:
    before = room.books.orders.load(identifiers.order_id(fact.out_trade_no))
    try:
        order = record_refund(fact, room.books, before)
    except RefundUnfit as unfit:
        return _differs(Difference.UNFIT_REFUND, line, found, room, unfit.mismatch.value)
    if order is None or before is None:
        return
    known = find_refund(before, fact.out_refund_no)
    if known is None or (fact.state is RefundState.SUCCEEDED is not known.state):
        _differs(Difference.REPAIRED_REFUND, line, found, room)
    _enter(order, room)


def _enter(order: Order, room: AuditRoom) -> None:
    for entry in ledger_lines(order):
        room.ledger.enter(entry)


def _look_for_missing(bill: Bill, ours: list[BillLine],
                      ledger: dict[tuple[str, str], LedgerLine], found: _Findings,
                      room: AuditRoom) -> None:
    billed = {_number(line) for line in ours}
    missing = [entry for key, entry in ledger.items()
               if entry.kind == "payment" and key not in billed]
    earlier = days_after(bill.day, -REFUND_PATIENCE_DAYS)
    missing += [entry for entry in room.ledger.lines(earlier)
                if entry.kind == "refund" and not _was_billed(entry, room)]
    for entry in missing:
        _add(Discrepancy(Difference.MISSING_IN_BILL, entry.kind, entry.order_id, 0, entry.day),
             found, room)


def _was_billed(entry: LedgerLine, room: AuditRoom) -> bool:
    order = room.books.orders.load(entry.order_id)
    refund = find_refund(order, entry.number) if order is not None else None
    return refund is not None and refund.billed_on is not None


def _differs(difference: Difference, line: BillLine, found: _Findings, room: AuditRoom,
             detail: str = "") -> None:
    _add(Discrepancy(difference, _number(line)[0], identifiers.order_id(line.out_trade_no),
                     line.line, detail), found, room)


def _add(discrepancy: Discrepancy, found: _Findings, room: AuditRoom) -> None:
    found.discrepancies.append(discrepancy)
    room.books.log.fact(
        "reconcile.difference", alarm=discrepancy.difference not in REPAIRED,
        difference=discrepancy.difference.value, kind=discrepancy.kind,
        order_id=discrepancy.order_id, line=discrepancy.line, detail=discrepancy.detail)
