"""Alarms that no other test asks for: each is raised when a person is wanted, and not before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from shared.alarms import ALARMS
from shared.domain.calendar import day_of, days_after
from shared.domain.license import DAY_S
from shared.domain.refund import RefundState
from shared.errors import BillNotReady, ProviderRefused, StoreUnavailable, UntrustedBill
from shared.use_cases.reconcile_day import LOOK_BACK_DAYS, OVERDUE_DAYS, reconcile_open_days
from shared.use_cases.record_payment import record_payment
from shared.use_cases.watch_complaint import LISTED_DAYS, list_new_complaints, look_at_complaint
from shared.use_cases.work_due import BACKLOG_AFTER_S
from tests.architecture.sources import ROOT
from tests.fakes.script import raises
from tests.unit.use_cases.bill_days import next_noon, reconcile
from tests.unit.use_cases.refunding import ask, license_standing, settle

if TYPE_CHECKING:
    from shared.domain.order import Order
    from tests.unit.use_cases.world import World


def alarms(world: World, name: str) -> list[bool]:
    """Whether each fact of this name wants a person."""
    return [fields["alarm"] for fields in world.log.named(name)]


def keep_days_from_coming(world: World, error: Exception, days: int) -> None:
    """The next so many bills that are asked for end in this error."""
    for _ in range(days):
        world.bills.script.before("fetch", raises(error))


def test_a_bill_that_does_not_come_is_told_from_the_second_day_after_it_was_due(
        world: World) -> None:
    day = day_of(world.clock.now_s())
    next_noon(world, day)
    reconcile_open_days(world.audit_room)
    overdue = []
    for later in range(1, 5):
        late = days_after(day, later)
        next_noon(world, late)
        world.log.facts.clear()
        keep_days_from_coming(world, BillNotReady(), later)
        reconcile_open_days(world.audit_room)
        overdue.append([fields["day"] for fields in world.log.named("reconcile.overdue")])
    first, second = days_after(day, 1), days_after(day, 2)
    assert overdue == [[]] * OVERDUE_DAYS + [[first], [first, second]]
    assert alarms(world, "reconcile.overdue") == [True, True]


def test_a_bill_that_came_at_last_is_no_longer_told(world: World) -> None:
    next_noon(world, days_after(day_of(world.clock.now_s()), 3))
    reconcile_open_days(world.audit_room)
    assert "reconcile.overdue" not in world.log.names()


def test_a_week_without_the_timer_leaves_no_day_out(world: World) -> None:
    day = day_of(world.clock.now_s())
    next_noon(world, day)
    reconcile_open_days(world.audit_room)
    next_noon(world, days_after(day, LOOK_BACK_DAYS))
    done = [result.day for result in reconcile_open_days(world.audit_room)]
    assert done == [days_after(day, later) for later in range(1, LOOK_BACK_DAYS + 1)]
    assert len(done) == 7


def test_a_bill_that_is_not_what_was_promised_is_told_with_its_reason(world: World) -> None:
    day = day_of(world.clock.now_s())
    next_noon(world, day)
    world.bills.script.before("fetch", raises(UntrustedBill(reason="hash_wrong")))
    reconcile(world, day)
    assert world.log.named("reconcile.untrusted_bill") == [
        {"alarm": True, "day": day, "reason": "hash_wrong"}]


def test_a_refund_that_the_provider_closes_is_told_once(world: World, order: Order) -> None:
    record_payment(world.pay(order), world.books)
    ask(world, order)
    settle(world, order, RefundState.CLOSED)
    world.run_timers_for(DAY_S, every_s=600)
    told, = world.log.named("refund.given_up")
    refund, = world.stored(order).refunds
    assert told == {"alarm": True, "order_id": order.order_id, "refund_id": refund.refund_id}
    assert license_standing(world).value == "active"


@pytest.mark.parametrize(("late_s", "expected"), [
    (BACKLOG_AFTER_S, []), (BACKLOG_AFTER_S + 1, [True])])
def test_a_timer_that_lags_behind_is_told(world: World, order: Order, late_s: int,
                                          expected: list[bool]) -> None:
    row, = world.work.rows()
    world.clock.advance_s(row.due_at_s + late_s - world.clock.now_s())
    world.run_timer()
    assert alarms(world, "work.backlog") == expected
    assert BACKLOG_AFTER_S <= 900


def test_a_look_that_waiting_does_not_mend_is_told(world: World, order: Order) -> None:
    world.clock.advance_s(60)
    world.gateway.script.before("query", raises(ProviderRefused(reason="NO_AUTH")))
    world.run_timer()
    told, = world.log.named("work.failed")
    assert (told["alarm"], told["subject"], told["code"], told["reason"]) == (
        True, order.order_id, "PROVIDER_REFUSED", "NO_AUTH")


def test_a_look_that_waiting_mends_calls_nobody(world: World, order: Order) -> None:
    world.clock.advance_s(60)
    world.orders.script.before("load", raises(StoreUnavailable()))
    world.run_timer()
    assert alarms(world, "work.failed") == [False]


def test_a_new_complaint_is_told_with_its_deadline(world: World, order: Order) -> None:
    record_payment(world.pay(order), world.books)
    world.complaint_desk.complain(order.out_trade_no)
    list_new_complaints(world.complaint_room)
    told, = world.log.named("complaint.changed")
    complaint, = world.complaints.rows()
    assert (told["alarm"], told["answer_by_s"]) == (True, complaint.answer_by_s)
    list_new_complaints(world.complaint_room)
    assert len(world.log.named("complaint.changed")) == 1


def test_a_complaint_that_the_provider_does_not_know_is_told(world: World) -> None:
    assert look_at_complaint("200000000000000000000001", world.complaint_room) is None
    assert alarms(world, "complaint.unknown") == [True]


def test_a_month_without_notifies_and_timers_leaves_no_complaint_out(world: World,
                                                                     order: Order) -> None:
    record_payment(world.pay(order), world.books)
    world.complaint_desk.complain(order.out_trade_no)
    world.clock.advance_s(29 * DAY_S)
    assert LISTED_DAYS == 30
    assert list_new_complaints(world.complaint_room) == 1


def test_every_alarm_is_asked_for_by_a_test() -> None:
    """Of the alarm itself: a list of names, as of the invariant I16, does not count."""
    texts = [path.read_text(encoding="utf-8") for folder in ("unit", "functions")
             for path in (ROOT / "tests" / folder).rglob("test_*.py")]
    unseen = [name for name in ALARMS if not any(f'"{name}"' in text for text in texts)]
    assert unseen == []
