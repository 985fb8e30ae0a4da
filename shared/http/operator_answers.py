"""Aggregates as the JSON that operators see: complete, but for claim hashes and exact requests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from shared.domain.bill import Reconciliation
    from shared.domain.complaint import Complaint
    from shared.domain.held import HeldPayment
    from shared.domain.history import History
    from shared.domain.license import License
    from shared.domain.money import Money
    from shared.domain.order import Order
    from shared.domain.refund import Refund
    from shared.use_cases.forget_buyer import BuyerData


def order_view(order: Order, license_: License | None = None) -> dict[str, Any]:
    """An order with its payment, refunds, holds, history and (where given) its license."""
    return {"order": {
        "order_id": order.order_id, "out_trade_no": order.out_trade_no,
        "environment": order.environment, "state": order.state.value,
        "product_id": order.snapshot.product_id, "title": order.snapshot.title,
        "price": order.price.as_dict(), "created_at_s": order.created_at_s,
        "expires_at_s": order.expires_at_s, "payment": _payment(order),
        "refunds": [_refund(refund) for refund in order.refunds], "holds": list(order.holds),
        "refund_reported_at_s": order.refund_reported_at_s, "history": _events(order.history),
        "version": order.version},
        "license": None if license_ is None else _license(license_)}


def license_view(license_: License) -> dict[str, Any]:
    """A license with its grants and history."""
    return {"license": _license(license_)}


def held_view(held: HeldPayment) -> dict[str, Any]:
    """A held payment."""
    return {
        "provider": held.provider, "transaction_id": held.transaction_id,
        "out_trade_no": held.out_trade_no, "order_id": held.order_id,
        "reason": held.reason.value, "state": held.state.value, "amount": _money(held.amount),
        "paid_at_s": held.paid_at_s, "recorded_at_s": held.recorded_at_s,
        "history": _events(held.history)}


def complaint_view(complaint: Complaint) -> dict[str, Any]:
    """A complaint as our row has it: nothing personal."""
    return {
        "complaint_id": complaint.complaint_id, "state": complaint.state.value,
        "order_ids": list(complaint.order_ids), "complained_at_s": complaint.complained_at_s,
        "answer_by_s": complaint.answer_by_s, "answered_at_s": complaint.answered_at_s,
        "problem_type": complaint.problem_type,
        "user_complaint_times": complaint.user_complaint_times,
        "is_fully_refunded": complaint.is_fully_refunded,
        "asked_refund": _money(complaint.asked_refund),
        "history": _events(complaint.history)}


def reconciliation_view(result: Reconciliation) -> dict[str, Any]:
    """What came of one day."""
    return {
        "day": result.day, "state": result.state.value, "run_at_s": result.run_at_s,
        "payments": result.payments, "refunds": result.refunds, "foreign": result.foreign,
        "reason": result.reason, "actor": result.actor, "left_out": result.left_out,
        "differences": [{"difference": found.difference.value, "kind": found.kind,
                         "order_id": found.order_id, "line": found.line,
                         "detail": found.detail, "refund_id": found.refund_id}
                        for found in result.discrepancies]}


def buyer_view(kept: BuyerData) -> dict[str, Any]:
    """Everything that is kept about one buyer."""
    return {**order_view(kept.order, kept.license), "payer_refunds": list(kept.payer_refunds),
            "payer_hash_kept": bool(kept.order.payment and kept.order.payment.payer_hash),
            "complaints": [complaint_view(one) for one in kept.complaints]}


def _payment(order: Order) -> dict[str, Any] | None:
    paid = order.payment
    return None if paid is None else {
        "transaction_id": paid.transaction_id, "amount": paid.amount.as_dict(),
        "paid_at_s": paid.paid_at_s, "source": paid.source, "late": paid.late}


def _refund(refund: Refund) -> dict[str, Any]:
    return {
        "refund_id": refund.refund_id, "out_refund_no": refund.out_refund_no,
        "amount": refund.amount.as_dict(), "state": refund.state.value,
        "origin": refund.origin.value, "requested_by": refund.requested_by,
        "requested_at_s": refund.requested_at_s, "settled_at_s": refund.settled_at_s,
        "billed_on": refund.billed_on}


def _license(license_: License) -> dict[str, Any]:
    return {
        "license_id": license_.license_id, "standing": license_.standing.value,
        "product_id": license_.product_id, "entitlements": list(license_.entitlements),
        "ends_at_s": license_.ends_at_s(), "activated_at_s": license_.activated_at_s,
        "grants": [{"grant_id": grant.grant_id, "term_days": grant.term_days,
                    "granted_at_s": grant.granted_at_s, "proof": grant.proof.kind,
                    "standing": license_.standing_of(grant.grant_id).value}
                   for grant in license_.grants],
        "device_limit": license_.device_limit,
        "devices": [device.as_dict() for device in license_.devices],
        "takeover": None if license_.takeover is None else license_.takeover.as_dict(),
        "history": _events(license_.history)}


def _events(history: History) -> list[dict[str, Any]]:
    return [{"kind": event.kind, "at_s": event.at_s, "actor": event.actor,
             "source": event.source, "data": dict(event.data)} for event in history.events]


def _money(money: Money | None) -> dict[str, Any] | None:
    return None if money is None else money.as_dict()
