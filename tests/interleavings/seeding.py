"""Mistakes on purpose, each a small patch over ports or rules; the interleavings must find them.

To add one, here or elsewhere:

    wrong("the amount is not compared", "two notifies of a wrong amount and a poll",
          rules={(record_payment, "find_mismatch"): without_amounts})

names the scenario that has to find it, and patches a rule where it is looked up: as a name of
the module that calls it. `ports=` takes a function of a new scene instead, which may replace
methods of its fakes (`scene.orders.save = ...`) or put a fake of its own on it; one with a
`script` has its calls scheduled like all others. `find` then looks for a schedule that breaks a
promise, within ever wider bounds: the first that it meets has few switches and faults. Its
result prints who did what, and how to run it again.

A patch must not remember anything between schedules outside the scene's fakes: each schedule
starts from the same state, or is not the same schedule.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.interleavings.choices import Bounds
from tests.interleavings.explorer import explore
from tests.interleavings.runs import Variant, Violation
from tests.interleavings.scenarios import SCENARIOS

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.interleavings.scene import Scene

WIDENING = (Bounds(0, 0), Bounds(1, 0), Bounds(0, 1), Bounds(1, 1), Bounds(2, 1), Bounds(2, 2),
            Bounds(3, 2))
MOST_SCHEDULES = 20_000

VARIANTS: dict[str, Variant] = {}
FALLS_IN: dict[str, str] = {}
"""The scenario that has to find each variant."""


def wrong(name: str, scenario: str, *, ports: Callable[[Scene], None] | None = None,
          rules: dict[tuple[Any, str], Any] | None = None) -> Variant:
    """Register a mistake, and the name of the scenario that has to find it."""
    VARIANTS[name] = Variant(name, ports, rules or {})
    FALLS_IN[name] = scenario
    return VARIANTS[name]


def find(name: str) -> Violation | None:
    """The first violation that the variant's scenario meets, within ever wider bounds."""
    for bounds in WIDENING:
        report = explore(SCENARIOS[FALLS_IN[name]], bounds, variant=VARIANTS[name],
                         most=MOST_SCHEDULES)
        if report.violation is not None:
            return report.violation
    return None
