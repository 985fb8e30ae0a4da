"""I9: bill and ledger, compared once more, from the provider's journal and our rows alone."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from shared.domain import identifiers
from shared.domain.bill import REPAIRED, DayState, Difference
from shared.domain.calendar import DAY_S, day_of, start_of
from shared.domain.refund import RefundState
from tests.invariants.ground import must

if TYPE_CHECKING:
    from shared.domain.bill import LedgerLine, Reconciliation
    from shared.domain.payment import PaymentFact
    from tests.invariants.ground import Outside
    from tests.unit.use_cases.world import World

READY_AFTER_S = 34 * 3_600
OURS_TO_TELL = {*REPAIRED, Difference.DOUBLED_LINE}
"""Differences that leave bill and ledger equal."""


def bill_equals_ledger(world: World, outside: Outside) -> None:
    """I9: both have the same movements, or one discrepancy says which differs."""
    lines = {(line.kind, line.number): line for line in world.ledger.rows()}
    must(len(lines) == len(world.ledger.rows()), "I9", "one movement, two lines in the ledger")
    days = {result.day: result for result in world.days.rows()}
    for fact in outside.payments(world):
        if fact.out_trade_no.startswith(world.shop.prefix):
            _payment_agrees(fact, lines, days, world, outside)
    _refunds_agree(lines, days, world)
    journal = {fact.transaction_id for fact in outside.payments(world)}
    for kind, number in lines:
        must(kind == "refund" or number in journal, "I9", "the ledger has a payment of nobody")
        must(kind == "payment" or number in world.refunds.refunds, "I9",
             "the ledger has a refund of nobody")
    for held in world.held.rows():
        must(held.out_trade_no.startswith(world.shop.prefix), "I9",
             "another shop's payment was touched")
    for result in days.values():
        _tells_once(result)


def _payment_agrees(fact: PaymentFact, lines: dict[tuple[str, str], LedgerLine],
                    days: dict[str, Reconciliation], world: World, outside: Outside) -> None:
    assert fact.paid_at_s is not None
    day = day_of(fact.paid_at_s)
    order_id = identifiers.order_id(fact.out_trade_no)
    result = days.get(day)
    if _is_over(day, world):
        must(result is not None and result.state is DayState.DONE, "I9",
             "a day with a payment was never reconciled")
    line = lines.get(("payment", str(fact.transaction_id)))
    if line is not None:
        must((line.order_id, line.amount, line.day) == (order_id, fact.amount, day), "I9",
             "the ledger's line is not the payment")
    if result is None or result.state is not DayState.DONE:
        return
    told = [one.difference for one in result.discrepancies
            if one.order_id == order_id and one.kind == "payment"
            and one.difference not in OURS_TO_TELL]
    lacks = fact.transaction_id in outside.bill_lacks or (
        line is not None and fact in outside.more_payments)
    if lacks:
        return must(told.count(Difference.MISSING_IN_BILL) == 1, "I9",
                    "missing in the bill, and not told once")
    if fact not in outside.more_payments:
        must(Difference.MISSING_IN_BILL not in told or _has_another(order_id, world), "I9",
             "in the bill, and told to be missing")
        must(told.count(Difference.HELD_PAYMENT) == int(line is None), "I9",
             "a difference between bill and ledger is told exactly where there is one")


def _has_another(order_id: str, world: World) -> bool:
    """Whether another payment of this order is held: then one of two may well be missing."""
    return any(held.order_id == order_id for held in world.held.rows())


def _refunds_agree(lines: dict[tuple[str, str], LedgerLine],
                   days: dict[str, Reconciliation], world: World) -> None:
    orders = {order.out_trade_no: order for order in world.orders.all()}
    for number, back in world.refunds.refunds.items():
        line = lines.get(("refund", number))
        succeeded = back.state is RefundState.SUCCEEDED
        order = orders.get(back.out_trade_no)
        ours = next((one for one in order.refunds if one.out_refund_no == number),
                    None) if order is not None else None
        if ours is None:
            must(line is None, "I9", "the ledger has a refund that no order has")
            continue
        must((line is not None) == succeeded, "I9", "the ledger's refunds are not the provider's")
        must(line is None or line.amount == back.amount, "I9", "a refund of another amount")
        if _is_over(day_of(back.asked_at_s), world):
            must(ours.billed_on is not None, "I9", "a refund was billed, and nobody noted it")
            must(day_of(back.asked_at_s) in days, "I9", "a day with a refund was not reconciled")


def _tells_once(result: Reconciliation) -> None:
    must(len(set(result.discrepancies)) == len(result.discrepancies), "I9",
         "one difference is told twice")


def repairs_are_told(world: World) -> None:
    """I9: what was booked from a day's bill is told in its row, though the run that booked it
    died; unless an operator had the day done again, who found nothing left to mend.
    """
    days = {result.day: result for result in world.days.rows()}
    for order in world.orders.all():
        if order.payment is None or order.payment.source != "bill":
            continue
        result = days.get(day_of(order.payment.paid_at_s))
        if result is None or result.state is not DayState.DONE or result.actor != "system":
            continue
        told = Counter(one.difference for one in result.discrepancies
                       if one.order_id == order.order_id)
        must(told[Difference.REPAIRED_PAYMENT] == 1, "I9",
             "booked from the bill, and not told once")


def _is_over(day: str, world: World) -> bool:
    """Whether the day's bill is there for more than a day: time enough to reconcile."""
    return world.clock.now_s() > start_of(day) + READY_AFTER_S + DAY_S
