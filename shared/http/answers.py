"""Aggregates as the JSON their owners see. Models for the same shapes: shared.http.contract."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from shared.domain.catalogue import Catalogue, Product
    from shared.domain.order import Order
    from shared.domain.refund import Refund
    from shared.domain.refund_policy import RefundPolicy
    from shared.use_cases.show_receipt import Receipt


def order_answer(order: Order, now_s: int) -> dict[str, Any]:
    """An order for its buyer: `out_trade_no` is theirs to see, the claim hash is nobody's."""
    payable = order.is_open() and now_s < order.expires_at_s
    status = "expired" if order.is_open() and not payable else order.state.value
    return {"order": {
        "order_id": order.order_id, "out_trade_no": order.out_trade_no, "status": status,
        "product_id": order.snapshot.product_id, "title": order.snapshot.title,
        "price": order.price.as_dict(), "created_at_s": order.created_at_s,
        "expires_at_s": order.expires_at_s,
        "paid_at_s": order.payment.paid_at_s if order.payment else None,
        "payment": _payment(order) if payable else None,
        "refund_policy": _policy(order.snapshot.refund_policy, order.price.currency)}}


def _payment(order: Order) -> dict[str, Any] | None:
    if order.instruction is None:
        return None
    return {"kind": order.instruction.kind, "value": order.instruction.value,
            "expires_at_s": order.instruction.expires_at_s}


def products_answer(catalogue: Catalogue) -> dict[str, Any]:
    """Everything that is for sale."""
    return {"catalogue_version": catalogue.version,
            "products": [_product(product) for product in catalogue.products.values()]}


def _product(product: Product) -> dict[str, Any]:
    return {"product_id": product.product_id, "titles": product.titles,
            "descriptions": product.descriptions,
            "prices": [price.as_dict() for price in product.prices.values()],
            "term_days": product.term_days, "entitlements": list(product.entitlements),
            "refund_policy": _policy(product.refund_policy, next(iter(product.prices)))}


def _policy(policy: RefundPolicy | None, currency: str) -> dict[str, Any] | None:
    """When the buyer may have the money back without asking; None: never."""
    if policy is None:
        return None
    above = policy.approval_above_minor
    return {"window_days": policy.window_days,
            "only_if_never_activated": policy.only_if_never_activated,
            "most_per_payer": policy.most_per_payer,
            "approval_above": None if above is None else {
                "amount_minor": above, "currency": currency}}


def receipt_answer(receipt: Receipt) -> dict[str, Any]:
    """What was paid, what went back, and whether the rest may be asked back now."""
    order, objection = receipt.order, receipt.objection
    paid = order.payment
    return {"receipt": {
        "order_id": order.order_id, "out_trade_no": order.out_trade_no,
        "status": order.state.value, "product_id": order.snapshot.product_id,
        "title": order.snapshot.title, "price": order.price.as_dict(),
        "paid_at_s": paid.paid_at_s if paid else None,
        "transaction_id": paid.transaction_id if paid else None,
        "refunded": receipt.refunded.as_dict(),
        "refunds": [_refund(refund) for refund in order.refunds],
        "refundable": receipt.refundable.as_dict(),
        "refund_refused_by": objection.value if objection else None,
        "refund_policy": _policy(order.snapshot.refund_policy, order.price.currency)}}


def _refund(refund: Refund) -> dict[str, Any]:
    return {"refund_id": refund.refund_id, "amount": refund.amount.as_dict(),
            "status": refund.state.value, "origin": refund.origin.value,
            "requested_at_s": refund.requested_at_s, "settled_at_s": refund.settled_at_s}
