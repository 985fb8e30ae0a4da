"""The schedule of all timer triggers against a clock that the caller owns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from emulators.fc import cron
from emulators.fc.rendered import FunctionSpec, RenderedError, TimerTrigger

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, order=True)
class Firing:
    """One moment at which one timer fires (Unix seconds)."""

    at_s: int
    function_name: str
    trigger_name: str


@dataclass(frozen=True)
class _Timer:
    function_name: str
    trigger: TimerTrigger
    expression: cron.Interval | cron.Calendar


class TimerSchedule:
    """Knows when which timer is due. Disabled timers never are."""

    def __init__(self, functions: Iterable[FunctionSpec], created_at_s: int) -> None:
        self._created_at_s = created_at_s
        self._timers = [
            _Timer(spec.name, trigger, _parse(spec, trigger))
            for spec in functions
            for trigger in spec.timers
        ]

    def due(self, after_s: int, until_s: int) -> list[Firing]:
        """Every firing later than `after_s` and not later than `until_s`, in order."""
        firings = []
        for timer in self._timers:
            at_s = after_s
            while timer.trigger.enabled:
                at_s = timer.expression.next_after(at_s, anchor_s=self._created_at_s)
                if at_s > until_s:
                    break
                firings.append(Firing(at_s, timer.function_name, timer.trigger.name))
        return sorted(firings)


def _parse(spec: FunctionSpec, trigger: TimerTrigger) -> cron.Interval | cron.Calendar:
    try:
        return cron.parse(trigger.cron_expression)
    except cron.CronError as error:
        raise RenderedError(f"{spec.resource}: timer {trigger.name!r}: {error}") from error
