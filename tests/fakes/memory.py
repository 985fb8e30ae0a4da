"""What all repositories in memory are made of: rows, and calls that a script can disturb."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from tests.fakes.script import Script

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator


class Versioned(Protocol):
    """Has a version."""

    @property
    def version(self) -> int: ...


A = TypeVar("A", bound=Versioned)


class Rows(Generic[A]):
    """Aggregates by key, each write atomic, as single rows are in Tablestore."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_key: dict[Hashable, A] = {}

    def get(self, key: Hashable) -> A | None:
        """What is there."""
        return self._by_key.get(key)

    def insert(self, key: Hashable, aggregate: A) -> bool:
        """Whether the place was free."""
        with self._lock:
            is_free = key not in self._by_key
            self._by_key.setdefault(key, aggregate)
            return is_free

    def replace(self, key: Hashable, aggregate: A) -> bool:
        """Whether the version before was there."""
        with self._lock:
            stored = self._by_key.get(key)
            if stored is None or stored.version != aggregate.version - 1:
                return False
            self._by_key[key] = aggregate
            return True

    def put(self, key: Hashable, aggregate: A) -> None:
        """Whatever was there before."""
        with self._lock:
            self._by_key[key] = aggregate

    def discard(self, key: Hashable) -> None:
        """Nothing is there from now on."""
        with self._lock:
            self._by_key.pop(key, None)

    def all(self) -> list[A]:
        """Everything."""
        with self._lock:
            return list(self._by_key.values())


class Fake:
    """What all repositories have in common."""

    def __init__(self) -> None:
        self.script = Script()
        self.calls: list[str] = []

    @contextmanager
    def _call(self, method: str) -> Iterator[None]:
        self.calls.append(method)
        self.script.enter(method)
        yield
        self.script.leave(method)
