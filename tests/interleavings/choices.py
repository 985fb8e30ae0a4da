"""What can happen next in a schedule, as small numbers that a report can print."""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple


class Outcome(IntEnum):
    """How one call to a port ends, for the world and for who called."""

    OK = 0
    APPLIED = 1
    """It happened, and the answer got lost."""
    LOST = 2
    """It never happened, and nobody can know."""
    CRASH_BEFORE = 3
    CRASH_AFTER = 4


WIDTH = len(Outcome)
WRITE_FAULTS = (Outcome.APPLIED, Outcome.LOST, Outcome.CRASH_BEFORE, Outcome.CRASH_AFTER)
READ_FAULTS = (Outcome.LOST, Outcome.CRASH_BEFORE)
"""A read changes nothing: lost on the way there or back, it is the same to everybody."""
NO_FAULTS: tuple[Outcome, ...] = ()


def choice(actor: int, outcome: int = Outcome.OK) -> int:
    """The number of "this actor goes on, and its call ends so"; it needs no bounds to read."""
    return actor * WIDTH + outcome


class Bounds(NamedTuple):
    """How far a schedule may go; None is without end.

    A preemption is a switch away from an actor that could have gone on. Who begins, and who
    follows an actor that ended or crashed, costs nothing.
    """

    preemptions: int | None
    faults: int | None

    def __str__(self) -> str:
        words = ("any" if bound is None else f"<= {bound}" for bound in self)
        return "{} preemptions, {} faults".format(*words)


UNBOUND = Bounds(None, None)
