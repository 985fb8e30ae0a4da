"""Keys and sets as lines for people. Only public parts come here. Times are UTC, as in leases."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING

from scripts.keyring.steps import DAY_S

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from scripts.keyring.key_set import KeySet, ListedKey

WARN_DAYS = 60
"""The alarm keys.expiring comes at the same time."""
SAME, ADDED, CHANGED, GONE = "", "+", "~", "-"


def public_part(kid: str, x: str) -> Iterator[str]:
    """Of a root this is what clients pin; of a signing key what a set announces."""
    yield f"kid  {kid}"
    yield f"x    {x}"


def contents(key_set: KeySet, now_s: int) -> Iterator[str]:
    """A whole set."""
    yield _head(key_set, str(key_set.seq), now_s)
    yield from _table([("kid", "status", "from", "until", "x"), *(
        (key.kid, key.status, *_times(key), key.x) for key in key_set.keys)])


def changes(former: KeySet | None, made: KeySet, now_s: int) -> Iterator[str]:
    """Every key before and after, and what became of it: + added, ~ changed, - left out."""
    yield _head(made, f"{'–' if former is None else former.seq} → {made.seq}", now_s)
    before = {} if former is None else {key.kid: key for key in former.keys}
    after = {key.kid: key for key in made.keys}
    yield from _table([("", "kid", "before", "after", "from", "until", "x"), *(
        _change(before.get(kid), after.get(kid)) for kid in {**before, **after})])
    for kid in before:
        if kid not in after:
            yield f"{kid} is left out: the last lease that it signed is over"


def warnings(key_set: KeySet, now_s: int) -> Iterator[str]:
    """What a person should know of the set's times."""
    left_s = key_set.ends_at_s - now_s
    if left_s <= 0:
        yield f"the set has ENDED on {_moment(key_set.ends_at_s)}: clients take no lease"
    elif left_s < WARN_DAYS * DAY_S:
        yield (f"the set ends in {left_s // DAY_S} days: `scripts/keys set renew`, then deploy it "
               "(docs/runbooks/keys.md)")
    if key_set.issued_at_s > now_s:
        yield "the set is signed in the future: is this machine's clock right?"


def _change(before: ListedKey | None, after: ListedKey | None) -> tuple[str, ...]:
    mark = SAME if before == after else (
        ADDED if before is None else GONE if after is None else CHANGED)
    key = after or before
    assert key is not None, "a key is in one of the two sets"
    return (mark, key.kid, "–" if before is None else before.status,
            "–" if after is None else after.status, *_times(key), key.x)


def _head(key_set: KeySet, seq: str, now_s: int) -> str:
    days = (key_set.ends_at_s - now_s) // DAY_S
    return (f"{key_set.issuer}  {key_set.environment}  seq {seq}  signed "
            f"{_moment(key_set.issued_at_s)}  ends {_moment(key_set.ends_at_s)} UTC, "
            f"{f'in {days} days' if days >= 0 else 'over'}")


def _times(key: ListedKey) -> tuple[str, str]:
    return _moment(key.from_s), "–" if key.until_s is None else _moment(key.until_s)


def _moment(at_s: int) -> str:
    return datetime.fromtimestamp(at_s, timezone.utc).strftime("%Y-%m-%d %H:%M")


def _table(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
