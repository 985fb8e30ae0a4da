"""Checks of licenses against the orders that decide what they are worth."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scripts.auditing.evidence import Check
from scripts.auditing.money_checks import RESERVING, paid_orders
from scripts.auditing.order_replay import AT_PROVIDER

if TYPE_CHECKING:
    from scripts.auditing.evidence import Evidence, Found, Order


def worth(order: Order) -> str:
    """What the license of a paid order is worth: the order decides."""
    assert order.payment is not None
    paid = order.payment.money.minor
    if order.sum_of("succeeded") >= paid:
        return "revoked"
    unexplained = "refund_reported_at_s" in order.row and not any(
        one["state"] in AT_PROVIDER for one in order.refunds)
    if order.holds or unexplained or order.sum_of(*RESERVING) >= paid:
        return "suspended"
    return "active"


def is_on_its_way(order: Order, evidence: Evidence) -> bool:
    """Whether the timer will look at the order within the next minutes."""
    return evidence.is_young(order.chain.last_at_s) or any(
        row.kind == "order" and row.subject == order.order_id
        and row.due_at_s <= evidence.now_s + evidence.grace_s for row in evidence.books.due)


def _delivered(evidence: Evidence) -> Found:
    for order in paid_orders(evidence):
        license_ = evidence.books.licenses.get(order.row["license_id"])
        if license_ is not None and order.grant in license_.grants:
            continue
        if not is_on_its_way(order, evidence):
            yield order.order_id, ("paid, and there is no license" if license_ is None
                                   else "paid, and the license lacks its grant")


def _granted_once(evidence: Evidence) -> Found:
    behind = {order.grant["grant_id"]: order.grant for order in paid_orders(evidence)
              if order.grant is not None}
    for license_ in evidence.books.licenses.values():
        names = [grant["grant_id"] for grant in license_.grants]
        if not names:
            yield license_.license_id, "a license without a grant"
        if len(set(names)) != len(names):
            yield license_.license_id, "one grant stands twice"
        for grant in license_.grants:
            if grant["license_id"] != license_.license_id:
                yield license_.license_id, "a grant of another license"
            if grant["proof_kind"] == "payment" and behind.get(grant["grant_id"]) != grant:
                yield license_.license_id, "a grant without a paid order behind it"


def _follows(evidence: Evidence) -> Found:
    for order in paid_orders(evidence):
        license_ = evidence.books.licenses.get(order.row["license_id"])
        if license_ is None or order.grant is None:
            continue
        stored = license_.standing_of(order.grant["grant_id"])
        if stored != worth(order) and not is_on_its_way(order, evidence):
            yield order.order_id, f"the order says {worth(order)}, its license {stored}"
        told = [one["order_version"] for one in license_.standings
                if one["grant_id"] == order.grant["grant_id"]]
        if any(version > order.row["ver"] for version in told):
            yield order.order_id, "its license knows a version that the order does not have"


def _licenses(evidence: Evidence) -> int:
    return len(evidence.books.licenses)


CHECKS = (
    Check("delivered", "what is paid has its license", _delivered,
          lambda evidence: sum(1 for _ in paid_orders(evidence))),
    Check("granted", "no license has a grant without its payment, or twice", _granted_once,
          _licenses),
    Check("standings", "licenses are worth what their orders say; refunded ones are revoked",
          _follows, _licenses))
