"""Bills that come late, broken, twice, with holes, and with other shops' lines."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from shared.domain.bill import BillLine
from shared.errors import BillNotReady, UntrustedBill
from tests.fakes.refunds import FakeBills, digest_of

if TYPE_CHECKING:
    from shared.domain.bill import Bill
    from shared.domain.payment import PaymentFact
    from tests.crash_points.stage import Stage


class Bills(FakeBills):
    """A `FakeBills` that a story can spoil: what it says stays true, unless a story says not.

    Until `ready_at_s` there is no bill, until `whole_at_s` it is not what its hash says.
    `doubles` repeats each line; `lacks` are transactions it is silent about; `foreign` are
    another shop's payments, on each day.
    """

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage.gateway, stage.refunds)
        self._stage = stage
        self.ready_at_s = 0
        self.whole_at_s = 0
        self.doubles = False
        self.foreign: list[PaymentFact] = []

    def fetch(self, day: str) -> Bill:
        """See the port."""
        bill = super().fetch(day)
        now_s = self._stage.clock.now_s()
        if now_s < self.ready_at_s:
            raise BillNotReady
        if now_s < self.whole_at_s:
            raise UntrustedBill(reason="hash_differs")
        lacks = self._stage.outside.bill_lacks
        lines = [line for line in bill.lines
                 if line.payment is None or line.payment.transaction_id not in lacks]
        lines += [BillLine(0, fact, None) for fact in self.foreign]
        if self.doubles:
            lines += lines
        numbered = tuple(line._replace(line=place) for place, line in enumerate(lines, 1))
        return replace(bill, lines=numbered, digest=digest_of(numbered))
