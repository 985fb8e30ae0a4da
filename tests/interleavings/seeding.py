"""Mistakes on purpose, each a small patch over ports or rules; the interleavings must find them.

To add one, here or elsewhere:

    wrong("the amount is not compared", "two notifies of a wrong amount and a poll",
          rules={(record_payment, "find_mismatch"): without_amounts})

names the scenario that has to find it, and patches a rule where it is looked up: as a name of
the module that calls it. `ports=` takes a function of a new scene instead, which may replace
methods of its fakes (`scene.orders.save = ...`) or put a fake of its own on it; one with a
`script` has its calls scheduled like all others. `find(MISTAKES[name])` then looks for a
schedule that breaks a promise, within ever wider bounds: the first that it meets has few
switches and faults. What it returns prints who did what, and how to run it again; None means
that no schedule tells the mistake from what is right. A collection of one's own is a dict:
`wrong(..., into=mine)`.

A patch must not remember anything between schedules outside the scene's fakes: each schedule
starts from the same state, or is not the same schedule.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from tests.interleavings.choices import Bounds
from tests.interleavings.explorer import explore
from tests.interleavings.runs import Scenario, Variant, Violation
from tests.interleavings.scenarios import SCENARIOS

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.interleavings.scene import Scene

WIDENING = (Bounds(0, 0), Bounds(1, 0), Bounds(0, 1), Bounds(1, 1), Bounds(2, 1), Bounds(2, 2),
            Bounds(3, 2))
MOST_SCHEDULES = 20_000


class Mistake(NamedTuple):
    """A wrong variant, and the scenario that has to find it."""

    variant: Variant
    scenario: Scenario


MISTAKES: dict[str, Mistake] = {}


def wrong(name: str, scenario: str, *, ports: Callable[[Scene], None] | None = None,
          rules: dict[tuple[Any, str], Any] | None = None,
          into: dict[str, Mistake] | None = None) -> Mistake:
    """Register a mistake, and the name of the scenario that has to find it."""
    mistake = Mistake(Variant(name, ports, rules or {}), SCENARIOS[scenario])
    collection = MISTAKES if into is None else into
    if name in collection:
        raise ValueError(f"there is a mistake of this name: {name}")
    collection[name] = mistake
    return mistake


def find(mistake: Mistake, most: int = MOST_SCHEDULES) -> Violation | None:
    """The first violation that its scenario meets, within ever wider bounds; None: unseen.

    `most` is how many schedules may be run within each of the bounds.
    """
    for bounds in WIDENING:
        report = explore(mistake.scenario, bounds, variant=mistake.variant, most=most)
        if report.violation is not None:
            return report.violation
    return None
