"""What is done with measured numbers: pairwise ratios, aims, verdicts. Pure.

A machine's speed drifts within seconds, so an absolute figure says little. Both sides of a
comparison are measured within the same round, one right after the other, and only the ratio
of that pair is kept; the table shows the median and the minimum over all rounds.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

HIT, MISSED = "hit", "missed"


@dataclass(frozen=True)
class Ratio:
    """Ours over theirs, over all rounds; below 1 is in our favour."""

    median: float
    minimum: float


@dataclass(frozen=True)
class Aim:
    """What a row should reach: its ratio at most `limit`, or its count exactly `count`."""

    text: str
    limit: float | None = None
    count: str | None = None


@dataclass(frozen=True)
class Row:
    """One line of the table. `ours` and `theirs` are texts with units, for this machine only."""

    section: str
    what: str
    ours: str
    beside: str = ""
    theirs: str = ""
    ratio: Ratio | None = None
    aim: Aim | None = None

    @property
    def verdict(self) -> str:
        """ "hit", "missed by 12 %" or "missed"; empty where nothing is aimed at."""
        if self.aim is None:
            return ""
        if self.aim.limit is not None:
            return judge(self.ratio, self.aim.limit)
        return HIT if self.ours == self.aim.count else MISSED


def judge(ratio: Ratio | None, limit: float) -> str:
    """Whether the median keeps the limit, and by how much of the limit it does not."""
    if ratio is None:
        return ""
    if ratio.median <= limit:
        return HIT
    return f"{MISSED} by {100 * (ratio.median / limit - 1):.0f} %"


def paired_ratio(ours: Sequence[float], theirs: Sequence[float],
                 floor: Sequence[float] | None = None) -> Ratio:
    """The ratios of equal rounds; `floor`, measured in the same rounds, is taken off both.

    Raises ValueError when the rounds do not match, or when there is nothing above the floor.
    """
    ground = floor if floor is not None else [0.0] * len(ours)
    pairs = [(a - c, b - c) for a, b, c in zip(ours, theirs, ground, strict=True)]
    if not pairs or any(b <= 0 for _, b in pairs):
        raise ValueError("nothing to compare with")
    ratios = [a / b for a, b in pairs]
    return Ratio(median(ratios), min(ratios))


def shown(values: Sequence[float], unit: str, digits: int = 0) -> str:
    """The median with its unit, such as "412 ms"."""
    return f"{median(values):,.{digits}f} {unit}".strip()
