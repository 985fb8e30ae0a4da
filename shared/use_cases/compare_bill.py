"""Compare one bill with the ledger, line by line, both ways; called by reconcile_day.

  bill → ledger   a payment or refund that we do not have is booked on the roads that notifies
                  take; what fits nothing is held or told
  ledger → bill   a payment that the bill of its day lacks, or a refund that no bill had within
                  two days, is told: only a person can know why

Lines of other shops on the same merchant number are counted and left alone. A line whose order
cannot be read is told, and stops no other.

A run may die anywhere, and the next goes on where it was, by the day's row. Mending leaves no
trace of having been needed, so what will be mended stands in the row before it is; the line is
then looked at again, without being told again. What is only told is found again as it was.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from shared.domain import identifiers
from shared.domain.bill import (
    BEGINNING,
    REPAIRED,
    Bill,
    BillLine,
    DayState,
    Difference,
    Discrepancy,
    LedgerLine,
    Progress,
    Reconciliation,
    doubled_places,
    lacks_payment,
    lacks_refund,
    ledger_lines,
    resume_at,
)
from shared.domain.calendar import days_after
from shared.domain.refunding import find_refund
from shared.errors import TongbaoError, Unavailable
from shared.use_cases.record_payment import PaymentHeld, record_payment
from shared.use_cases.record_refund import RefundUnfit, record_refund

if TYPE_CHECKING:
    from shared.domain.order import Order
    from shared.domain.payment import PaymentFact
    from shared.domain.refund import RefundFact
    from shared.ports import BillSource, Ledger, Reconciliations
    from shared.use_cases.record_payment import Books

REFUND_PATIENCE_DAYS = 2
SAVE_EVERY = 10
"""After so many lines that took a call, the day's row says how far it is. Most take none."""


@dataclass(frozen=True)
class AuditRoom:
    """What reconciling needs."""

    books: Books
    bills: BillSource
    ledger: Ledger
    days: Reconciliations


@dataclass
class _Run:
    """One run over one bill. `result` is what the day's row says when it is saved next.

    `is_told`: the line in hand was told by a run before, which perhaps did not mend it.
    """

    room: AuditRoom
    ledger: dict[tuple[str, str], LedgerLine]
    result: Reconciliation
    is_told: bool = False
    unsaved: int = 0

    def reached(self, progress: Progress) -> None:
        """So far everything is told, once this is saved."""
        self.result = replace(self.result, progress=progress)

    def looked(self) -> None:
        """A line took calls: it shall not take them too often."""
        self.unsaved += 1
        if self.unsaved >= SAVE_EVERY:
            self.save()

    def save(self) -> None:
        """Write the row; raises VersionConflict when another run did."""
        self.room.days.save(self.result)
        self.result = replace(self.result, version=self.result.version + 1)
        self.unsaved = 0


def compare(bill: Bill, result: Reconciliation, room: AuditRoom) -> Reconciliation:
    """The stored result of this bill. `result` says where to begin.

    Raises VersionConflict when another run wrote the day's row, and the Unavailable family.
    """
    ledger = {(line.kind, line.number): line for line in room.ledger.lines(bill.day)}
    run = _Run(room, ledger, result.for_bill(bill.digest))
    _compare_lines(bill, run)
    _look_for_refunds(bill, run)
    _look_for_payments(bill, run)
    ours = [line for line in bill.lines if not room.books.is_foreign(line.out_trade_no)]
    payments = sum(line.payment is not None for line in ours)
    done = replace(
        run.result, state=DayState.DONE, payments=payments, refunds=len(ours) - payments,
        foreign=len(bill.lines) - len(ours), progress=BEGINNING)
    room.days.save(done)
    return done


def _compare_lines(bill: Bill, run: _Run) -> None:
    lines, told = bill.in_order(), run.result.progress.lines
    doubled = doubled_places(lines)
    for place in range(resume_at(run.result.progress), len(lines)):
        line = lines[place]
        if run.room.books.is_foreign(line.out_trade_no):
            continue
        run.is_told = place < told
        run.reached(run.result.progress._replace(lines=place + 1))
        if place in doubled:
            _differs(Difference.DOUBLED_LINE, line, run)
        try:
            _compare_line(line, run)
        except TongbaoError as error:
            _differs(Difference.UNREADABLE, line, run, _unreadable(error))
            run.looked()
    run.is_told = False


def _compare_line(line: BillLine, run: _Run) -> None:
    if line.payment is not None:
        _compare_payment(line, line.payment, run)
    elif line.refund is not None:
        _compare_refund(line, line.refund, run)


def _unreadable(error: TongbaoError) -> str:
    """What cannot be read. One row must not stop the others; raises what waiting will mend."""
    if isinstance(error, Unavailable):
        raise error
    return error.reason or error.code


def _compare_payment(line: BillLine, fact: PaymentFact, run: _Run) -> None:
    order_id = identifiers.order_id(fact.out_trade_no)
    known = run.ledger.get(line.movement)
    if known is not None and (known.order_id, known.amount) == (order_id, fact.amount):
        return
    books = run.room.books
    before = books.orders.load(order_id)
    if lacks_payment(before, fact):
        _announce(Difference.REPAIRED_PAYMENT, line, run)
        books.look_later("order", order_id)
    try:
        _enter(record_payment(fact, books, before), run)
    except PaymentHeld as held:
        _differs(Difference.HELD_PAYMENT, line, run, held.mismatch.value)
    run.looked()


def _compare_refund(line: BillLine, fact: RefundFact, run: _Run) -> None:
    books = run.room.books
    before = books.orders.load(identifiers.order_id(fact.out_trade_no))
    if lacks_refund(before, fact):
        _announce(Difference.REPAIRED_REFUND, line, run)
    try:
        order = record_refund(fact, books, before)
        if order is not None:
            _enter(order, run)
    except RefundUnfit as unfit:
        _differs(Difference.UNFIT_REFUND, line, run, unfit.mismatch.value)
    run.looked()


def _enter(order: Order, run: _Run) -> None:
    for entry in ledger_lines(order):
        run.room.ledger.enter(entry)


def _look_for_refunds(bill: Bill, run: _Run) -> None:
    """Refunds of some days ago: their line may be in the bill of the day of asking, or later."""
    earlier = run.room.ledger.lines(days_after(bill.day, -REFUND_PATIENCE_DAYS))
    for entry in sorted(earlier, key=lambda entry: entry.number):
        if entry.kind == "refund" and entry.number > run.result.progress.sought:
            run.reached(run.result.progress._replace(sought=entry.number))
            try:
                if not _was_billed(entry, run):
                    _is_missing(Difference.MISSING_IN_BILL, entry, run, entry.day)
            except TongbaoError as error:
                _is_missing(Difference.UNREADABLE, entry, run, _unreadable(error))
            run.looked()


def _was_billed(entry: LedgerLine, run: _Run) -> bool:
    order = run.room.books.orders.load(entry.order_id)
    refund = find_refund(order, entry.number) if order is not None else None
    return refund is not None and refund.billed_on is not None


def _look_for_payments(bill: Bill, run: _Run) -> None:
    """Takes no call, so a run that dies here loses nothing."""
    billed = {line.movement for line in bill.lines}
    for movement, entry in run.ledger.items():
        if entry.kind == "payment" and movement not in billed:
            _is_missing(Difference.MISSING_IN_BILL, entry, run, entry.day)


def _is_missing(difference: Difference, entry: LedgerLine, run: _Run, detail: str) -> None:
    refund_id = identifiers.refund_id(entry.number) if entry.kind == "refund" else ""
    _tell(Discrepancy(difference, entry.kind, entry.order_id, 0, detail, refund_id), run)


def _announce(difference: Difference, line: BillLine, run: _Run) -> None:
    """Tell of it in the row before it is mended: after that nobody could see it any more."""
    if not run.is_told:
        _differs(difference, line, run)
        run.save()


def _differs(difference: Difference, line: BillLine, run: _Run, detail: str = "") -> None:
    kind, number = line.movement
    refund_id = identifiers.refund_id(number) if kind == "refund" else ""
    _tell(Discrepancy(difference, kind, identifiers.order_id(line.out_trade_no), line.line,
                      detail, refund_id), run)


def _tell(discrepancy: Discrepancy, run: _Run) -> None:
    if run.is_told:
        return
    run.result = run.result.telling(discrepancy)
    run.room.books.log.fact(
        "reconcile.difference", alarm=discrepancy.difference not in REPAIRED,
        difference=discrepancy.difference.value, kind=discrepancy.kind,
        order_id=discrepancy.order_id, refund_id=discrepancy.refund_id,
        line=discrepancy.line, detail=discrepancy.detail)
