"""Checks of the rows against what the provider took, gave back, and was answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scripts.auditing.days import day_of
from scripts.auditing.evidence import PREFIX_LENGTH, Check
from scripts.auditing.license_checks import is_on_its_way
from scripts.auditing.money_checks import paid_orders
from scripts.auditing.names import derived

if TYPE_CHECKING:
    from scripts.auditing.evidence import Evidence, Found
    from scripts.auditing.journal import Accepted, Journal


def _journal(evidence: Evidence) -> Journal:
    assert evidence.journal is not None
    return evidence.journal


def is_ours(out_trade_no: str, evidence: Evidence) -> bool:
    """Whether a number has a prefix of orders that are stored here."""
    return out_trade_no[:PREFIX_LENGTH] in evidence.prefixes


def _taken(evidence: Evidence) -> Found:
    held = {one.row["transaction_id"] for one in evidence.books.held}
    for paid in _journal(evidence).payments:
        order_id = derived("order", paid.out_trade_no)
        order = evidence.books.orders.get(order_id)
        if not is_ours(paid.out_trade_no, evidence) or evidence.is_young(paid.paid_at_s):
            continue
        if order is None or order.payment is None or (
                order.payment.transaction_id != paid.transaction_id):
            if paid.transaction_id not in held:
                yield order_id, "the provider took a payment that is neither booked nor held"
        elif (order.payment.money, order.payment.paid_at_s) != (
                (paid.minor, paid.currency), paid.paid_at_s):
            yield order_id, "the provider took another amount, or at another time"


def _booked(evidence: Evidence) -> Found:
    journal = _journal(evidence)
    taken = {(paid.out_trade_no, paid.transaction_id) for paid in journal.payments}
    for order in paid_orders(evidence):
        assert order.payment is not None
        if journal.covers(day_of(order.payment.paid_at_s)) and (
                order.row["out_trade_no"], order.payment.transaction_id) not in taken:
            yield order.order_id, "booked, and the provider took no such payment"


def _given_back(evidence: Evidence) -> Found:
    known = {refund["out_refund_no"]: refund for order in evidence.books.orders.values()
             for refund in order.refunds}
    held = "\n".join(one.row.get("provider_request", "") for one in evidence.books.held)
    for back in _journal(evidence).refunds:
        order_id = derived("order", back.out_trade_no)
        refund = known.get(back.out_refund_no)
        if not is_ours(back.out_trade_no, evidence):
            continue
        order = evidence.books.orders.get(order_id)
        waits = order is not None and is_on_its_way(order, evidence)
        if refund is None:
            if back.out_refund_no not in held and not waits:
                yield order_id, "the provider made a refund that no row knows"
        elif refund["amount_minor"] != back.minor:
            yield order_id, "the provider refunded another amount"
        elif (back.state == "succeeded") and refund["state"] != "succeeded" and not waits:
            yield order_id, f"the money went back, and the refund is {refund['state']} here"


def _sent_back(evidence: Evidence) -> Found:
    journal = _journal(evidence)
    made = {back.out_refund_no for back in journal.refunds}
    for order in evidence.books.orders.values():
        for refund in order.refunds:
            covered = (journal.days is None if refund["billed_on"] is None
                       else journal.covers(refund["billed_on"]))
            if (refund["state"] == "succeeded" and covered
                    and refund["out_refund_no"] not in made):
                yield order.order_id, "a refund succeeded that the provider did not make"


def _acknowledged(evidence: Evidence) -> Found:
    for told in _journal(evidence).accepted:
        if not _is_durable(told, evidence):
            order_id = derived("order", told.out_trade_no)
            yield order_id, f"the notify of a {told.kind} was accepted, and it is not stored"


def _is_durable(told: Accepted, evidence: Evidence) -> bool:
    order = evidence.books.orders.get(derived("order", told.out_trade_no))
    held = [one for one in evidence.books.held if one.row["out_trade_no"] == told.out_trade_no]
    if told.kind == "payment":
        return (order is not None and order.payment is not None
                and told.number in ("", order.payment.transaction_id))
    known = [] if order is None else [one["out_refund_no"] for one in order.refunds]
    return bool(held or (told.number in known if told.number else known))


CHECKS = (
    Check("taken", "what the provider took is booked or held", _taken,
          lambda it: None if it.journal is None else len(it.journal.payments)),
    Check("booked", "what is booked was taken by the provider", _booked,
          lambda it: None if it.journal is None else sum(1 for _ in paid_orders(it))),
    Check("given-back", "what the provider gave back is known here", _given_back,
          lambda it: None if it.journal is None else len(it.journal.refunds)),
    Check("sent-back", "refunds that succeeded here were made by the provider", _sent_back,
          lambda it: None if it.journal is None else sum(
              len(order.refunds) for order in it.books.orders.values())),
    Check("acknowledged", "what was acknowledged is durable", _acknowledged,
          lambda it: None if it.journal is None else len(it.journal.accepted)))
