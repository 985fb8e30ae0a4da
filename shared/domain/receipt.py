"""The signed receipt: what was paid, when, for what. It unlocks nothing and has no end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared.domain import identifiers

if TYPE_CHECKING:
    from shared.domain.order import Order, Payment

RECEIPT_TYPE = "tongbao-receipt+jwt"
"""Its `typ` (RFC 7515 §4.1.9): no verifier takes it for a lease."""


def receipt_claims(order: Order, payment: Payment, issuer: str) -> dict[str, Any]:
    """The claims of the receipt of a paid order: the same for ever. Nothing personal."""
    return {
        "v": 1, "iss": issuer, "aud": order.snapshot.product_id, "env": order.environment,
        "sub": order.license_id, "jti": identifiers.receipt_id(order.order_id),
        "order": order.order_id, "iat": payment.paid_at_s,
        "amount": payment.amount.amount_minor, "currency": payment.amount.currency}
