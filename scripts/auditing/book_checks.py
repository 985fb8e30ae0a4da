"""Checks of the books beside the orders: ledger, work list, reconciliations, payers' refunds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scripts.auditing.days import day_of, start_of
from scripts.auditing.evidence import Check, Line, Money
from scripts.auditing.license_checks import is_on_its_way
from scripts.auditing.order_replay import AT_PROVIDER, OPEN
from scripts.auditing.row_checks import shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scripts.auditing.evidence import Evidence, Found, Order

BILL_READY_S = 34 * 3_600
BILL_PATIENCE_S = 86_400


def movements(order: Order) -> Iterator[Line]:
    """Every movement of money that an order tells of."""
    if order.payment is not None:
        paid = order.payment
        yield Line(day_of(paid.paid_at_s), "payment", paid.transaction_id, order.order_id,
                   paid.money)
    for refund in order.refunds:
        if refund["state"] == "succeeded" and refund["settled_at_s"] is not None:
            yield Line(day_of(refund["settled_at_s"]), "refund", refund["out_refund_no"],
                       order.order_id, Money(refund["amount_minor"], refund["currency"]))


def _ledger(evidence: Evidence) -> Found:
    written = set(evidence.books.ledger)
    told = set()
    for order in evidence.books.orders.values():
        for line in movements(order):
            told.add(line)
            if line not in written and not is_on_its_way(order, evidence):
                yield order.order_id, f"a {line.kind} that the ledger does not have"
    for line in evidence.books.ledger:
        if line not in told:
            yield line.order_id, f"the ledger has a {line.kind} that the order does not have"
    numbers = [(line.kind, line.number) for line in evidence.books.ledger]
    if len(set(numbers)) != len(numbers):
        yield "ledger", "one movement stands under two days"


def waits(order: Order) -> bool:
    """Whether somebody must look at the order again."""
    if order.state == "created" and len(order.chain.events) == 1:
        # Half of a batch that its buyer never repeated: the provider does not know it.
        return False
    unexplained = "refund_reported_at_s" in order.row and not any(
        one["state"] in AT_PROVIDER for one in order.refunds)
    return (order.state in ("created", "awaiting_payment") or unexplained
            or any(one["state"] in OPEN for one in order.refunds))


def _stuck(evidence: Evidence) -> Found:
    books = evidence.books
    for order in books.orders.values():
        if waits(order) and not evidence.has_due("order", order.order_id):
            yield order.order_id, f"{order.state}, and nothing makes the timer look at it"
    for held in books.held:
        if held.row["state"] == "refund_requested" and not evidence.has_due(
                "held", held.subject):
            yield shown("held_payments", held.key), "its refund is on its way, and not followed"
    for complaint in books.complaints:
        if complaint.row["state"] != "processed" and not evidence.has_due(
                "complaint", complaint.row["complaint_id"]):
            yield shown("complaints", complaint.key), "open, and nobody is reminded"


def _late(evidence: Evidence) -> Found:
    for row in evidence.books.due:
        if max(row.due_at_s, row.leased_until_s) < evidence.now_s - evidence.grace_s:
            subject = row.subject if row.kind == "order" else ""
            late_s = evidence.now_s - row.due_at_s
            yield f"due {row.kind} {subject}".strip(), f"due for {late_s} s, and not done"


def _ended(evidence: Evidence) -> Found:
    """Orders long past their end are closed, unless their money is held."""
    held = {one.row["order_id"] for one in evidence.books.held}
    for order in evidence.books.orders.values():
        past = order.row["expires_at_s"] + 86_400 < evidence.now_s
        if order.state == "awaiting_payment" and past and order.order_id not in held:
            yield order.order_id, "still open a day after its end"


def _days_done(evidence: Evidence) -> Found:
    now_s = evidence.now_s
    moved = {line.day for line in evidence.books.ledger if line.kind == "payment"}
    for day in sorted(moved):
        ready_s = start_of(day) + BILL_READY_S
        row = evidence.books.days.get(day)
        if now_s > ready_s + BILL_PATIENCE_S and (row is None or row["state"] != "done"):
            yield day, "there was trade, and the day is not reconciled"


def _payers(evidence: Evidence) -> Found:
    for order in evidence.books.orders.values():
        payer = order.payment.payer_hash if order.payment is not None else None
        for refund in order.refunds:
            if (payer and refund["origin"] == "buyer"
                    and (payer, refund["refund_id"]) not in evidence.books.payers):
                yield order.order_id, "a refund that is not counted for its payer"


def _holds(evidence: Evidence) -> Found:
    known = {f"complaint:{one.row['complaint_id']}": one for one in evidence.books.complaints}
    for order in evidence.books.orders.values():
        for hold in order.holds:
            complaint = known.get(hold)
            if hold.startswith("complaint:") and complaint is None:
                yield order.order_id, "held back for a complaint that is not there"
            elif (complaint is not None and complaint.row["state"] == "processed"
                  and not evidence.is_young(complaint.chain.last_at_s)):
                yield order.order_id, "held back for a complaint that is processed"


CHECKS = (
    Check("ledger", "ledger and orders have the same movements, both ways", _ledger,
          lambda evidence: len(evidence.books.ledger)),
    Check("stuck", "what is not at its end has a row in the work list", _stuck,
          lambda evidence: len(evidence.books.orders)),
    Check("late", "the work list is worked off", _late,
          lambda evidence: len(evidence.books.due)),
    Check("ended", "no order stays open after its end", _ended,
          lambda evidence: len(evidence.books.orders)),
    Check("days", "every day with trade is reconciled", _days_done,
          lambda evidence: len(evidence.books.days)),
    Check("payers", "refunds on request are counted for their payer", _payers,
          lambda evidence: len(evidence.books.payers)),
    Check("holds", "no license is held back for a complaint that is over", _holds,
          lambda evidence: len(evidence.books.complaints)))
