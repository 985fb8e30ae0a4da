"""Mistakes in what comes by itself: looks that end, alarms that nobody hears, bills that lie."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from shared.domain.bill import BEGINNING, Bill, DayState, Difference, next_run
from shared.errors import BillNotReady, TongbaoError, UntrustedBill
from shared.use_cases import (
    compare_bill,
    look_at_order,
    reconcile_day,
    record_payment,
    work_due,
)
from shared.use_cases.receive_notify import receive_notify
from tests.crash_points import stage as stage_module
from tests.seeded_bugs.bugs import bug

if TYPE_CHECKING:
    from tests.crash_points.stage import Stage

NEXT_LOOK = (look_at_order, "next_look")
ONLY_BILL = "bill: the only finder left"

bug("an unpaid order is looked at once", "expiry: never paid", "I14",
    {NEXT_LOOK: lambda order, now_s, keep_payer_s: None})
bug("an unpaid order is looked at for ever", "expiry: never paid", "I14",
    {(look_at_order, "close_order"): lambda order, books, gateway, **who: order})


def _gives_up(work: Any, looks: Any, books: Any) -> str:
    """A look that failed has had its chance."""
    leased = books.work.lease(work, books.clock.now_s() + 300)
    if leased is None:
        return "taken"
    try:
        next_at_s = looks[work.kind](work.subject_id)
        if next_at_s is not None:
            books.work.add(work._replace(due_at_s=next_at_s))
    except TongbaoError:
        pass
    books.work.remove(leased)
    return "looked"


bug("a look that failed is not repeated", "purchase: notifies lost, page closed", "I14",
    {(work_due, "_work_on"): _gives_up})


def _announced_only(headers: Any, body: Any, *, verifier: Any, books: Any) -> None:
    """A complaint's notify is logged; somebody will list complaints."""
    fact = verifier.verify(headers, body, books.clock.now_s())
    if hasattr(fact, "action"):
        return books.log.fact("complaint.announced", action=fact.action)
    return receive_notify(headers, body, verifier=verifier, books=books)


bug("a complaint's notify is only logged", "complaint: notified, answered, completed", "I7",
    {(stage_module, "receive_notify"): _announced_only})


def _without_alarms(stage: Stage) -> None:
    """A log that takes no alarm for one."""
    fact = stage.log.fact

    def discreet(name: str, **fields: Any) -> None:
        fact(name, **{**fields, "alarm": False})
    stage.log.fact = discreet  # type: ignore[method-assign]


bug("a held payment wakes nobody", "held: no such order, dismissed", "I14", spoil=_without_alarms)


def _forgets_held(fact: Any, mismatch: Any, books: Any) -> Any:
    books.log.fact("payment.held", alarm=True, reason=mismatch.value)
    raise record_payment.PaymentHeld(mismatch)


bug("a payment that fits nothing is logged and not kept", "held: a wrong amount, refunded", "I14",
    {(record_payment, "_refuse"): _forgets_held})
bug("paid orders never reach the ledger", "bill: a payment is missing in it", "I9",
    {(look_at_order, "_enter"): lambda order, entered, ledger: None})
bug("a license waits for its buyer", "purchase: nobody fetches it", "I2",
    {(look_at_order, "_look_after_paid"): lambda order, office: order})
bug("a late payment for a thing that is gone is kept", "expiry: paid after close, product gone",
    "I14", {(look_at_order, "_give_back_if_gone"): lambda order, office: order})

# The bill.

FOREIGN = "bill: doubled lines and another shop's"


def _for_all_shops(stage: Stage) -> None:
    stage.audit_room = replace(stage.audit_room, books=replace(stage.books, prefix=""))


_differs = compare_bill._differs
bug("another shop's lines are booked", FOREIGN, "I9", spoil=_for_all_shops)


def _enters_each_line(stage: Stage) -> None:
    enter = stage.ledger.enter

    def again(line: Any) -> None:
        known = sum(one.number.startswith(line.number) for one in stage.ledger.rows())
        enter(line._replace(number=f"{line.number}{'+' * known}"))
    stage.ledger.enter = again  # type: ignore[method-assign]


bug("a movement is entered as often as it is met", ONLY_BILL, "I9", spoil=_enters_each_line)
bug("the ledger is not compared with the bill", "bill: a payment is missing in it", "I9",
    {(compare_bill, "_look_for_payments"): lambda *args: None})
bug("the bill is not compared with the ledger", ONLY_BILL, "I14",
    {(compare_bill, "_compare_payment"): lambda *args: None})
bug("the bill's refunds are not read", "console refund: found by the bill", "I14",
    {(compare_bill, "_compare_refund"): lambda *args: None})
bug("a repaired payment is not told", ONLY_BILL, "I14",
    {(compare_bill, "record_payment"): lambda fact, books, order: order})
bug("doubled lines count as differences", FOREIGN, "I9",
    {(compare_bill, "_differs"): lambda difference, line, run, detail="": _differs(
        Difference.HELD_PAYMENT if difference is Difference.DOUBLED_LINE else difference,
        line, run, detail)})


def _nothing_is_a_bill(stage: Stage) -> None:
    """A bill that does not come is a file without lines (a day without any is not believed)."""
    fetch = stage.bills.fetch

    def hopeful(day: str) -> Bill:
        try:
            return fetch(day)
        except (BillNotReady, UntrustedBill):
            return Bill(day, (), "nothing")
    stage.bills.fetch = hopeful  # type: ignore[method-assign]


bug("a bill that is not ready is an empty day", "bill: late, then ready", "I9",
    spoil=_nothing_is_a_bill)
bug("a broken bill is an empty day", "bill: broken, then whole", "I9", spoil=_nothing_is_a_bill)


def _done_before_compared(bill: Bill, result: Any, room: Any) -> Any:
    """The day is noted as done, and then compared."""
    room.days.save(replace(result, state=DayState.DONE))
    return _compare(bill, replace(result, version=result.version + 1), room)


_compare = compare_bill.compare
bug("a day is done before it is compared", ONLY_BILL, "I14",
    {(reconcile_day, "compare"): _done_before_compared})

# A day that is resumed.

MANY = "bill: many lines, and nobody told of any"
bug("a line counts as done before it is mended", MANY, "I9",
    {(compare_bill, "resume_at"): lambda progress: progress.lines})


def _mended_untold(difference: Any, line: Any, run: Any) -> None:
    """What differs is told in the row when the next lines are through."""
    compare_bill._differs(difference, line, run)


bug("a line is mended before it is told", MANY, "I9",
    {(compare_bill, "_announce"): _mended_untold})


def _without_findings(day: str, before: Any, **who: Any) -> Any:
    """Who goes on does not look at what was found before."""
    return replace(next_run(day, before, **who), discrepancies=())


bug("what was found before a crash is forgotten", MANY, "I9",
    {(reconcile_day, "next_run"): _without_findings})


def _all_over_again(day: str, before: Any, **who: Any) -> Any:
    """Who goes on begins with the first line, and keeps what was found."""
    return replace(next_run(day, before, **who), progress=BEGINNING)


bug("what was found is kept, and looked for again", MANY, "I9",
    {(reconcile_day, "next_run"): _all_over_again})
