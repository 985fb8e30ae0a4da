"""What a provider told us about a payment, in words that no provider owns.

Every source (notify, query, bill) ends in one `PaymentFact`; `matching` decides
whether that fact belongs to an order. A provider adds a folder of adapters, not a branch here.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from shared.domain.money import Money


class TradeState(str, Enum):
    """The provider's state of one order, reduced to what our rules need."""

    UNPAID = "unpaid"
    PENDING = "pending"
    PAID = "paid"
    REFUNDED = "refunded"
    """Paid, and then refunded at least in part: it *was* paid (WeChat's REFUND)."""
    CLOSED = "closed"
    FAILED = "failed"


_PAID_STATES = (TradeState.PAID, TradeState.REFUNDED)


class Payee(NamedTuple):
    """Who is paid: the provider's merchant number and the application it acts for."""

    merchant_id: str
    app_id: str


class PaymentFact(NamedTuple):
    """One verified statement of a provider about one order number.

    `transaction_id`, `amount` and `paid_at_s` are None while nothing was paid. `source` is
    notify, query or bill. `payer_hash` (64 hex digits) is a keyed hash of the provider's name
    for the payer, None unless the deployment keeps it. Only a provider's adapter builds one.
    """

    provider: str
    payee: Payee
    out_trade_no: str
    trade_state: TradeState
    source: str
    transaction_id: str | None = None
    amount: Money | None = None
    paid_at_s: int | None = None
    payer_hash: str | None = None

    @property
    def was_paid(self) -> bool:
        """Whether money moved from the buyer, even if it moved back later."""
        return self.trade_state in _PAID_STATES


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
