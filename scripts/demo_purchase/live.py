"""While the shop is open: time passes for the timers, and what the functions log is told."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing import NoReturn

    from scripts.demo_purchase.stack import Stack
    from scripts.demo_purchase.timeline import Timeline

EVERY_S = 0.5
TOLD = ("order.", "license.", "payment.", "notify.", "refund.", "held.", "complaint.", "admin.",
        "reconcile.", "timer.failed", "request.refused", "function.crashed")
LEFT_OUT = ("fact", "at_s", "function", "request_id")


def tell_facts(stack: Stack, timeline: Timeline) -> NoReturn:
    """Fire timers that are due, and print new facts, until a signal ends it."""
    seen = set(stack.logs())
    fired_until_s = int(time.time())
    while True:
        time.sleep(EVERY_S)
        now_s = int(time.time())
        if now_s > fired_until_s:
            stack.functions.run_timers(fired_until_s, now_s)
            fired_until_s = now_s
        fresh = [line for line in stack.logs() if line not in seen]
        seen.update(fresh)
        facts = [fact for fact in map(_fact, fresh) if fact is not None]
        for fact in sorted(facts, key=lambda fact: int(fact["at_s"])):
            rest = "  ".join(f"{name}={value}" for name, value in fact.items()
                             if name not in LEFT_OUT)
            clock = time.strftime("%H:%M:%S", time.localtime(fact["at_s"]))
            timeline.line([(f"  {clock}  ", "dim"), (f"{fact['function']:<14}", "cyan"),
                           (f"{fact['fact']:<18}", "bold"), (rest, "dim")])


def _fact(line: str) -> dict[str, Any] | None:
    try:
        fact = json.loads(line)
    except ValueError:
        return None
    told = isinstance(fact, dict) and str(fact.get("fact", "")).startswith(TOLD)
    return fact if told else None
