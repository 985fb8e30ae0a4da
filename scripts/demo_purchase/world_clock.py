"""One clock for the whole emulated world: WeChat Pay, the timers and every function instance.

It goes as fast as the true one and can be moved ahead. Only the storage SDK's requests keep the
true date (it asks the operating system), and so does the emulator that checks their signatures.
"""

from __future__ import annotations

import math
import mmap
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from scripts.demo_purchase.moved_clock import OFFSET_BYTES

if TYPE_CHECKING:
    from types import TracebackType

LAUNCHER = Path(__file__).with_name("moved_clock.py")


class WorldClock:
    """Ahead of the true time by what `file` holds, which other processes read. Use in `with`."""

    def __init__(self, file: Path) -> None:
        self._file = file
        file.write_bytes(bytes(OFFSET_BYTES))
        with file.open("r+b") as opened:
            self._ahead = mmap.mmap(opened.fileno(), OFFSET_BYTES)

    def __enter__(self) -> WorldClock:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self._ahead.close()

    @property
    def python(self) -> list[str]:
        """The interpreter's command for processes that live by this clock."""
        return [sys.executable, "-u", str(LAUNCHER), str(self._file)]

    @property
    def ahead_s(self) -> int:
        """How much later it is here than on this machine."""
        return int.from_bytes(self._ahead[:], "big")

    def now_s(self) -> float:
        """Seconds since 1970."""
        return time.time() + self.ahead_s

    def now_ms(self) -> int:
        """The same in milliseconds."""
        return int(self.now_s() * 1000)

    def advance_to(self, at_s: float) -> None:
        """Let it be at least this late, for everybody at once."""
        ahead_s = max(0, math.ceil(at_s - self.now_s()))
        self._ahead[:] = (self.ahead_s + ahead_s).to_bytes(OFFSET_BYTES, "big")
