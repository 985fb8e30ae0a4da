"""Every write under every fault: applied exactly once, or clearly not, and never a false loss."""

from __future__ import annotations

import pytest

from shared.errors import StoreUnavailable, StoreUnknown
from tests.contract.worlds import BUDGET_MS, EmulatorWorld
from tests.fakes.clock import FakeClock
from tests.unit.adapters.tablestore import faults
from tests.unit.adapters.tablestore.faults import fault
from tests.unit.adapters.tablestore.writes import NOTES, WRITES, Write

ALL = {**WRITES, **NOTES}
every_write = pytest.mark.parametrize("write", ALL.values(), ids=ALL.keys())


@every_write
@pytest.mark.parametrize("name", faults.ALL)
def test_a_write_survives_one_fault(world: EmulatorWorld, write: Write, name: str) -> None:
    stores = world.open()
    write.prepare(stores)
    world.emulator.inject(fault(name, write.api))
    assert write.run(stores) is True
    assert write.load(stores) == write.after
    assert world.emulator.faults_in_force == 0


@every_write
@pytest.mark.parametrize("name", faults.DOUBTFUL)
def test_a_write_survives_a_lost_read_back(world: EmulatorWorld, write: Write,
                                           name: str) -> None:
    stores = world.open()
    write.prepare(stores)
    world.emulator.inject(fault(name, write.api))
    world.emulator.inject(fault("lost answer", "GetRow"))
    assert write.run(stores) is True
    assert write.load(stores) == write.after


@every_write
@pytest.mark.parametrize("name", faults.NOT_APPLIED)
def test_a_write_that_is_always_refused_was_not_done(world: EmulatorWorld, write: Write,
                                                     name: str) -> None:
    stores = world.open()
    write.prepare(stores)
    world.emulator.inject(fault(name, times=None))
    with pytest.raises(StoreUnavailable):
        write.run(stores)
    world.emulator.clear_faults()
    assert write.load(stores) == write.before


@every_write
@pytest.mark.parametrize("name", faults.DOUBTFUL)
def test_a_write_that_stays_in_doubt_says_so(world: EmulatorWorld, write: Write,
                                             name: str) -> None:
    stores = world.open()
    write.prepare(stores)
    world.emulator.inject(fault(name, times=None))
    with pytest.raises(StoreUnknown):
        write.run(stores)
    world.emulator.clear_faults()
    expected = write.after if name in faults.APPLIED else write.before
    assert write.load(stores) == expected


@every_write
def test_doubt_is_not_forgotten_when_a_clear_refusal_follows(world: EmulatorWorld,
                                                             write: Write) -> None:
    """The first request may still be on its way, so "not written" would be a guess."""
    stores = world.open()
    write.prepare(stores)
    world.emulator.inject(fault("lost request", write.api))
    world.emulator.inject(fault("throttled", write.api, times=None))
    with pytest.raises(StoreUnknown):
        write.run(stores)


@every_write
def test_retries_stay_within_the_deadline(world: EmulatorWorld, write: Write) -> None:
    opened = world.open_instance()
    write.prepare(opened.stores)
    assert isinstance(opened.clock, FakeClock)
    began_ms = opened.clock.monotonic_ms()
    world.emulator.inject(fault("throttled", times=None))
    with pytest.raises(StoreUnavailable):
        write.run(opened.stores)
    assert opened.clock.monotonic_ms() - began_ms <= BUDGET_MS
    assert len(opened.clock.slept_ms) > 3


@every_write
def test_without_time_no_request_is_sent(world: EmulatorWorld, write: Write) -> None:
    opened = world.open_instance()
    write.prepare(opened.stores)
    opened.deadline.begin(0)
    world.apis()
    with pytest.raises(StoreUnavailable):
        write.run(opened.stores)
    assert world.apis() == []


@every_write
def test_a_delayed_request_that_lands_before_its_retry_is_ours(
        world: EmulatorWorld, write: Write) -> None:
    """The read-back finds nothing, the first request lands, and its retry is refused."""
    opened = world.open_instance()
    write.prepare(opened.stores)
    connection = opened.connection
    assert connection is not None
    connection.delay_next(write.api)
    assert write.run(opened.stores) is True
    assert write.load(opened.stores) == write.after
    assert connection.landed == 1


@pytest.mark.parametrize("write", NOTES.values(), ids=NOTES.keys())
@pytest.mark.parametrize("name", faults.ALL)
def test_what_is_noted_twice_is_there_once_whatever_gets_lost(
        world: EmulatorWorld, write: Write, name: str) -> None:
    world.emulator.inject(fault(name, write.api))
    assert write.run(world.open()) is True
    world.emulator.inject(fault(name, write.api))
    assert write.run(world.open()) is True
    assert write.load(world.open()) == write.after
