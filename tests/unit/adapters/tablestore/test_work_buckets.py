"""The number of buckets may change at any time, and no row is lost or done twice for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from shared.adapters.tablestore.cells import Expect, RowWrite
from shared.adapters.tablestore.orders import TablestoreOrders
from shared.adapters.tablestore.tables import DUE, bucket_of
from shared.adapters.tablestore.work_list import TablestoreWorkList
from shared.domain.due import UNREADABLE, Work
from tests.fakes import samples
from tests.fakes.samples import NOW_S

if TYPE_CHECKING:
    from tests.contract.worlds import EmulatorWorld

WORK = [Work("order", samples.order(n).order_id, NOW_S + n) for n in range(30)]
NOW = NOW_S + 30


def works(world: EmulatorWorld, buckets: int, *, every: bool = False) -> TablestoreWorkList:
    """A work list of a function that is deployed with so many buckets."""
    return TablestoreWorkList(world.open_instance().store, buckets=buckets, every_bucket=every)


def filled(world: EmulatorWorld, buckets: int) -> TablestoreWorkList:
    """A work list with all of WORK."""
    made = works(world, buckets)
    for work in WORK:
        made.add(work)
    return made


def places(world: EmulatorWorld) -> list[tuple[str, str]]:
    """(bucket, subject) of every row there is."""
    store = world.open_instance().store
    return [(str(key.values[0]), str(key.values[2]).partition(":")[2])
            for key, _ in store.rows(DUE, DUE.bound(), DUE.bound("l"))]


@pytest.mark.parametrize("buckets", [1, 3, 16])
def test_each_configured_bucket_is_asked_once(world: EmulatorWorld, buckets: int) -> None:
    made = filled(world, buckets)
    world.apis()
    assert list(made.list(NOW, 100)) == WORK
    assert made.count(NOW) == len(WORK)
    assert world.apis() == ["GetRange"] * buckets * 2


@pytest.mark.parametrize("buckets", [1, 5, 16])
def test_orders_put_their_rows_where_the_work_list_looks(world: EmulatorWorld,
                                                         buckets: int) -> None:
    order = samples.order()
    TablestoreOrders(world.open_instance().store, buckets=buckets).create(order, NOW_S)
    made = works(world, buckets)
    [work] = made.list(NOW_S, 10)
    assert work == Work("order", order.order_id, NOW_S)
    assert made.lease(work, NOW) is not None


@pytest.mark.parametrize(("before", "after"), [(4, 16), (4, 7), (1, 2)])
def test_with_more_buckets_every_row_is_found_and_can_be_worked_on(
        world: EmulatorWorld, before: int, after: int) -> None:
    filled(world, before)
    made = works(world, after)
    for work in made.list(NOW, 100):
        assert made.lease(work, NOW) is not None
        made.remove(work)
    assert places(world) == []


@pytest.mark.parametrize(("before", "after"), [(16, 4), (7, 4), (16, 1)])
def test_with_fewer_buckets_the_daily_look_into_every_bucket_brings_rows_home(
        world: EmulatorWorld, before: int, after: int) -> None:
    filled(world, before)
    minutely, daily = works(world, after), works(world, after, every=True)
    assert len(minutely.list(NOW, 100)) < len(WORK)
    assert daily.count(NOW) == len(WORK)
    assert list(daily.list(NOW, 100)) == WORK
    assert list(minutely.list(NOW, 100)) == WORK
    assert sorted(places(world)) == sorted(
        (bucket_of(work.subject_id, after), work.subject_id) for work in WORK)


def test_only_rows_that_are_handed_out_are_moved(world: EmulatorWorld) -> None:
    filled(world, 1)
    before = places(world)
    works(world, 16).list(NOW, 1)
    assert len([place for place in places(world) if place not in before]) <= 1


def test_a_row_that_somebody_works_on_is_not_moved(world: EmulatorWorld) -> None:
    old = filled(world, 1)
    leased = old.lease(WORK[0], NOW + 300)
    assert leased is not None
    found = works(world, 16).list(NOW, 100)
    assert WORK[0].subject_id not in {work.subject_id for work in found}
    assert ("k0", WORK[0].subject_id) in places(world)


def test_a_row_that_lies_in_two_buckets_is_handed_out_once(world: EmulatorWorld) -> None:
    """A move that was broken off between its two steps leaves both."""
    filled(world, 16)
    filled(world, 1)
    made = works(world, 16)
    assert list(made.list(NOW, 100)) == WORK
    assert len(places(world)) == len(WORK)


def test_a_move_ends_no_lease(world: EmulatorWorld) -> None:
    filled(world, 1)
    made = filled(world, 16)
    for work in WORK:
        assert made.lease(work, NOW + 300) is not None
    for work in made.list(NOW, 100):
        assert made.lease(work, NOW + 300) is None
    assert made.list(NOW, 100) == []
    assert len(places(world)) == len(WORK)


def test_leased_rows_in_front_leave_room_for_others(world: EmulatorWorld) -> None:
    made = works(world, 1)
    rows = [Work("order", f"subject-{n:03d}", NOW_S) for n in range(120)]
    for work in rows:
        made.add(work)
    for work in rows[:-1]:
        assert made.lease(work, NOW + 300) is not None
    world.apis()
    assert list(made.list(NOW, 1)) == rows[-1:]
    assert world.apis() == ["GetRange"] * 3


@pytest.mark.parametrize(("ref", "columns"), [
    ("no-kind", {}), (":subject", {}), ("order:", {}), ("order:x", {"ver": "1"}),
    ("order:x", {"leased_until_s": "0"})])
def test_a_row_that_we_never_write_is_told_and_stops_no_other(world: EmulatorWorld, ref: str,
                                                              columns: dict[str, str]) -> None:
    opened = world.open_instance()
    opened.store.write(RowWrite(
        DUE.row("k0", NOW_S - 1, ref), {"ver": 1, "leased_until_s": 0, **columns},
        Expect.NOTHING))
    honest = Work("order", "0", NOW_S)
    opened.stores.work.add(honest)
    assert opened.stores.work.list(NOW_S, 10) == [Work(UNREADABLE, "k0", NOW_S - 1), honest]
    assert opened.stores.work.count(NOW_S) == 2
