"""What a purchase may ask of Tablestore and of WeChat Pay: exact counts, from the emulators."""

from __future__ import annotations

import pytest

from scripts.benchmark.round_trips import Cost, count


@pytest.fixture(scope="module")
def costs() -> dict[str, Cost]:
    return count()


@pytest.mark.parametrize(("step", "cost"), [
    ("create order", Cost(writes=2, calls=1)),
    ("create order, repeated", Cost(reads=1, writes=1)),
    ("notify", Cost(reads=1, writes=1)),
    ("notify, duplicate", Cost(reads=1)),
    ("poll", Cost(reads=1)),
    ("poll, query due", Cost(reads=1, writes=1, calls=1)),
    ("poll, wrong secret", Cost(reads=1)),
    ("activation: claim", Cost(reads=2, writes=1)),
    ("activation, again", Cost(reads=2)),
    ("activation: by order number", Cost(reads=2, writes=1)),
    ("activation: by license key", Cost(reads=2, writes=1)),
    ("refresh", Cost(reads=2, writes=1)),
    ("refresh, same day", Cost(reads=2)),
])
def test_each_step_costs_exactly_this(costs: dict[str, Cost], step: str, cost: Cost) -> None:
    assert costs[step] == cost


@pytest.mark.parametrize("step", [
    "notify, forged", "notify, stale", "refresh, no proof", "refresh, forged proof"])
def test_what_is_not_genuine_costs_nothing(costs: dict[str, Cost], step: str) -> None:
    assert costs[step] == Cost()


def test_a_purchase_costs_at_most_four_reads_four_writes_and_one_call(
        costs: dict[str, Cost]) -> None:
    assert costs["whole purchase, one poll"] == Cost(reads=4, writes=4, calls=1)
