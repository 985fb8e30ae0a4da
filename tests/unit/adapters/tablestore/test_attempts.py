"""Back-off: bounded by the deadline, growing, jittered."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.adapters.tablestore.attempts import LEAST_ATTEMPT_MS, Attempts
from shared.adapters.tablestore.outcomes import Outcome, StoreFailure
from shared.deadline import Deadline
from shared.errors import StoreUnavailable
from tests.fakes.clock import FakeClock


def attempts_within(budget_ms: int, seed: int = 1) -> tuple[Attempts, FakeClock]:
    """Attempts over a fresh clock."""
    clock = FakeClock()
    return Attempts(clock, Deadline(clock, budget_ms), random.Random(seed)), clock


@settings(deadline=None)
@given(budget_ms=st.integers(0, 60_000), seed=st.integers(0, 99))
def test_the_deadline_is_never_passed_by_waiting(budget_ms: int, seed: int) -> None:
    attempts, clock = attempts_within(budget_ms, seed)
    for _ in attempts:
        assert budget_ms - clock.monotonic_ms() >= LEAST_ATTEMPT_MS
    assert clock.monotonic_ms() <= budget_ms


@settings(deadline=None)
@given(seed=st.integers(0, 99))
def test_delays_double_to_a_second_and_half_of_each_is_random(seed: int) -> None:
    attempts, clock = attempts_within(20_000, seed)
    for _ in attempts:
        pass
    for place, slept_ms in enumerate(clock.slept_ms):
        whole_ms = min(40 * 2**place, 1000)
        assert whole_ms // 2 <= slept_ms <= whole_ms


def test_two_instances_do_not_come_back_together() -> None:
    slept = []
    for seed in (1, 2):
        attempts, clock = attempts_within(20_000, seed)
        for _ in attempts:
            pass
        slept.append(clock.slept_ms)
    assert slept[0] != slept[1]


def test_attempts_that_take_time_are_fewer() -> None:
    attempts, clock = attempts_within(3000)
    made = 0
    for _ in attempts:
        clock.advance_ms(1200)
        made += 1
    assert made == 3


def test_a_call_without_hope_is_not_repeated() -> None:
    attempts, clock = attempts_within(3000)

    def call() -> None:
        raise StoreFailure(Outcome.FATAL, "get_row", "OTSAuthFailed")

    with pytest.raises(StoreFailure):
        attempts.until_answered(call)
    assert clock.slept_ms == []


def test_the_last_reason_is_told_when_time_is_up() -> None:
    attempts, _ = attempts_within(3000)

    def call() -> None:
        raise StoreFailure(Outcome.UNKNOWN, "get_row", "OTSTimeout")

    with pytest.raises(StoreUnavailable, match="get_row OTSTimeout"):
        attempts.until_answered(call)
