"""What every OrderRepository does."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from shared.domain.history import verify_chain
from shared.domain.money import MOST_MINOR, Money
from shared.domain.order import KIND, OrderState, close, record_payment, schedule_query
from shared.domain.payment import TradeState
from shared.errors import AlreadyExists, VersionConflict
from shared.ports import DueOrder
from tests.fakes import samples
from tests.fakes.samples import NOW_S

if TYPE_CHECKING:
    from tests.contract.worlds import Stores, World


def test_an_unknown_order_is_none(world: World, stores: Stores) -> None:
    order = samples.order(next(world.numbers))
    assert stores.orders.load(order.order_id) is None


def test_a_created_order_is_loaded_as_it_was(world: World, stores: Stores) -> None:
    order = samples.order(next(world.numbers))
    stores.orders.create(order, NOW_S)
    assert stores.orders.load(order.order_id) == order


@pytest.mark.parametrize("change", [
    {"term_days": None}, {"entitlements": ()}, {"title": "专业版 – 永久 \U0001f389 \"x\"\\\n"},
    {"price": Money(0, "CNY")}, {"price": Money(MOST_MINOR, "JPY")}, {"title": ""}])
def test_unusual_snapshots_come_back(world: World, stores: Stores,
                                     change: dict[str, object]) -> None:
    snapshot = replace(samples.SNAPSHOT, **change)  # type: ignore[arg-type]
    order = samples.order(next(world.numbers), snapshot=snapshot)
    stores.orders.create(order, NOW_S)
    assert stores.orders.load(order.order_id) == order


def test_an_order_is_created_once(world: World, stores: Stores) -> None:
    order = samples.order(next(world.numbers))
    stores.orders.create(order, NOW_S)
    with pytest.raises(AlreadyExists):
        stores.orders.create(replace(order, provider_request="another"), NOW_S)
    assert stores.orders.load(order.order_id) == order


def test_an_order_that_existed_has_a_due_row(world: World, stores: Stores) -> None:
    order = samples.order(next(world.numbers))
    stores.orders.create(order, NOW_S)
    stores.orders.forget_due(DueOrder(order.order_id, NOW_S))
    with pytest.raises(AlreadyExists):
        stores.orders.create(order, NOW_S)
    assert DueOrder(order.order_id, NOW_S) in stores.orders.list_due(NOW_S, 10_000)


def test_every_state_of_an_order_comes_back(world: World, stores: Stores) -> None:
    order = samples.order(next(world.numbers))
    stores.orders.create(order, NOW_S)
    instructed = samples.instructed(order)
    again = samples.instructed(instructed, NOW_S + 9)
    closed = close(again, NOW_S + 20, actor="system", source="timer")
    paid = record_payment(closed, samples.paid_fact(order), NOW_S + 61, "k1")
    refunded = record_payment(
        paid, samples.paid_fact(order, trade_state=TradeState.REFUNDED), NOW_S + 99, "k2")
    for version in (instructed, again, closed, paid, refunded):
        stores.orders.save(version)
        assert stores.orders.load(order.order_id) == version
    assert refunded.state is OrderState.REFUNDING


def test_two_events_in_one_version_are_both_stored(world: World, stores: Stores) -> None:
    order = samples.order(next(world.numbers))
    stores.orders.create(order, NOW_S)
    refunded = record_payment(
        order, samples.paid_fact(order, trade_state=TradeState.REFUNDED), NOW_S + 61, "k1")
    assert refunded.version == 2
    stores.orders.save(refunded)
    loaded = stores.orders.load(order.order_id)
    assert loaded == refunded
    assert [event.kind for event in loaded.history.events] == [
        "placed", "paid", "refund_reported"]
    verify_chain(KIND, loaded.order_id, loaded.history.events, loaded.history.head)


def test_a_version_without_an_event_is_stored(world: World, stores: Stores) -> None:
    order = samples.order(next(world.numbers))
    stores.orders.create(order, NOW_S)
    asked = schedule_query(order, NOW_S + 8)
    stores.orders.save(asked)
    assert stores.orders.load(order.order_id) == asked


def test_a_part_that_is_gone_is_gone(world: World, stores: Stores) -> None:
    order = samples.instructed(samples.order(next(world.numbers)))
    stores.orders.create(order, NOW_S)
    without = replace(order, instruction=None, version=order.version + 1)
    stores.orders.save(without)
    assert stores.orders.load(order.order_id) == without


def test_only_the_first_of_two_saves_of_a_version_wins(world: World) -> None:
    ours, theirs = world.open(), world.open()
    order = samples.order(next(world.numbers))
    ours.orders.create(order, NOW_S)
    theirs.orders.save(close(order, NOW_S + 5, actor="system", source="timer"))
    with pytest.raises(VersionConflict):
        ours.orders.save(samples.instructed(order))
    loaded = ours.orders.load(order.order_id)
    assert loaded is not None
    assert loaded.state is OrderState.CLOSED


def test_equal_content_saved_twice_is_still_a_conflict(world: World) -> None:
    ours, theirs = world.open(), world.open()
    order = samples.order(next(world.numbers))
    ours.orders.create(order, NOW_S)
    theirs.orders.save(samples.instructed(order))
    with pytest.raises(VersionConflict):
        ours.orders.save(samples.instructed(order))


@pytest.mark.parametrize("ahead", [-1, 0, 2])
def test_a_save_needs_exactly_the_version_before(world: World, stores: Stores,
                                                 ahead: int) -> None:
    order = replace(samples.order(next(world.numbers)), version=5)
    stores.orders.create(order, NOW_S)
    with pytest.raises(VersionConflict):
        stores.orders.save(replace(order, version=5 + ahead))
    assert stores.orders.load(order.order_id) == order


def test_an_order_that_is_not_there_cannot_be_saved(world: World, stores: Stores) -> None:
    order = samples.instructed(samples.order(next(world.numbers)))
    with pytest.raises(VersionConflict):
        stores.orders.save(order)
    assert stores.orders.load(order.order_id) is None


def test_many_versions_of_one_order(world: World, stores: Stores) -> None:
    order = samples.order(next(world.numbers))
    stores.orders.create(order, NOW_S)
    for second in range(20):
        order = schedule_query(order, NOW_S + second)
        stores.orders.save(order)
    assert stores.orders.load(order.order_id) == order
    assert order.version == 21
