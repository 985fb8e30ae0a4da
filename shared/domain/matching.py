"""Whether a payment fact belongs to an order: one function, the same for every source."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.domain.payment import Mismatch

if TYPE_CHECKING:
    from shared.domain.order import Order
    from shared.domain.payment import PaymentFact


def find_mismatch(order: Order | None, fact: PaymentFact) -> Mismatch | None:
    """The first reason why `fact` does not pay `order`; None when it does.

    The amount compared is what the buyer owed (WeChat's amount.total), not what was paid
    after coupons (payer_total).
    """
    if order is None:
        return Mismatch.NO_ORDER
    if fact.provider != order.provider:
        return Mismatch.PROVIDER
    if fact.payee.merchant_id != order.payee.merchant_id:
        return Mismatch.MERCHANT
    if fact.payee.app_id != order.payee.app_id:
        return Mismatch.APP
    if fact.out_trade_no != order.out_trade_no:
        return Mismatch.ORDER_NUMBER
    return _find_wrong_payment(order, fact) if fact.was_paid else None


def _find_wrong_payment(order: Order, fact: PaymentFact) -> Mismatch | None:
    if not fact.transaction_id or fact.amount is None or fact.paid_at_s is None:
        return Mismatch.INCOMPLETE
    if fact.amount.currency != order.price.currency:
        return Mismatch.CURRENCY
    if fact.amount.amount_minor != order.price.amount_minor:
        return Mismatch.AMOUNT
    if order.payment is not None and order.payment.transaction_id != fact.transaction_id:
        return Mismatch.SECOND_PAYMENT
    return None
