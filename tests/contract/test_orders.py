"""What every OrderRepository does."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from shared.domain.due import Work
from shared.domain.history import Event, verify_chain
from shared.domain.money import MOST_MINOR, Money
from shared.domain.order import KIND, OrderState, close, record_payment, schedule_query
from shared.domain.payment import TradeState
from shared.domain.refund import RefundState
from shared.domain.refund_policy import RefundPolicy
from shared.domain.refunding import (
    place_hold,
    record_refund,
    release_hold,
    request_refund,
)
from shared.errors import AlreadyExists, VersionConflict
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
    {"device_limit": 1}, {"device_limit": 20},
    {"term_days": None}, {"entitlements": ()}, {"title": "专业版 – 永久 \U0001f389 \"x\"\\\n"},
    {"price": Money(0, "CNY")}, {"price": Money(MOST_MINOR, "JPY")}, {"title": ""},
    {"refund_policy": RefundPolicy(7)}, {"refund_policy": RefundPolicy(0, True, 0, 0)},
    {"refund_policy": RefundPolicy(30, True, 2, 5000)}])
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
    work = Work(KIND, order.order_id, NOW_S)
    stores.work.remove(work)
    with pytest.raises(AlreadyExists):
        stores.orders.create(order, NOW_S)
    assert work in stores.work.list(NOW_S, 10_000)


def test_every_state_of_an_order_comes_back(world: World, stores: Stores) -> None:
    order = samples.order(next(world.numbers))
    stores.orders.create(order, NOW_S)
    instructed = samples.instructed(order)
    again = samples.instructed(instructed, NOW_S + 9)
    closed = close(again, NOW_S + 20, actor="system", source="timer")
    paid = record_payment(closed, samples.paid_fact(order), NOW_S + 61)
    refunded = record_payment(
        paid, samples.paid_fact(order, trade_state=TradeState.REFUNDED), NOW_S + 99)
    for version in (instructed, again, closed, paid, refunded):
        stores.orders.save(version)
        assert stores.orders.load(order.order_id) == version
    assert refunded.state is OrderState.REFUNDING


def test_two_events_in_one_version_are_both_stored(world: World, stores: Stores) -> None:
    order = samples.order(next(world.numbers))
    stores.orders.create(order, NOW_S)
    refunded = record_payment(
        order, samples.paid_fact(order, trade_state=TradeState.REFUNDED), NOW_S + 61)
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


def test_every_step_of_a_refund_comes_back(world: World, stores: Stores) -> None:
    order = samples.paid(samples.order(next(world.numbers)))
    order = replace(order, version=1)
    stores.orders.create(order, NOW_S)
    part = samples.refund(order, 1, amount=Money(100, "CNY"))
    rest = replace(samples.refund(order, 2, amount=Money(9800, "CNY")),
                   state=RefundState.AWAITING_APPROVAL, requested_by="operator:李")
    first = request_refund(order, part, source="license-fetch")
    second = request_refund(first, rest, source="admin")
    processing = record_refund(
        second, samples.refund_fact(order, part, RefundState.PROCESSING), NOW_S + 1)
    gone = record_refund(processing, samples.refund_fact(
        order, part, RefundState.SUCCEEDED, source="bill", billed_on="2025-10-09"), NOW_S + 2)
    for version in (first, second, processing, gone):
        stores.orders.save(version)
        assert stores.orders.load(order.order_id) == version
    assert [refund.state for refund in gone.refunds] == [
        RefundState.SUCCEEDED, RefundState.AWAITING_APPROVAL]


def test_a_refund_found_at_the_provider_comes_back(world: World, stores: Stores) -> None:
    order = replace(samples.paid(samples.order(next(world.numbers))), version=1)
    stores.orders.create(order, NOW_S)
    found = record_refund(order, samples.refund_fact(
        order, samples.refund(order), RefundState.SUCCEEDED), NOW_S + 5)
    stores.orders.save(found)
    assert stores.orders.load(order.order_id) == found
    assert found.state is OrderState.REFUNDED


def test_holds_come_and_go(world: World, stores: Stores) -> None:
    order = replace(samples.paid(samples.order(next(world.numbers))), version=1)
    stores.orders.create(order, NOW_S)
    held = place_hold(order, "operator", Event("held", NOW_S, "operator:li", "admin"))
    twice = place_hold(held, "complaint:7", Event("held", NOW_S, "system", "notify"))
    once = release_hold(twice, "operator", Event("released", NOW_S, "operator:li", "admin"))
    free = release_hold(once, "complaint:7", Event("released", NOW_S, "system", "notify"))
    for version in (held, twice, once, free):
        stores.orders.save(version)
        assert stores.orders.load(order.order_id) == version
    assert (len(twice.holds), free.holds) == (2, ())


def test_a_late_payment_and_the_hash_of_its_payer_come_back(world: World,
                                                            stores: Stores) -> None:
    order = samples.order(next(world.numbers))
    stores.orders.create(order, NOW_S)
    closed = close(order, NOW_S + 20, actor="system", source="timer")
    fact = samples.paid_fact(order)._replace(payer_hash="5e" * 32)
    paid = record_payment(closed, fact, NOW_S + 61)
    stores.orders.save(closed)
    stores.orders.save(paid)
    assert stores.orders.load(order.order_id) == paid
    assert paid.payment is not None
    assert (paid.payment.late, paid.payment.payer_hash) == (True, "5e" * 32)
