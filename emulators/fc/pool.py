"""The instances of one function: reuses the idle, starts new ones up to the limit, counts them."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulators.fc.instances import Instance, Outcome


class ThrottledError(Exception):
    """Every instance that the function may have is busy."""


class InitializationError(Exception):
    """A new instance could not be initialized; `outcome` is the answer to the caller."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.kind)
        self.outcome = outcome


@dataclass(frozen=True)
class InstanceCounters:
    """How many instances there are and were.

    `started` counts cold starts, `ended` processes that are gone for whatever reason, among them
    `failed_initializations`. `cold_starts_ms` is the time from the start of each process until it
    could take a request.
    """

    started: int
    idle: int
    busy: int
    ended: int
    failed_initializations: int
    cold_starts_ms: tuple[float, ...]


class Pool:
    """Safe to use from several threads."""

    def __init__(self, start: Callable[[str], Instance], limit: int) -> None:
        self._start = start
        self._limit = limit
        self._changed = threading.Condition()
        self._idle: list[Instance] = []
        self._busy: set[Instance] = set()
        self._starting = 0
        self._kills = 0
        self._started = self._ended = self._failed = 0
        self._cold_starts_ms: list[float] = []
        self._closed = False

    def acquire(self, request_id: str, *, wait: bool = False) -> Instance:
        """An initialized instance for one request.

        Raises ThrottledError when the limit is reached, unless `wait`; InitializationError when
        the new instance fails.
        """
        with self._changed:
            while True:
                self._drop_dead()
                if self._closed:
                    raise ThrottledError
                if self._idle:
                    instance = self._idle.pop()
                    self._busy.add(instance)
                    return instance
                if len(self._busy) + self._starting < self._limit:
                    self._starting += 1
                    break
                if not wait:
                    raise ThrottledError
                self._changed.wait()
        return self._cold_start(request_id)

    def release(self, instance: Instance, outcome: Outcome) -> None:
        """Give an instance back; it serves again only if its process is in order."""
        usable = outcome.kind in ("ok", "error") and instance.is_alive()
        with self._changed:
            self._busy.discard(instance)
            keep = usable and not self._closed
            if keep:
                self._idle.append(instance)
            else:
                self._ended += 1
            self._changed.notify()
        if not keep:
            instance.close()

    def kill_all(self) -> None:
        """Kill every process, as a crash of the machine would; running requests fail.

        One that is still starting ends once it is ready: it was started with what was before.
        """
        with self._changed:
            self._kills += 1
            for instance in [*self._idle, *self._busy]:
                instance.kill()
            idle, self._idle = self._idle, []
            self._ended += len(idle)
        for instance in idle:
            instance.close()

    def close(self) -> None:
        """Kill all and start no more."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self.kill_all()

    def counters(self) -> InstanceCounters:
        """A snapshot."""
        with self._changed:
            self._drop_dead()
            return InstanceCounters(
                started=self._started,
                idle=len(self._idle),
                busy=len(self._busy) + self._starting,
                ended=self._ended,
                failed_initializations=self._failed,
                cold_starts_ms=tuple(self._cold_starts_ms),
            )

    def _drop_dead(self) -> None:
        dead = [instance for instance in self._idle if not instance.is_alive()]
        self._idle = [instance for instance in self._idle if instance not in dead]
        self._ended += len(dead)
        for instance in dead:
            instance.close()

    def _cold_start(self, request_id: str) -> Instance:
        began, kills = time.perf_counter(), self._kills
        instance: Instance | None = None
        outcome: Outcome | None = None
        try:
            instance = self._start(request_id)
            outcome = instance.initialize(request_id)
        finally:
            ready = outcome is not None and outcome.ok
            with self._changed:
                self._starting -= 1
                self._started += 1
                if ready and instance is not None:
                    if kills != self._kills:
                        instance.kill()
                    self._busy.add(instance)
                    self._cold_starts_ms.append((time.perf_counter() - began) * 1000)
                else:
                    self._failed += 1
                    self._ended += 1
                    self._changed.notify()
        assert instance is not None and outcome is not None
        if not ready:
            instance.close()
            raise InitializationError(outcome)
        return instance
