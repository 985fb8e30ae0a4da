"""Orders, facts and licenses to start a test from; every number says which one it is."""

from __future__ import annotations

from shared.domain import identifiers
from shared.domain.held import HeldPayment, hold_payment
from shared.domain.license import License, open_license
from shared.domain.money import Money
from shared.domain.order import Order, PaymentInstruction, Snapshot, Terms, instruct, place
from shared.domain.payment import Mismatch, PaymentFact, TradeState
from shared.domain.refund import RefundFact, RefundState
from tests.fakes.provider import PAYEE

NOW_S = 1_760_000_000
PRICE = Money(9900, "CNY")
SNAPSHOT = Snapshot(
    product_id="pro-yearly", title="通宝 Pro · one year", language="en", price=PRICE,
    term_days=365, entitlements=("pro", "course:101"), catalogue_version="2025-10-01")


def number(n: int = 1) -> str:
    """The n-th order number."""
    return identifiers.out_trade_no("TB01", "test", f"idempotency-key-{n}")


def order(n: int = 1, *, created_at_s: int = NOW_S, snapshot: Snapshot = SNAPSHOT) -> Order:
    """The n-th order, just placed."""
    return place(snapshot, Terms(
        out_trade_no=number(n), environment="test", provider="wechatpay", payee=PAYEE,
        claim_secret_hash="E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        provider_request=f'{{"out_trade_no":"{number(n)}"}}', created_at_s=created_at_s,
        expires_at_s=created_at_s + 7200))


def instructed(before: Order, now_s: int = NOW_S + 1) -> Order:
    """The order with a QR code to pay it."""
    return instruct(before, PaymentInstruction(
        "qr", f"weixin://wxpay/bizpayurl?pr=v{before.version}", now_s + 7200), now_s)


def paid_fact(of: Order, *, trade_state: TradeState = TradeState.PAID,
              source: str = "notify", paid_at_s: int = NOW_S + 60) -> PaymentFact:
    """The fact that pays this order exactly."""
    return PaymentFact(
        of.provider, of.payee, of.out_trade_no, trade_state, source,
        "4200000000" + of.order_id[:18], of.price, paid_at_s)


def refund_fact(of: Order, *, state: RefundState = RefundState.SUCCEEDED, minor: int = 9900,
                number: str = "console-1", source: str = "notify") -> RefundFact:
    """The fact that so much of this paid order went back, or is on its way."""
    assert of.payment is not None
    return RefundFact(
        of.provider, of.payee.merchant_id, of.out_trade_no, of.payment.transaction_id, number,
        f"50{number}", state, Money(minor, "CNY"), of.payment.amount, source,
        NOW_S + 90 if state is RefundState.SUCCEEDED else None)


def license_of(paid: Order, now_s: int = NOW_S + 61) -> License:
    """The license that a paid order opens."""
    assert paid.grant is not None
    return open_license(paid.grant, paid.environment, now_s=now_s, source="notify")


def held(n: int = 1, *, transaction_id: str | None = None) -> HeldPayment:
    """A verified payment for an order that does not exist."""
    fact = PaymentFact(
        "wechatpay", PAYEE, number(n), TradeState.PAID, "notify",
        transaction_id or f"42000000000000000000000{n:05d}", PRICE, NOW_S + 60)
    return hold_payment(fact, identifiers.order_id(number(n)), Mismatch.NO_ORDER, NOW_S + 61)
