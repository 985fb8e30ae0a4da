"""Days and their bills, for tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.domain.calendar import start_of
from shared.use_cases.reconcile_day import READY_AFTER_S, reconcile_day

if TYPE_CHECKING:
    from shared.domain.bill import Difference, Reconciliation
    from tests.unit.use_cases.world import World


def next_noon(world: World, day: str) -> None:
    """To the moment at which the bill of `day` is surely made, with no timer running."""
    world.clock.advance_s(start_of(day) + READY_AFTER_S + 60 - world.clock.now_s())


def reconcile(world: World, day: str) -> Reconciliation:
    """Once, as the timer does."""
    return reconcile_day(day, world.audit_room, actor="system")


def differences(result: Reconciliation) -> list[Difference]:
    """What was found, in the order of finding."""
    return [one.difference for one in result.discrepancies]
