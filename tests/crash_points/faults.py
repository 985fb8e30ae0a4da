"""Steps of storage and network, and the ways in which each can fail."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from shared.errors import (
    ProviderUnavailable,
    StoreUnavailable,
    StoreUnknown,
    TongbaoError,
    Unavailable,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.crash_points.stage import Stage

CRASH_BEFORE, CRASH_AFTER = "crash before", "crash after"
LOST_REQUEST, LOST_ANSWER = "lost request", "lost answer"
THROTTLED, SERVER_ERROR = "throttled", "5xx"
TOUCHED, TWIN = "rival's touch", "rival's twin"
HALF_ROW, HALF_DUE = "half: the row", "half: the due row"
FAULTS = (CRASH_BEFORE, CRASH_AFTER, LOST_REQUEST, LOST_ANSWER, THROTTLED, SERVER_ERROR, TOUCHED,
          TWIN, HALF_ROW, HALF_DUE)

PROVIDERS = frozenset({"gateway", "refunds", "bills", "desk"})
READS = frozenset({"load", "list", "lines", "count", "query", "fetch", "read", "show", "all"})
THROTTLED_CALLS = 4
THROTTLED_S = 240
"""So many calls on one port are refused in a row, for no longer than this."""


class Crash(BaseException):
    """The process is gone: nothing in our code may catch this."""


@dataclass
class Faults:
    """Which steps (counted over all ports) fail, and how; and what each step was.

    `is_on` is off while the world recovers: then nothing is counted and nothing fails.
    """

    plan: Mapping[int, str]
    stage: Stage
    is_on: bool = True
    seen: list[tuple[str, str]] = field(default_factory=list)
    met: list[tuple[str, str]] = field(default_factory=list)
    _throttled: dict[str, tuple[int, int]] = field(default_factory=dict)
    _arranged: dict[tuple[str, str, str], list[Callable[[], object] | None]] = field(
        default_factory=dict)

    def arrange(self, when: str, port: str, method: str, *actions: Callable[[], object] | None,
                ) -> None:
        """Let something happen "before" or "after" the next calls of this method; None: skip."""
        self._arranged.setdefault((when, port, method), []).extend(actions)

    def enter(self, port: str, method: str) -> str | None:
        """Called before a step's effect; the fault that is to come after it."""
        self._happen("before", port, method)
        if not self.is_on:
            return None
        fault = self.plan.get(len(self.seen))
        self.seen.append((port, method))
        if fault is not None:
            self.met.append((f"{port}.{method}", fault))
        self._refuse_if_throttled(fault, port)
        return self._before(fault, port)

    def _refuse_if_throttled(self, fault: str | None, port: str) -> None:
        now_s = self.stage.clock.now_s()
        if fault == THROTTLED:
            self._throttled[port] = THROTTLED_CALLS, now_s + THROTTLED_S
        calls, until_s = self._throttled.get(port, (0, 0))
        if calls > 0 and now_s < until_s:
            self._throttled[port] = calls - 1, until_s
            self.stage.struck()
            raise unavailable(port)

    def _before(self, fault: str | None, port: str) -> str | None:
        if fault in (None, CRASH_AFTER, LOST_ANSWER):
            return fault
        self.stage.struck()
        if fault == CRASH_BEFORE:
            raise Crash
        if fault == LOST_REQUEST:
            raise unknown(port)
        if fault == SERVER_ERROR:
            raise unavailable(port)
        if fault in (TOUCHED, TWIN):
            self.stage.rival(fault, port)
        if fault in (HALF_ROW, HALF_DUE):
            self.stage.store_half(fault)
        return None

    def leave(self, port: str, method: str, fault: str | None) -> None:
        """Called after a step's effect."""
        self._happen("after", port, method)
        if fault is not None:
            self.stage.struck()
        if fault == CRASH_AFTER:
            raise Crash
        if fault == LOST_ANSWER:
            raise unknown(port)

    def _happen(self, when: str, port: str, method: str) -> None:
        waiting = self._arranged.get((when, port, method))
        action = waiting.pop(0) if waiting else None
        if action is not None:
            self.stage.undisturbed(action)


def unknown(port: str) -> Unavailable:
    """What a caller hears when it cannot know whether the step took place."""
    return ProviderUnavailable(reason="timeout") if port in PROVIDERS else StoreUnknown()


def unavailable(port: str) -> TongbaoError:
    """What a caller hears when the step surely did not take place."""
    return ProviderUnavailable(reason="busy") if port in PROVIDERS else StoreUnavailable()


def ways_to_fail(port: str, method: str) -> tuple[str, ...]:
    """The outcomes that differ for this step: a read leaves nothing behind that could be lost."""
    if method in READS:
        return CRASH_BEFORE, LOST_REQUEST, THROTTLED
    ways = (CRASH_BEFORE, CRASH_AFTER, LOST_REQUEST, LOST_ANSWER, THROTTLED, SERVER_ERROR)
    if (port, method) == ("orders", "create"):
        return (*ways, TWIN, HALF_ROW, HALF_DUE)
    if (port, method) in (("orders", "save"), ("licenses", "save")):
        return (*ways, TOUCHED, TWIN)
    return (*ways, TWIN) if port not in ("ledger", "payers", "issuer") else ways


@dataclass
class Hook:
    """Stands in for a fake's `script`: tells `faults` of each call, and the watch of writes."""

    port: str
    faults: Faults
    _coming: str | None = None

    def enter(self, method: str) -> None:
        """Called by the fake before its effect."""
        self._coming = self.faults.enter(self.port, method)

    def leave(self, method: str) -> None:
        """Called by the fake after its effect."""
        if method not in READS:
            self.faults.stage.wrote(self.port)
        self.faults.leave(self.port, method, self._coming)
