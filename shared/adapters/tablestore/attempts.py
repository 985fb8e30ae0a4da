"""How often and how far apart a call is tried: as long as the deadline allows, with jitter."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from shared.adapters.tablestore.outcomes import Outcome, StoreFailure
from shared.errors import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from random import Random

    from shared.deadline import Deadline
    from shared.ports import Clock

T = TypeVar("T")

OUT_OF_TIME = "the deadline left no time for a call"
FIRST_DELAY_MS = 40
MOST_DELAY_MS = 1000
LEAST_ATTEMPT_MS = 20
"""With less than this left an attempt could only end in doubt."""


class Attempts:
    """Yields once per attempt that may be made, sleeping in between.

    The delay doubles from 40 ms to 1 s; a random half of it keeps instances that were
    throttled together from coming back together.
    """

    def __init__(self, clock: Clock, deadline: Deadline, random: Random) -> None:
        self._clock = clock
        self._deadline = deadline
        self._random = random

    def __iter__(self) -> Iterator[int]:
        number, delay_ms = 1, FIRST_DELAY_MS
        while self._deadline.remaining_ms() >= LEAST_ATTEMPT_MS:
            yield number
            wait_ms = delay_ms // 2 + self._random.randrange(delay_ms // 2 + 1)
            if wait_ms + LEAST_ATTEMPT_MS > self._deadline.remaining_ms():
                return
            self._clock.sleep_ms(wait_ms)
            number, delay_ms = number + 1, min(2 * delay_ms, MOST_DELAY_MS)

    def until_answered(self, call: Callable[[], T]) -> T:
        """The result of a call that may be repeated whatever became of it.

        Raises its StoreFailure when that is FATAL, StoreUnavailable when time is up.
        """
        reason = OUT_OF_TIME
        for _ in self:
            try:
                return call()
            except StoreFailure as failure:
                if failure.outcome is Outcome.FATAL:
                    raise
                reason = failure.reason
        raise StoreUnavailable(reason=reason)
