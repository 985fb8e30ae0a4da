"""The shop with everybody in it: buyers, WeChat, timers and the daily bill over virtual time.

Whoever gets no answer does what they do in production: a client sends the same again with the
same key, WeChat repeats a notify over its ladder until it hears 2xx, the timer comes back the
next minute, the bill's timer the next time. Nobody knows of the faults.
"""

from __future__ import annotations

import heapq
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from shared.domain.bill import DayState, Reconciliation
from shared.domain.calendar import DAY_S, day_of, days_after
from shared.domain.due import Work
from shared.domain.history import Event
from shared.domain.order import schedule_query
from shared.domain.refunding import place_hold, release_hold
from shared.errors import TongbaoError, Unavailable
from shared.use_cases.project_license import project_license
from shared.use_cases.receive_notify import receive_notify
from shared.use_cases.reconcile_day import reconcile_open_days
from shared.use_cases.watch_complaint import list_new_complaints
from tests.crash_points.bills import Bills
from tests.crash_points.faults import HALF_ROW, TOUCHED, Crash, Faults, Hook
from tests.invariants import Broken, Outside, check_end, check_rows, must
from tests.invariants.answers import accepted
from tests.invariants.bills import repairs_are_told
from tests.invariants.watch import Watch
from tests.unit.use_cases.world import LIFETIME_S, POLICY, World

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shared.domain.order import Order
    from shared.domain.refund_policy import RefundPolicy
    from tests.fakes.notifies import Fact

LADDER_S = (15, 15, 30, 180, 600, 1200, 1800, 1800, 1800, 3600, 10800, 10800, 10800, 21600, 21600)
"""Seconds between two tries of one notify (WeChat Pay, \u652f\u4ed8\u901a\u77e5)."""
PATIENCE_S = (1, 2, 4, 8, 15, 30, 60, 60, 60, 60, 120, 120, 300, 600, 600)
"""How long a client waits between two tries of one request."""
MINUTE_S, HOUR_S = 60, 3_600
BEIJING_S = 8 * HOUR_S
BILL_HOURS = (10, 15)
"""Beijing hours, at half past, at which the bill's timer runs."""
RECOVERY_DAYS = 5
ROWS = frozenset({"orders", "licenses", "held", "complaints", "days", "ledger"})


class Stage(World):
    """A `World` whose steps can fail, and the people and machines that act in it."""

    def __init__(self, plan: Mapping[int, str] | None = None, *,
                 policy: RefundPolicy | None = POLICY, lifetime_s: int = LIFETIME_S) -> None:
        super().__init__(policy)
        self.bills = Bills(self)
        self.audit_room = replace(self.audit_room, bills=self.bills)
        self.shop = replace(self.shop, order_lifetime_s=lifetime_s)
        self.outside = Outside()
        self.watch = Watch(self, self.outside)
        self.timers_run = True
        self.mended_by: str | None = None
        self._broken: Broken | None = None
        self._attempts = 0
        self._current = 0
        self._draft: tuple[Order, int] | None = None
        self._actor = "nobody"
        self._act: Callable[[], object] = lambda: None
        self._failed_in: int | None = None
        self._notifies: list[tuple[int, int, Fact, int]] = []
        self._last_tick_s = self.clock.now_s() // MINUTE_S * MINUTE_S
        self._last_bill_s = self._last_list_s = self.clock.now_s()
        for back in range(1, 9):
            self.days.save(Reconciliation(days_after(day_of(self.clock.now_s()), -back),
                                          DayState.DONE, self.clock.now_s(), "system"))
        self.faults = Faults(plan or {}, self)
        for port, fake in (
                ("orders", self.orders), ("work", self.work), ("licenses", self.licenses),
                ("held", self.held), ("payers", self.payers), ("ledger", self.ledger),
                ("days", self.days), ("complaints", self.complaints), ("gateway", self.gateway),
                ("refunds", self.refunds), ("bills", self.bills), ("issuer", self.fake_issuer),
                ("desk", self.complaint_desk)):
            fake.script = Hook(port, self.faults)  # type: ignore[assignment]
        create = self.orders.create

        def noting(order: Order, due_at_s: int) -> None:
            self._draft = order, due_at_s
            create(order, due_at_s)

        self.orders.create = noting  # type: ignore[method-assign]

    # Acts, and what becomes of them.

    def attempt(self, actor: str, act: Callable[[], Any]) -> Any:
        """One call to its answer: what it returned, its error, or Crash for no answer at all."""
        before = self._actor, self._act, self._current
        self._attempts += 1
        self._actor, self._act, self._current = actor, act, self._attempts
        try:
            return act()
        except (Crash, TongbaoError) as error:
            return error
        finally:
            self._actor, self._act, self._current = before
            self._raise_what_broke()

    def _raise_what_broke(self) -> None:
        """Who works through a list goes on after a mistake; a proof may not."""
        if self._broken is not None:
            raise self._broken
        must(not self.log.named("work.crashed"), "I0", "a look of the timer crashed")

    def until_answered(self, actor: str, act: Callable[[], Any],
                       good: Callable[[Any], bool] = lambda _: True) -> Any:
        """The first good and certain answer; whoever hears less sends the same again."""
        answer: Any = None
        for wait_s in PATIENCE_S:
            answer = self.attempt(actor, act)
            if not isinstance(answer, (Crash, Unavailable)) and good(answer):
                return answer
            self.let_pass(wait_s)
        last = answer if isinstance(answer, TongbaoError) else type(answer).__name__
        must(False, "I14", f"the {actor} never got a good answer, but {last}")
        return None

    def undisturbed(self, act: Callable[[], object]) -> None:
        """What happens beside the story: no step of it is counted, or fails."""
        was_on, self.faults.is_on = self.faults.is_on, False
        try:
            self.attempt("somebody else", act)
        finally:
            self.faults.is_on = was_on

    def rival(self, kind: str, port: str) -> None:
        """Somebody else does the same, or writes the same row, just before this write."""
        touch = self._touch_licenses if port == "licenses" else self._touch
        self.undisturbed(touch if kind == TOUCHED else self._act)

    def store_half(self, half: str) -> None:
        """Only one of the two rows of a batch is stored, and the writer dies."""
        assert self._draft is not None
        order, due_at_s = self._draft
        if half == HALF_ROW:
            self.orders._rows.insert(order.order_id, order)
        else:
            self.work.put(Work("order", order.order_id, due_at_s))
        raise Crash

    def struck(self) -> None:
        """A fault happens in the current attempt, now."""
        if self._failed_in is None:
            self._failed_in = self._current

    def wrote(self, port: str) -> None:
        """Look at the rows after a write, and see who brings on what a fault left behind."""
        beside = self._actor == "somebody else"
        if self._failed_in is not None and self.mended_by is None and port in ROWS and not beside:
            same = self._current == self._failed_in
            self.mended_by = "the same call" if same else self._actor
        if port in ROWS or port in ("gateway", "refunds"):
            try:
                self.watch.look()
                check_rows(self, self.outside)
            except Broken as broken:
                self._broken = self._broken or broken
                raise

    def _touch(self) -> None:
        """The smallest legal writes: a poll's turn to ask, or an operator's hold and its end."""
        for order in self.orders.all():
            if order.is_open():
                self.orders.save(schedule_query(order, self.clock.now_s()))
            elif order.payment is not None:
                event = Event("held", self.clock.now_s(), "operator:o", "admin", {"hold": "x"})
                held = place_hold(order, "x", event)
                self.orders.save(held)
                self.orders.save(release_hold(held, "x", replace(event, kind="released")))

    def _touch_licenses(self) -> None:
        """Licenses learn of a newer version of their order, which says what it said before."""
        self._touch()
        known = {license_.license_id for license_ in self.licenses.all()}
        for order in self.orders.all():
            if order.grant is not None and order.license_id in known:
                project_license(order, self.licenses, self.books, source="timer")

    # Time, and what it brings.

    def let_pass(self, duration_s: int) -> None:
        """Let time pass, with all that comes by itself."""
        end_s = self.clock.now_s() + duration_s
        while True:
            at_s, act = min(self._coming(), key=lambda one: one[0])
            if at_s > end_s:
                break
            self.clock.advance_s(max(0, at_s - self.clock.now_s()))
            act()
        self.clock.advance_s(max(0, end_s - self.clock.now_s()))

    def let_days_pass(self, duration_s: int) -> None:
        """The same, without a fault in what the timers and bills of so long a time do: those
        stories are told elsewhere.
        """
        was_on, self.faults.is_on = self.faults.is_on, False
        try:
            self.let_pass(duration_s)
        finally:
            self.faults.is_on = was_on

    def next_s(self) -> int:
        """When the next thing comes by itself."""
        return min(at_s for at_s, _ in self._coming())

    def recover(self) -> None:
        """The faults are over; production goes on for some days, and all must be well."""
        self.faults.is_on = False
        self.timers_run = True
        self.let_pass(RECOVERY_DAYS * DAY_S)
        check_end(self, self.outside)
        repairs_are_told(self)

    def _coming(self) -> list[tuple[int, Callable[[], None]]]:
        coming: list[tuple[int, Callable[[], None]]] = [(self._next_bill_s(), self._reconcile)]
        if self._notifies:
            coming.append((self._notifies[0][0], self._notify_again))
        dues = [max(work.due_at_s, work.leased_until_s) for work in self.work.rows()]
        if dues and self.timers_run:
            tick_s = max(-(-min(dues) // MINUTE_S) * MINUTE_S, self._last_tick_s + MINUTE_S)
            coming.append((tick_s, self._tick))
        if self.complaint_desk.facts and self.timers_run:
            coming.append((self._last_list_s + HOUR_S, self._list_complaints))
        return coming

    def _tick(self) -> None:
        """The timer of this minute; minutes in which nothing is due are skipped."""
        self._last_tick_s = self.clock.now_s() // MINUTE_S * MINUTE_S
        self.attempt("timer", self.run_timer)

    def _list_complaints(self) -> None:
        self._last_list_s = self.clock.now_s()
        self.attempt("timer", lambda: list_new_complaints(self.complaint_room))

    def _next_bill_s(self) -> int:
        midnight_s = self._last_bill_s - (self._last_bill_s + BEIJING_S) % DAY_S
        times = [midnight_s + day * DAY_S + hour * HOUR_S + HOUR_S // 2
                 for day in (0, 1) for hour in BILL_HOURS]
        return min(at_s for at_s in times if at_s > self._last_bill_s)

    def _reconcile(self) -> None:
        self._last_bill_s = self.clock.now_s()
        self.attempt("bill", lambda: reconcile_open_days(self.audit_room))

    # WeChat's notifies.

    def tell(self, fact: Fact) -> None:
        """WeChat sends a notify, and again until it hears 2xx."""
        self._post(fact, 0)

    def _notify_again(self) -> None:
        _, _, fact, tries = heapq.heappop(self._notifies)
        self._post(fact, tries)

    def _post(self, fact: Fact, tries: int) -> None:
        headers, body = self.verifier.sign(fact)
        answer = self.attempt("notify", lambda: receive_notify(
            headers, body, verifier=self.verifier, books=self.books))
        if answer is None:
            accepted(self, fact)
        elif tries < len(LADDER_S):
            heapq.heappush(self._notifies, (self.clock.now_s() + LADDER_S[tries],
                                            self._attempts, fact, tries + 1))


def is_refused(*codes: str) -> Callable[[Any], bool]:
    """Whether an answer is one of these refusals."""
    return lambda answer: isinstance(answer, TongbaoError) and answer.code in codes
