"""A day whose reconciliation was interrupted: it goes on where it was, whoever goes on."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from shared.domain.bill import BEGINNING, DayState, Difference
from shared.domain.calendar import day_of
from shared.errors import BillNotReady, StoreUnavailable, UntrustedBill
from shared.use_cases.create_order import create_order
from shared.use_cases.reconcile_day import MOST_RIVALS, reconcile_day
from tests.fakes.script import raises
from tests.unit.use_cases.bill_days import differences, next_noon, reconcile
from tests.unit.use_cases.world import OTHER_KEY, World, request

if TYPE_CHECKING:
    from shared.domain.order import Order


def two_known(world: World, order: Order) -> str:
    """Two paid orders that only the bill tells of; the first run ends at the second. The day."""
    other = create_order(request(OTHER_KEY), world.shop)
    world.pay(order)
    world.gateway.pay(other.out_trade_no, world.clock.now_s())
    day = day_of(world.clock.now_s())
    next_noon(world, day)
    world.orders.script.before("load", None, raises(StoreUnavailable()))
    with pytest.raises(StoreUnavailable):
        reconcile(world, day)
    assert [(row.state, row.progress.lines) for row in world.days.rows()] == [
        (DayState.STARTED, 1)]
    return day


@pytest.mark.parametrize("actor", ["system", "operator:li"])
def test_the_next_run_goes_on_and_tells_what_the_first_one_mended(
        world: World, order: Order, actor: str) -> None:
    day = two_known(world, order)
    result = reconcile_day(day, world.audit_room, actor=actor)
    assert differences(result) == [Difference.REPAIRED_PAYMENT] * 2
    assert (result.payments, result.actor, result.progress) == (2, actor, BEGINNING)
    assert len(world.log.named("reconcile.difference")) == 2
    assert reconcile_day(day, world.audit_room, actor=actor).discrepancies == ()


@pytest.mark.parametrize(("error", "state"), [
    (BillNotReady(), DayState.WAITING), (UntrustedBill(reason="hash"), DayState.FAILED)])
def test_a_bill_that_is_gone_for_a_while_loses_nothing(
        world: World, order: Order, error: Exception, state: DayState) -> None:
    day = two_known(world, order)
    world.bills.script.before("fetch", raises(error))
    assert reconcile(world, day).state is state
    assert world.days.rows()[0].progress.lines == 1
    assert differences(reconcile(world, day)) == [Difference.REPAIRED_PAYMENT] * 2


def test_another_bill_of_the_day_is_compared_from_its_first_line(world: World,
                                                                 order: Order) -> None:
    day = two_known(world, order)
    honest = world.bills.fetch
    world.bills.fetch = lambda day: replace(  # type: ignore[method-assign]
        honest(day), digest="another")
    world.orders.calls.clear()
    assert differences(reconcile(world, day)) == [Difference.REPAIRED_PAYMENT]
    assert world.orders.calls.count("load") == 1
    assert world.days.rows()[0].digest == "another"


def test_a_rival_s_progress_is_gone_on_from(world: World, order: Order) -> None:
    day = two_known(world, order)

    def die_again() -> None:
        world.orders.script.before("save", raises(StoreUnavailable()))
        with pytest.raises(StoreUnavailable):
            reconcile(world, day)
    world.days.script.before("save", die_again)
    result = reconcile(world, day)
    assert differences(result) == [Difference.REPAIRED_PAYMENT] * 2
    assert (result.state, world.days.rows()) == (DayState.DONE, [result])


def test_rivals_that_never_end_let_the_day_wait(world: World, order: Order) -> None:
    day = two_known(world, order)

    def touch() -> None:
        row, = world.days.rows()
        world.days.save(replace(row, version=row.version + 1))
    world.days.script.before("save", *[touch, None] * MOST_RIVALS)
    with pytest.raises(StoreUnavailable) as caught:
        reconcile(world, day)
    assert caught.value.reason == "too_many_rivals"
    assert differences(reconcile(world, day)) == [Difference.REPAIRED_PAYMENT] * 2
