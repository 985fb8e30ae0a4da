"""Whether Enter was pressed in the terminal, without a thread that waits for it."""

from __future__ import annotations

import os
import select
import time

STANDARD_INPUT = 0
MOST_BYTES = 4096


class Keyboard:
    """Standard input; where it ended or there is none, nothing is ever pressed."""

    def __init__(self) -> None:
        self._is_there = True

    def enter_within(self, timeout_s: float) -> bool:
        """Wait so long at most; whether a line came in."""
        if not self._is_there:
            time.sleep(timeout_s)
            return False
        try:
            if not select.select([STANDARD_INPUT], [], [], timeout_s)[0]:
                return False
            typed = os.read(STANDARD_INPUT, MOST_BYTES)
        except OSError:
            typed = b""
        self._is_there = bool(typed)
        return b"\n" in typed
