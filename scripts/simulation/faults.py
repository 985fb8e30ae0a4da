"""What goes wrong, how often and when: single calls, whole hours, and nothing after the end."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, NamedTuple

from scripts.simulation.engine import HOUR_MS, MINUTE_MS

if TYPE_CHECKING:
    from scripts.simulation.engine import Engine

MOST_SKEW_MS = 30_000
"""Two clocks of one deployment are at most a minute apart: docs/reliability.md."""

FULL_SPAN_MS = 28 * HOUR_MS
"""Windows are counted for so long a time: a thousand buyers. A shorter run has fewer."""

CRASHES = ("crash_before", "crash_after")
STORE_WRITE = (*CRASHES, "refused", "unknown_lost", "unknown_applied")
STORE_READ = ("crash_before", "refused")
PROVIDER = (*CRASHES, "unavailable", "unavailable_applied")


@dataclass(frozen=True)
class Odds:
    """How often: chances of one event. `call` is for each call of a port."""

    call: float = 0.004
    in_burst: float = 0.35
    half_batch: float = 0.004
    notify_lost: float = 0.15
    notify_doubled: float = 0.15
    notify_late: float = 0.15
    request_lost: float = 0.01
    answer_lost: float = 0.01
    timer_skipped: float = 0.03
    timer_doubled: float = 0.15
    bursts: int = 6
    outages: int = 3
    timers_off: int = 2
    without_balance: int = 2
    clock_steps: int = 8
    most_skew_ms: int = MOST_SKEW_MS
    severities: tuple[float, ...] = (0.3, 1, 1, 3, 8)
    """A run draws one: how much more often its single calls fail."""

    def harder(self, times: float) -> Odds:
        """The same with single calls and answers so much more often wrong."""
        return replace(self, call=self.call * times, half_batch=self.half_batch * times,
                       request_lost=min(0.1, self.request_lost * times),
                       answer_lost=min(0.1, self.answer_lost * times))


FAULTS = Odds()
NO_FAULTS = Odds(**{each.name: 0 for each in fields(Odds) if each.name != "severities"})


class Window(NamedTuple):
    """A time in which something is always wrong."""

    start_ms: int
    end_ms: int


class Faults:
    """The faults of one run. `counts` says how many of each kind really happened."""

    def __init__(self, engine: Engine, odds: Odds, span_ms: int) -> None:
        self.engine = engine
        self.odds = odds.harder(engine.random.choice(odds.severities))
        self.counts: Counter[str] = Counter()
        self.is_calm = False
        self.down: Window | None = None
        self._windows = {
            "burst": self._plan(odds.bursts, span_ms, MINUTE_MS, 10 * MINUTE_MS),
            "outage": self._plan(odds.outages, span_ms, 10 * MINUTE_MS, 3 * HOUR_MS),
            "timers_off": self._plan(odds.timers_off, span_ms, 20 * MINUTE_MS, 2 * HOUR_MS),
            "no_balance": self._plan(odds.without_balance, span_ms, HOUR_MS, 6 * HOUR_MS)}

    def happens(self, kind: str, chance: float) -> bool:
        """Whether it happens now; counted when it does."""
        if self.is_calm or chance <= 0 or self.engine.random.random() >= chance:
            return False
        self.count(kind)
        return True

    def count(self, kind: str) -> None:
        """One more of this kind."""
        self.counts[kind] += 1
        self.engine.note(f"fault {kind}")

    def lasts(self, kind: str) -> bool:
        """Whether a window of this kind is open now."""
        if self.is_calm:
            return False
        now_ms = self.engine.now_ms
        return any(window.start_ms <= now_ms < window.end_ms for window in self._windows[kind])

    def is_down(self) -> bool:
        """Whether nobody answers devices now, for days."""
        now_ms = self.engine.now_ms
        return self.down is not None and self.down.start_ms <= now_ms < self.down.end_ms

    def of_store(self, *, writes: bool) -> str | None:
        """What befalls this call of the store."""
        if self.is_calm:
            return None
        in_burst = self.lasts("burst")
        if self.engine.random.random() >= (self.odds.in_burst if in_burst else self.odds.call):
            return None
        kind = "throttled" if in_burst else self.engine.random.choice(
            STORE_WRITE if writes else STORE_READ)
        self.count(kind)
        return kind

    def of_provider(self) -> str | None:
        """What befalls this call of the provider."""
        if self.lasts("outage"):
            self.count("outage")
            return "unavailable"
        if self.is_calm or self.engine.random.random() >= 2 * self.odds.call:
            return None
        kind = self.engine.random.choice(PROVIDER)
        self.count(kind)
        return kind

    def _plan(self, count: int, span_ms: int, shortest_ms: int,
              longest_ms: int) -> list[Window]:
        chance, start_ms = self.engine.random, self.engine.now_ms
        found = []
        for _ in range(-(-count * span_ms // FULL_SPAN_MS)):
            begins_ms = start_ms + chance.randrange(span_ms)
            found.append(Window(begins_ms, begins_ms + chance.randrange(shortest_ms, longest_ms)))
        return found
