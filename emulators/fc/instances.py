"""Function instances: one fresh Python process each, one request at a time.

`functions.py` takes an instance from the pool for every invocation and gives it back. An instance
that ran out of time, lost its process or failed to initialize never serves again.
"""

from __future__ import annotations

import contextlib
import json
import marshal
import os
import select
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from emulators.fc.logs import FunctionLog, LogReader

if TYPE_CHECKING:
    from collections.abc import Sequence

WORKER = str(Path(__file__).with_name("worker.py"))


@dataclass(frozen=True)
class Outcome:
    """How one call into an instance ended; `kind` is ok, error, timeout or exit."""

    kind: str
    payload: bytes

    @property
    def ok(self) -> bool:
        """Whether the handler returned."""
        return self.kind == "ok"


@dataclass(frozen=True)
class InstanceSpec:
    """All that a new instance needs. `about` is handed to the worker (see worker.Context)."""

    python: Sequence[str]
    code_paths: Sequence[str]
    environment: dict[str, str] = field(repr=False)
    about: dict[str, Any] = field(repr=False)
    initialization_timeout_s: float


class Instance:
    """One process. Not safe for concurrent calls, except `kill`."""

    def __init__(
        self, spec: InstanceSpec, log: FunctionLog, *, instance_id: str, request_id: str
    ) -> None:
        self.instance_id = instance_id
        self._spec = spec
        self._started_at = time.monotonic()
        request_read, request_write = os.pipe()
        answer_read, answer_write = os.pipe()
        try:
            self._process = subprocess.Popen(
                [*spec.python, "-u", WORKER, str(request_read), str(answer_write)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                pass_fds=(request_read, answer_write),
                cwd=spec.code_paths[0],
                env={**spec.environment, "FC_INSTANCE_ID": instance_id},
                start_new_session=True,
            )
        except OSError:
            os.close(request_write)
            os.close(answer_read)
            raise
        finally:
            os.close(request_read)
            os.close(answer_write)
        self._requests: BinaryIO = os.fdopen(request_write, "wb")
        self._answers: BinaryIO = os.fdopen(answer_read, "rb")
        assert self._process.stdout is not None
        self._log = LogReader(self._process.stdout, log, instance_id, request_id)  # type: ignore[arg-type]
        self._log.start()

    def initialize(self, request_id: str) -> Outcome:
        """Load the handler and run the initializer; the instance is of no use unless this is ok."""
        about = {**self._spec.about, "path": list(self._spec.code_paths), "request_id": request_id}
        return self._call(
            about,
            request_id,
            self._spec.initialization_timeout_s,
            "Function instance initialization",
        )

    def invoke(self, request_id: str, event: bytes, timeout_s: float) -> Outcome:
        """Run the handler once."""
        self._started_at = time.monotonic()
        self._log.begin(request_id)
        return self._call(
            {"request_id": request_id, "event": event}, request_id, timeout_s, "Function"
        )

    def is_alive(self) -> bool:
        """Whether the process is still there."""
        return self._process.poll() is None

    def kill(self) -> None:
        """End the process and all it started, at once; a call that is under way ends as `exit`."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def close(self) -> None:
        """Kill, and free everything. Call it once no call is under way."""
        self.kill()
        self._process.wait()
        with contextlib.suppress(BrokenPipeError):
            self._requests.close()
        self._answers.close()
        self._log.join(timeout=5)

    def _call(self, frame: dict[str, Any], request_id: str, timeout_s: float, what: str) -> Outcome:
        answer = self._exchange(frame, timeout_s)
        if answer is None:
            memory_mb = self._memory_mb()
            self.kill()
            return _message(
                "timeout",
                f"{what} timed out after {timeout_s:g} seconds (maxMemoryUsage: {memory_mb:.2f}MB)",
            )
        if not answer:
            self._process.wait()
            self._log.join(timeout=5)
            elapsed_ms = (time.monotonic() - self._started_at) * 1000
            return _message(
                "exit",
                "Process exited unexpectedly before completing request "
                f"(duration: {elapsed_ms:.0f}ms, maxMemoryUsage: 0.00MB)",
            )
        self._log.wait_for(request_id)
        return Outcome("ok" if answer["ok"] else "error", answer["payload"])

    def _exchange(self, frame: dict[str, Any], timeout_s: float) -> dict[str, Any] | None:
        """The worker's answer; None when time ran out, empty when the process is gone."""
        deadline = time.monotonic() + timeout_s
        with contextlib.suppress(BrokenPipeError):
            self._requests.write(marshal.dumps(frame, 4))
            self._requests.flush()
        poll = select.poll()
        poll.register(self._answers, select.POLLIN)
        if not poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
            return None
        try:
            answer: dict[str, Any] = marshal.load(self._answers)
        except (EOFError, ValueError, TypeError):
            self.kill()
            return {}
        return answer

    def _memory_mb(self) -> float:
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{self._process.pid}/status").read_text().splitlines():
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) / 1024
        return 0.0


def _message(kind: str, text: str) -> Outcome:
    return Outcome(kind, json.dumps({"errorMessage": text}).encode())
