"""The machine's clock and randomness: the only readers of either."""

from __future__ import annotations

import secrets
import time
from random import SystemRandom


class SystemClock:
    """Implements the Clock port."""

    def now_s(self) -> int:
        """Seconds since 1970 (UTC)."""
        return int(time.time())

    def monotonic_ms(self) -> int:
        """Milliseconds of the monotonic clock."""
        return time.monotonic_ns() // 1_000_000

    def sleep_ms(self, duration_ms: int) -> None:
        """Wait."""
        time.sleep(duration_ms / 1000)


RANDOM = SystemRandom()
"""Randomness of the operating system; it holds no state."""


def random_token() -> str:
    """128 random bits in hex: a nonce, or the mark of one write."""
    return secrets.token_hex(16)
