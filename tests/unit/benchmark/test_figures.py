"""Ratios and verdicts of the benchmark."""

from __future__ import annotations

import pytest

from scripts.benchmark.figures import Aim, Ratio, Row, judge, paired_ratio, shown


def test_a_ratio_is_formed_within_each_round() -> None:
    # The machine was ten times slower in the second round: ratios of medians would be off.
    assert paired_ratio([1, 20, 3], [2, 40, 4]) == Ratio(median=0.5, minimum=0.5)


def test_the_floor_is_taken_off_both_sides_of_its_round() -> None:
    assert paired_ratio([3, 4], [5, 10], floor=[1, 2]) == Ratio(median=0.375, minimum=0.25)


@pytest.mark.parametrize(("ours", "theirs", "floor"), [
    ([1.0], [1.0, 2.0], None), ([], [], None), ([1.0], [1.0], [1.0]), ([1.0], [0.0], None)])
def test_nothing_is_compared_that_cannot_be(
        ours: list[float], theirs: list[float], floor: list[float] | None) -> None:
    with pytest.raises(ValueError, match=r"compare|zip"):
        paired_ratio(ours, theirs, floor)


@pytest.mark.parametrize(("median", "verdict"), [
    (0.6, "hit"), (0.59, "hit"), (0.66, "missed by 10 %"), (1.2, "missed by 100 %")])
def test_the_median_decides_whether_an_aim_is_hit(median: float, verdict: str) -> None:
    assert judge(Ratio(median, minimum=0.1), 0.6) == verdict


@pytest.mark.parametrize(("ours", "verdict"), [("1R 1W", "hit"), ("2R 1W", "missed")])
def test_a_count_must_be_exact(ours: str, verdict: str) -> None:
    assert Row("requests", "notify", ours, aim=Aim("1R 1W", count="1R 1W")).verdict == verdict


def test_without_an_aim_there_is_no_verdict() -> None:
    assert Row("start", "modules", "1", ratio=Ratio(9, 9)).verdict == ""


def test_a_figure_is_its_median_with_its_unit() -> None:
    assert shown([3000.4, 1, 9000], "µs") == "3,000 µs"
    assert shown([2.25, 2.35], "s", 1) == "2.3 s"
    assert shown([497], "") == "497"
