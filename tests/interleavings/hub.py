"""Runs one schedule: every actor is a greenlet, parked before each of its calls to a port.

A step lets one actor make the call at which it is parked, with the outcome chosen for it, and
run on to its next call. Between two calls an actor touches nothing that others see, so the
order of calls is all that matters.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Protocol

from greenlet import getcurrent, greenlet

from tests.interleavings.choices import UNBOUND, WIDTH, Bounds, Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class Crash(BaseException):
    """The process is gone: nothing in our code may catch this."""


class NoSuchChoice(LookupError):
    """A list of choices that does not fit this scenario."""


class Call(NamedTuple):
    """One method of one port; `port` is its place in the scene's list.

    `alone` says that no other actor ever calls this port: then it does not matter who goes
    first, and nobody is switched to before it. A schedule that shows otherwise is an error.
    """

    port: int
    name: str
    writes: bool
    faults: tuple[Outcome, ...]
    error: type[BaseException]
    alone: bool = False


class Watcher(Protocol):
    """Hears of every step, before and after."""

    def stepped(self, actor: Actor, call: Call, outcome: int) -> None:
        """`actor` made `call`, and is parked at its next one, or has ended."""


@dataclass(eq=False)
class Actor:
    """One caller. `parked` is the call that it makes next; None when it has ended."""

    index: int
    name: str
    body: Callable[[], None]
    parked: Call | None = None
    crashed: bool = False
    steps: int = 0
    let: greenlet = field(init=False)

    def begin(self, hub: Hub) -> None:
        """Run to the first call."""
        self.let = greenlet(self._run, parent=getcurrent())
        hub.current = self
        self.parked = self.let.switch()

    def _run(self) -> None:
        try:
            self.body()
        except Crash:
            self.crashed = True


class Hub:
    """The scheduler of one schedule."""

    def __init__(self, bodies: Sequence[tuple[str, Callable[[], None]]],
                 bounds: Bounds = UNBOUND) -> None:
        self.actors = [Actor(index, name, body) for index, (name, body) in enumerate(bodies)]
        self.current: Actor | None = None
        self.preemptions_left = _count(bounds.preemptions)
        self.faults_left = _count(bounds.faults)
        self.trace: list[str] | None = None
        self.begins: Callable[[Actor], None] = _nobody
        self._outcome: int = Outcome.OK
        self._owners: dict[int, Actor] = {}

    def run(self, choose: Callable[[Hub], int], watcher: Watcher) -> None:
        """Step until all have ended; `choose` picks one of `options()` each time."""
        try:
            for actor in self.actors:
                actor.begin(self)
            self.current = None
            while any(actor.parked is not None for actor in self.actors):
                self._step(choose(self), watcher)
        finally:
            self._abandon()

    def options(self) -> list[int]:
        """What may happen next; first of all: who goes on goes on, and all is well."""
        current = self.current if self.current and self.current.parked else None
        found: list[int] = []
        if current is not None:
            self._ways(current, found)
            if not self.preemptions_left or (current.parked and current.parked.alone):
                return found
        for actor in self.actors:
            if actor.parked is not None and actor is not current:
                self._ways(actor, found)
        return found

    def _ways(self, actor: Actor, found: list[int]) -> None:
        first = actor.index * WIDTH
        found.append(first)
        if self.faults_left and actor.parked is not None:
            found.extend([first + fault for fault in actor.parked.faults])

    def _step(self, pick: int, watcher: Watcher) -> None:
        index, outcome = divmod(pick, WIDTH)
        actor = self.actors[index] if index < len(self.actors) else None
        call = None if actor is None else actor.parked
        if actor is None or call is None or (outcome and outcome not in call.faults):
            raise NoSuchChoice(f"{pick} after {len(self.trace or ())} steps")
        if outcome:
            self.faults_left -= 1
        if self.current is not None and self.current.parked and self.current is not actor:
            self.preemptions_left -= 1
        self.current, self._outcome = actor, outcome
        if self.trace is not None:
            self.trace.append(f"{actor.name}: {call.name} {Outcome(outcome).name.lower()}")
        actor.steps += 1
        if actor.steps == 1:
            self.begins(actor)
        actor.parked = actor.let.switch()
        watcher.stepped(actor, call, outcome)

    def pause(self, call: Call) -> int:
        """Called inside an actor before a call: park here, and learn how the call shall end."""
        actor = self.current
        if actor is None or actor.crashed:
            raise Crash
        actor.let.parent.switch(call)
        if call.alone and self._owners.setdefault(call.port, actor) is not actor:
            raise AssertionError(f"{call.name} is not called by one actor alone")
        outcome = self._outcome
        if outcome == Outcome.CRASH_BEFORE:
            self._crash(actor)
        if outcome == Outcome.LOST:
            raise call.error
        return outcome

    def finish(self, call: Call, outcome: int) -> None:
        """Called inside an actor after the effect of a call."""
        if outcome == Outcome.CRASH_AFTER and self.current is not None:
            self._crash(self.current)
        if outcome == Outcome.APPLIED:
            raise call.error

    @staticmethod
    def _crash(actor: Actor) -> None:
        actor.crashed = True
        raise Crash

    def _abandon(self) -> None:
        """Whoever is still parked ends here, without another call."""
        for actor in self.actors:
            if actor.parked is not None:
                actor.parked, actor.crashed = None, True
                self.current = actor
                if not actor.let.dead:
                    actor.let.throw(Crash)
        self.current = None


def _nobody(actor: Actor) -> None:
    """Nobody wants to know that an actor begins."""


def _count(bound: int | None) -> int:
    return 10**9 if bound is None else bound
