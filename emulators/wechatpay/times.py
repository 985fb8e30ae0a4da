"""Beijing time, RFC 3339 both ways, and the emulator's two clocks."""

from __future__ import annotations

import re
import time
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

BEIJING = timezone(timedelta(hours=8))
DAY_S = 86400

_RFC3339 = re.compile(
    r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?(?:Z|[+-]\d{2}:\d{2})", re.ASCII)


def beijing(at_s: int) -> datetime:
    """The moment ``at_s`` (seconds since 1970) on a Beijing calendar."""
    return datetime.fromtimestamp(at_s, BEIJING)


def rfc3339(at_s: int) -> str:
    """``2018-06-08T10:34:56+08:00``."""
    return beijing(at_s).isoformat(timespec="seconds")


def parse_rfc3339(text: str) -> int | None:
    """Seconds since 1970, or None when ``text`` is not RFC 3339 with an offset."""
    if _RFC3339.fullmatch(text) is None:
        return None
    try:
        return int(datetime.fromisoformat(_padded(text)).timestamp())
    except ValueError:
        return None


def _padded(text: str) -> str:
    """Python 3.10 reads neither ``Z`` nor a fraction that is not 3 or 6 digits."""
    text = text.replace("Z", "+00:00")
    return re.sub(r"\.(\d+)", lambda match: "." + match[1].ljust(6, "0"), text)


class Clock:
    """Two readings of one source.

    ``wire_s`` is the true time: signatures, the Date header and the five-minute window use it, so
    a merchant with an honest clock keeps working. ``now_s`` is WeChat's business time, which
    ``advance`` moves ahead: it dates payments, expires orders and makes notifies due. ``wait_ms``
    shortens what WeChat itself waits for (retries, refunds) by the time scale.
    """

    def __init__(self, source: Callable[[], float] | None = None) -> None:
        self._source = source if source is not None else time.time
        self.advanced_s = 0
        self.scale = 1.0

    def wire_s(self) -> int:
        """The true time in seconds since 1970."""
        return int(self._source())

    def now_ms(self) -> int:
        """Business time in milliseconds since 1970."""
        return int(self._source() * 1000) + self.advanced_s * 1000

    def now_s(self) -> int:
        """Business time in seconds since 1970."""
        return self.now_ms() // 1000

    def wait_ms(self, seconds: float) -> int:
        """How many milliseconds a wait of ``seconds`` takes under the time scale."""
        return int(seconds * 1000 / self.scale)
