"""What the instances of one function print, line by line, with the instance and request it is from.

One reader thread per instance feeds a FunctionLog; the control API and tests read it.
"""

from __future__ import annotations

import re
import threading
from collections import deque
from dataclasses import dataclass
from typing import BinaryIO

from emulators.fc.worker import LOG_MARK

MAX_LINES = 10_000
_MARK = re.compile(re.escape(LOG_MARK) + rb"([^\n]*)\n")


@dataclass(frozen=True)
class LogLine:
    """One line as printed, without its newline."""

    instance_id: str
    request_id: str
    text: str


class FunctionLog:
    """The newest lines of one function, oldest first. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lines: deque[LogLine] = deque(maxlen=MAX_LINES)
        self._lock = threading.Lock()

    def append(self, line: LogLine) -> None:
        """Add one line."""
        with self._lock:
            self._lines.append(line)

    def lines(self, request_id: str | None = None) -> list[LogLine]:
        """All lines, or those of one request."""
        with self._lock:
            return [
                line for line in self._lines if request_id is None or line.request_id == request_id
            ]


class LogReader(threading.Thread):
    """Copies one instance's output into the log until the process is gone."""

    def __init__(self, pipe: BinaryIO, log: FunctionLog, instance_id: str, request_id: str) -> None:
        super().__init__(name=f"log-{instance_id}", daemon=True)
        self._pipe = pipe
        self._log = log
        self._instance_id = instance_id
        self._request_id = request_id
        self._seen = threading.Condition()
        self._finished: str | None = None
        self._ended = False

    def begin(self, request_id: str) -> None:
        """Lines read from now on belong to this request."""
        self._request_id = request_id
        with self._seen:
            # The initializer runs under the same request's id and has finished before.
            self._finished = None

    def wait_for(self, request_id: str, timeout_s: float = 5.0) -> None:
        """Return when everything that the request printed is in the log."""
        with self._seen:
            self._seen.wait_for(lambda: self._ended or self._finished == request_id, timeout_s)

    def run(self) -> None:
        """Read until the other end closes."""
        pending = b""
        with self._pipe:
            while chunk := self._pipe.read1(65536):  # type: ignore[attr-defined]
                pending = self._take(pending + chunk)
        self._write(pending)
        with self._seen:
            self._ended = True
            self._seen.notify_all()

    def _take(self, data: bytes) -> bytes:
        while (mark := _MARK.search(data)) is not None:
            self._write(data[: mark.start()])
            data = data[mark.end() :]
            with self._seen:
                self._finished = mark[1].decode("ascii")
                self._seen.notify_all()
        if LOG_MARK in data:
            return data
        complete, newline, rest = data.rpartition(b"\n")
        self._write(complete + newline)
        return rest

    def _write(self, data: bytes) -> None:
        for line in data.decode("utf-8", "replace").split("\n"):
            if line:
                self._log.append(LogLine(self._instance_id, self._request_id, line))
