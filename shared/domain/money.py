"""Money as the domain, the API, the rows and the history know it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

MOST_MINOR = 10**12
"""Upper bound of an amount, far below what a 64-bit cell holds."""


@dataclass(frozen=True)
class Money:
    """An exact amount: `amount_minor` in the currency's smallest unit, `currency` in ISO 4217.

    Raises ValueError for anything but an int in 0…10^12 and three capital letters.
    """

    amount_minor: int
    currency: str

    def __post_init__(self) -> None:
        if type(self.amount_minor) is not int or not 0 <= self.amount_minor <= MOST_MINOR:
            raise ValueError("amount_minor must be an int between 0 and 10^12")
        if not (isinstance(self.currency, str) and len(self.currency) == 3
                and self.currency.isascii() and self.currency.isalpha()
                and self.currency.isupper()):
            raise ValueError("currency must be three capital letters (ISO 4217)")

    def as_dict(self) -> dict[str, Any]:
        """The one JSON form of money, in rows, events and answers."""
        return {"amount_minor": self.amount_minor, "currency": self.currency}
