"""Names for states, so that a state which two schedules share is explored once.

What can still happen depends on the stores and on what every actor has seen so far. The first
is read from the fakes themselves; the second is the chain of an actor's calls, each with its
outcome and the state of the port that it called. Equal names mean equal content: the parts
are compared, not only hashed.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.fakes.script import Script

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.interleavings.hub import Actor, Call

NOT_STATE = ("script", "calls")
_LOCK = type(threading.Lock())


class Interner:
    """Small numbers for values, by equality; values without a hash are found by their version."""

    def __init__(self) -> None:
        self._numbers: dict[Any, int] = {}
        self._unhashable: dict[Any, list[tuple[Any, int]]] = {}
        self._next = 0

    def number(self, value: Any) -> int:
        """The number of this value, the same for every equal one."""
        try:
            known = self._numbers.get(value)
        except TypeError:
            return self._number_of_unhashable(value)
        return self._add(value) if known is None else known

    def _add(self, value: Any) -> int:
        self._next += 1
        self._numbers[value] = self._next
        return self._next

    def _number_of_unhashable(self, value: Any) -> int:
        history = getattr(value, "history", None)
        hint = (type(value), getattr(value, "version", None), getattr(history, "head", None))
        alike = self._unhashable.setdefault(hint, [])
        for other, number in alike:
            if other is value or other == value:
                return number
        self._next += 1
        alike.append((value, self._next))
        return self._next


class Cell(NamedTuple):
    """One attribute of a fake: where its state is."""

    owner: Any
    name: str


def cells(fake: Any, apart: Sequence[Any] = ()) -> list[Cell]:
    """Every attribute that holds state, in a fake and in its parts; `apart` has its own."""
    found: list[Cell] = []
    for name, value in vars(fake).items():
        if name in NOT_STATE or isinstance(value, (_LOCK, Script)) or _is_among(value, apart):
            continue
        if _is_a_part(value):
            found.extend(cells(value, apart))
        else:
            found.append(Cell(fake, name))
    return found


def _is_among(value: Any, apart: Sequence[Any]) -> bool:
    return any(value is other for other in apart)


def _is_a_part(value: Any) -> bool:
    """Whether it is a mutable object of the fakes' own; values are compared, not entered."""
    kind: Any = type(value)
    return (kind.__module__.startswith("tests.") and hasattr(value, "__dict__")
            and kind.__hash__ is object.__hash__)


def neighbors(fake: Any, fakes: Sequence[Any]) -> tuple[int, ...]:
    """The places of the fakes that a call to this one may read or write: itself, and those
    that it holds.
    """
    held = list(vars(fake).values())
    return tuple(place for place, other in enumerate(fakes)
                 if other is fake or _is_among(other, held))


class Fingerprint:
    """Reads the state of one fake as a number."""

    def __init__(self, fake: Any, apart: Sequence[Any], interner: Interner) -> None:
        self._cells = cells(fake, apart)
        self._interner = interner

    def __call__(self) -> int:
        number = self._interner.number
        return number(tuple(self._read(getattr(owner, name)) for owner, name in self._cells))

    def _read(self, value: Any) -> Any:
        number = self._interner.number
        if isinstance(value, dict):
            return frozenset([(number(key), self._deep(it)) for key, it in value.items()])
        if isinstance(value, (set, frozenset)):
            return frozenset(map(number, value))
        if isinstance(value, (list, tuple)) and not hasattr(value, "_fields"):
            return tuple(map(self._deep, value))
        return number(value)

    def _deep(self, value: Any) -> Any:
        return self._read(value) if isinstance(value, (dict, set, list)) \
            else self._interner.number(value)


class Marks:
    """The name of the state of one schedule, kept up to date step by step.

    `apart` are all objects with a state of their own, the fakes among them.
    """

    def __init__(self, fakes: Sequence[Any], apart: Sequence[Any], actors: int,
                 told: Callable[[str], bool], now: Callable[[], int]) -> None:
        self._interner = Interner()
        self._fingerprints = [Fingerprint(fake, apart, self._interner) for fake in fakes]
        self._neighbors = [neighbors(fake, fakes) for fake in fakes]
        self._told, self._now = told, now
        self._start = [read() for read in self._fingerprints]
        self._actors = actors
        self.stores = list(self._start)
        self.trails = [0] * actors

    def restart(self) -> None:
        """Back to the scene's start."""
        self.stores = list(self._start)
        self.trails = [0] * self._actors

    def stepped(self, actor: Actor, call: Call, outcome: int) -> None:
        """Take a step, and its moment, into account. A first step sees all stores: some rules
        compare with it.

        Of an actor that has ended, only whether it was told matters to what follows.
        """
        stores, places = self.stores, self._neighbors[call.port]
        if actor.parked is None:
            self.trails[actor.index] = -1 if self._told(actor.name) else -2
        else:
            seen = tuple(stores if actor.steps == 1 else [stores[place] for place in places])
            trail = (self.trails[actor.index], call.name, outcome, self._now(), seen)
            self.trails[actor.index] = self._interner.number(trail)
        if call.writes:
            for place in places:
                stores[place] = self._fingerprints[place]()

    def number(self, value: Any) -> int:
        """A number for something else that belongs to the state."""
        return self._interner.number(value)

    def key(self, *others: int) -> tuple[int, ...]:
        """The name of the state now, with what else decides how it may go on."""
        return (*self.stores, *self.trails, *others)

    def saved(self) -> tuple[list[int], list[int]]:
        """What `restore` takes."""
        return list(self.stores), list(self.trails)

    def restore(self, saved: tuple[Sequence[int], Sequence[int]]) -> None:
        """Back to a state that was left before."""
        self.stores, self.trails = list(saved[0]), list(saved[1])
