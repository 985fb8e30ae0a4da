"""Two instances write the same version: one wins, the other knows it, whatever gets lost."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest

from shared.domain.order import schedule_query
from shared.errors import StoreUnknown, VersionConflict
from tests.fakes import samples
from tests.fakes.samples import NOW_S
from tests.unit.adapters.tablestore import faults
from tests.unit.adapters.tablestore.faults import fault
from tests.unit.adapters.tablestore.writes import WRITES, Write

if TYPE_CHECKING:
    from tests.contract.worlds import EmulatorWorld, Opened

MEETINGS = ("before our write", "before our read-back", "before our retry")
SOME_FAULTS = (None, "throttled", *faults.DOUBTFUL)
EVERY_PAIR = ("orders.create", "orders.save", "licenses.create", "work.lease")
"""One write of each API meets all pairs of faults, and so do leases; the others only some."""


def pairs(name: str) -> list[tuple[str | None, str | None]]:
    """The faults that we and they meet."""
    if name in EVERY_PAIR:
        return list(itertools.product(SOME_FAULTS, SOME_FAULTS))
    return [pair for one in SOME_FAULTS for pair in ((one, one), (one, None), (None, one))]


def meet(world: EmulatorWorld, write: Write, meeting: str, *,
         our_fault: str | None, their_fault: str | None) -> tuple[bool, bool]:
    """Both write the same content, they in the middle of our call; who believes to have won.

    Where we need no read-back or no retry, they come after our call.
    """
    ours, theirs = world.open_instance(), world.open_instance()
    results: list[bool] = []

    def they() -> None:
        if not results:
            arm(world, theirs, write, their_fault)
            results.append(write.run(theirs.stores))

    def they_then_ours() -> None:
        they()
        world_inject(world, our_fault, write)

    assert ours.connection is not None
    if meeting == "before our write":
        ours.connection.script.before(write.api, they_then_ours)
    else:
        arm(world, ours, write, our_fault)
        api = write.api if meeting == "before our retry" else "GetRow"
        ours.connection.script.before(api, they)
    won = write.run(ours.stores)
    they()
    return won, results[0]


def arm(world: EmulatorWorld, who: Opened, write: Write, name: str | None) -> None:
    """Have `who`'s next write, and nobody else's, meet the fault."""
    assert who.connection is not None
    who.connection.script.before(write.api, lambda: world_inject(world, name, write))


def world_inject(world: EmulatorWorld, name: str | None, write: Write) -> None:
    """The fault for the very next call of the write's API."""
    if name is not None:
        world.emulator.inject(fault(name, write.api))


@pytest.mark.parametrize("name", WRITES)
@pytest.mark.parametrize("meeting", MEETINGS)
def test_exactly_one_of_two_equal_writes_wins(world: EmulatorWorld, name: str,
                                              meeting: str) -> None:
    write = WRITES[name]
    for our_fault, their_fault in pairs(name):
        world.empty()
        write.prepare(world.open())
        won = meet(world, write, meeting, our_fault=our_fault, their_fault=their_fault)
        assert sorted(won) == [False, True], (our_fault, their_fault)
        assert write.load(world.open()) == write.after


@pytest.mark.parametrize("name", faults.APPLIED)
@pytest.mark.parametrize("later", [1, 7])
def test_our_lost_write_is_ours_even_when_others_saved_on_top(
        world: EmulatorWorld, name: str, later: int) -> None:
    ours, theirs = world.open_instance(), world.open()
    ours.stores.orders.create(samples.order(), NOW_S)
    newest = samples.instructed(samples.order())

    def rival_goes_on() -> None:
        nonlocal newest
        for _ in range(later):
            newest = schedule_query(newest, NOW_S)
            theirs.orders.save(newest)

    assert ours.connection is not None
    ours.connection.script.before("GetRow", rival_goes_on)
    world.emulator.inject(fault(name, "UpdateRow"))
    ours.stores.orders.save(newest)
    assert ours.stores.orders.load(newest.order_id) == newest
    assert newest.version == 2 + later


def test_a_lost_write_with_too_many_versions_on_top_stays_unknown(world: EmulatorWorld) -> None:
    ours, theirs = world.open_instance(), world.open()
    ours.stores.orders.create(samples.order(), NOW_S)
    newest = samples.instructed(samples.order())

    def rival_goes_on() -> None:
        nonlocal newest
        for _ in range(8):
            newest = schedule_query(newest, NOW_S)
            theirs.orders.save(newest)

    assert ours.connection is not None
    ours.connection.script.before("GetRow", rival_goes_on)
    world.emulator.inject(fault("lost answer", "UpdateRow"))
    with pytest.raises(StoreUnknown):
        ours.stores.orders.save(newest)


def test_a_lost_conflict_is_a_conflict_even_when_the_winner_went_on(
        world: EmulatorWorld) -> None:
    ours, theirs = world.open_instance(), world.open()
    ours.stores.orders.create(samples.order(), NOW_S)
    rival = schedule_query(samples.order(), NOW_S)
    theirs.orders.save(rival)
    assert ours.connection is not None
    ours.connection.script.before(
        "GetRow", lambda: theirs.orders.save(schedule_query(rival, NOW_S)))
    world.emulator.inject(fault("lost answer", "UpdateRow"))
    with pytest.raises(VersionConflict):
        ours.stores.orders.save(samples.instructed(samples.order()))


def test_a_lost_save_of_a_row_that_is_not_there_is_a_conflict(world: EmulatorWorld) -> None:
    stores = world.open()
    world.emulator.inject(fault("lost answer", "UpdateRow"))
    with pytest.raises(VersionConflict):
        stores.orders.save(samples.instructed(samples.order()))


def test_a_rival_found_when_reading_back_ends_it_without_another_write(
        world: EmulatorWorld) -> None:
    ours, theirs = world.open_instance(), world.open()
    ours.stores.orders.create(samples.order(), NOW_S)
    theirs.orders.save(schedule_query(samples.order(), NOW_S))
    world.apis()
    world.emulator.inject(fault("lost answer", "UpdateRow"))
    with pytest.raises(VersionConflict):
        ours.stores.orders.save(samples.instructed(samples.order()))
    assert world.apis() == ["UpdateRow", "GetRow"]
