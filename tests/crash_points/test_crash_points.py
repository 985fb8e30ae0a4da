"""Every story survives a fault at every step: in `scripts/test` a part of them, in `--all` all.

What ran, and who mended it, is shown at the end of the test run.
"""

from __future__ import annotations

import random
from itertools import islice
from typing import TYPE_CHECKING

import pytest

from tests.crash_points.faults import CRASH_AFTER, CRASH_BEFORE, FAULTS, TOUCHED
from tests.crash_points.runs import (
    STORIES,
    Tally,
    double_plans,
    play,
    single_plans,
    steps_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable

QUICK = 36
"""Points of each story that `scripts/test` tries: always the same ones, drawn at random."""
DOUBLES = 150


@pytest.mark.parametrize("name", STORIES)
def test_a_story_survives_one_fault(name: str, record_property: Callable[..., None]) -> None:
    plans = list(single_plans(name))
    few = random.Random(name).sample(plans, min(QUICK, len(plans)))
    tally = Tally(name).play_all(few)
    assert tally.runs == len(few)
    tally.record(record_property, "crash points")


@pytest.mark.slow
@pytest.mark.parametrize("name", STORIES)
def test_a_story_survives_every_fault_at_every_step(
        name: str, record_property: Callable[..., None]) -> None:
    tally = Tally(name).play_all(single_plans(name))
    assert tally.runs >= 3 * len(steps_of(name))
    tally.record(record_property, "crash points")


@pytest.mark.slow
@pytest.mark.parametrize("name", STORIES)
def test_a_story_survives_two_faults(name: str, record_property: Callable[..., None]) -> None:
    tally = Tally(name).play_all(double_plans(name, DOUBLES))
    assert tally.runs > DOUBLES // 2
    tally.record(record_property, "crash points, two faults")


def test_the_points_are_many_enough() -> None:
    counts = {name: len(list(single_plans(name))) for name in STORIES}
    quick = sum(min(QUICK, count) for count in counts.values())
    assert quick >= 3_500
    assert sum(counts.values()) + DOUBLES // 2 * len(STORIES) >= 24_000


def test_every_way_to_fail_is_met_somewhere() -> None:
    met = {fault for name in STORIES for plan in single_plans(name) for fault in plan.values()}
    assert met == set(FAULTS)


def test_every_port_of_storage_and_network_is_a_step_somewhere() -> None:
    ports = {port for name in STORIES for port, _ in steps_of(name)}
    assert ports == {"orders", "work", "licenses", "held", "ledger", "days", "complaints",
                     "gateway", "refunds", "bills", "desk", "issuer", "payers"}


def test_a_run_is_replayed_exactly() -> None:
    name = "refund: buyer's whole"
    for plan in islice(double_plans(name, 6), 6):
        assert play(name, plan) == play(name, plan)


def test_a_crash_is_mended_by_who_comes_again() -> None:
    """The harness sees the recovery that there is: not everything is mended by one finder."""
    steps = steps_of("purchase: nobody fetches it")
    at = max(at for at, step in enumerate(steps) if step == ("orders", "save"))
    assert play("purchase: nobody fetches it", {at: CRASH_BEFORE}).mended_by == "notify"
    told = steps_of("purchase: notifies lost, page closed")
    at = max(at for at, step in enumerate(told) if step == ("orders", "save"))
    assert play("purchase: notifies lost, page closed", {at: CRASH_BEFORE}).mended_by == "timer"


def test_nobody_is_refused_a_refund_for_the_note_of_their_own_request() -> None:
    name = "refund: one per payer"
    steps = steps_of(name)
    noted = steps.index(("payers", "note"))
    assert steps[noted + 1:noted + 3] == (("payers", "list"), ("orders", "save"))
    for plan in ({noted: CRASH_AFTER}, {noted + 1: CRASH_BEFORE}, {noted + 2: TOUCHED},
                 {noted + 2: CRASH_BEFORE}):
        assert play(name, plan).broken is None
