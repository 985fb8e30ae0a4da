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
REQUEST = 60_000
"""What one request costs: a minute of milliseconds at one request per minute."""


class SourceBucket:
    """`burst` requests at once per source, then `per_minute`.

    Credit is counted in whole units, `per_minute` of them each millisecond: a sum of small
    fractions would never quite reach the request that it owes.
    """

    def __init__(self, clock: Clock, *, per_minute: int, burst: int) -> None:
        self._clock = clock
        self._per_ms = per_minute
        self._most = burst * REQUEST
        self._buckets: OrderedDict[str, tuple[int, int]] = OrderedDict()

    def take(self, source_ip: str) -> None:
        """Take one request of this source; raises RateLimited with when to come back."""
        source = network_of(source_ip)
        now_ms = self._clock.monotonic_ms()
        credit, since_ms = self._buckets.pop(source, (self._most, now_ms))
        credit = min(self._most, credit + (now_ms - since_ms) * self._per_ms)
        enough = credit >= REQUEST
        self._buckets[source] = (credit - REQUEST if enough else credit, now_ms)
        if len(self._buckets) > MOST_SOURCES:
            self._buckets.popitem(last=False)
        if not enough:
            raise RateLimited(retry_after_s=(REQUEST - credit) // (1000 * self._per_ms) + 1)


def network_of(source_ip: str) -> str:
    """The address, or its /64 in IPv6, where one subscriber owns 2^64 addresses."""
    try:
        address = ipaddress.ip_address(source_ip)
    except ValueError:
        return "unknown"
    address = getattr(address, "ipv4_mapped", None) or address
    if address.version == 4:
        return str(address)
    return str(ipaddress.ip_network((int(address), 64), strict=False))
