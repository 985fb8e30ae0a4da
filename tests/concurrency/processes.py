"""Many processes, each with a function of its own, that begin their calls at the same moment.

Run as a script, it reads a plan from standard input, forks a process for each worker, and lets
them go when all are ready. Every worker builds its function with the builders of
`shared.bootstrap`: own connections, own keys, own instance. Tests call `run_at_once`.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emulators.fc import FakeContext, http_event, timer_event

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

CHECKOUT = Path(__file__).resolve().parents[2]
PATIENCE_S = 300


@dataclass(frozen=True)
class Call:
    """One event for one function."""

    function: str
    event: bytes


@dataclass(frozen=True)
class Done:
    """What came of a call: what the function returned, or the exception that left it."""

    answer: Any
    failure: str | None
    facts: tuple[dict[str, Any], ...]

    @property
    def status(self) -> int:
        """Of an HTTP answer."""
        return int(self.answer["statusCode"])

    @property
    def body(self) -> dict[str, Any]:
        """Of an HTTP answer."""
        value: dict[str, Any] = json.loads(self.answer["body"])
        return value


def http(function: str, method: str, target: str, headers: Sequence[tuple[str, str]],
         body: bytes = b"") -> Call:
    """A request over a function's HTTP trigger."""
    return Call(function, http_event(method, target, list(headers), body))


def timer(job: str) -> Call:
    """A firing of this job's timer."""
    return Call("timers", timer_event("timer", job))


def operator(act: str, actor: str, **fields: object) -> Call:
    """An operator's act."""
    return Call("admin", json.dumps({"act": act, "actor": actor, **fields}).encode())


def run_at_once(environ: Mapping[str, str], calls: Sequence[Call]) -> list[Done]:
    """Each call in a process of its own, all begun together; what came of them, in that order."""
    plan = {"environ": dict(environ), "calls": [
        {"function": call.function, "event": base64.b64encode(call.event).decode()}
        for call in calls]}
    ran = subprocess.run(
        [sys.executable, "-m", "tests.concurrency.processes"], cwd=CHECKOUT, check=False,
        input=json.dumps(plan), capture_output=True, text=True, timeout=PATIENCE_S)
    assert ran.returncode == 0, ran.stderr
    return [Done(each["answer"], each["failure"], tuple(each["facts"]))
            for each in json.loads(ran.stdout)]


def _builders() -> dict[str, Callable[[Mapping[str, str]], Callable[[Any, Any], Any]]]:
    from functions.admin import index as admin
    from functions.create_order import index as create_order
    from functions.license_fetch import index as license_fetch
    from functions.notify import index as notify
    from functions.timers import index as timers
    from shared import bootstrap

    return {
        "create-order": lambda given: bootstrap.build_create_order(create_order.routes, given),
        "notify": lambda given: bootstrap.build_notify(notify.routes, given),
        "license-fetch": lambda given: bootstrap.build_license_fetch(license_fetch.routes, given),
        "timers": lambda given: bootstrap.build_timers(timers.jobs, given),
        "admin": lambda given: bootstrap.build_admin(admin.acts, given)}


def main() -> None:
    """Fork, let go, collect."""
    plan = json.load(sys.stdin)
    builders = _builders()
    for function in {call["function"] for call in plan["calls"]}:
        builders[function](plan["environ"])  # imports everything once, before the forks
    assert threading.active_count() == 1, "only a process without threads may fork"
    with tempfile.TemporaryDirectory() as folder:
        places = [Path(folder) / str(number) for number in range(len(plan["calls"]))]
        ready, go = os.pipe(), os.pipe()
        workers = []
        for call, place in zip(plan["calls"], places, strict=True):
            worker = os.fork()
            if worker == 0:
                os.close(go[1])
                _work(call, place, lambda call=call: builders[call["function"]](plan["environ"]),
                      (ready[1], go[0]))
            workers.append(worker)
        _let_go(len(workers), ready, go)
        failed = [worker for worker in workers if os.waitpid(worker, 0)[1] != 0]
        assert not failed, f"{len(failed)} workers died"
        sys.stdout.write(json.dumps([_collected(place) for place in places]))


def _let_go(workers: int, ready: tuple[int, int], go: tuple[int, int]) -> None:
    """Wait until every worker is ready (or dead), then end the wait of all at once."""
    os.close(ready[1])
    with os.fdopen(ready[0], "rb") as told:
        assert len(told.read(workers)) == workers, "a worker could not start"
    os.close(go[1])


def _work(call: dict[str, str], place: Path, build: Callable[[], Callable[[Any, Any], Any]],
          signals: tuple[int, int]) -> None:
    """The life of one worker; it never returns. Its standard output, the log, goes to a file."""
    code = 1
    try:
        log = os.open(f"{place}.log", os.O_WRONLY | os.O_CREAT)
        os.dup2(log, 1)
        function = build()
        os.write(signals[0], b"r")
        os.close(signals[0])
        os.read(signals[1], 1)  # nothing is ever written: it ends when all are let go
        place.write_text(json.dumps(_called(function, base64.b64decode(call["event"]))))
        sys.stdout.flush()
        code = 0
    finally:
        os._exit(code)


def _called(function: Callable[[Any, Any], Any], event: bytes) -> dict[str, Any]:
    try:
        return {"answer": function(event, FakeContext()), "failure": None}
    except Exception as error:
        return {"answer": None, "failure": f"{type(error).__name__}: {error}"}


def _collected(place: Path) -> dict[str, Any]:
    lines = Path(f"{place}.log").read_text().splitlines()
    return {**json.loads(place.read_text()), "facts": [json.loads(line) for line in lines]}


if __name__ == "__main__":
    main()
