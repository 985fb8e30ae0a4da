"""The shop of the use-case tests with a scheduler under every port.

A scene is prepared once; each schedule starts from a copy of what its stores held then.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from shared.errors import ProviderUnavailable, StoreUnknown, TongbaoError
from tests.fakes.script import Script
from tests.interleavings.choices import NO_FAULTS, READ_FAULTS, WRITE_FAULTS
from tests.interleavings.device_rows import check_devices
from tests.interleavings.hub import Call, Crash
from tests.interleavings.marks import Cell, cells
from tests.invariants import Outside, check_rows
from tests.invariants.watch import Watch
from tests.unit.use_cases.world import World

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from shared.domain.license import License
    from shared.domain.order import Order
    from tests.interleavings.hub import Actor, Hub

READS = ("load", "list", "lines", "count", "query", "fetch", "read", "show", "all")
WATCHED = ("orders.", "licenses.", "held.", "refunds.")
PROVIDER = ("gateway", "refunds", "bills", "complaint_desk")
UNSEEN = ("fake_issuer", "issuer")
"""Ports that share nothing: a lease is a pure function of its license."""
NOT_TOLD = TongbaoError()


class Hook:
    """Stands in for a fake's `script`: parks the actor before, and fails the call after.

    A write whose condition a rival made false says so, whatever else was chosen for it.
    """

    def __init__(self, scene: Scene, port: int, name: str, alone: bool) -> None:
        self._scene = scene
        self._alone = alone
        self._port = port
        self._name = name
        self._error = ProviderUnavailable if name in PROVIDER else StoreUnknown
        self._calls: dict[str, Call] = {}
        self._outcome = 0

    def enter(self, method: str) -> None:
        """Called by the fake before its effect."""
        hub = self._scene.hub
        if hub is not None:
            self._outcome = hub.pause(self._calls.get(method) or self._call(method))

    def leave(self, method: str) -> None:
        """Called by the fake after its effect."""
        hub = self._scene.hub
        if hub is not None and self._outcome:
            hub.finish(self._calls[method], self._outcome)

    def _call(self, method: str) -> Call:
        writes = not method.startswith(READS)
        call = Call(self._port, f"{self._name}.{method}", writes,
                    WRITE_FAULTS if writes else READ_FAULTS, self._error, self._alone)
        return self._calls.setdefault(method, call)


class Scene(World):
    """A `World` whose calls are steps of `hub`; without a hub they just happen.

    `answers` holds what an actor was told (a result, or the error that became its answer);
    who crashed has none. `facts` is what a scenario prepared for its actors.
    """

    def __init__(self) -> None:
        super().__init__()
        self.hub: Hub | None = None
        self.answers: dict[str, Any] = {}
        self.ports: list[Any] = []
        self.apart: tuple[Any, ...] = ()
        self.facts: dict[str, Any] = {}
        self._began: dict[str, tuple[Order | None, License | None]] = {}
        self._start: list[tuple[Cell, Any]] = []
        self._steps: dict[str, Call] = {}
        self.outside = Outside()
        self._watch = Watch(self, self.outside)

    def freeze(self, alone: Collection[str] = ()) -> None:
        """The scene is prepared: remember its state, and put the scheduler under its ports.

        `alone` names the ports that one actor has for itself.
        """
        for name, fake in list(vars(self).items()):
            if isinstance(getattr(fake, "script", None), Script) and name not in UNSEEN:
                fake.script = Hook(self, len(self.ports), name, name in alone)
                self.ports.append(fake)
        self.apart = (*self.ports, self.clock, self.log, self.fake_issuer, self.verifier)
        for owner in self.apart:
            for cell in cells(owner, self.apart):
                self._start.append((cell, _copied(getattr(*cell))))
        for cell in (Cell(self, "facts"), Cell(self.outside, "refund_keys")):
            self._start.append((cell, _copied(getattr(*cell))))

    def restart(self) -> None:
        """Back to what it was when it was frozen."""
        for (owner, name), value in self._start:
            setattr(owner, name, _copied(value))
        for port in self.ports:
            getattr(port, "calls", []).clear()
        self.answers, self._began = {}, {}
        self.watch_from_here()

    def body(self, name: str, act: Callable[[Scene], Any]) -> Callable[[], None]:
        """What an actor's greenlet runs: one request, to its answer."""

        def run() -> None:
            try:
                answer = act(self)
            except TongbaoError as error:
                answer = error
            self.answers[name] = answer

        return run

    def alarms(self) -> frozenset[str]:
        """Which facts that call a person were logged."""
        return frozenset(name for name, fields in self.log.facts if fields.get("alarm"))

    def stored_order(self) -> Order | None:
        """The scene's order as stored now, without a call."""
        return next(iter(self.orders.all()), None)

    def stored_license(self) -> License | None:
        """The scene's license as stored now, without a call."""
        return next(iter(self.licenses.all()), None)

    def began_with(self) -> Order | None:
        """The order as it was stored when the actor that is on made its first call."""
        actor = self.hub.current if self.hub is not None else None
        return self.stored_order() if actor is None else self._began[actor.name][0]

    def license_then(self) -> License | None:
        """The license as it was stored when the actor that is on made its first call."""
        actor = self.hub.current if self.hub is not None else None
        return self.stored_license() if actor is None else self._began[actor.name][1]

    def begins(self, actor: Actor) -> None:
        """Called before the first call of each actor has an effect."""
        self._began[actor.name] = self.stored_order(), self.stored_license()

    def told(self, actor: str) -> bool:
        """Whether this actor got a good answer; else whoever sent it sends it again."""
        return not isinstance(self.answers.get(actor, NOT_TOLD), TongbaoError)

    def step(self, name: str) -> None:
        """Something that happens outside (the buyer pays): a step that cannot fail."""
        if self.hub is not None:
            call = self._steps.setdefault(
                name, Call(self._port_of_gateway(), name, True, NO_FAULTS, Crash))
            self.hub.pause(call)

    def watch_from_here(self) -> None:
        """What is stored now is where the next write starts from."""
        self._watch = Watch(self, self.outside)

    def stepped(self, actor: Actor, call: Call, outcome: int) -> None:
        """Check what a call left in the stores."""
        if call.writes and call.name.startswith(WATCHED):
            self._watch.look()
            check_rows(self, self.outside)
            check_devices(self)

    def _port_of_gateway(self) -> int:
        return self.ports.index(self.gateway)


def _copied(value: Any) -> Any:
    """A container of its own, with the same (immutable) content."""
    if isinstance(value, dict):
        return {key: _copied(it) for key, it in value.items()}
    return copy.copy(value) if isinstance(value, (list, set)) else value
