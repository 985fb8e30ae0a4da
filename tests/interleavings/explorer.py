"""All schedules of a scenario within bounds, random ones beyond, and any one of them again.

Depth first over choices, as model checkers do: run, take the last choice that has another
way to go, run again from the start with that prefix. A schedule is named by its choices alone.
"""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.interleavings.choices import UNBOUND, WIDTH, Bounds
from tests.interleavings.marks import Marks
from tests.interleavings.runs import RIGHT, Runner, Scenario, Variant, Violation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.interleavings.hub import Actor, Call, Hub


@dataclass
class Report:
    """What was explored. `schedules` were run, each from its start; `covered` also counts those
    that pass through a state from which all ways were run already. `complete`: nothing within
    the bounds is left out.
    """

    scenario: str
    bounds: Bounds
    schedules: int = 0
    covered: int = 0
    complete: bool = False
    seconds: float = 0.0
    violation: Violation | None = None

    def __str__(self) -> str:
        kind = "exhaustive" if self.complete else "part"
        rate = self.schedules / self.seconds if self.seconds else 0
        return (f"{self.scenario}: {self.bounds}: {self.schedules} schedules run, "
                f"{self.covered} covered ({kind}), {self.seconds:.1f} s of CPU, {rate:.0f}/s")


class _Known(Exception):
    """All that can follow here was run before (or is another shard's): so many schedules."""

    def __init__(self, covered: int) -> None:
        self.covered = covered
        super().__init__(covered)


@dataclass
class _Frame:
    """One place where there was a choice; `at` is the option taken, `covered` what it gave."""

    key: tuple[int, ...]
    options: list[int]
    saved: Any
    at: int = 0
    covered: int = 0


SPLIT_DEPTH = 3
"""Shards share the first choices, and take turns in what follows them."""


class Shard(NamedTuple):
    """One of `of` parts of a search, which together leave nothing out and do nothing twice."""

    number: int
    of: int


WHOLE = Shard(0, 1)


class _Search:
    """Depth first; with `merge`, a state that was left for good is not entered again."""

    def __init__(self, runner: Runner, bounds: Bounds, merge: bool, shard: Shard) -> None:
        self.runner = runner
        self.bounds = bounds
        self.merge = merge
        self.shard = shard
        self.dealt = 0
        self.frames: list[_Frame] = []
        self.known: dict[tuple[int, ...], int] = {}
        self.good_ends: set[tuple[int, ...]] = set()
        scene = runner.scene
        self.marks = Marks(scene.ports, scene.apart, len(runner.bodies), scene.told,
                           scene.clock.monotonic_ms)
        self.depth = 0
        self.total = 0

    def stepped(self, actor: Actor, call: Call, outcome: int) -> None:
        if self.depth < len(self.frames):
            return  # the beginning of a schedule that was run before
        self.runner.scene.stepped(actor, call, outcome)
        if self.merge:
            self.marks.stepped(actor, call, outcome)

    def choose(self, hub: Hub) -> int:
        frames, depth = self.frames, self.depth
        self.depth += 1
        if depth < len(frames):
            frame = frames[depth]
            if depth == len(frames) - 1:
                self.runner.scene.watch_from_here()
                if self.merge:
                    self.marks.restore(frame.saved)
            return frame.options[frame.at]
        key: tuple[int, ...] = ()
        saved = None
        if self.merge:
            key, saved = self._key(hub), self.marks.saved()
            if key in self.known:
                raise _Known(self.known[key])
        options = hub.options()
        if depth == SPLIT_DEPTH and self.shard.of > 1:
            options = self._share(options)
            if not options:
                self.known[key] = 0
                raise _Known(0)
        frames.append(_Frame(key, options, saved))
        return options[0]

    def _share(self, options: list[int]) -> list[int]:
        """This shard's part of the options."""
        first, self.dealt = self.dealt, self.dealt + len(options)
        return [option for at, option in enumerate(options, first)
                if at % self.shard.of == self.shard.number]

    def once(self) -> int:
        """Run the schedule that the frames say, and go on to the next one; how many it was."""
        self.depth = 0
        if not self.frames:
            self.marks.restart()
        try:
            self.runner.run(self.choose, self.bounds, self)
            covered = ran = int(self.depth > SPLIT_DEPTH or self.shard.number == 0)
            self._end()
        except _Known as known:
            covered, ran = known.covered, int(known.covered > 0)
        self._back(covered)
        return ran

    def _end(self) -> None:
        """After a schedule: the same end needs the same recovery, once."""
        key = self.marks.key(*self._apart()) if self.merge else ()
        if not self.merge or key not in self.good_ends:
            self.runner.finish()
            self.good_ends.add(key)

    def _key(self, hub: Hub) -> tuple[int, ...]:
        """The state's name; where a search is split, the first ones are kept apart by depth."""
        current = hub.current.index if hub.current and hub.current.parked else -1
        depth = min(self.depth, SPLIT_DEPTH + 2) if self.shard.of > 1 else 0
        return self.marks.key(current, hub.preemptions_left, hub.faults_left, depth,
                              *self._apart())

    def _apart(self) -> tuple[int, int]:
        """What matters to the end, and is in no store: the time, and which alarms were given."""
        scene = self.runner.scene
        return scene.clock.monotonic_ms(), self.marks.number(scene.alarms())

    def _back(self, covered: int) -> None:
        frames = self.frames
        while frames:
            frame = frames[-1]
            frame.covered += covered
            frame.at += 1
            if frame.at < len(frame.options):
                return
            frames.pop()
            covered = frame.covered
            if self.merge:
                self.known[frame.key] = covered
        self.total = covered

    def covered(self) -> int:
        """How many schedules are accounted for by now."""
        return self.total or sum(frame.covered for frame in self.frames)


def explore(scenario: Scenario, bounds: Bounds, *, variant: Variant = RIGHT, merge: bool = True,
            most: int | None = None, shard: Shard = WHOLE) -> Report:
    """Every schedule within `bounds`, or the first `most` of them; stops at a violation.

    With `merge`, a state reached before (equal stores, equal experience of every actor, equal
    rest of the bounds) is not run on again: what can follow was run. Without it each schedule
    is run to its end and recovered from on its own. `shard` is one part of the whole, for
    several processes.
    """
    report = Report(scenario.name, bounds)
    began = time.process_time()
    with variant.applied():
        runner = Runner(scenario, variant)
        search = _Search(runner, bounds, merge, shard)
        while most is None or report.schedules < most:
            try:
                report.schedules += search.once()
            except Exception:
                report.schedules += 1
                taken = [frame.options[frame.at] for frame in search.frames]
                report.violation = _seen_again(runner, taken)
                break
            if not search.frames:
                report.complete = True
                break
    report.covered = search.covered()
    report.seconds = time.process_time() - began
    return report


def wander(scenario: Scenario, seed: int, schedules: int, *, variant: Variant = RIGHT) -> Report:
    """Random schedules without bounds; the same seed gives the same ones."""
    report = Report(scenario.name, UNBOUND)
    began = time.process_time()
    draw = random.Random(f"{scenario.name} {seed}")
    taken: list[int] = []
    mood = (0.0, 0.0)

    def choose(hub: Hub) -> int:
        pick = _drawn(draw, hub.options(), *mood)
        taken.append(pick)
        return pick

    with variant.applied():
        runner = Runner(scenario, variant)
        for _ in range(schedules):
            taken.clear()
            mood = (draw.choice((0.1, 0.4, 0.8)), draw.choice((0.05, 0.15, 0.4)))
            report.schedules += 1
            try:
                runner.run(choose, UNBOUND)
                runner.finish()
            except Exception:
                report.violation = _seen_again(runner, taken)
                break
    report.covered = report.schedules
    report.seconds = time.process_time() - began
    return report


def _drawn(draw: random.Random, options: list[int], switch: float, fault: float) -> int:
    """One option: mostly the actor that is on goes on, mostly nothing fails."""
    random_number = draw.random
    actor = options[0] // WIDTH
    if random_number() < switch:
        actor = draw.choice([it for it in options if it % WIDTH == 0]) // WIDTH
    if random_number() < fault:
        return draw.choice([it for it in options if it // WIDTH == actor])
    return actor * WIDTH


def _seen_again(runner: Runner, choices: Sequence[int]) -> Violation:
    violation = runner.again(choices)
    if violation is None:
        raise RuntimeError(f"{runner.scenario.name} {list(choices)} fails only in company: "
                           "a scene does not start clean")
    return violation
