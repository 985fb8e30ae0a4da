"""What the invariants stand on: how they fail, and what only who plays the world knows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shared.domain.payment import PaymentFact
    from tests.invariants.leases import HeldLease
    from tests.unit.use_cases.world import World


class Broken(AssertionError):
    """An invariant that does not hold; `number` says which."""

    def __init__(self, number: str, text: str) -> None:
        self.number = number
        super().__init__(f"{number}: {text}")


def must(holds: object, number: str, text: str) -> None:
    """Raise Broken unless it holds."""
    if not holds:
        raise Broken(number, text)


@dataclass
class Outside:
    """What only who plays the world knows.

    `more_payments` are payments of an order number that the gateway's one trade per number does
    not show any more; `unknown` numbers that somebody else placed with our prefix;
    `order_keys` the keys with which orders were placed (empty: not kept count of);
    `refund_keys` the keys with which refunds were asked for, by order id; `bill_lacks` the
    transactions that the provider's bill is silent about. Of devices: the `leases` in their
    hands, the `words` of active ones ("remove", "approve" or "object", and of what), and since
    when a key `asked` for a slot, by license, thumbprint and the device that has the slot.
    """

    more_payments: list[PaymentFact] = field(default_factory=list)
    order_keys: set[str] = field(default_factory=set)
    unknown: set[str] = field(default_factory=set)
    refund_keys: dict[str, set[str]] = field(default_factory=dict)
    bill_lacks: set[str] = field(default_factory=set)
    leases: list[HeldLease] = field(default_factory=list)
    words: set[tuple[str, str]] = field(default_factory=set)
    asked: dict[tuple[str, str, str], int] = field(default_factory=dict)

    def payments(self, world: World) -> list[PaymentFact]:
        """Every payment that the provider took, for our orders and for others."""
        taken = [world.gateway.fact(number, source="journal")
                 for number, trade in world.gateway.trades.items()
                 if trade.transaction_id is not None]
        return taken + self.more_payments
