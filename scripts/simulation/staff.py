"""Who works in the shop: the timers that nobody sees, and operators who decide."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scripts.simulation.engine import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS
from scripts.simulation.instances import Gone
from shared.domain.bill import DayState
from shared.domain.calendar import BEIJING, DAY_S, day_of
from shared.domain.complaint import ComplaintState
from shared.domain.held import HeldState
from shared.domain.refund import RefundState
from shared.errors import NotifyNotAccepted, TongbaoError
from shared.use_cases import operate, watch_complaint
from shared.use_cases.reconcile_day import LOOK_BACK_DAYS, READY_AFTER_S

if TYPE_CHECKING:
    from collections.abc import Callable

    from scripts.simulation.instances import Instance
    from scripts.simulation.town import Town

FIRST_NAME, SECOND_NAME = "ada", "grace"
SLOW_MS = 30 * MINUTE_MS
"""In the weeks in which nobody orders, the triggers come less often: they find nothing to do."""
BILL_HOURS = range(10, 24)


class Timers:
    """The triggers of s.yaml: every minute what is due, complaints and bills each half hour."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.engine = town.engine
        self.runs = 0

    def start(self) -> None:
        """From the next full minute on, for ever."""
        self.engine.after(-self.engine.now_ms % MINUTE_MS, self._minute)

    def _minute(self) -> None:
        if self.town.is_slow:
            self.engine.after(SLOW_MS, self._minute)
            for job in ("due", "complaints", "bill"):
                self._fire(job)
            return
        self.engine.after(MINUTE_MS, self._minute)
        faults = self.town.faults
        if faults.lasts("timers_off") or faults.happens(
                "timer_skipped", faults.odds.timer_skipped):
            return
        self._fire("due")
        if faults.happens("timer_doubled", faults.odds.timer_doubled):
            self._fire("due")
        minute = self.engine.now_ms // MINUTE_MS % 60
        hour = (self.engine.now_s + int(BEIJING.utcoffset(None).total_seconds())) // 3_600 % 24
        if minute in (10, 40):
            self._fire("complaints")
        if minute in (0, 30) and hour in BILL_HOURS:
            self._fire("bill")

    def _fire(self, job: str) -> None:
        def run() -> None:
            self.runs += 1
            try:
                self.town.network.invoke("timers", lambda instance: instance.jobs[job].run())
            except (TongbaoError, Gone) as error:
                self.engine.note(f"timer {job} failed {type(error).__name__}")

        self.engine.spawn(run, self.engine.random.randint(0, SECOND_MS))


class Operators:
    """They look in now and then, and settle what waits for a person."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.engine = town.engine
        self.acts = 0

    def start(self) -> None:
        """At work from the first hour on."""
        self.engine.spawn(self._work, HOUR_MS)

    def _work(self) -> None:
        while True:
            self.engine.sleep_ms(self.engine.random.randint(HOUR_MS, 4 * HOUR_MS))
            self._decide_refunds()
            self._settle_held()
            self._settle_complaints()
            self._send_abnormal_on()
            self._reconcile_overdue()
            if not (self.town.faults.is_calm or self.town.is_slow):
                self._act_at_random()

    def _decide_refunds(self) -> None:
        for order in self.town.world.orders.all():
            for refund in order.refunds:
                if refund.state is RefundState.AWAITING_APPROVAL:
                    self._decide(order.order_id, refund.refund_id)

    def _decide(self, order_id: str, refund_id: str) -> None:
        if self.engine.random.random() < 0.7:
            self._do(lambda it: operate.approve_refund(
                order_id, refund_id, it.operators, name=SECOND_NAME))
        else:
            self._do(lambda it: operate.decline_refund(
                order_id, refund_id, "policy", it.operators, name=SECOND_NAME))

    def _settle_held(self) -> None:
        for held in self.town.world.held.rows():
            number = held.transaction_id
            if held.state is HeldState.WAITING and self.engine.random.random() < 0.6:
                self._do(lambda it, number=number: operate.refund_held(
                    number, it.operators, name=FIRST_NAME))
            elif held.state in (HeldState.WAITING, HeldState.REFUND_FAILED):
                self._do(lambda it, number=number: operate.dismiss_held(
                    number, "agreed", it.operators, name=FIRST_NAME))

    def _settle_complaints(self) -> None:
        desk = self.town.world.complaint_desk
        for complaint in self.town.world.complaints.rows():
            name, fact = complaint.complaint_id, desk.facts[complaint.complaint_id]
            if fact.state is ComplaintState.PENDING:
                self._do(lambda it, name=name: watch_complaint.answer_complaint(
                    name, "We look into it.", it.operators.complaints,
                    actor=operate.actor_of(FIRST_NAME)))
            elif fact.state is ComplaintState.PROCESSING:
                self._do(lambda it, name=name: watch_complaint.complete_complaint(
                    name, it.operators.complaints, actor=operate.actor_of(FIRST_NAME)))
            elif fact.user_complaint_times < 2 and self.engine.random.random() < 0.1 and (
                    not self.town.faults.is_calm):
                self.town.wechat.complain_again(name)

    def _send_abnormal_on(self) -> None:
        """In WeChat's merchant portal: to another card, or given up."""
        for number, refund in list(self.town.world.refunds.refunds.items()):
            if refund.state is RefundState.ABNORMAL:
                state = self.engine.random.choice((RefundState.SUCCEEDED, RefundState.CLOSED))
                self.town.wechat.settle(number, state)

    def _reconcile_overdue(self) -> None:
        """The timer gives up on a day after a week, with alarms; then a person does it."""
        world = self.town.world
        done = {result.day for result in world.days.rows() if result.state is DayState.DONE}
        oldest = day_of(self.engine.now_s - READY_AFTER_S - (LOOK_BACK_DAYS - 1) * DAY_S)
        for day in sorted({day_of(order.payment.paid_at_s) for order in world.orders.all()
                           if order.payment is not None} - done):
            if day < oldest:
                self._do(lambda it, day=day: operate.reconcile(
                    day, it.operators, name=SECOND_NAME))

    def _act_at_random(self) -> None:
        chance = self.engine.random
        paid = [order for order in self.town.world.orders.all()
                if order.payment is not None and self.town.wechat.is_plain(order.out_trade_no)]
        if not paid:
            return
        for _ in range(3):
            order = chance.choice(paid)
            chance.choice((self._give, self._hold_a_while, self._refund_a_part,
                           self._reconcile_again))(order.order_id)

    def _give(self, order_id: str) -> None:
        key = f"gift-{self.acts}"
        self._do(lambda it: operate.give_days(order_id, 30, key, it.operators, name=FIRST_NAME))

    def _hold_a_while(self, order_id: str) -> None:
        self._do(lambda it: operate.hold_license(order_id, it.operators, name=FIRST_NAME))
        self.engine.spawn(lambda: self._release(order_id),
                          self.engine.random.randint(MINUTE_MS, 6 * HOUR_MS))

    def _release(self, order_id: str) -> None:
        self._do(lambda it: operate.release_license(
            order_id, operate.HOLD, it.operators, name=FIRST_NAME))

    def _refund_a_part(self, order_id: str) -> None:
        key = f"part-{self.acts}"
        self.town.outside.refund_keys.setdefault(order_id, set()).add(key)
        wish = operate.RefundWish(key, self.engine.random.randint(1, 3_000))
        self._do(lambda it: operate.refund_order(
            order_id, wish, it.operators, name=FIRST_NAME))

    def _reconcile_again(self, order_id: str) -> None:
        done = [result.day for result in self.town.world.days.rows()]
        if done:
            self._do(lambda it: operate.reconcile(done[-1], it.operators, name=FIRST_NAME))

    def _do(self, act: Callable[[Instance], Any]) -> None:
        """Until it is done, or said to be impossible; a person tries again for a day."""
        self.acts += 1
        ends_ms = self.engine.now_ms + DAY_MS
        while self.engine.now_ms < ends_ms:
            try:
                self.town.network.ask("admin", act)
                return
            except Gone:
                self.engine.sleep_ms(5 * SECOND_MS)
            except NotifyNotAccepted:
                return
            except TongbaoError as error:
                if error.status < 500:
                    return
                self.engine.sleep_ms(MINUTE_MS)
