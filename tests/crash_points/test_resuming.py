"""A day's reconciliation that dies goes on where it was: little is looked at again, nothing is
told twice, and nothing is left out.
"""

from __future__ import annotations

import random
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from shared.domain.bill import DayState, Difference
from shared.domain.calendar import day_of, days_after
from shared.domain.money import Money
from shared.errors import StoreUnavailable
from shared.use_cases.compare_bill import SAVE_EVERY
from shared.use_cases.create_order import create_order
from shared.use_cases.record_payment import record_payment
from shared.use_cases.record_refund import record_refund
from tests.crash_points.faults import Crash
from tests.fakes.script import Script, raises
from tests.unit.use_cases.bill_days import next_noon, reconcile
from tests.unit.use_cases.world import KEY, World, request

if TYPE_CHECKING:
    from collections.abc import Callable

LINES = 34
STEPS = range(0, LINES, 3)


def keys(count: int) -> list[str]:
    return [f"{KEY[:-4]}{nth:04d}" for nth in range(count)]


def paid(world: World, count: int = LINES, *, is_known: bool) -> str:
    """So many payments of one day; the day. None stands in the ledger, whose timer is off."""
    day = day_of(world.clock.now_s())
    for key in keys(count):
        order = create_order(request(key), world.shop)
        fact = world.gateway.pay(order.out_trade_no, world.clock.now_s())
        if is_known:
            record_payment(fact, world.books)
    return day


def refunded(world: World) -> str:
    """So many refunds of one order, which no bill has; the day on which they are missed."""
    order = create_order(request(), world.shop)
    record_payment(world.pay(order), world.books)
    for _ in range(LINES):
        fact = world.refunds.console_refund(order.out_trade_no, Money(1, "CNY"))
        record_refund(fact, world.books)
    world.run_timers_for(120)
    world.refunds.refunds.clear()
    return days_after(day_of(world.clock.now_s()), 2)


def die_at(world: World, day: str, nth: int) -> None:
    """One run that ends at its nth look at an order."""
    world.orders.script.before("load", *[None] * nth, raises(Crash()))
    with pytest.raises(Crash):
        reconcile(world, day)


def looks(world: World, run: Callable[[], object]) -> int:
    """How many orders a run loads."""
    before = world.orders.calls.count("load")
    run()
    return world.orders.calls.count("load") - before


class Unsteady(Script):
    """Any call may fail."""

    def __init__(self, odds: float) -> None:
        super().__init__()
        self._odds, self._chance = odds, random.Random(7)

    def enter(self, method: str) -> None:
        """Called by the fake before its effect."""
        if self._chance.random() < self._odds:
            raise StoreUnavailable


SITUATIONS: dict[str, tuple[Callable[[World], str], dict[Difference, int]]] = {
    "payments that only the bill knows": (
        lambda world: paid(world, is_known=False), {Difference.REPAIRED_PAYMENT: LINES}),
    "payments that the ledger lacks": (lambda world: paid(world, is_known=True), {}),
    "refunds that no bill has": (refunded, {Difference.MISSING_IN_BILL: LINES})}


@pytest.mark.parametrize("situation", SITUATIONS)
@pytest.mark.parametrize("nth", STEPS)
def test_few_lines_are_looked_at_again_after_a_crash(situation: str, nth: int) -> None:
    world = World()
    prepare, differences = SITUATIONS[situation]
    day = prepare(world)
    next_noon(world, day)
    die_at(world, day, nth)
    again = looks(world, lambda: reconcile(world, day)) - (LINES - nth)
    assert 0 <= again <= SAVE_EVERY
    result, = world.days.rows()
    assert result.state is DayState.DONE
    assert Counter(one.difference for one in result.discrepancies) == differences
    assert len(set(result.discrepancies)) == len(result.discrepancies)


def test_a_line_that_is_mended_is_never_looked_at_more_than_once_more() -> None:
    """It is in the row before it is mended, so a crash in each of them costs one look."""
    world = World()
    day = paid(world, is_known=False)
    next_noon(world, day)
    world.ledger.script.before("enter", *[raises(Crash())] * LINES)
    before = world.orders.calls.count("load")
    for _ in range(LINES):
        with pytest.raises(Crash):
            reconcile(world, day)
    assert reconcile(world, day).differences == LINES
    assert world.orders.calls.count("load") - before == 2 * LINES


@pytest.mark.parametrize("odds", [0.03, 0.1])
def test_a_long_day_is_done_though_every_call_may_fail(odds: float) -> None:
    """Begun anew each time, a day of 200 lines and 1,000 calls would never be done."""
    world = World()
    day = paid(world, 200, is_known=False)
    next_noon(world, day)
    for port in (world.orders, world.work, world.ledger, world.days):
        port.script = Unsteady(odds)
    while not any(row.state is DayState.DONE for row in world.days.rows()):
        try:
            reconcile(world, day)
        except StoreUnavailable:
            continue
    result, = world.days.rows()
    assert Counter(one.difference for one in result.discrepancies) == {
        Difference.REPAIRED_PAYMENT: 200}
    assert len({one.order_id for one in result.discrepancies}) == 200
    assert len(world.ledger.rows()) == 200


def test_a_quiet_day_of_some_hundred_lines_is_written_once() -> None:
    world = World()
    day = paid(world, 300, is_known=True)
    world.run_timers_for(240)
    next_noon(world, day)
    world.days.calls.clear()
    assert looks(world, lambda: reconcile(world, day)) == 0
    assert world.days.calls == ["load", "save"]
