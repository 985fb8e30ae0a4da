"""Order and due row in one request that is not atomic: both are durable, or it is not done."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from emulators.tablestore import Fault
from shared.domain.due import Work
from shared.errors import AlreadyExists, StoreUnavailable, StoreUnknown
from tests.fakes import samples
from tests.fakes.samples import NOW_S
from tests.unit.adapters.tablestore import faults
from tests.unit.adapters.tablestore.faults import fault

if TYPE_CHECKING:
    from tests.contract.worlds import EmulatorWorld, Stores

ORDER_ROW, DUE_ROW = 0, 1
ORDER = samples.order()
DUE = Work("order", ORDER.order_id, NOW_S)
ROW_FAULTS = [*faults.NOT_APPLIED, "timeout before", "5xx before"]


def assert_both_durable(stores: Stores) -> None:
    """The order and its due row are there."""
    assert stores.orders.load(ORDER.order_id) == ORDER
    assert stores.work.list(NOW_S, 10) == [DUE]


@pytest.mark.parametrize("row", [ORDER_ROW, DUE_ROW])
@pytest.mark.parametrize("name", ROW_FAULTS)
def test_a_row_that_failed_is_written_again_alone(world: EmulatorWorld, name: str,
                                                  row: int) -> None:
    stores = world.open()
    world.emulator.inject(fault(name, "BatchWriteRow", row=row))
    stores.orders.create(ORDER, NOW_S)
    writes = [api for api in world.apis() if api != "GetRow"]
    assert writes == ["BatchWriteRow", "PutRow"]
    assert_both_durable(stores)


@pytest.mark.parametrize("name", faults.ALL)
def test_a_request_that_failed_leaves_both_rows_durable(world: EmulatorWorld,
                                                        name: str) -> None:
    stores = world.open()
    world.emulator.inject(fault(name, "BatchWriteRow"))
    stores.orders.create(ORDER, NOW_S)
    assert_both_durable(stores)


@pytest.mark.parametrize("name", ROW_FAULTS)
def test_the_due_row_is_durable_before_already_exists_is_said(world: EmulatorWorld,
                                                              name: str) -> None:
    stores = world.open()
    stores.orders.create(ORDER, NOW_S)
    stores.work.remove(DUE)
    world.emulator.inject(fault(name, "BatchWriteRow", row=DUE_ROW))
    with pytest.raises(AlreadyExists):
        stores.orders.create(ORDER, NOW_S)
    assert_both_durable(stores)


def test_already_exists_is_not_said_while_the_due_row_fails(world: EmulatorWorld) -> None:
    stores = world.open()
    stores.orders.create(ORDER, NOW_S)
    stores.work.remove(DUE)
    world.emulator.inject(fault("throttled", "BatchWriteRow", row=DUE_ROW))
    world.emulator.inject(fault("throttled", "PutRow", times=None))
    with pytest.raises(StoreUnavailable):
        stores.orders.create(ORDER, NOW_S)


def test_an_order_without_its_due_row_is_not_reported_as_created(world: EmulatorWorld) -> None:
    stores = world.open()
    world.emulator.inject(fault("throttled", "BatchWriteRow", row=DUE_ROW))
    world.emulator.inject(fault("throttled", "PutRow", times=None))
    with pytest.raises(StoreUnknown):
        stores.orders.create(ORDER, NOW_S)
    assert stores.orders.load(ORDER.order_id) == ORDER


@pytest.mark.parametrize("row", [ORDER_ROW, DUE_ROW])
def test_a_row_that_can_never_be_written_ends_it_at_once(world: EmulatorWorld,
                                                         row: int) -> None:
    stores = world.open()
    world.emulator.inject(Fault("OTSParameterInvalid", api="BatchWriteRow", row=row))
    with pytest.raises((StoreUnavailable, StoreUnknown)):
        stores.orders.create(ORDER, NOW_S)
    assert world.apis() == ["BatchWriteRow"]


def test_our_own_lost_create_is_not_already_exists(world: EmulatorWorld) -> None:
    stores = world.open()
    world.emulator.inject(fault("lost answer", "BatchWriteRow"))
    stores.orders.create(ORDER, NOW_S)
    assert_both_durable(stores)


def test_a_create_after_a_create_of_unknown_outcome_finds_the_order(
        world: EmulatorWorld) -> None:
    """A new call is a new writer: who retries a whole create learns that the order is there."""
    stores = world.open()
    world.emulator.inject(fault("lost answer", "BatchWriteRow"))
    world.emulator.inject(fault("lost answer", "GetRow", times=None))
    with pytest.raises(StoreUnknown):
        stores.orders.create(ORDER, NOW_S)
    world.emulator.clear_faults()
    with pytest.raises(AlreadyExists):
        world.open().orders.create(ORDER, NOW_S)
    assert_both_durable(stores)


def test_a_create_sent_twice_is_recognized_by_one_mark(world: EmulatorWorld) -> None:
    stores = world.open()
    world.emulator.inject(fault("lost request", "BatchWriteRow"))
    world.emulator.inject(fault("lost answer", "BatchWriteRow"))
    stores.orders.create(ORDER, NOW_S)
    assert_both_durable(stores)


@pytest.mark.parametrize(("name", "error"), [
    ("throttled", StoreUnavailable), ("timeout before", StoreUnknown)])
def test_a_due_row_that_may_be_gone_is_not_said_to_be_there(
        world: EmulatorWorld, name: str, error: type[Exception]) -> None:
    stores = world.open()
    stores.orders.create(ORDER, NOW_S)
    world.emulator.inject(fault(name, "DeleteRow", times=None))
    with pytest.raises(error):
        stores.work.remove(DUE)


def test_a_create_that_comes_again_late_ends_a_lease_and_keeps_one_row(
        world: EmulatorWorld) -> None:
    """Both workers then save the same order under its version, so only one of them can."""
    stores = world.open()
    stores.orders.create(ORDER, NOW_S)
    leased = stores.work.lease(DUE, NOW_S + 300)
    assert leased is not None
    with pytest.raises(AlreadyExists):
        stores.orders.create(ORDER, NOW_S)
    assert stores.work.list(NOW_S, 10) == [DUE]
    assert stores.work.lease(leased, NOW_S + 600) is None


@pytest.mark.parametrize("name", faults.DOUBTFUL)
def test_a_row_that_a_create_put_can_be_told_from_one_that_was_added(
        world: EmulatorWorld, name: str) -> None:
    stores = world.open()
    stores.orders.create(ORDER, NOW_S)
    world.emulator.inject(fault(name, "PutRow"))
    stores.work.add(DUE)
    world.emulator.inject(fault(name, "UpdateRow"))
    assert stores.work.lease(DUE, NOW_S + 300) is not None
