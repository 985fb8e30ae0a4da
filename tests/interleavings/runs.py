"""What is run: scenarios and their wrong variants; and one schedule of one of them."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.interleavings.choices import UNBOUND, Bounds
from tests.interleavings.hub import Hub, NoSuchChoice
from tests.interleavings.scene import Scene
from tests.invariants import check_end

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence


@dataclass(frozen=True)
class Scenario:
    """Who meets whom, and what must hold.

    `prepare` brings the shop to the moment when the actors start. Each actor is one request,
    from its first call to its answer. When all have ended, `recover` does what production
    does then (WeChat sends again, the timer runs, the client asks again), undisturbed; every
    invariant is checked over the whole store, and `check` says what else must have come of it.
    `alone` names ports (attributes of the scene) that one actor has for itself; that it is so
    is checked.
    """

    name: str
    prepare: Callable[[Scene], None]
    actors: Mapping[str, Callable[[Scene], Any]]
    recover: Callable[[Scene], None]
    check: Callable[[Scene], None]
    alone: frozenset[str] = frozenset()


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
                "again: from tests.interleavings.scenarios import replay\n"
                f"replay({self.scenario!r}, {list(self.choices)})"
                + ("" if self.variant == RIGHT.name else f"  # with the mistake {self.variant!r}"))


class Runner:
    """One scenario on one scene, any number of times."""

    def __init__(self, scenario: Scenario, variant: Variant = RIGHT) -> None:
        self.scenario = scenario
        self.variant = variant
        self.scene = Scene()
        if variant.ports is not None:
            variant.ports(self.scene)
        scenario.prepare(self.scene)
        self.scene.freeze(scenario.alone)
        self.bodies = [(name, self.scene.body(name, act))
                       for name, act in scenario.actors.items()]

    def run(self, choose: Callable[[Hub], int], bounds: Bounds,
            watcher: Any = None, trace: list[str] | None = None) -> None:
        """One schedule, without what follows it. Raises what the checks raise."""
        scene = self.scene
        scene.restart()
        hub = Hub(self.bodies, bounds)
        hub.trace, hub.begins = trace, scene.begins
        scene.hub = hub
        try:
            hub.run(choose, watcher or scene)
        finally:
            scene.hub = None

    def finish(self) -> None:
        """What follows a schedule: production's recovery, then every check."""
        self.scenario.recover(self.scene)
        check_end(self.scene, self.scene.outside)
        self.scenario.check(self.scene)

    def again(self, choices: Sequence[int]) -> Violation | None:
        """Run exactly this schedule (after its end: without switches or faults).

        Raises NoSuchChoice when it is none of this scenario's.
        """
        trace: list[str] = []
        taken: list[int] = []
        following = iter(choices)

        def choose(hub: Hub) -> int:
            pick = next(following, None)
            taken.append(hub.options()[0] if pick is None else pick)
            return taken[-1]

        try:
            self.run(choose, UNBOUND, trace=trace)
            trace.append("all have ended; recovery")
            self.finish()
        except NoSuchChoice:
            raise
        except Exception as error:
            return Violation(self.scenario.name, self.variant.name, tuple(taken),
                             f"{type(error).__name__}: {error}", tuple(trace))
        return None
