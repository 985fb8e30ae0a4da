"""A day's bill and a day's ledger, and what differs between them.

The bill is the provider's list of what it collected and gave back; the ledger is ours, one line
for each payment and each refund that we booked. After a reconciliation each line of one has its
line in the other, or there is a discrepancy that says why not.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from shared.domain.calendar import day_of
from shared.domain.matching import find_mismatch
from shared.domain.refund import RefundState
from shared.domain.refunding import find_refund, find_refund_mismatch

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

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

    @property
    def movement(self) -> tuple[str, str]:
        """Which movement of money it tells of, as the ledger names it: kind and number."""
        if self.payment is not None:
            return "payment", self.payment.transaction_id or ""
        assert self.refund is not None
        return "refund", self.refund.out_refund_no


@dataclass(frozen=True)
class Bill:
    """One day's bill, complete and unaltered: its hash and its own totals were checked.

    `digest` names the file's content; empty for a day on which nothing was traded.
    """

    day: str
    lines: tuple[BillLine, ...]
    digest: str

    def in_order(self) -> list[BillLine]:
        """All lines, payments first: a refund can be booked only on a payment that we know."""
        return sorted(self.lines, key=lambda line: line.payment is None)


def doubled_places(lines: Sequence[BillLine]) -> frozenset[int]:
    """Where in these lines a movement stands for the first time that comes again later."""
    counted = Counter(line.movement for line in lines)
    first = {line.movement: place for place, line in reversed(list(enumerate(lines)))}
    return frozenset(place for movement, place in first.items() if counted[movement] > 1)


def lacks_payment(order: Order | None, fact: PaymentFact) -> bool:
    """Whether this payment fits the order and is not booked in it yet."""
    return order is not None and order.payment is None and find_mismatch(order, fact) is None


def lacks_refund(order: Order | None, fact: RefundFact) -> bool:
    """Whether this refund fits the order, which does not know it, or not that it succeeded."""
    if find_refund_mismatch(order, fact) is not None:
        return False
    assert order is not None  # one that we do not know is a mismatch
    known = find_refund(order, fact.out_refund_no)
    return known is None or fact.state is RefundState.SUCCEEDED is not known.state


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
    UNREADABLE = "unreadable"
    """The row of its order cannot be read, so nobody can tell whether it is booked."""


REPAIRED = frozenset({Difference.REPAIRED_PAYMENT, Difference.REPAIRED_REFUND})
"""Found and mended; the others need a person."""


class Discrepancy(NamedTuple):
    """One line that differed: `order_id` is a hash, `line` the bill's line (0: none).

    `refund_id` names a refund, so that two of one order and day are two differences.
    """

    difference: Difference
    kind: str
    order_id: str
    line: int
    detail: str = ""
    refund_id: str = ""


MOST_LISTED = 500
"""So many discrepancies of one day are kept by name; the others are counted."""


class DayState(str, Enum):
    """Where the reconciliation of one day stands."""

    WAITING = "waiting"
    """The provider's bill is not ready; tried again."""
    FAILED = "failed"
    """The bill came and cannot be trusted; tried again, with an alarm."""
    STARTED = "started"
    """A part of it is compared; the next run goes on there."""
    DONE = "done"


class Progress(NamedTuple):
    """How far a day that is not done has come.

    Of the bill, in the order of `Bill.in_order`, so many `lines` are told: all that differs in
    them is in the row. Of the last one it is not certain that it is mended. Of the ledger, every
    refund up to the number `sought` was looked for.
    """

    lines: int = 0
    sought: str = ""


BEGINNING = Progress()


@dataclass(frozen=True)
class Reconciliation:
    """What came of reconciling one day; `foreign` counts lines of other shops.

    `left_out` counts the discrepancies that are not listed because there were too many. Until
    the day is done, `progress` and the discrepancies are of the bill that `digest` names.
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
    progress: Progress = BEGINNING

    @property
    def differences(self) -> int:
        """How many there are, listed or not."""
        return len(self.discrepancies) + self.left_out

    def for_bill(self, digest: str) -> Reconciliation:
        """The same for this bill: what was found in another file counts no more."""
        if digest == self.digest:
            return self
        return replace(self, digest=digest, discrepancies=(), left_out=0, progress=BEGINNING)

    def telling(self, discrepancy: Discrepancy) -> Reconciliation:
        """The same with one discrepancy more."""
        return replace(self, discrepancies=(*self.discrepancies, discrepancy)).shortened()

    def shortened(self) -> Reconciliation:
        """The same with at most MOST_LISTED discrepancies: what a row keeps."""
        beyond = len(self.discrepancies) - MOST_LISTED
        if beyond <= 0:
            return self
        return replace(self, discrepancies=self.discrepancies[:MOST_LISTED],
                       left_out=self.left_out + beyond)


def next_run(day: str, before: Reconciliation | None, *, run_at_s: int,
             actor: str) -> Reconciliation:
    """A run after this one: a day that is done starts anew, any other goes on where it was."""
    if before is None or before.state is DayState.DONE:
        return Reconciliation(day, DayState.STARTED, run_at_s, actor,
                              version=1 if before is None else before.version + 1)
    return replace(before, state=DayState.STARTED, run_at_s=run_at_s, actor=actor, reason="",
                   version=before.version + 1)


def resume_at(progress: Progress) -> int:
    """The first line to compare: the last that was told, which perhaps was not mended."""
    return max(0, progress.lines - 1)


def ledger_lines(order: Order) -> Iterator[LedgerLine]:
    """Every movement of money that this order's row knows, under its Beijing day."""
    if order.payment is not None:
        yield LedgerLine(day_of(order.payment.paid_at_s), "payment",
                         order.payment.transaction_id, order.order_id, order.payment.amount)
    for refund in order.refunds:
        if refund.state is RefundState.SUCCEEDED and refund.settled_at_s is not None:
            yield LedgerLine(day_of(refund.settled_at_s), "refund", refund.out_refund_no,
                             order.order_id, refund.amount)
