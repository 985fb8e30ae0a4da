"""With every notify lost: how soon a payment is found, over virtual time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from shared.use_cases.fetch_order import fetch_order
from tests.crash_points.acts import claim, pay, place
from tests.crash_points.stage import Stage
from tests.unit.use_cases.world import LIFETIME_S, SECRET

if TYPE_CHECKING:
    from collections.abc import Callable

PAGE_EVERY_S = (1, 2)
"""Our page asks every 0.75 s, and after two minutes every 2 s (extension/sdk/src/poller.ts)."""
BROWSER_EVERY_S = 30
WITH_A_PAGE_S = 10
WITH_A_BROWSER_S = 60
BY_THE_TIMER_S = 300


def seconds_until_found(stage: Stage, paid_after_s: int, look: Callable[[], object],
                        every_s: int) -> int:
    """How long after the payment it is booked, and its lease is out."""
    order = place(stage)
    fact = pay(stage, order, paid_after_s)
    assert fact.paid_at_s is not None
    while stage.stored(order).payment is None:
        stage.let_pass(every_s)
        look()
        assert stage.clock.now_s() < fact.paid_at_s + LIFETIME_S
    claim(stage, order)
    return stage.clock.now_s() - fact.paid_at_s


def poll(stage: Stage) -> Callable[[], object]:
    """A page asks how its one order stands."""
    def ask() -> None:
        order, = stage.orders.all()
        stage.attempt("page", lambda: fetch_order(order.order_id, SECRET, stage.counter()))
    return ask


@pytest.mark.parametrize("every_s", PAGE_EVERY_S)
@pytest.mark.parametrize("paid_after_s", [1, 2, 3, 7, 8, 9, 30, 61, 119, 121, 299, 301, 1_800,
                                          LIFETIME_S - 120])
def test_an_open_page_finds_a_payment_in_ten_seconds(paid_after_s: int, every_s: int) -> None:
    """Though its order is old, and the payment follows a question to WeChat at once."""
    stage = Stage()
    stage.timers_run = False
    assert seconds_until_found(stage, paid_after_s, poll(stage), every_s) < WITH_A_PAGE_S


@pytest.mark.parametrize("paid_after_s", [1, 29, 31, 599, 1_800, LIFETIME_S - 120])
def test_while_the_browser_runs_a_payment_is_found_within_a_minute(paid_after_s: int) -> None:
    stage = Stage()
    stage.timers_run = False
    found_s = seconds_until_found(stage, paid_after_s, poll(stage), BROWSER_EVERY_S)
    assert found_s <= WITH_A_BROWSER_S


@pytest.mark.parametrize("paid_after_s", [1, 55, 59, 61, 119, 121, 241, 479, 481, 1_000, 3_700,
                                          LIFETIME_S - 61])
def test_the_timer_finds_a_payment_in_five_minutes(paid_after_s: int) -> None:
    stage = Stage()
    assert seconds_until_found(stage, paid_after_s, lambda: None, 1) <= BY_THE_TIMER_S


def test_a_lost_tick_of_the_timer_costs_a_minute() -> None:
    stage = Stage()
    stage.timers_run = False
    order = place(stage)
    pay(stage, order, 30)
    stage.let_pass(90)
    stage.timers_run = True
    stage.let_pass(60)
    assert stage.stored(order).payment is not None
