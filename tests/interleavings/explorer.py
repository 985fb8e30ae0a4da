"""All schedules of a scenario within bounds, random ones beyond, and any one of them again.

Depth first over choices, as model checkers do: run, take the last choice that has another
way to go, run again from the start with that prefix. A schedule is named by its choices alone.
"""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

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
                f"{self.covered} covered ({kind}), {self.seconds:.1f} s, {rate:.0f}/s")


class _Known(Exception):
    """The state has been here before: all that can follow was run."""


@dataclass
class _Frame:
    """One place where there was a choice; `at` is the option taken, `covered` what it gave."""

    key: tuple[int, ...]
    options: list[int]
    saved: Any
    at: int = 0
    covered: int = 0


class _Search:
    """Depth first; with `merge`, a state that was left for good is not entered again."""

    def __init__(self, runner: Runner, bounds: Bounds, merge: bool) -> None:
        self.runner = runner
        self.bounds = bounds
        self.merge = merge
        self.frames: list[_Frame] = []
        self.known: dict[tuple[int, ...], int] = {}
        self.good_ends: set[tuple[int, ...]] = set()
        self.marks = Marks(runner.scene.ports, len(runner.bodies), runner.scene.told)
        self.depth = 0

    def stepped(self, actor: Actor, call: Call, outcome: int) -> None:
        self.runner.scene.stepped(actor, call, outcome)
        if self.merge and self.depth >= len(self.frames):
            self.marks.stepped(actor, call, outcome)

    def choose(self, hub: Hub, options: list[int]) -> int:
        frames, depth = self.frames, self.depth
        self.depth += 1
        if depth < len(frames):
            frame = frames[depth]
            if self.merge and depth == len(frames) - 1:
                self.marks.restore(frame.saved)
            return frame.options[frame.at]
        if self.merge:
            key = self._key(hub)
            if key in self.known:
                raise _Known
            frames.append(_Frame(key, options, self.marks.saved()))
        else:
            frames.append(_Frame((), options, None))
        return options[0]

    def once(self) -> None:
        """Run the schedule that the frames say, and go on to the next one."""
        self.depth = 0
        if not self.frames:
            self.marks.restart()
        try:
            self.runner.run(self.choose, self.bounds, self)
            covered = 1
            self._end()
        except _Known:
            covered = self.known[self._key(None)]
        self._back(covered)

    def _end(self) -> None:
        """After a schedule: the same end needs the same recovery, once."""
        key = self.marks.key() if self.merge else ()
        if not self.merge or key not in self.good_ends:
            self.runner.finish()
            self.good_ends.add(key)

    def _key(self, hub: Hub | None) -> tuple[int, ...]:
        if hub is None:
            return self._last_key
        current = hub.current.index if hub.current and hub.current.parked else -1
        self._last_key = self.marks.key(current, hub.preemptions_left, hub.faults_left,
                                        self.runner.scene.clock.monotonic_ms())
        return self._last_key

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

    _last_key: tuple[int, ...] = ()
    total = 0

    def covered(self) -> int:
        """How many schedules are accounted for by now."""
        return self.total or sum(frame.covered for frame in self.frames)


def explore(scenario: Scenario, bounds: Bounds, *, variant: Variant = RIGHT, merge: bool = True,
            most: int | None = None) -> Report:
    """Every schedule within `bounds`, or the first `most` of them; stops at a violation.

    With `merge`, a state reached before (equal stores, equal experience of every actor, equal
    rest of the bounds) is not run on again: what can follow was run. Without it each schedule
    is run to its end and recovered from on its own.
    """
    report = Report(scenario.name, bounds)
    began = time.perf_counter()
    with variant.applied():
        runner = Runner(scenario, variant)
        search = _Search(runner, bounds, merge)
        while most is None or report.schedules < most:
            report.schedules += 1
            try:
                search.once()
            except Exception:
                taken = [frame.options[frame.at] for frame in search.frames]
                report.violation = _seen_again(runner, taken)
                break
            if not search.frames:
                report.complete = True
                break
    report.covered = search.covered()
    report.seconds = time.perf_counter() - began
    return report


def wander(scenario: Scenario, seed: int, schedules: int, *, variant: Variant = RIGHT) -> Report:
    """Random schedules without bounds; the same seed gives the same ones."""
    report = Report(scenario.name, UNBOUND)
    began = time.perf_counter()
    draw = random.Random(f"{scenario.name} {seed}")
    taken: list[int] = []
    mood = (0.0, 0.0)

    def choose(hub: Hub, options: list[int]) -> int:
        pick = _drawn(draw, options, *mood)
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
    report.seconds = time.perf_counter() - began
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
