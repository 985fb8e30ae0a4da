from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from emulators.fc import FunctionComputeEmulator, Options, RenderedError
from tests.emulators.fc.support import FUNCTIONS, function, http_trigger, rendered, send, timer

if TYPE_CHECKING:
    from pathlib import Path

NOW_S = 1_767_225_600


def calls_in(file: Path) -> list[list[str]]:
    return [json.loads(line) for line in file.read_text().splitlines()]


def started(*triggers: dict[str, Any], **props: Any) -> FunctionComputeEmulator:
    document = rendered(main=function("flaky.handler", triggers=list(triggers), **props))
    return FunctionComputeEmulator(document, FUNCTIONS, options=Options(now_s=lambda: NOW_S))


def wish(file: Path, succeed_at: int) -> str:
    return json.dumps({"file": str(file), "succeed_at": succeed_at})


def test_a_failing_asynchronous_call_is_tried_again_until_it_succeeds(tmp_path: Path) -> None:
    calls = tmp_path / "calls"
    with started() as emulator:
        done = emulator.invoke_async("main", wish(calls, 3).encode()).result()
    assert (done.kind, done.attempts) == ("ok", 3)
    assert [identity for identity, _ in calls_in(calls)] == [done.request_id] * 3


@pytest.mark.parametrize(("config", "attempts"), [
    ({}, 4), ({"asyncInvokeConfig": {"maxAsyncRetryAttempts": 0}}, 1),
    ({"asyncInvokeConfig": {"maxAsyncRetryAttempts": 1}}, 2)])
def test_retries_end_where_the_configuration_says(
        tmp_path: Path, config: dict[str, Any], attempts: int) -> None:
    calls = tmp_path / "calls"
    with started(**config) as emulator:
        done = emulator.invoke_async("main", wish(calls, 99).encode()).result()
    assert (done.kind, done.attempts) == ("error", attempts)
    assert len(calls_in(calls)) == attempts


def test_an_asynchronous_http_request_is_accepted_at_once(tmp_path: Path) -> None:
    document = rendered(main=function(triggers=[http_trigger("POST")]))
    with FunctionComputeEmulator(document, FUNCTIONS) as emulator:
        answer = send(emulator.url("main"), "POST", b"raise:later",
                      {"X-Fc-Invocation-Type": "Async", "Content-Type": "text/plain"})
        done = emulator.drain("main")
    assert (answer.status, answer.body) == (202, b"")
    assert [(one.kind, one.attempts) for one in done] == [("error", 4)]
    assert done[0].request_id == answer.headers["x-fc-request-id"]


def test_a_timer_carries_its_payload_and_is_retried(tmp_path: Path) -> None:
    calls = tmp_path / "calls"
    with started(timer(payload=wish(calls, 2))) as emulator:
        done = emulator.fire_timer("main", "tick", at_s=1_518_155_340)
    assert (done.kind, done.attempts) == ("ok", 2)
    assert {moment for _, moment in calls_in(calls)} == {"2018-02-09T05:49:00Z"}


def test_every_due_timer_fires_once_per_due_moment_in_order(tmp_path: Path) -> None:
    calls = tmp_path / "calls"
    with started(timer("minutely", "0 * * * * *", payload=wish(calls, 1)),
                 timer("often", "@every 2m", payload=wish(calls, 1)),
                 timer("off", "0 * * * * *", payload=wish(calls, 1), enable=False)) as emulator:
        done = emulator.run_timers(NOW_S, NOW_S + 180)
        assert emulator.run_timers(NOW_S + 180, NOW_S + 180) == []
    assert len(done) == 4
    assert [moment[14:16] for _, moment in calls_in(calls)] == ["01", "02", "02", "03"]


def test_an_unknown_timer_is_named() -> None:
    with started(timer()) as emulator, pytest.raises(KeyError, match="no timer 'tock'"):
        emulator.fire_timer("main", "tock")


def test_a_timer_that_cannot_be_read_is_refused_at_once() -> None:
    with pytest.raises(RenderedError, match=r"main: timer 'tick': 6 fields"):
        started(timer(cron="* * * * *"))
