"""Play a story under a plan of faults; count its points, and how each run ended."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from tests.crash_points import (
    auditing,
    buying,
    complaining,
    holding,
    leasing,
    refunding,
    restoring,
)
from tests.crash_points.faults import ways_to_fail
from tests.crash_points.stage import Stage
from tests.crash_points.stories import STORIES
from tests.invariants import Broken

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    Plan = Mapping[int, str]

TOLD_BY = (auditing, buying, complaining, holding, leasing, refunding, restoring)
"""Importing them is what fills STORIES; named here so that no import looks unused."""

UNSEEN = "nothing to mend"


class Run(NamedTuple):
    """What came of one run: its steps, the faults it met, who mended, and what broke."""

    steps: tuple[tuple[str, str], ...]
    met: tuple[tuple[str, str], ...]
    mended_by: str
    broken: Broken | None


def play(name: str, plan: Plan | None = None,
         prepare: Callable[[Stage], None] | None = None) -> Run:
    """Run a story to its end and through its recovery; `prepare` may spoil the stage first."""
    told = STORIES[name]
    stage = Stage(plan, **told.setting)
    if prepare is not None:
        prepare(stage)
    broken = None
    try:
        told.tell(stage)
        stage.recover()
    except Broken as error:
        broken = error
    except (AssertionError, LookupError, ValueError, AttributeError, TypeError) as error:
        broken = Broken("I0", f"{type(error).__name__}: {error}")
    except Exception as error:
        broken = Broken("I0", f"an error that no caller expects: {error!r}")
    return Run(tuple(stage.faults.seen), tuple(stage.faults.met), stage.mended_by or UNSEEN, broken)


@cache
def steps_of(name: str) -> tuple[tuple[str, str], ...]:
    """Every storage and network step of the undisturbed story."""
    run = play(name)
    if run.broken is not None:
        raise AssertionError(f"{name}, undisturbed: {run.broken}") from run.broken
    return run.steps


def single_plans(name: str) -> Iterator[Plan]:
    """Every step of the story, failing in every way that differs."""
    for at, step in enumerate(steps_of(name)):
        for fault in ways_to_fail(*step):
            yield {at: fault}


def double_plans(name: str, count: int, seed: int = 1) -> Iterator[Plan]:
    """`count` pairs of faults: the second one anywhere after the first, recovery's steps too."""
    chance = random.Random(f"{name} {seed}")
    singles = list(single_plans(name))
    for _ in range(count):
        first = dict(chance.choice(singles))
        at, = first
        steps = play(name, first).steps
        if at + 1 < len(steps):
            later = chance.randrange(at + 1, len(steps))
            yield {**first, later: chance.choice(ways_to_fail(*steps[later]))}


class Tally:
    """How the runs of one story ended, by the first fault's kind."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.ends: dict[str, Counter[str]] = defaultdict(Counter)

    def play_all(self, plans: Iterable[Plan]) -> Tally:
        """Run every plan; the first that breaks an invariant is raised, ready to be replayed."""
        for plan in plans:
            run = play(self.name, plan)
            if run.broken is not None:
                where = [f"step {at} {step}: {fault}" for at, (step, fault)
                         in zip(plan, run.met, strict=False)]
                raise AssertionError(f"{run.broken}\nplay({self.name!r}, {dict(plan)!r})\n"
                                     + "\n".join(where)) from run.broken
            self.ends[next(iter(plan.values()))][run.mended_by] += 1
        return self

    @property
    def runs(self) -> int:
        """How many there were."""
        return sum(sum(ends.values()) for ends in self.ends.values())

    def record(self, record_property: Callable[[str, object], None], title: str) -> None:
        """Have the end of the test run show how these runs ended."""
        for row, ends in self.ends.items():
            record_property(f"{title}, by outcome: who mended it", {row: dict(ends)})
            record_property(f"{title}, by story: who mended it", {self.name: dict(ends)})
