from __future__ import annotations

from datetime import datetime, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulators.fc import cron

MOMENTS = st.integers(946_684_800, 4_102_444_800)


def utc(text: str) -> int:
    return int(datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(
        tzinfo=timezone.utc).timestamp())


def field(low: int, high: int) -> st.SearchStrategy[str]:
    number = st.integers(low, high)
    spans = st.tuples(number, number).map(lambda pair: f"{min(pair)}-{max(pair)}")
    steps = st.tuples(st.one_of(st.just("*"), spans), st.integers(1, high)).map(
        lambda pair: f"{pair[0]}/{pair[1]}")
    part = st.one_of(number.map(str), spans, steps)
    return st.one_of(st.just("*"), st.lists(part, min_size=1, max_size=3).map(",".join))


EXPRESSIONS = st.tuples(
    field(0, 59), field(0, 59), field(0, 23), field(1, 28), field(1, 12), field(1, 7),
).map(" ".join)


@pytest.mark.parametrize(("expression", "after", "expected"), [
    ("0 * * * * *", "2026-01-01 00:00:00", "2026-01-01 00:01:00"),
    ("0 */5 * * * *", "2026-01-01 00:01:00", "2026-01-01 00:05:00"),
    ("30 0 12 ? * MON", "2026-01-01 00:00:00", "2026-01-05 12:00:30"),
    ("0 0 0 ? * 7", "2026-01-01 00:00:00", "2026-01-04 00:00:00"),
    ("0 0 0 29 2 ?", "2026-01-01 00:00:00", "2028-02-29 00:00:00"),
    ("0 0 0 1 JAN-MAR *", "2026-03-01 00:00:00", "2027-01-01 00:00:00"),
    ("0 0 0 13 * FRI", "2026-01-01 00:00:00", "2026-01-02 00:00:00"),
    ("CRON_TZ=Asia/Shanghai 0 0 4 1 * *", "2026-01-01 00:00:00", "2026-01-31 20:00:00"),
    ("CRON_TZ=Asia/Shanghai 0 30 7 * * *", "2026-01-01 00:00:00", "2026-01-01 23:30:00"),
    ("CRON_TZ=America/New_York 0 30 2 8 3 *", "2026-03-01 00:00:00", "2027-03-08 07:30:00"),
])
def test_the_next_firing_is_the_first_that_the_expression_names(
        expression: str, after: str, expected: str) -> None:
    assert cron.parse(expression).next_after(utc(after)) == utc(expected)


@given(EXPRESSIONS, MOMENTS)
def test_the_next_firing_matches_is_later_and_is_stable(expression: str, after_s: int) -> None:
    parsed = cron.parse(expression)
    assert isinstance(parsed, cron.Calendar)
    next_s = parsed.next_after(after_s)
    assert next_s > after_s
    assert parsed.matches(next_s)
    assert parsed.next_after(next_s - 1) == next_s


@given(EXPRESSIONS, MOMENTS)
def test_no_firing_is_skipped(expression: str, after_s: int) -> None:
    parsed = cron.parse(expression)
    assert isinstance(parsed, cron.Calendar)
    next_s = parsed.next_after(after_s)
    for second in range(max(after_s + 1, next_s - 300), next_s):
        assert not parsed.matches(second)
    for second in range(after_s + 1, min(next_s, after_s + 300)):
        assert not parsed.matches(second)


@given(st.integers(1, 999), st.integers(0, 10**9), st.integers(0, 10**9))
def test_an_interval_keeps_its_distance_from_its_start(minutes: int, anchor_s: int,
                                                       later_s: int) -> None:
    parsed = cron.parse(f"@every {minutes}m")
    next_s = parsed.next_after(anchor_s + later_s, anchor_s=anchor_s)
    assert 0 < next_s - (anchor_s + later_s) <= minutes * 60
    assert (next_s - anchor_s) % (minutes * 60) == 0


@pytest.mark.parametrize("expression", [
    "* * * * *", "* * * * * * *", "60 * * * * *", "0 60 * * * *", "0 0 24 * * *", "0 0 0 0 * *",
    "0 0 0 32 * *", "0 0 0 * 13 *", "0 0 0 * * 0", "0 0 0 * * 8", "0 0 0 * * SUNDAY",
    "0 5-1 * * * *", "0 */0 * * * *", "? * * * * *", "0 0 0 * ? *", "0 -1 * * * *", "",
    "@every 5", "@every 30s", "@every 0m", "@hourly",
    "CRON_TZ=Nowhere/Land 0 * * * * *", "CRON_TZ= 0 * * * * *",
])
def test_an_expression_that_the_platform_refuses(expression: str) -> None:
    with pytest.raises(cron.CronError):
        cron.parse(expression)


def test_a_date_that_never_comes_is_said_so() -> None:
    with pytest.raises(cron.CronError, match="never"):
        cron.parse("0 0 0 30 2 ?").next_after(0)
