"""A clock that moves only when told."""

from __future__ import annotations


class FakeClock:
    """A `Clock` whose wall and monotonic time advance together, by `sleep_ms` or `advance`.

    `slept_ms` lists every sleep, so that a test can assert back-off without waiting for it.
    """

    def __init__(self, now_s: int = 1_760_000_000) -> None:
        self._now_ms = now_s * 1000
        self._monotonic_ms = 0
        self.slept_ms: list[int] = []

    def now_s(self) -> int:
        """Seconds since 1970."""
        return self._now_ms // 1000

    def monotonic_ms(self) -> int:
        """Milliseconds that passed since this clock was made."""
        return self._monotonic_ms

    def sleep_ms(self, duration_ms: int) -> None:
        """Let the time pass at once."""
        if duration_ms < 0:
            raise ValueError("nobody can sleep for a negative time")
        self.slept_ms.append(duration_ms)
        self.advance_ms(duration_ms)

    def advance_s(self, duration_s: int) -> None:
        """Let seconds pass."""
        self.advance_ms(duration_s * 1000)

    def advance_ms(self, duration_ms: int) -> None:
        """Let milliseconds pass."""
        self._now_ms += duration_ms
        self._monotonic_ms += duration_ms

    def step_s(self, difference_s: int) -> None:
        """Correct the wall clock, forward or back; the monotonic one never steps."""
        self._now_ms += difference_s * 1000
