"""Checks of money: what was paid is what was owed, is granted once, and comes back at most once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scripts.auditing.evidence import Check, Money
from scripts.auditing.names import canonical, derived
from scripts.auditing.order_replay import OPEN
from scripts.auditing.row_checks import shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scripts.auditing.evidence import Evidence, Found, Order

RESERVING = (*OPEN, "succeeded")


def paid_orders(evidence: Evidence) -> Iterator[Order]:
    """Those with a payment."""
    return (order for order in evidence.books.orders.values() if order.payment is not None)


def _owed(evidence: Evidence) -> Found:
    for order in paid_orders(evidence):
        assert order.payment is not None
        if order.payment.money != order.money:
            yield order.order_id, "another amount was booked than was owed"
        if order.payment.paid_at_s < order.row["created_at_s"] - evidence.skew_s:
            yield order.order_id, "paid before it was placed"


def _one_payment(evidence: Evidence) -> Found:
    seen: dict[str, str] = {}
    for order in paid_orders(evidence):
        assert order.payment is not None
        number = f"{order.row['provider']}:{order.payment.transaction_id}"
        if number in seen:
            yield order.order_id, f"its payment also paid {seen[number]}"
        seen[number] = order.order_id
    for held in evidence.books.held:
        booked = held.subject in seen
        if booked and held.row["state"] not in ("booked", "dismissed") and not evidence.has_due(
                "held", held.subject):
            yield shown("held_payments", held.key), "held, and booked on an order as well"
        if held.row["state"] == "booked" and not booked:
            yield shown("held_payments", held.key), "said to be booked, and no order has it"


def _grant_follows(evidence: Evidence) -> Found:
    for order in paid_orders(evidence):
        assert order.payment is not None
        assert order.grant is not None
        wanted = {
            "grant_id": derived("grant", "order", order.order_id),
            "license_id": order.row["license_id"], "product_id": order.row["product_id"],
            "term_days": order.row.get("term_days"), "proof_kind": "payment",
            "order_id": order.order_id, "device_limit": order.row["device_limit"],
            "granted_at_s": order.payment.paid_at_s,
            "proof_reference": f"{order.row['provider']}:{order.payment.transaction_id}"}
        for name, value in wanted.items():
            if order.grant[name] != value:
                yield order.order_id, f"the grant's {name} does not follow from the order"
        sold = order.row["entitlements"]
        if canonical(order.grant["entitlements"]) != sold:
            yield order.order_id, "the grant's entitlements are not what was sold"


def _refunds_within(evidence: Evidence) -> Found:
    for order in evidence.books.orders.values():
        paid = order.payment.money if order.payment is not None else Money(0, "")
        if order.refunds and order.payment is None:
            yield order.order_id, "refunds of what was not paid"
        if any(one["currency"] != paid.currency for one in order.refunds):
            yield order.order_id, "a refund in another currency"
        if any(one["amount_minor"] < 1 for one in order.refunds):
            yield order.order_id, "a refund of nothing"
        if order.sum_of("succeeded") > paid.minor:
            yield order.order_id, "more went back than was paid"
        # What the seller gave back in the provider's own console was never reserved here.
        ours = sum(one["amount_minor"] for one in order.refunds
                   if one["state"] in RESERVING and one["origin"] != "console")
        if ours > paid.minor:
            yield order.order_id, "more is promised than was paid"


def _refunds_single(evidence: Evidence) -> Found:
    seen: set[str] = set()
    for order in evidence.books.orders.values():
        for refund in order.refunds:
            if refund["out_refund_no"] in seen:
                yield order.order_id, "one refund number stands twice"
            seen.add(refund["out_refund_no"])
            if refund["state"] == "succeeded" and refund["settled_at_s"] is None:
                yield order.order_id, "a refund succeeded at no time"


def _refunds(evidence: Evidence) -> int:
    return sum(len(order.refunds) for order in evidence.books.orders.values())


def _paid(evidence: Evidence) -> int:
    return sum(1 for _ in paid_orders(evidence))


CHECKS = (
    Check("owed", "what was paid is what was owed", _owed, _paid),
    Check("single", "one payment pays one order, or is held", _one_payment,
          lambda evidence: _paid(evidence) + len(evidence.books.held)),
    Check("grants", "each payment has its one grant, with the terms that were sold",
          _grant_follows, _paid),
    Check("refund-sums", "no more goes back than was paid", _refunds_within, _refunds),
    Check("refund-numbers", "each refund is there once", _refunds_single, _refunds))
