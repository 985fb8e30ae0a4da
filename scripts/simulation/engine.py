"""Virtual time: a queue of events, and actors that wait in it.

An actor is plain code in a greenlet. Whenever it waits (for the store, the provider, the next
poll) others go on, so actors meet between any two calls, in an order that the seed decides.
"""

from __future__ import annotations

import hashlib
import heapq
from random import Random
from typing import TYPE_CHECKING

from greenlet import getcurrent, greenlet

if TYPE_CHECKING:
    from collections.abc import Callable

SECOND_MS = 1_000
MINUTE_MS = 60 * SECOND_MS
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS


class Engine:
    """The events of one run. `random` is the only source of chance; `digest` names the run.

    `on_tick` is called with the milliseconds that pass, before each event; `on_note`, where it is
    set, with each line of the trace.
    """

    def __init__(self, seed: str, start_ms: int, on_tick: Callable[[int], None]) -> None:
        self.random = Random(seed)
        self.start_ms = start_ms
        self.now_ms = start_ms
        self.steps = 0
        self._on_tick = on_tick
        self._queue: list[tuple[int, int, Callable[[], object]]] = []
        self._added = 0
        self._hub = getcurrent()
        self._trace = hashlib.sha256()
        self.on_note: Callable[[str], object] | None = None

    @property
    def now_s(self) -> int:
        """The true time in seconds."""
        return self.now_ms // SECOND_MS

    @property
    def digest(self) -> str:
        """Hash of everything that was noted, in order: equal runs have equal digests."""
        return self._trace.hexdigest()

    def note(self, text: str) -> None:
        """One step of the trace."""
        self.steps += 1
        line = f"{self.now_ms - self.start_ms} {text}\n"
        self._trace.update(line.encode())
        if self.on_note is not None:
            self.on_note(line)

    def after(self, delay_ms: int, act: Callable[[], object]) -> None:
        """Do something later, without waiting in it."""
        self._added += 1
        heapq.heappush(self._queue, (self.now_ms + delay_ms, self._added, act))

    def spawn(self, act: Callable[[], object], delay_ms: int = 0) -> None:
        """Start an actor: code that may wait."""
        self.after(delay_ms, greenlet(act, self._hub).switch)

    def sleep_ms(self, duration_ms: int) -> None:
        """Wait; for actors alone."""
        self.after(duration_ms, getcurrent().switch)
        self._hub.switch()

    def run(self, until_ms: int) -> None:
        """Let events happen up to this time."""
        while self._queue and self._queue[0][0] <= until_ms:
            at_ms, _, act = heapq.heappop(self._queue)
            self._move_to(at_ms)
            act()
        self._move_to(until_ms)

    def _move_to(self, at_ms: int) -> None:
        if at_ms > self.now_ms:
            self._on_tick(at_ms - self.now_ms)
            self.now_ms = at_ms


class ActorClock:
    """A `Clock` of one instance: virtual time, and so far off as `skew_ms` says."""

    def __init__(self, engine: Engine, skew_ms: int) -> None:
        self._engine = engine
        self.skew_ms = skew_ms

    def now_s(self) -> int:
        """Seconds since 1970, as this instance believes."""
        return (self._engine.now_ms + self.skew_ms) // SECOND_MS

    def monotonic_ms(self) -> int:
        """Milliseconds since the run began; never wrong."""
        return self._engine.now_ms - self._engine.start_ms

    def sleep_ms(self, duration_ms: int) -> None:
        """Wait."""
        self._engine.sleep_ms(duration_ms)
