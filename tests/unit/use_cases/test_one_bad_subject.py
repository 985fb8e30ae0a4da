"""One row or answer that nobody can read is told, and stops nothing else from being found."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from shared.adapters.tablestore.cells import CorruptRow
from shared.domain.bill import DayState, Difference
from shared.domain.calendar import day_of
from shared.domain.license import DAY_S
from shared.domain.order import OrderState
from shared.errors import TongbaoError
from shared.use_cases.create_order import create_order
from shared.use_cases.reconcile_day import reconcile_open_days
from shared.use_cases.record_payment import record_payment
from shared.use_cases.watch_complaint import list_new_complaints
from tests.unit.use_cases.bill_days import differences, next_noon, reconcile
from tests.unit.use_cases.world import OTHER_KEY, World, request

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.domain.order import Order

CORRUPT = CorruptRow(reason="corrupt row in orders: state")


@pytest.fixture
def other(world: World, order: Order) -> Order:
    """A second order, placed after the first."""
    return create_order(request(OTHER_KEY), world.shop)


def break_row(world: World, order: Order) -> None:
    """From now on this order's row cannot be read."""
    _break(world.orders, order.order_id)


def _break(rows: object, broken: str) -> None:
    load: Callable[[str], object] = rows.load  # type: ignore[attr-defined]

    def loaded(name: str) -> object:
        if name == broken:
            raise CORRUPT
        return load(name)

    rows.load = loaded  # type: ignore[attr-defined]


def test_a_line_whose_order_cannot_be_read_holds_up_no_other_line(
        world: World, order: Order, other: Order) -> None:
    world.pay(order)
    world.pay(other)
    day = day_of(world.clock.now_s())
    break_row(world, order)
    next_noon(world, day)
    result = reconcile(world, day)
    assert world.stored(other).state is OrderState.PAID
    assert sorted(differences(result)) == [Difference.REPAIRED_PAYMENT, Difference.UNREADABLE]
    assert result.state is DayState.DONE
    told = [line for line in world.log.named("reconcile.difference") if line["alarm"]]
    assert [(line["order_id"], line["difference"]) for line in told] == [
        (order.order_id, "unreadable")]


def test_a_booked_refund_whose_order_cannot_be_read_holds_up_no_day(
        world: World, order: Order, other: Order) -> None:
    for one in (order, other):
        record_payment(world.pay(one), world.books)
    world.run_timers_for(120)
    day = day_of(world.clock.now_s())
    world.refunds.console_refund(order.out_trade_no)
    next_noon(world, day)
    reconcile(world, day)
    break_row(world, order)
    world.clock.advance_s(2 * DAY_S)
    results = reconcile_open_days(world.audit_room)
    assert {result.state for result in results} == {DayState.DONE}
    assert Difference.UNREADABLE in [one for result in results for one in differences(result)]


def test_a_day_whose_row_cannot_be_read_holds_up_no_other_day(world: World,
                                                              order: Order) -> None:
    world.pay(order)
    day = day_of(world.clock.now_s())
    next_noon(world, day)
    reconcile_open_days(world.audit_room)
    world.pay(late := create_order(request(OTHER_KEY), world.shop))
    _break(world.days, day)
    next_noon(world, day_of(world.clock.now_s()))
    reconcile_open_days(world.audit_room)
    assert world.stored(late).state is OrderState.PAID
    assert [line["alarm"] for line in world.log.named("reconcile.failed")] == [True]


def test_when_no_day_could_be_done_the_job_fails_aloud(world: World, order: Order) -> None:
    world.pay(order)
    for back in range(10):
        _break(world.days, day_of(world.clock.now_s() - DAY_S * back))
    with pytest.raises(TongbaoError):
        reconcile_open_days(world.audit_room)


def test_a_complaint_about_an_order_that_cannot_be_read_holds_up_no_other(
        world: World, order: Order, other: Order) -> None:
    for one in (order, other):
        record_payment(world.pay(one), world.books)
    world.complaint_desk.complain(order.out_trade_no)
    world.complaint_desk.complain(other.out_trade_no)
    break_row(world, order)
    assert list_new_complaints(world.complaint_room) == 1
    assert [one.order_ids for one in world.complaints.rows()] == [
        (order.order_id,), (other.order_id,)]
    assert world.stored(other).holds
    assert [line["alarm"] for line in world.log.named("complaint.failed")] == [True]


def test_a_policy_that_is_switched_off_frees_what_it_held(world: World, order: Order) -> None:
    record_payment(world.pay(order), world.books)
    notice = world.complaint_desk.complain(order.out_trade_no)
    list_new_complaints(world.complaint_room)
    assert world.stored(order).holds == (f"complaint:{notice.complaint_id}",)
    world.complaint_room = replace(world.complaint_room, holds_license=False)
    list_new_complaints(world.complaint_room)
    assert world.stored(order).holds == ()
