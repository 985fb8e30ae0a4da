"""While the shop is open: time passes for the timers, and what the functions log is told."""

from __future__ import annotations

import json
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import NoReturn

    from scripts.demo_purchase.stack import Stack
    from scripts.demo_purchase.timeline import Timeline

EVERY_S = 0.5
STOPPED = [("Stopped.", "dim")]
TOLD = ("order.", "license.", "payment.", "notify.", "refund.", "held.", "complaint.", "admin.",
        "reconcile.", "timer.failed", "request.refused", "function.crashed")
LEFT_OUT = ("fact", "at_s", "function", "request_id")


class Live:
    """To be looked at again and again."""

    def __init__(self, stack: Stack, timeline: Timeline) -> None:
        self._stack = stack
        self._timeline = timeline
        self._seen = set(stack.logs())
        self._fired_until_s = int(time.time())

    def look(self) -> None:
        """Fire the timers that are due by now, and print new facts."""
        now_s = int(time.time())
        if now_s > self._fired_until_s:
            self._stack.functions.run_timers(self._fired_until_s, now_s)
            self._fired_until_s = now_s
        fresh = [line for line in self._stack.logs() if line not in self._seen]
        self._seen.update(fresh)
        facts = [fact for fact in map(_fact, fresh) if fact is not None]
        for fact in sorted(facts, key=lambda fact: int(fact["at_s"])):
            rest = "  ".join(f"{name}={value}" for name, value in fact.items()
                             if name not in LEFT_OUT)
            clock = time.strftime("%H:%M:%S", time.localtime(fact["at_s"]))
            self._timeline.line([
                (f"  {clock}  ", "dim"), (f"{fact['function']:<14}", "cyan"),
                (f"{fact['fact']:<25}", "bold"), (rest, "dim")])


def tell_facts(stack: Stack, timeline: Timeline) -> NoReturn:
    """Let time pass until a signal ends it."""
    live = Live(stack, timeline)
    while True:
        time.sleep(EVERY_S)
        live.look()


@contextmanager
def until_stopped(timeline: Timeline) -> Iterator[None]:
    """A signal ends this block, as it is meant to, and not the command."""
    try:
        yield
    except KeyboardInterrupt:
        timeline.line(STOPPED)


def _fact(line: str) -> dict[str, Any] | None:
    try:
        fact = json.loads(line)
    except ValueError:
        return None
    told = isinstance(fact, dict) and str(fact.get("fact", "")).startswith(TOLD)
    return fact if told else None
