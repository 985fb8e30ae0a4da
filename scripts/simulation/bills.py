"""Bills as they come: late, not to be trusted, with lines missing or doubled; then in order."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from shared.errors import BillNotReady, UntrustedBill

if TYPE_CHECKING:
    from random import Random

    from shared.domain.bill import Bill
    from tests.invariants.ground import Outside
    from tests.unit.use_cases.world import World

REASONS = ("hash", "truncated", "summary", "bomb")


class TownBills:
    """A `BillSource`. Each day has its own troubles, decided when it is first asked for."""

    def __init__(self, world: World, outside: Outside, random: Random, *, is_bad: bool) -> None:
        self._world = world
        self._bills = world.bills
        self._outside = outside
        self._random = random
        self._is_bad = is_bad
        self._troubles: dict[str, list[str]] = {}
        self._spoilt: dict[str, Bill] = {}

    def fetch(self, day: str) -> Bill:
        """See the port."""
        troubles = self._troubles.setdefault(day, self._draw())
        if troubles:
            trouble = troubles.pop()
            if trouble == "late":
                raise BillNotReady(reason="NOT_READY")
            raise UntrustedBill(reason=trouble)
        if day not in self._spoilt:
            self._spoilt[day] = self._spoil(self._bills.fetch(day))
        return self._spoilt[day]

    def _draw(self) -> list[str]:
        if not self._is_bad:
            return []
        return [self._random.choice(("late", *REASONS)) for _ in range(self._random.randrange(4))]

    def _spoil(self, bill: Bill) -> Bill:
        """One payment's line too few, and one too many, now and then."""
        if not self._is_bad or len(bill.lines) < 5:
            return bill
        booked = {order.payment.transaction_id for order in self._world.orders.all()
                  if order.payment is not None}
        plain = [line for line in bill.lines
                 if line.payment is not None and line.payment.transaction_id in booked]
        if len(plain) < 2:
            return bill
        gone, doubled = self._random.sample(plain, 2)
        assert gone.payment is not None
        self._outside.bill_lacks.add(gone.payment.transaction_id or "")
        lines = [line for line in bill.lines if line is not gone]
        return replace(bill, lines=(*lines, doubled._replace(line=len(bill.lines) + 9)))
