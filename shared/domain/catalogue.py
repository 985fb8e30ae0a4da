"""What is for sale. The only source of a price; a client never sends one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shared.domain.money import Money
    from shared.domain.refund_policy import RefundPolicy


@dataclass(frozen=True)
class Product:
    """One thing a buyer can buy.

    `titles` and `descriptions` are by language ("en", "zh"); `prices` holds one Money per
    currency; `term_days` is how long a grant lasts, None for ever; `entitlements` are the
    names that the extension asks for ("pro", "course:101"); `refund_policy` is when a buyer may
    have the money back without asking anybody, None: never.
    """

    product_id: str
    titles: dict[str, str]
    descriptions: dict[str, str]
    prices: dict[str, Money]
    term_days: int | None
    entitlements: tuple[str, ...]
    refund_policy: RefundPolicy | None = None

    def price_in(self, currency: str) -> Money | None:
        """The price in this currency, None where it is not sold in it."""
        return self.prices.get(currency)


@dataclass(frozen=True)
class Catalogue:
    """All products, and the version that an order's snapshot names."""

    version: str
    products: dict[str, Product]
