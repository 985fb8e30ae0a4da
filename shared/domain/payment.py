"""What a provider told us about a payment, in words that no provider owns.

Every source (notify, query, later the bill) ends in one `PaymentFact`, and one function
decides whether that fact belongs to an order. A provider adds a folder of adapters, not a
branch here.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shared.domain.money import Money
    from shared.domain.order import Order


class TradeState(str, Enum):
    """The provider's state of one order, reduced to what our rules need."""

    UNPAID = "unpaid"
    PENDING = "pending"
    PAID = "paid"
    REFUNDED = "refunded"
    """Paid, and then refunded at least in part: it *was* paid (WeChat's REFUND)."""
    CLOSED = "closed"
    FAILED = "failed"


@dataclass(frozen=True)
class Payee:
    """Who is paid: the provider's merchant number and the application it acts for."""

    merchant_id: str
    app_id: str


@dataclass(frozen=True)
class PaymentFact:
    """One verified statement of a provider about one order number.

    `transaction_id`, `amount` and `paid_at_s` are None while nothing was paid. `source` is
    notify, query or bill. Only a provider's verifier may build one.
    """

    provider: str
    payee: Payee
    out_trade_no: str
    trade_state: TradeState
    source: str
    transaction_id: str | None = None
    amount: Money | None = None
    paid_at_s: int | None = None

    @property
    def was_paid(self) -> bool:
        """Whether money moved from the buyer, even if it moved back later."""
        return self.trade_state in (TradeState.PAID, TradeState.REFUNDED)


class Mismatch(str, Enum):
    """Why a verified payment does not fit the order it names."""

    NO_ORDER = "no_order"
    PROVIDER = "provider"
    MERCHANT = "merchant"
    APP = "app"
    ORDER_NUMBER = "order_number"
    AMOUNT = "amount"
    CURRENCY = "currency"
    INCOMPLETE = "incomplete"
    SECOND_PAYMENT = "second_payment"


def find_mismatch(order: Order | None, fact: PaymentFact) -> Mismatch | None:  # noqa: C901
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
    if not fact.was_paid:
        return None
    if not fact.transaction_id or fact.amount is None or fact.paid_at_s is None:
        return Mismatch.INCOMPLETE
    if fact.amount.currency != order.price.currency:
        return Mismatch.CURRENCY
    if fact.amount.amount_minor != order.price.amount_minor:
        return Mismatch.AMOUNT
    if order.payment is not None and order.payment.transaction_id != fact.transaction_id:
        return Mismatch.SECOND_PAYMENT
    return None


@dataclass(frozen=True)
class HeldPayment:
    """A verified payment that fits no order, or not its amount: an operator must decide.

    Recorded once per transaction; nothing personal is kept.
    """

    provider: str
    transaction_id: str
    order_id: str
    reason: Mismatch
    payee: Payee
    amount: Money | None
    paid_at_s: int | None
    source: str
    recorded_at_s: int
