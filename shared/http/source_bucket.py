"""A bucket of tokens per source, in memory: the door to WeChat does not open without end.

Each instance counts for itself; together with the cap on instances in s.yaml this bounds
what one source, and all of them, can make us send. Nothing depends on its memory.
"""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from typing import TYPE_CHECKING

from shared.errors import RateLimited

if TYPE_CHECKING:
    from shared.ports import Clock

MOST_SOURCES = 4096


class SourceBucket:
    """`burst` requests at once per source, then `per_minute`."""

    def __init__(self, clock: Clock, *, per_minute: int, burst: int) -> None:
        self._clock = clock
        self._refill_ms = 60_000 / per_minute
        self._burst = burst
        self._buckets: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def take(self, source_ip: str) -> None:
        """Take one token of this source; raises RateLimited with when to come back."""
        source = network_of(source_ip)
        now_ms = self._clock.monotonic_ms()
        tokens, since_ms = self._buckets.pop(source, (float(self._burst), now_ms))
        tokens = min(self._burst, tokens + (now_ms - since_ms) / self._refill_ms)
        enough = tokens >= 1
        self._buckets[source] = (tokens - 1 if enough else tokens, now_ms)
        if len(self._buckets) > MOST_SOURCES:
            self._buckets.popitem(last=False)
        if not enough:
            raise RateLimited(retry_after_s=int((1 - tokens) * self._refill_ms / 1000) + 1)


def network_of(source_ip: str) -> str:
    """The address, or its /64 in IPv6, where one subscriber owns 2^64 addresses."""
    try:
        address = ipaddress.ip_address(source_ip)
    except ValueError:
        return "unknown"
    if address.version == 4:
        return str(address)
    return str(ipaddress.ip_network((int(address), 64), strict=False))
