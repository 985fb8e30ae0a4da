"""Every scenario holds under every schedule within bounds, and under random ones beyond.

Each test says how many schedules it ran, and how many these stand for; a failure prints how to
see it again. What one run has no time for, `scripts/test --all` does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from tests.interleavings.choices import UNBOUND, Bounds
from tests.interleavings.explorer import Shard, explore, wander
from tests.interleavings.scenarios import SCENARIOS

if TYPE_CHECKING:
    from tests.interleavings.explorer import Report

FULL = Bounds(preemptions=3, faults=2)
MIDDLE = Bounds(preemptions=2, faults=1)
SMALL = Bounds(preemptions=1, faults=1)

AT_ONCE = {
    FULL: ("two tries of one order", "two notifies", "two notifies and a poll",
           "two timers over one refund", "two devices claim with one secret",
           "one device claims and restores twice", "three devices restore into one free slot",
           "the first device is removed, and the secret used again",
           "approved, objected to, and the new device asks again",
           "two devices ask for one slot", "two removals at the swap limit",
           "two devices remove each other",
           "a new device is not welcome, and another comes the same way",
           "a new device is not welcome when no swap is left",
           "the buyer is forgotten while devices ask",
           "a dark device comes back when two want its slot",
           "a refresh against a refund in work",
           "a refresh, the removal of that device, and a restore",
           "a request is ripe, refreshed against and objected to",
           "approved while the slot it is about goes to another",
           "midnight passes over a refresh and a restore"),
    MIDDLE: ("a notify, a poll and two claims", "a notify, a poll and the order again",
             "two notifies of a wrong amount and a poll", "two payments of one order",
             "a notify and two timers", "the buyer pays, cancels and polls",
             "the buyer pays when the time is over", "two notifies, a refund and the timer",
             "two devices restore into two free slots, and a refresh"),
    SMALL: ("a refund, a claim and the timer", "a refund against a license in use",
            "two whole refunds and the timer", "one refund asked for twice, and the timer",
            "one part asked for twice, and the timer", "two parts of the money and a claim",
            "a late notify, a refund's notify and the timer",
            "a refund's notify twice and the timer", "a refund that the provider gave up",
            "a refund in the provider's console", "a refund here and one in the console",
            "one approves, one declines, and the timer",
            "a hold, a claim, a late notify and the timer",
            "a held payment given back twice, and dismissed"),
}
"""The bounds within which every run of the tests is exhaustive."""

LEAST = {"two notifies, a refund and the timer": 25_000}
"""So many are run at least, where everybody meets over one order: fewer are not all."""
BOUNDS = {name: bounds for bounds, names in AT_ONCE.items() for name in names}
RANDOM, LONG_RANDOM, SEEDS = 100, 5_000, (2, 3)
SHARDS = {"two notifies, a refund and the timer": 2, "a refund in the provider's console": 2,
          "a held payment given back twice, and dismissed": 2}
"""The longest searches, in parts that two workers can share (parts find less in common)."""
WIDEST = {"a held payment given back twice, and dismissed": Bounds(preemptions=2, faults=2)}
"""Where the full bounds would take an hour and more memory than a small machine has."""
LATER = [(name, Shard(part, SHARDS.get(name, 1))) for name, bounds in BOUNDS.items()
         if bounds != FULL for part in range(SHARDS.get(name, 1))]


Record = Callable[[str, object], None]


def holds(report: Report, record: Record) -> Report:
    """The report, counted; fails with what must be known to see a violation again."""
    print(report)
    if report.violation is not None:
        pytest.fail(str(report.violation), pytrace=False)
    kind = f"within {report.bounds}" if report.bounds != UNBOUND else "random"
    record("schedules run", {report.scenario: {kind: report.schedules}})
    record("schedules that these stand for", {kind: {"in all": report.covered}})
    return report


def test_every_scenario_has_its_bounds() -> None:
    assert set(BOUNDS) == set(SCENARIOS)


@pytest.mark.parametrize("name", BOUNDS)
def test_every_schedule_within_bounds_keeps_every_promise(
        name: str, record_property: Record) -> None:
    report = holds(explore(SCENARIOS[name], BOUNDS[name]), record_property)
    assert report.complete
    assert report.schedules >= LEAST.get(name, 1)


@pytest.mark.parametrize("name", BOUNDS)
def test_random_schedules_beyond_the_bounds_keep_every_promise(
        name: str, record_property: Record) -> None:
    assert holds(wander(SCENARIOS[name], 1, RANDOM), record_property).schedules == RANDOM


@pytest.mark.slow
@pytest.mark.parametrize(("name", "shard"), LATER,
                         ids=[f"{name}-{part.number + 1}-of-{part.of}" for name, part in LATER])
def test_every_schedule_within_the_widest_bounds(
        name: str, shard: Shard, record_property: Record) -> None:
    bounds = WIDEST.get(name, FULL)
    assert holds(explore(SCENARIOS[name], bounds, shard=shard), record_property).complete


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", BOUNDS)
def test_many_random_schedules(name: str, seed: int, record_property: Record) -> None:
    report = holds(wander(SCENARIOS[name], seed, LONG_RANDOM), record_property)
    assert report.schedules == LONG_RANDOM
