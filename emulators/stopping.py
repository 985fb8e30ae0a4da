"""Until a signal says so: what each emulator's command waits for."""

from __future__ import annotations

import queue
import signal


class Stop:
    """SIGINT and SIGTERM, once it is made. A queue, and no Event: the lock of an Event may be held
    by the very wait that the signal interrupts.
    """

    def __init__(self) -> None:
        self._told: queue.SimpleQueue[int] = queue.SimpleQueue()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda number, _: self._told.put(number))

    def wait(self, within_s: float | None = None) -> bool:
        """Whether it came, within so long (None: however long that takes)."""
        try:
            self._told.get(timeout=within_s)
        except queue.Empty:
            return False
        return True
