"""From one key set to the next: what an operator can do to keys, as pure functions.

A withdrawn key never comes back and is never left out; a retired one is left out by `renew` alone,
when no lease of it can be good any more.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from scripts.keyring.key_set import (
    ACTIVE,
    LATEST_S,
    RETIRED,
    WITHDRAWN,
    KeySet,
    ListedKey,
    NewKey,
    check,
)
from scripts.keyring.refusal import KeysRefused

if TYPE_CHECKING:
    from collections.abc import Sequence

DAY_S = 86_400
SET_DAYS = 400
OVERLAP_S = 3_600
"""How long instances that still have the old setting may sign with the old key."""
CLOCK_TRAILS_S = 3_600
"""How far the clock of an instance may be behind that of the machine with the root."""
LONGEST_LEASE_S = 21 * DAY_S
"""14 days and 7 of grace (docs/licenses.md, "Times")."""
KEPT_AFTER_S = LONGEST_LEASE_S + DAY_S
"""For so long after its `until` a retired key stays listed; the day is for buyers' clocks."""


def new_set(*, issuer: str, environment: str, keys: Sequence[NewKey], now_s: int,
            days: int = SET_DAYS, seq: int = 1) -> KeySet:
    """The first set of a deployment, or with `seq` the first after the former one was lost.

    Raises KeysRefused.
    """
    made = KeySet(issuer, environment, seq, now_s, _end(now_s, days),
                  tuple(_active(key, now_s) for key in keys))
    check(made)
    return made


def add(former: KeySet, key: NewKey, *, now_s: int, days: int = SET_DAYS) -> KeySet:
    """One more active key: it may sign from today on, and clients learn of it early."""
    return _next(former, [*former.keys, _fresh(former, key, now_s)], now_s, days)


def rotate(former: KeySet, key: NewKey, *, now_s: int, overlap_s: int = OVERLAP_S,
           days: int = SET_DAYS) -> KeySet:
    """`key`, new or added before, is the only active one; all others are retired.

    Those may sign for `overlap_s` seconds more. Raises KeysRefused.
    """
    if overlap_s < 0:
        raise KeysRefused("invalid_set", "an overlap is not below 0 seconds")
    known = former.find(key.kid)
    added = known is not None and known.x == key.x and known.status == ACTIVE
    if added and len(former.of_status(ACTIVE)) == 1:
        raise KeysRefused("nothing_to_do", f"{key.kid} is the active key already; `set renew` "
                          "makes the set last longer")
    keys = [replace(listed, status=RETIRED, until_s=now_s + overlap_s)
            if listed.status == ACTIVE and listed.kid != key.kid else listed
            for listed in former.keys]
    return _next(former, keys if added else [*keys, _fresh(former, key, now_s)], now_s, days)


def withdraw(former: KeySet, kid: str, *, replacement: NewKey | None = None, now_s: int,
             days: int = SET_DAYS) -> KeySet:
    """`kid` counts for nothing from now on; `replacement` is active in its place.

    Raises KeysRefused: unknown_key, nothing_to_do, invalid_set (no key would be active).
    """
    listed = former.find(kid)
    if listed is None:
        raise KeysRefused("unknown_key", f"the set has no {kid}; `set show` lists its keys")
    if listed.status == WITHDRAWN:
        raise KeysRefused("nothing_to_do", f"{kid} was withdrawn before")
    until_s = now_s if listed.until_s is None else min(listed.until_s, now_s)
    keys = [replace(key, status=WITHDRAWN, until_s=until_s) if key is listed else key
            for key in former.keys]
    if replacement is not None:
        keys.append(_fresh(former, replacement, now_s))
    return _next(former, keys, now_s, days)


def renew(former: KeySet, *, now_s: int, days: int = SET_DAYS) -> KeySet:
    """The same set for longer, without retired keys whose last lease is over."""
    return _next(former, [key for key in former.keys if not is_over(key, now_s)], now_s, days)


def is_over(key: ListedKey, now_s: int) -> bool:
    """Whether no lease of this retired key can be good any more."""
    return (key.status == RETIRED and key.until_s is not None
            and key.until_s + KEPT_AFTER_S < now_s)


def _next(former: KeySet, keys: Sequence[ListedKey], now_s: int, days: int) -> KeySet:
    if now_s < former.issued_at_s:
        raise KeysRefused("clock_behind", "the clock of this machine is behind the moment at "
                          "which the former set was signed; set it")
    made = replace(former, seq=former.seq + 1, issued_at_s=now_s, ends_at_s=_end(now_s, days),
                   keys=tuple(keys))
    check(made)
    return made


def _fresh(former: KeySet, key: NewKey, now_s: int) -> ListedKey:
    for listed in former.keys:
        if key.kid == listed.kid or key.x == listed.x:
            raise KeysRefused("known_key", f"the set has {listed.kid} already, {listed.status}; "
                              "make a new key with a new kid")
    return _active(key, now_s)


def _active(key: NewKey, now_s: int) -> ListedKey:
    # The iat of a lease is the last UTC midnight, so a key must be good from before its first day.
    begun_s = max(now_s - CLOCK_TRAILS_S, 0)
    return ListedKey(key.kid, key.x, ACTIVE, begun_s - begun_s % DAY_S, None)


def _end(now_s: int, days: int) -> int:
    return min(now_s + days * DAY_S, LATEST_S)
