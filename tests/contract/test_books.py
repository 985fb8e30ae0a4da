"""What every PayerRefunds, Ledger and Reconciliations does."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from shared.domain.bill import MOST_LISTED, DayState, Difference, Discrepancy, Progress
from shared.domain.money import MOST_MINOR, Money
from shared.errors import VersionConflict
from tests.fakes import samples
from tests.fakes.samples import reconciled_again, reconciliation

if TYPE_CHECKING:
    from tests.contract.worlds import Stores, World


def a_payer(world: World) -> str:
    """The keyed hash of a payer that no other test has."""
    return f"{next(world.numbers):064x}"


def a_day(world: World) -> str:
    """A day that no other test has (the stores take any text for one)."""
    return f"day-{next(world.numbers):020d}"


def test_a_payer_without_refunds_has_none(world: World, stores: Stores) -> None:
    assert stores.payer_refunds.list(a_payer(world)) == frozenset()


def test_noted_refunds_are_listed_once_each(world: World, stores: Stores) -> None:
    payer, other = a_payer(world), a_payer(world)
    for refund_id in ("R1", "R2", "R1"):
        stores.payer_refunds.note(payer, refund_id)
    stores.payer_refunds.note(other, "R3")
    assert stores.payer_refunds.list(payer) == {"R1", "R2"}
    assert stores.payer_refunds.list(other) == {"R3"}


def test_a_forgotten_refund_is_gone_and_every_other_stays(world: World,
                                                                 stores: Stores) -> None:
    payer, other = a_payer(world), a_payer(world)
    for who, refund_id in ((payer, "R1"), (payer, "R2"), (other, "R3")):
        stores.payer_refunds.note(who, refund_id)
    for _ in range(2):
        stores.payer_refunds.forget(payer, "R1")
        assert stores.payer_refunds.list(payer) == {"R2"}
    stores.payer_refunds.forget(other, "R2")
    assert stores.payer_refunds.list(other) == {"R3"}
    stores.payer_refunds.note(payer, "R1")
    assert stores.payer_refunds.list(payer) == {"R1", "R2"}


def test_a_day_without_movements_has_no_lines(world: World, stores: Stores) -> None:
    assert list(stores.ledger.lines(a_day(world))) == []


def test_lines_come_back_by_kind_and_number(world: World, stores: Stores) -> None:
    day = a_day(world)
    lines = [samples.ledger_line(n, day=day, kind=kind)
             for kind in ("payment", "refund") for n in (1, 2, 3)]
    for line in reversed(lines):
        stores.ledger.enter(line)
    stores.ledger.enter(samples.ledger_line(9, day=f"{day}-next"))
    assert list(stores.ledger.lines(day)) == lines


def test_a_line_stays_as_it_was_first_entered(world: World, stores: Stores) -> None:
    line = samples.ledger_line(day=a_day(world))._replace(amount=Money(MOST_MINOR, "JPY"))
    stores.ledger.enter(line)
    stores.ledger.enter(line)
    stores.ledger.enter(line._replace(amount=Money(0, "CNY")))
    assert list(stores.ledger.lines(line.day)) == [line]


def test_a_day_that_was_never_reconciled_is_none(world: World, stores: Stores) -> None:
    assert stores.reconciliations.load(a_day(world)) is None


@pytest.mark.parametrize("change", [
    {}, {"discrepancies": ()}, {"state": DayState.FAILED, "reason": "wrong_hash"},
    {"state": DayState.WAITING, "digest": ""},
    {"state": DayState.STARTED, "progress": Progress(17, "R1"), "left_out": 3},
    {"discrepancies": tuple(Discrepancy(kind, "refund", "", 0, "", "R") for kind in Difference)}])
def test_a_result_is_loaded_as_it_was(world: World, stores: Stores,
                                      change: dict[str, object]) -> None:
    result = replace(reconciliation(a_day(world)), **change)  # type: ignore[arg-type]
    stores.reconciliations.save(result)
    assert stores.reconciliations.load(result.day) == result


def test_a_day_can_be_done_again(world: World, stores: Stores) -> None:
    first = reconciliation(a_day(world))
    stores.reconciliations.save(first)
    stores.reconciliations.save(reconciled_again(first))
    assert stores.reconciliations.load(first.day) == reconciled_again(first)


def test_only_the_first_of_two_first_runs_is_kept(world: World) -> None:
    ours, theirs = world.open(), world.open()
    first = reconciliation(a_day(world))
    theirs.reconciliations.save(first)
    with pytest.raises(VersionConflict):
        ours.reconciliations.save(replace(first, payments=8))
    assert ours.reconciliations.load(first.day) == first


@pytest.mark.parametrize("version", [1, 3])
def test_a_later_run_needs_exactly_the_version_before(world: World, stores: Stores,
                                                      version: int) -> None:
    first = reconciliation(a_day(world))
    stores.reconciliations.save(first)
    with pytest.raises(VersionConflict):
        stores.reconciliations.save(replace(reconciled_again(first), version=version))
    assert stores.reconciliations.load(first.day) == first


def test_a_second_run_of_a_day_without_a_first_is_a_conflict(world: World,
                                                             stores: Stores) -> None:
    result = replace(reconciliation(a_day(world)), version=2)
    with pytest.raises(VersionConflict):
        stores.reconciliations.save(result)
    assert stores.reconciliations.load(result.day) is None


@pytest.mark.parametrize("beyond", [0, 1, 77])
def test_discrepancies_that_have_no_room_are_counted(world: World, stores: Stores,
                                                     beyond: int) -> None:
    result = reconciliation(a_day(world), listed=MOST_LISTED + beyond)
    stores.reconciliations.save(result)
    loaded = stores.reconciliations.load(result.day)
    assert loaded is not None
    assert loaded.discrepancies == result.discrepancies[:MOST_LISTED]
    assert loaded.left_out == beyond
