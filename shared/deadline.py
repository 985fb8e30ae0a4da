"""The time that one invocation has left, shared by the handler and the adapters it uses.

One instance serves one request at a time (Function Compute's built-in runtimes allow no
more), so one object per instance is begun anew by each request.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shared.ports import Clock


class Deadline:
    """Milliseconds left of a budget; adapters bound their timeouts and retries by it."""

    def __init__(self, clock: Clock, budget_ms: int) -> None:
        self._clock = clock
        self._ends_at_ms = clock.monotonic_ms() + budget_ms

    def begin(self, budget_ms: int) -> None:
        """Start anew: `budget_ms` from now."""
        self._ends_at_ms = self._clock.monotonic_ms() + budget_ms

    def remaining_ms(self) -> int:
        """What is left, never below zero."""
        return max(0, self._ends_at_ms - self._clock.monotonic_ms())
