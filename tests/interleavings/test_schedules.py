"""Every scenario holds under every schedule within bounds, and under random ones beyond.

Each run prints how many schedules it made; a failure prints how to see it again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.interleavings.choices import Bounds
from tests.interleavings.explorer import explore, wander
from tests.interleavings.scenarios import SCENARIOS

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.interleavings.explorer import Report

FULL = Bounds(preemptions=3, faults=2)
SMALLER = {"a notify, a poll and two claims": Bounds(2, 2),
           "a notify, a poll and the order again": Bounds(2, 2)}
"""What each run of the tests has time for, where that is less than `FULL`."""
RANDOM = 400
LONG_RANDOM, SHARDS = 5_000, 20


@pytest.fixture
def holds(record_property: Callable[[str, object], None]) -> Callable[[Report], Report]:
    """Count it, and fail with what must be known to see it again."""

    def check(report: Report) -> Report:
        print(report)
        record_property("counted", f"schedules: {report}")
        if report.violation is not None:
            pytest.fail(str(report.violation), pytrace=False)
        return report

    return check


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_schedule_within_bounds_keeps_every_promise(
        name: str, holds: Callable[[Report], Report]) -> None:
    assert holds(explore(SCENARIOS[name], SMALLER.get(name, FULL))).complete


@pytest.mark.parametrize("name", SCENARIOS)
def test_random_schedules_beyond_the_bounds_keep_every_promise(
        name: str, holds: Callable[[Report], Report]) -> None:
    assert holds(wander(SCENARIOS[name], 1, RANDOM)).schedules == RANDOM


@pytest.mark.slow
@pytest.mark.parametrize("name", SMALLER)
def test_every_schedule_within_the_full_bounds(
        name: str, holds: Callable[[Report], Report]) -> None:
    assert holds(explore(SCENARIOS[name], FULL)).complete


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 2 + SHARDS))
@pytest.mark.parametrize("name", SCENARIOS)
def test_many_random_schedules(name: str, seed: int, holds: Callable[[Report], Report]) -> None:
    assert holds(wander(SCENARIOS[name], seed, LONG_RANDOM)).schedules == LONG_RANDOM
