"""Which instance serves whom, where real ones would make it a matter of luck."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulators.fc.instances import Outcome
from emulators.fc.pool import Pool

if TYPE_CHECKING:
    from collections.abc import Callable


class FakeInstance:
    """An instance as the pool sees it; something may happen while it starts."""

    def __init__(self, meanwhile: Callable[[], None] | None) -> None:
        self._meanwhile = meanwhile
        self._alive = True

    def initialize(self, _: str) -> Outcome:
        if self._meanwhile is not None:
            self._meanwhile()
        return Outcome("ok", b"")

    def is_alive(self) -> bool:
        return self._alive

    def kill(self) -> None:
        self._alive = False

    def close(self) -> None:
        self.kill()


def test_an_instance_that_was_starting_while_all_were_killed_serves_nobody_afterwards() -> None:
    meanwhile = [lambda: pool.kill_all()]
    pool = Pool(lambda _: FakeInstance(meanwhile.pop() if meanwhile else None), 2)
    first = pool.acquire("one")
    assert not first.is_alive()
    pool.release(first, Outcome("exit", b""))
    assert pool.acquire("two").is_alive()
