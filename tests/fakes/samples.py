"""Aggregates and facts to start a test from; every number says which one it is."""

from __future__ import annotations

from dataclasses import replace

from shared.domain import identifiers
from shared.domain.bill import DayState, Difference, Discrepancy, LedgerLine, Reconciliation
from shared.domain.complaint import Complaint, ComplaintFact, ComplaintState, open_complaint
from shared.domain.held import HeldPayment, hold_payment
from shared.domain.license import License, open_license
from shared.domain.license_key import LicenseKeys
from shared.domain.money import Money
from shared.domain.order import (
    Order,
    PaymentInstruction,
    Snapshot,
    Terms,
    instruct,
    place,
    record_payment,
)
from shared.domain.payment import Mismatch, PaymentFact, TradeState
from shared.domain.refund import Refund, RefundFact, RefundOrigin, RefundState
from tests.fakes.provider import PAYEE

LICENSE_KEYS = LicenseKeys({"1": b"a secret of the practice shop, version 1"})
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
        expires_at_s=created_at_s + 7200,
        license_id=identifiers.license_id(LICENSE_KEYS.new(identifiers.order_id(number(n))))))


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


def paid(before: Order, now_s: int = NOW_S + 61) -> Order:
    """The order after the notify of its payment."""
    return record_payment(before, paid_fact(before), now_s)


def refund(of: Order, n: int = 1, *, amount: Money | None = None) -> Refund:
    """The n-th refund that the buyer asks for; of the whole price unless said otherwise."""
    number = identifiers.out_refund_no(of.out_trade_no, f"refund-key-{n}")
    return Refund(
        refund_id=identifiers.refund_id(number), out_refund_no=number,
        amount=of.price if amount is None else amount, state=RefundState.REQUESTED,
        origin=RefundOrigin.BUYER, requested_by="buyer", requested_at_s=NOW_S + 100 + n,
        provider_request=f'{{"out_refund_no":"{number}"}}')


def refund_fact(of: Order, asked: Refund, state: RefundState, *, source: str = "notify",
                billed_on: str | None = None) -> RefundFact:
    """What the provider says of this refund."""
    assert of.payment is not None
    settled_at_s = NOW_S + 200 if state is RefundState.SUCCEEDED else None
    return RefundFact(
        of.provider, of.payee.merchant_id, of.out_trade_no, of.payment.transaction_id,
        asked.out_refund_no, f"503000{asked.refund_id}", state, asked.amount,
        of.payment.amount, source, settled_at_s, billed_on)


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


def complaint_fact(n: int = 1, state: ComplaintState = ComplaintState.PENDING, *,
                   times: int = 1) -> ComplaintFact:
    """The provider's word about the n-th complaint, made over the n-th order."""
    return ComplaintFact(
        "wechatpay", f"2002010{n:020d}", state, (number(n),), NOW_S + 300, "REFUND", times,
        False, PRICE)


def complaint(n: int = 1) -> Complaint:
    """The n-th complaint, just heard of."""
    return open_complaint(
        complaint_fact(n), (identifiers.order_id(number(n)),), answer_within_s=86_400,
        now_s=NOW_S + 301, source="notify")


def ledger_line(n: int = 1, *, day: str = "2025-10-09", kind: str = "payment") -> LedgerLine:
    """The movement of the n-th payment or refund."""
    return LedgerLine(day, kind, f"4200{n:020d}", identifiers.order_id(number(n)), PRICE)


def discrepancy(line: int = 1) -> Discrepancy:
    """A line of a bill that was not in the books."""
    return Discrepancy(Difference.REPAIRED_PAYMENT, "payment", identifiers.order_id(number()),
                       line, "booked from the bill")


def reconciliation(day: str = "2025-10-09", *, listed: int = 2) -> Reconciliation:
    """A day that is done, with so many discrepancies."""
    return Reconciliation(
        day, DayState.DONE, NOW_S, "system", digest="sha1:0f", payments=7, refunds=2, foreign=1,
        discrepancies=tuple(discrepancy(line) for line in range(1, listed + 1)))


def reconciled_again(before: Reconciliation) -> Reconciliation:
    """The same day, reconciled by hand a second time, with nothing left to mend."""
    return replace(before, run_at_s=before.run_at_s + 60, actor="operator:li", discrepancies=(),
                   version=before.version + 1)
