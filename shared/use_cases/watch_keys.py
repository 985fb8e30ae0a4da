"""Tell, once a day, that the key set is about to end: then no client takes a lease any more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.domain.calendar import DAY_S
from shared.key_set import EXPIRES_SOON_S

if TYPE_CHECKING:
    from shared.key_set import KeySet
    from shared.ports import Clock, FactLog


def watch_keys(key_set: KeySet, clock: Clock, log: FactLog) -> int:
    """How many days the set has left (0: it has ended), after telling whom it concerns."""
    left_s = max(0, key_set.ends_at_s - clock.now_s())
    if left_s == 0:
        log.fact("keys.expired", alarm=True, seq=key_set.seq)
    elif left_s <= EXPIRES_SOON_S:
        log.fact("keys.expiring", alarm=True, seq=key_set.seq, days=left_s // DAY_S)
    return left_s // DAY_S
