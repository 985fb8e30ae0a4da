"""Cold starts, reuse, limits, crashes: counted, not timed."""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from emulators.fc import FunctionComputeEmulator, RenderedError
from tests.emulators.fc.support import FUNCTIONS, ask, function, rendered, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def running(handler: str = "behaviours.handler", env: dict[str, str] | None = None,
            **props: Any) -> Iterator[FunctionComputeEmulator]:
    document = rendered(main=function(handler, **props))
    with FunctionComputeEmulator(document, FUNCTIONS, env) as emulator:
        yield emulator


def invoke(emulator: FunctionComputeEmulator, text: str) -> tuple[str, Any]:
    done = emulator.invoke("main", text.encode())
    return done.kind, done.payload.decode("latin-1")


def unhurried(initializer: str) -> dict[str, Any]:
    """Only requests are short of time: a start may take as long as a busy machine needs."""
    return {"initializer": {"handler": f"behaviours.{initializer}", "timeout": 60}}


def is_running(pid: int) -> bool:
    """Whether the process does anything; a dead one may stay listed until it is reaped."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in ("Z", "X")


def test_an_idle_instance_is_used_again() -> None:
    with running() as emulator:
        pids = {invoke(emulator, "pid") for _ in range(3)}
        assert len(pids) == 1
        assert emulator.instances("main").started == 1


def test_requests_at_the_same_time_get_instances_of_their_own(tmp_path: Path) -> None:
    with running() as emulator, ThreadPoolExecutor(3) as threads:
        pids = list(threads.map(lambda _: invoke(emulator, f"meet:{tmp_path},3"), range(3)))
        counters = emulator.instances("main")
    assert len(set(pids)) == 3
    assert (counters.started, counters.idle, counters.busy) == (3, 3, 0)
    assert len(counters.cold_starts_ms) == 3


def test_a_request_above_the_reserved_concurrency_is_throttled(tmp_path: Path) -> None:
    with running(concurrencyConfig={"reservedConcurrency": 1}) as emulator:
        with ThreadPoolExecutor(1) as threads:
            first = threads.submit(invoke, emulator, f"meet:{tmp_path},2")
            wait_until(lambda: any(tmp_path.iterdir()))
            answer = ask(emulator.url("main"), "ok")
            (tmp_path / "second").touch()
            assert first.result()[0] == "ok"
        assert answer.status == 429
        assert json.loads(answer.body)["Code"] == "ResourceThrottled"
        assert ask(emulator.url("main"), "ok").status == 200
        assert emulator.instances("main").started == 1


def test_an_asynchronous_call_waits_for_a_free_instance(tmp_path: Path) -> None:
    with running(concurrencyConfig={"reservedConcurrency": 1},
                 asyncInvokeConfig={"maxAsyncRetryAttempts": 0}) as emulator:
        with ThreadPoolExecutor(1) as threads:
            first = threads.submit(invoke, emulator, f"meet:{tmp_path},2")
            wait_until(lambda: any(tmp_path.iterdir()))
            queued = emulator.invoke_async("main", b"ok")
            assert emulator.invoke("main", b"ok").kind == "throttled"
            (tmp_path / "second").touch()
            assert first.result()[0] == "ok"
        assert (queued.result().kind, queued.result().attempts) == ("ok", 1)


def test_the_initializer_runs_once_before_the_first_request() -> None:
    with running(instanceLifecycleConfig={"initializer": {"handler": "behaviours.initialize"}},
                 ) as emulator:
        assert invoke(emulator, "pid")[0] == invoke(emulator, "pid")[0] == "ok"
        assert [line.split()[0] for line in emulator.logs("main")] == ["initialized"]


def test_a_failed_initializer_fails_its_request_and_the_next_gets_a_new_instance(
        tmp_path: Path) -> None:
    variables = {"MARKER": str(tmp_path / "marker"), "MODE": "quick"}
    with running("failing_start.handler", environmentVariables=variables,
                 instanceLifecycleConfig={"initializer": {"handler": "failing_start.initialize"}},
                 ) as emulator:
        first = ask(emulator.url("main"), "")
        second = ask(emulator.url("main"), "")
        counters = emulator.instances("main")
    assert (first.status, json.loads(first.body)["errorMessage"]) == (502, "not yet")
    assert (second.status, second.body) == (200, b"ready")
    assert (counters.started, counters.failed_initializations, counters.idle) == (2, 1, 1)


def test_a_slow_initializer_is_cut_off() -> None:
    with running("failing_start.handler", environmentVariables={"MARKER": "", "MODE": "slow"},
                 instanceLifecycleConfig={"initializer": {
                     "handler": "failing_start.initialize", "timeout": 0.2}}) as emulator:
        answer = ask(emulator.url("main"), "")
        assert emulator.instances("main").ended == 1
    assert answer.status == 502
    assert "initialization timed out after 0.2 seconds" in answer.body.decode()


@pytest.mark.parametrize(("handler", "kind", "message"), [
    ("broken_import.handler", "ModuleNotFoundError", "a_module_that_is_not_there"),
    ("not_there.handler", "ModuleNotFoundError", "not_there"),
    ("echo.not_there", "HandlerNotFound", "Handler 'not_there' is missing on module 'echo'")])
def test_a_handler_that_cannot_be_loaded_is_an_error(
        handler: str, kind: str, message: str) -> None:
    with running(handler) as emulator:
        answer = ask(emulator.url("main"), "ok")
    error = json.loads(answer.body)
    assert (answer.status, error["errorType"]) == (502, kind)
    assert message in error["errorMessage"]


def test_a_request_that_takes_too_long_is_cut_off_and_its_instance_killed() -> None:
    with running(timeout=0.3, instanceLifecycleConfig=unhurried("initialize")) as emulator:
        answer = ask(emulator.url("main"), "sleep:60")
        counters = emulator.instances("main")
        ask(emulator.url("main"), "sleep:60")
        assert emulator.instances("main").started == 2
    assert (answer.status, answer.headers["x-fc-error-type"]) == (502, "UnhandledInvocationError")
    message = json.loads(answer.body)["errorMessage"]
    assert message.startswith("Function timed out after 0.3 seconds (maxMemoryUsage: ")
    assert (counters.started, counters.ended, counters.idle) == (1, 1, 0)


@pytest.mark.parametrize("behaviour", ["exit", "sys-exit"])
def test_a_process_that_exits_is_answered_for_and_replaced(behaviour: str) -> None:
    with running() as emulator:
        answer = ask(emulator.url("main"), behaviour)
        assert ask(emulator.url("main"), "ok").status == 200
        assert emulator.instances("main").started == 2
    assert answer.status == 502
    assert "Process exited unexpectedly before completing request" in answer.body.decode()


def test_a_child_that_outlives_its_instance_is_killed_with_it() -> None:
    with running(timeout=0.3, instanceLifecycleConfig=unhurried("fork")) as emulator:
        assert invoke(emulator, "sleep:60")[0] == "timeout"
        child = int(emulator.logs("main")[0])
        wait_until(lambda: not is_running(child))


def test_an_exception_does_not_cost_the_instance() -> None:
    with running() as emulator:
        assert invoke(emulator, "raise:x")[0] == "error"
        assert invoke(emulator, "pid")[0] == "ok"
        assert emulator.instances("main").started == 1


def test_killing_the_instances_fails_running_requests_and_the_next_starts_anew(
        tmp_path: Path) -> None:
    with running() as emulator:
        idle_pid = invoke(emulator, "pid")
        with ThreadPoolExecutor(1) as threads:
            request = threads.submit(invoke, emulator, f"meet:{tmp_path},2")
            wait_until(lambda: any(tmp_path.iterdir()))
            emulator.kill_instances("main")
            kind, payload = request.result()
        assert kind == "exit"
        assert "Process exited unexpectedly" in payload
        assert invoke(emulator, "pid") != idle_pid
        counters = emulator.instances("main")
    assert (counters.started, counters.ended, counters.idle) == (2, 1, 1)


def test_an_instance_that_died_while_idle_is_not_used() -> None:
    with running() as emulator:
        pid = int(invoke(emulator, "pid")[1])
        os.kill(pid, 9)
        wait_until(lambda: not is_running(pid))
        assert invoke(emulator, "ok")[0] == "ok"
        assert emulator.instances("main").started == 2


def test_a_function_sees_its_own_variables_and_the_platform_s_only(
        monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OF_THE_PARENT", "secret")
    with running(env={"DECLARED": "replaced", "UNDECLARED": "x"},
                 environmentVariables={"DECLARED": "original", "OTHER": "kept"}) as emulator:
        seen = json.loads(invoke(emulator, "env")[1])
        assert emulator.notes == ["UNDECLARED: no function declares it"]
    platform = {name for name in seen if name.startswith("FC_")}
    assert platform == {"FC_ACCOUNT_ID", "FC_FUNCTION_HANDLER", "FC_FUNCTION_MEMORY_SIZE",
                        "FC_FUNCTION_NAME", "FC_FUNC_CODE_PATH", "FC_INSTANCE_ID", "FC_QUALIFIER",
                        "FC_REGION"}
    assert {name: seen[name] for name in set(seen) - platform - {"HOME", "LANG", "PATH"}} == {
        "DECLARED": "replaced", "OTHER": "kept"}


def test_a_function_with_a_role_gets_credentials() -> None:
    with running(role="acs:ram::1:role/reader") as emulator:
        seen = json.loads(invoke(emulator, "env")[1])
        held = emulator.credentials
    assert seen["ALIBABA_CLOUD_ACCESS_KEY_ID"] == held.access_key_id
    assert seen["ALIBABA_CLOUD_ACCESS_KEY_SECRET"] == held.access_key_secret
    assert seen["ALIBABA_CLOUD_SECURITY_TOKEN"] == held.security_token
    assert held.access_key_secret not in repr(held)


def test_too_many_variables_are_refused_also_after_replacement() -> None:
    with pytest.raises(RenderedError, match="environment variables"):
        FunctionComputeEmulator(rendered(main=function(environmentVariables={"A": "x"})),
                                FUNCTIONS, {"A": "x" * 4096})


@pytest.mark.parametrize(("runtime", "fields"), [
    ("python3.10", ["account_id", "credentials", "function", "region", "request_id", "service"]),
    ("python3.12", ["account_id", "function", "log_project", "log_store", "logger", "region",
                    "request_id"])])
def test_the_context_has_the_shape_of_its_runtime(runtime: str, fields: list[str]) -> None:
    with running(runtime=runtime) as emulator:
        done = emulator.invoke("main", b"context")
    seen = json.loads(done.payload)
    assert seen["fields"] == fields
    assert seen["request_id"] == done.request_id
    assert seen["function"]["name"] == "emulated"
    assert seen["function"]["timeout"] == 10


def test_nothing_but_the_interpreter_is_loaded_before_the_handler() -> None:
    with running() as emulator:
        loaded = set(json.loads(invoke(emulator, "modules")[1]))
    own = {"behaviours", "json", "time"}  # and what json brings
    assert own < loaded
    for name in ("emulators", "logging", "socket", "threading", "subprocess", "typing", "ssl"):
        assert name not in loaded


def test_the_code_is_the_working_directory_and_first_on_the_path() -> None:
    with running() as emulator:
        assert invoke(emulator, "cwd") == ("ok", str(FUNCTIONS))
        path = json.loads(invoke(emulator, "path")[1])
    assert path[0] == str(FUNCTIONS)
    assert not [entry for entry in path if "emulators/fc" in entry and entry != str(FUNCTIONS)]


def test_what_a_function_prints_is_its_log_and_json_lines_stay_whole() -> None:
    with running() as emulator:
        assert invoke(emulator, "log:paid")[0] == "ok"
        done = emulator.invoke("main", b"log:refunded")
        assert json.loads(emulator.logs("main")[0]) == {"event": "paid"}
        assert emulator.logs("main", done.request_id) == [
            '{"event": "refunded"}', "to stderr", "no newline"]


def test_an_exception_s_trace_is_in_the_log() -> None:
    with running() as emulator:
        invoke(emulator, "raise:no such thing")
        assert emulator.logs("main")[-1] == "ValueError: no such thing"


def test_a_function_that_closes_its_output_still_answers() -> None:
    with running() as emulator:
        assert invoke(emulator, "close-stdout")[0] == "ok"
        assert invoke(emulator, "ok:still")[0] == "ok"


def test_variables_that_are_deployed_again_reach_new_instances() -> None:
    with running(environmentVariables={"COLOR": "red"}) as emulator:
        before, first_pid = json.loads(invoke(emulator, "env")[1]), invoke(emulator, "pid")
        emulator.update_environment("main", {"COLOR": "blue", "UNDECLARED": "1"})
        after, second_pid = json.loads(invoke(emulator, "env")[1]), invoke(emulator, "pid")
        assert (before["COLOR"], after["COLOR"], first_pid != second_pid) == ("red", "blue", True)
        assert "UNDECLARED" not in after
        with pytest.raises(RenderedError, match="bytes of environment variables"):
            emulator.update_environment("main", {"COLOR": "x" * 5000})
        assert invoke(emulator, "pid") == second_pid
