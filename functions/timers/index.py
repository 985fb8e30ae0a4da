"""timers: what nobody asks for and must be done. Started by timer triggers alone (s.yaml)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared import bootstrap
from shared.http.timer_app import Job, TimerApp
from shared.use_cases.look_at_order import look_at_order
from shared.use_cases.reconcile_day import reconcile_open_days
from shared.use_cases.settle_held import look_at_held
from shared.use_cases.watch_complaint import list_new_complaints, look_at_complaint
from shared.use_cases.watch_keys import watch_keys
from shared.use_cases.work_due import work_due

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shared.key_set import KeySet
    from shared.use_cases.compare_bill import AuditRoom
    from shared.use_cases.look_at_order import BackOffice
    from shared.use_cases.record_payment import Books
    from shared.use_cases.settle_held import HeldDesk
    from shared.use_cases.watch_complaint import ComplaintRoom

MINUTE_MS = 60_000
LAST_LOOK_MS = 15_000
"""What the last row that a run takes may still need."""

Looks = dict[str, "Callable[[str], int | None]"]


def initialize(context: object) -> None:
    """Build everything before the first firing (Function Compute's initializer)."""
    bootstrap.timers_app(jobs)


def handler(event: bytes, context: object) -> dict[str, Any]:
    """Do the job of one firing."""
    app: TimerApp = bootstrap.timers_app(jobs)
    return app(event, context)


def jobs(*, office: BackOffice, held: HeldDesk, complaints: ComplaintRoom, audit: AuditRoom,
         everywhere: Books, key_set: KeySet) -> dict[str, Job]:
    """Each job by its trigger's payload. `everywhere` has a work list that finds strays too."""
    looks: Looks = {"order": lambda subject: look_at_order(subject, office),
                    "held": lambda subject: look_at_held(subject, held),
                    "complaint": lambda subject: look_at_complaint(subject, complaints)}
    books = office.counter.books
    return {
        "due": Job(MINUTE_MS, lambda: work_off(looks, books, MINUTE_MS)),
        "due-everywhere": Job(
            4 * MINUTE_MS, lambda: work_off(looks, everywhere, 4 * MINUTE_MS)),
        "complaints": Job(2 * MINUTE_MS, lambda: {"news": list_new_complaints(complaints)}),
        "bill": Job(4 * MINUTE_MS, lambda: reconcile(audit)),
        "keys": Job(MINUTE_MS, lambda: {
            "days": watch_keys(key_set, books.clock, books.log)})}


def work_off(looks: Looks, books: Books, budget_ms: int) -> Mapping[str, int]:
    """Look at what is due, and take nothing up that could not be finished in time."""
    stop_at_ms = books.clock.monotonic_ms() + budget_ms - LAST_LOOK_MS
    return work_due(looks, books, stop_at_ms)._asdict()


def reconcile(audit: AuditRoom) -> Mapping[str, int]:
    """Reconcile the days that are not done; a day that waits for its bill comes again."""
    results = reconcile_open_days(audit)
    return {"days": len(results),
            "done": sum(result.state.value == "done" for result in results),
            "differences": sum(result.differences for result in results)}
