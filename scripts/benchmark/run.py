"""What every measurement shares: how many rounds, the merchant, chance, progress and notes."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Any

from scripts.benchmark.merchant import Merchant

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass
class Run:
    """One run. `rounds` for whole processes and for CPU time, fewer where seconds pass."""

    rounds: int
    share_rounds: int
    quick: bool = False
    step: Callable[[], None] = lambda: None
    merchant: Merchant = field(default_factory=Merchant)
    random: Random = field(default_factory=Random)
    notes: list[str] = field(default_factory=list)
    raw: dict[str, Any] = field(default_factory=dict)

    def note(self, text: str) -> None:
        """Say this below the table."""
        self.notes.append(text)

    def keep(self, name: str, values: Any) -> None:
        """Put the single values into the JSON report."""
        self.raw[name] = values
