"""A day's bill and a day's ledger, and what differs between them.

The bill is the provider's list of what it collected and gave back; the ledger is ours, one line
for each payment and each refund that we booked. After a reconciliation each line of one has its
line in the other, or there is a discrepancy that says why not.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from shared.domain.calendar import day_of
from shared.domain.refund import RefundState

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.domain.money import Money
    from shared.domain.order import Order
    from shared.domain.payment import PaymentFact
    from shared.domain.refund import RefundFact


class LedgerLine(NamedTuple):
    """One movement of money as we booked it, under the Beijing day that it happened.

    `kind` is payment or refund; `number` is the transaction id or the out_refund_no.
    """

    day: str
    kind: str
    number: str
    order_id: str
    amount: Money


class BillLine(NamedTuple):
    """One line of a bill, as the same fact that a notify or a query would state.

    Exactly one of `payment` and `refund` is there. `line` counts from 1, for reports.
    """

    line: int
    payment: PaymentFact | None
    refund: RefundFact | None

    @property
    def out_trade_no(self) -> str:
        """Whose order it names: another shop's, on a shared merchant number, is not ours."""
        fact = self.payment or self.refund
        assert fact is not None
        return fact.out_trade_no


@dataclass(frozen=True)
class Bill:
    """One day's bill, complete and unaltered: its hash and its own totals were checked.

    `digest` names the file's content; empty for a day on which nothing was traded.
    """

    day: str
    lines: tuple[BillLine, ...]
    digest: str


class Difference(str, Enum):
    """What a reconciliation can find."""

    REPAIRED_PAYMENT = "repaired_payment"
    """In the bill, not in our books: booked now."""
    REPAIRED_REFUND = "repaired_refund"
    HELD_PAYMENT = "held_payment"
    """In the bill, and fits no order, or not its amount, or came twice."""
    UNFIT_REFUND = "unfit_refund"
    MISSING_IN_BILL = "missing_in_bill"
    """In our books, and the bill does not have it."""
    DOUBLED_LINE = "doubled_line"
    """The bill has one movement twice."""


REPAIRED = frozenset({Difference.REPAIRED_PAYMENT, Difference.REPAIRED_REFUND})
"""Found and mended; the others need a person."""


class Discrepancy(NamedTuple):
    """One line that differed: `order_id` is a hash, `line` the bill's line (0: none)."""

    difference: Difference
    kind: str
    order_id: str
    line: int
    detail: str = ""


MOST_LISTED = 500
"""So many discrepancies of one day are kept by name; the others are counted."""


class DayState(str, Enum):
    """Where the reconciliation of one day stands."""

    WAITING = "waiting"
    """The provider's bill is not ready; tried again."""
    FAILED = "failed"
    """The bill came and cannot be trusted; tried again, with an alarm."""
    DONE = "done"


@dataclass(frozen=True)
class Reconciliation:
    """What came of reconciling one day; `foreign` counts lines of other shops.

    `left_out` counts the discrepancies that are not listed because there were too many.
    """

    day: str
    state: DayState
    run_at_s: int
    actor: str
    digest: str = ""
    payments: int = 0
    refunds: int = 0
    foreign: int = 0
    discrepancies: tuple[Discrepancy, ...] = field(default=())
    reason: str = ""
    left_out: int = 0
    version: int = 1

    def shortened(self) -> Reconciliation:
        """The same with at most MOST_LISTED discrepancies: what a row keeps."""
        beyond = len(self.discrepancies) - MOST_LISTED
        if beyond <= 0:
            return self
        return replace(self, discrepancies=self.discrepancies[:MOST_LISTED],
                       left_out=self.left_out + beyond)


def ledger_lines(order: Order) -> Iterator[LedgerLine]:
    """Every movement of money that this order's row knows, under its Beijing day."""
    if order.payment is not None:
        yield LedgerLine(day_of(order.payment.paid_at_s), "payment",
                         order.payment.transaction_id, order.order_id, order.payment.amount)
    for refund in order.refunds:
        if refund.state is RefundState.SUCCEEDED and refund.settled_at_s is not None:
            yield LedgerLine(day_of(refund.settled_at_s), "refund", refund.out_refund_no,
                             order.order_id, refund.amount)
