"""Days are Beijing's, and a day's bill speaks of its orders."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.bill import (
    Bill,
    BillLine,
    DayState,
    Difference,
    Discrepancy,
    Reconciliation,
)
from shared.domain.calendar import DAY_S, day_of, days_after, start_of
from shared.domain.refund import RefundFact, RefundState
from tests.fakes import samples

MIDNIGHT_S = 1_767_196_800  # 2026-01-01T00:00:00+08:00
PAYMENT = samples.paid_fact(samples.order())
REFUND = RefundFact("wechatpay", "1900000001", samples.number(2), "42", "R", "50",
                    RefundState.SUCCEEDED, samples.PRICE, None, "bill")


@pytest.mark.parametrize(("at_s", "day"), [
    (MIDNIGHT_S - 1, "2025-12-31"), (MIDNIGHT_S, "2026-01-01"),
    (MIDNIGHT_S + DAY_S - 1, "2026-01-01"), (MIDNIGHT_S + DAY_S, "2026-01-02"),
    (0, "1970-01-01"), (16 * 3600, "1970-01-02")])
def test_a_day_begins_at_midnight_in_beijing(at_s: int, day: str) -> None:
    assert day_of(at_s) == day
    assert start_of(day) <= at_s < start_of(day) + DAY_S


@given(st.integers(0, 2**32), st.integers(-400, 400))
def test_days_are_counted_both_ways(at_s: int, count: int) -> None:
    day = day_of(at_s)
    assert days_after(day, count) == day_of(at_s + count * DAY_S)
    assert days_after(days_after(day, count), -count) == day


def test_a_leap_day_is_a_day() -> None:
    assert days_after("2028-02-28", 1) == "2028-02-29"
    assert days_after("2027-02-28", 1) == "2027-03-01"
    assert days_after("2026-01-01", -1) == "2025-12-31"
    assert start_of("2026-01-01") == MIDNIGHT_S


@pytest.mark.parametrize("day", [
    "", "2026-1-01", "2026-01-1", "2026-02-30", "20260101", "2026-01-01 ", "2026/01/01",
    "26-01-01", "2026-01-01T00:00:00"])
def test_what_is_no_day_is_refused(day: str) -> None:
    with pytest.raises(ValueError):
        start_of(day)


def test_a_line_of_a_bill_names_the_order_of_its_payment_or_of_its_refund() -> None:
    assert BillLine(1, PAYMENT, None).out_trade_no == samples.number(1)
    assert BillLine(2, None, REFUND).out_trade_no == samples.number(2)


def test_a_line_of_a_bill_without_either_is_a_mistake_of_ours() -> None:
    with pytest.raises(AssertionError):
        _ = BillLine(3, None, None).out_trade_no


def test_a_reconciliation_of_nothing_has_found_nothing() -> None:
    fresh = Reconciliation("2026-01-01", DayState.WAITING, 5, "system")
    assert (fresh.payments, fresh.refunds, fresh.foreign) == (0, 0, 0)
    assert (fresh.discrepancies, fresh.digest, fresh.reason, fresh.version) == ((), "", "", 1)
    assert fresh.left_out == 0
    assert Bill("2026-01-01", (), "").lines == ()


@pytest.mark.parametrize(("found", "listed", "left_out"), [
    (0, 0, 0), (1, 1, 0), (500, 500, 0), (501, 500, 1), (1200, 500, 700)])
def test_a_row_lists_five_hundred_differences_and_counts_the_others(
        found: int, listed: int, left_out: int) -> None:
    lines = tuple(Discrepancy(Difference.DOUBLED_LINE, "refund", "ID", n) for n in range(found))
    day = Reconciliation("2026-01-01", DayState.DONE, 5, "system", discrepancies=lines)
    short = day.shortened()
    assert short == replace(day, discrepancies=lines[:listed], left_out=left_out)
    assert short.shortened() is short
    assert (short is day) is (left_out == 0)


def test_what_was_left_out_before_is_still_counted() -> None:
    lines = (Discrepancy(Difference.DOUBLED_LINE, "refund", "ID", 1),) * 502
    day = Reconciliation("2026-01-01", DayState.DONE, 5, "system", discrepancies=lines, left_out=3)
    assert day.shortened().left_out == 5
    assert lines[0].detail == ""
