"""When an order is looked at although nobody asks: on a grid, later than now, until its end."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.due import (
    FIRST_LOOK_AFTER_S,
    LEASE_S,
    LONGEST_STEP_S,
    REFUND_LOOKS_S,
    UNPAID_LOOKS_S,
    UNREADABLE,
    Work,
    next_look,
    waits_for_operator,
)
from shared.domain.money import Money
from shared.domain.order import Order, OrderState, close, record_payment
from shared.domain.payment import TradeState
from shared.domain.refund import Refund, RefundOrigin, RefundState
from tests.fakes import samples

START_S = samples.NOW_S
ORDER = samples.instructed(samples.order())
PAID = record_payment(ORDER, samples.paid_fact(ORDER), START_S + 61)
REPORTED = record_payment(
    ORDER, samples.paid_fact(ORDER, trade_state=TradeState.REFUNDED), START_S + 100)
OPEN = (RefundState.AWAITING_APPROVAL, RefundState.REQUESTED, RefundState.PROCESSING,
        RefundState.ABNORMAL)


def with_refunds(*refunds: tuple[RefundState, int], order: Order = PAID) -> Order:
    return replace(order, refunds=tuple(
        Refund(f"R{n}", f"N{n}", Money(1, "CNY"), state, RefundOrigin.BUYER, "buyer", at_s)
        for n, (state, at_s) in enumerate(refunds)))


def looks(order: Order, until_s: int, now_s: int = START_S) -> list[int]:
    """Every look from now on, in seconds after the order was placed."""
    found = []
    look = next_look(order, now_s)
    while look is not None and look <= until_s:
        assert look > (found[-1] + START_S if found else now_s)
        found.append(look - START_S)
        look = next_look(order, look)
    return found


def test_an_unpaid_order_is_looked_at_often_first_and_at_its_expiry() -> None:
    assert looks(ORDER, START_S + 1500) == [60, 120, 240, 480, 720, 960, 1200, 1440]
    short = replace(ORDER, expires_at_s=START_S + 300)
    assert looks(short, START_S + 1000) == [60, 120, 240, 300, 480, 720, 960]


def test_an_expired_order_that_is_still_open_is_looked_at_every_four_minutes() -> None:
    assert looks(ORDER, START_S + 7800, START_S + 7100) == [7200, 7440, 7680]


def test_between_two_looks_at_an_unpaid_order_lie_less_than_five_minutes() -> None:
    assert UNPAID_LOOKS_S == (60, 120, 240, 480)
    assert LONGEST_STEP_S == 240
    found = looks(ORDER, START_S + 7200)
    assert max(later - sooner for sooner, later in pairwise(found)) == 240


@given(st.integers(0, 20_000))
def test_the_next_look_is_on_the_grid_whenever_one_asks(after_s: int) -> None:
    look = next_look(ORDER, START_S + after_s)
    assert look is not None
    grid = {60, 120, 240, 480, *range(480, 30_000, 240), 7200}
    assert look - START_S == min(point for point in grid if point > after_s)


@pytest.mark.parametrize("order", [PAID, close(ORDER, START_S, actor="system", source="timer")])
def test_an_order_at_its_end_is_never_looked_at(order: Order) -> None:
    assert next_look(order, START_S) is None


@pytest.mark.parametrize("state", RefundState)
def test_a_refund_is_followed_until_its_end(state: RefundState) -> None:
    order = with_refunds((state, START_S + 1000))
    expected = START_S + 1060 if state in OPEN else None
    assert next_look(order, START_S + 1000) == expected


def test_a_refund_is_looked_at_ever_less_and_then_daily() -> None:
    order = with_refunds((RefundState.PROCESSING, START_S))
    found = looks(order, START_S + 57_600 + 2 * 86_400)
    assert found == [60, 120, 300, 900, 1_800, 3_600, 7_200, 14_400, 28_800, 57_600,
                     57_600 + 86_400, 57_600 + 2 * 86_400]
    assert tuple(found[:10]) == REFUND_LOOKS_S


def test_of_two_refunds_the_sooner_look_counts() -> None:
    order = with_refunds((RefundState.PROCESSING, START_S), (RefundState.REQUESTED, START_S + 500))
    assert next_look(order, START_S + 500) == START_S + 560
    assert next_look(order, START_S + 890) == START_S + 900


def test_a_reported_refund_that_nobody_can_name_is_followed_from_when_we_heard() -> None:
    assert REPORTED.state is OrderState.REFUNDING
    assert next_look(REPORTED, START_S + 100) == START_S + 160
    last_s = START_S + 100 + 57_600
    assert next_look(REPORTED, last_s) == last_s + 86_400
    explained = with_refunds((RefundState.SUCCEEDED, START_S), order=REPORTED)
    assert next_look(explained, START_S + 100) is None


@pytest.mark.parametrize("state", RefundState)
def test_only_a_person_can_approve_or_name_another_way(state: RefundState) -> None:
    expected = state in (RefundState.AWAITING_APPROVAL, RefundState.ABNORMAL)
    assert waits_for_operator(with_refunds((state, START_S))) is expected
    assert waits_for_operator(with_refunds((RefundState.PROCESSING, 1), (state, 1))) is expected
    assert not waits_for_operator(PAID)


def test_fresh_work_is_leased_by_nobody() -> None:
    work = Work("order", "X", 5)
    assert (work.leased_until_s, work.version) == (0, 1)
    assert LEASE_S == 300


def test_the_first_look_is_a_minute_later_and_what_cannot_be_read_has_its_kind() -> None:
    assert FIRST_LOOK_AFTER_S == 60
    assert UNREADABLE == "unreadable"
