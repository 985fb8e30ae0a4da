"""timers: each payload is one job, a failed job fails the invocation, the next one goes on."""

from __future__ import annotations

import json
from typing import Any

import pytest

from emulators.fc import timer_event
from functions.timers import index as timers
from shared.domain.due import Work
from shared.domain.order import OrderState
from shared.errors import StoreUnavailable
from shared.http.timer_app import JobFailed, TimerApp
from shared.use_cases.create_order import create_order
from tests.deploy.rules import JOBS
from tests.fakes.script import raises
from tests.functions.events import Context, event
from tests.functions.shopfront import KEY_SET
from tests.unit.use_cases.world import World, request


class Clockwork:
    """The function over one World; `begun` holds the budget of each job that began."""

    def __init__(self) -> None:
        self.world = World()
        self.begun: list[int] = []
        world = self.world
        self.jobs = timers.jobs(office=world.office, held=world.held_desk,
                                complaints=world.complaint_room, audit=world.audit_room,
                                everywhere=world.books, key_set=KEY_SET)
        self.app = TimerApp(self.jobs, log=world.log,
                            begin=lambda _, budget_ms: self.begun.append(budget_ms))

    def fire(self, job: str) -> dict[str, Any]:
        """One firing."""
        return self.app(timer_event("any-name", job), Context())


@pytest.fixture
def clockwork() -> Clockwork:
    return Clockwork()


def test_each_job_of_s_yaml_is_there_and_no_other(clockwork: Clockwork) -> None:
    assert set(clockwork.jobs) == set(JOBS)


def test_what_is_due_is_looked_at(clockwork: Clockwork) -> None:
    world = clockwork.world
    order = create_order(request(), world.shop)
    world.pay(order)
    world.clock.advance_s(60)
    assert clockwork.fire("due") == {"job": "due", "looked": 1, "taken": 0, "failed": 0}
    assert world.stored(order).state is OrderState.PAID
    assert world.log.named("timer.done")[-1]["job"] == "due"


@pytest.mark.parametrize("kind", ["order", "held", "complaint"])
def test_every_kind_of_work_has_its_look(clockwork: Clockwork, kind: str) -> None:
    world = clockwork.world
    world.work.add(Work(kind, "wechatpay:nothing", world.clock.now_s()))
    assert clockwork.fire("due-everywhere")["looked"] == 1


def test_the_other_jobs_answer_with_their_counts(clockwork: Clockwork) -> None:
    assert clockwork.fire("complaints") == {"job": "complaints", "news": 0}
    assert clockwork.fire("bill") == {"job": "bill", "days": 7, "done": 7, "differences": 0}
    left_s = KEY_SET.ends_at_s - clockwork.world.clock.now_s()
    assert clockwork.fire("keys") == {"job": "keys", "days": left_s // 86_400}


def test_each_job_has_its_own_time_and_stays_within_the_function_s(
        clockwork: Clockwork) -> None:
    for job in sorted(JOBS):
        clockwork.fire(job)
    assert clockwork.begun == [clockwork.jobs[job].budget_ms for job in sorted(JOBS)]
    assert max(clockwork.begun) <= 240_000


def test_rows_are_left_for_the_next_run_when_the_time_is_nearly_over(
        clockwork: Clockwork) -> None:
    world = clockwork.world
    for number in range(3):
        world.work.add(Work("order", f"order-{number}", world.clock.now_s()))
    world.orders.script.before("load", lambda: world.clock.advance_s(46))
    assert clockwork.fire("due")["looked"] == 1
    assert clockwork.fire("due")["looked"] == 2


def test_a_job_that_cannot_run_fails_aloud_and_the_next_one_goes_on(
        clockwork: Clockwork) -> None:
    world = clockwork.world
    world.work.script.before("list", raises(StoreUnavailable(reason="out_of_time")))
    with pytest.raises(JobFailed, match="due: TEMPORARILY_UNAVAILABLE out_of_time"):
        clockwork.fire("due")
    (told,) = world.log.named("timer.failed")
    assert told == {"alarm": True, "job": "due", "code": "TEMPORARILY_UNAVAILABLE",
                    "reason": "out_of_time"}
    assert clockwork.fire("due")["failed"] == 0


def test_a_mistake_of_ours_leaves_without_its_text(clockwork: Clockwork) -> None:
    clockwork.world.work.script.before("list", raises(ValueError("canary-of-a-payload")))
    with pytest.raises(JobFailed) as failed:
        clockwork.fire("due")
    assert failed.value.__suppress_context__
    assert "canary" not in str(failed.value) + clockwork.world.log.text()
    assert clockwork.world.log.named("timer.failed")[0]["reason"] == "ValueError"


WRONG = [timer_event("due", ""), timer_event("due", "dew"), timer_event("due", "due "),
         event("POST", "/", {}, b"due"), b"due", b"", b"{", b"[]", json.dumps("due").encode(),
         json.dumps({"triggerName": "due", "triggerTime": "x", "payload": ["due"]}).encode(),
         json.dumps({"triggerTime": "2026-11-22T00:00:00Z", "payload": "due"}).encode()]


@pytest.mark.parametrize("raw", WRONG)
def test_anything_but_a_timer_s_event_with_a_known_job_fails_with_an_alarm(
        clockwork: Clockwork, raw: bytes) -> None:
    with pytest.raises(JobFailed, match="unknown: INVALID_REQUEST"):
        clockwork.app(raw, Context())
    assert clockwork.world.log.named("timer.failed")[0]["alarm"] is True
    assert clockwork.begun == []
    assert clockwork.world.work.calls == []
