"""All schedules of a scenario within bounds, random ones beyond, and any one of them again.

Depth first over choices, as model checkers do: run, take the last choice that has another
way to go, run again from the start with that prefix. A schedule is named by its choices alone.
"""

from __future__ import annotations

import random
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.interleavings.choices import UNBOUND, WIDTH, Bounds
from tests.interleavings.hub import Hub
from tests.interleavings.marks import Marks
from tests.interleavings.scene import Scene

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from tests.interleavings.hub import Actor, Call


@dataclass(frozen=True)
class Scenario:
    """Who meets whom, and what must hold.

    `prepare` brings the shop to the moment when the actors start. Each actor is one request,
    from its first call to its answer. When all have ended, `recover` does what production
    does then (WeChat sends again, the timer runs, the client asks again), undisturbed, and
    `check` looks at the whole store.
    """

    name: str
    prepare: Callable[[Scene], None]
    actors: Mapping[str, Callable[[Scene], Any]]
    recover: Callable[[Scene], None]
    check: Callable[[Scene], None]


@dataclass(frozen=True)
class Variant:
    """A mistake on purpose, as small patches over ports or rules.

    `ports` changes a new scene's fakes before anything happens on them: replace a method on
    an instance (`scene.orders.save = ...`) or add a fake of its own that has a `script` (then
    its calls are steps as well). `rules` replaces names in modules while it is explored, as
    (module, name): replacement; name the module that *calls*, where the name is looked up.
    """

    name: str
    ports: Callable[[Scene], None] | None = None
    rules: Mapping[tuple[Any, str], Any] = field(default_factory=dict)

    @contextmanager
    def applied(self) -> Iterator[None]:
        """While this lasts, the rules are wrong."""
        before = {place: getattr(*place) for place in self.rules}
        try:
            for (owner, name), replacement in self.rules.items():
                setattr(owner, name, replacement)
            yield
        finally:
            for (owner, name), original in before.items():
                setattr(owner, name, original)


RIGHT = Variant("as it is")


class Violation(NamedTuple):
    """A schedule that breaks a promise; `str()` of it says how to see it again."""

    scenario: str
    variant: str
    choices: tuple[int, ...]
    message: str
    trace: tuple[str, ...]

    def __str__(self) -> str:
        steps = "\n".join(f"  {step}" for step in self.trace)
        return (f"{self.message}\n{steps}\n"
                f"replay({self.scenario!r}, {list(self.choices)})"
                + ("" if self.variant == RIGHT.name else f"  # with the mistake {self.variant!r}"))


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


class Runner:
    """One scenario on one scene, any number of times."""

    def __init__(self, scenario: Scenario, variant: Variant = RIGHT) -> None:
        self.scenario = scenario
        self.variant = variant
        self.scene = Scene()
        if variant.ports is not None:
            variant.ports(self.scene)
        scenario.prepare(self.scene)
        self.scene.freeze()
        self.bodies = [(name, self.scene.body(name, act))
                       for name, act in scenario.actors.items()]

    def run(self, choose: Callable[[Hub, list[int]], int], bounds: Bounds,
            watcher: Any = None, trace: list[str] | None = None) -> None:
        """One schedule, without what follows it. Raises what the checks raise."""
        scene = self.scene
        scene.restart()
        hub = Hub(self.bodies, bounds)
        hub.trace = trace
        scene.hub = hub
        try:
            hub.run(choose, watcher or scene)
        finally:
            scene.hub = None

    def finish(self) -> None:
        """What follows a schedule: production's recovery, then every check."""
        self.scenario.recover(self.scene)
        self.scenario.check(self.scene)

    def again(self, choices: Sequence[int]) -> Violation | None:
        """Run exactly this schedule (after its end: without switches or faults)."""
        trace: list[str] = []
        taken: list[int] = []
        following = iter(choices)

        def choose(hub: Hub, options: list[int]) -> int:
            taken.append(next(following, options[0]))
            return taken[-1]

        try:
            self.run(choose, UNBOUND, trace=trace)
            trace.append("all have ended; recovery")
            self.finish()
        except Exception as error:
            return Violation(self.scenario.name, self.variant.name, tuple(taken),
                             f"{type(error).__name__}: {error}", tuple(trace))
        return None


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
        key, saved = (), None
        if self.merge:
            key, saved = self._key(hub), self.marks.saved()
            if key in self.known:
                raise _Known
        frames.append(_Frame(key, options, saved))
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
