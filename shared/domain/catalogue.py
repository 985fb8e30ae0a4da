"""What is for sale. The only source of a price; a client never sends one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.domain.device import DEFAULT_DEVICE_LIMIT

if TYPE_CHECKING:
    from shared.domain.money import Money
    from shared.domain.refund_policy import RefundPolicy


@dataclass(frozen=True)
class Product:
    """One thing a buyer can buy.

    `titles` and `descriptions` are by language ("en", "zh"); `prices` holds one Money per
    currency; `term_days` is how long a grant lasts, None for ever; `entitlements` are the
    names that the extension asks for ("pro", "course:101"); `refund_policy` is when a buyer may
    have the money back without asking anybody, None: never; `device_limit` is on how many
    devices a license may be used at once.
    """

    product_id: str
    titles: dict[str, str]
    descriptions: dict[str, str]
    prices: dict[str, Money]
    term_days: int | None
    entitlements: tuple[str, ...]
    refund_policy: RefundPolicy | None = None
    device_limit: int = DEFAULT_DEVICE_LIMIT

    def price_in(self, currency: str) -> Money | None:
        """The price in this currency, None where it is not sold in it."""
        return self.prices.get(currency)


@dataclass(frozen=True)
class Catalogue:
    """All products, and the version that an order's snapshot names."""

    version: str
    products: dict[str, Product]
