"""A payment fits its order, or there is exactly one reason why not."""

from __future__ import annotations

from typing import Any

import pytest

from shared.domain.matching import find_mismatch
from shared.domain.money import Money
from shared.domain.order import record_payment
from shared.domain.payment import Mismatch, Payee, PaymentFact, TradeState
from tests.fakes import samples

ORDER = samples.instructed(samples.order())
FACT = samples.paid_fact(ORDER)

MISFITS: list[tuple[Mismatch, dict[str, Any]]] = [
    (Mismatch.PROVIDER, {"provider": "other"}),
    (Mismatch.MERCHANT, {"payee": Payee("1900000002", ORDER.payee.app_id)}),
    (Mismatch.APP, {"payee": Payee(ORDER.payee.merchant_id, "wxother")}),
    (Mismatch.ORDER_NUMBER, {"out_trade_no": samples.number(2)}),
    (Mismatch.AMOUNT, {"amount": Money(9899, "CNY")}),
    (Mismatch.AMOUNT, {"amount": Money(9901, "CNY")}),
    (Mismatch.CURRENCY, {"amount": Money(9900, "USD")}),
    (Mismatch.INCOMPLETE, {"transaction_id": None}),
    (Mismatch.INCOMPLETE, {"transaction_id": ""}),
    (Mismatch.INCOMPLETE, {"amount": None}),
    (Mismatch.INCOMPLETE, {"paid_at_s": None}),
]


@pytest.mark.parametrize("state", [TradeState.PAID, TradeState.REFUNDED])
def test_the_sample_fact_fits(state: TradeState) -> None:
    assert find_mismatch(ORDER, FACT._replace(trade_state=state)) is None


@pytest.mark.parametrize(("reason", "change"), MISFITS)
def test_one_changed_thing_is_one_reason(reason: Mismatch, change: dict[str, Any]) -> None:
    assert find_mismatch(ORDER, FACT._replace(**change)) is reason


def test_a_payment_without_an_order_fits_nothing() -> None:
    assert find_mismatch(None, FACT) is Mismatch.NO_ORDER


def test_a_second_transaction_for_a_paid_order_does_not_fit() -> None:
    paid = record_payment(ORDER, FACT, samples.NOW_S)
    assert find_mismatch(paid, FACT) is None
    second = FACT._replace(transaction_id="4200000000-another")
    assert find_mismatch(ORDER, second) is None
    assert find_mismatch(paid, second) is Mismatch.SECOND_PAYMENT


@pytest.mark.parametrize("state", [TradeState.UNPAID, TradeState.PENDING, TradeState.CLOSED,
                                   TradeState.FAILED])
def test_a_fact_of_no_payment_needs_no_amount_but_must_name_the_order(state: TradeState) -> None:
    fact = PaymentFact("wechatpay", ORDER.payee, ORDER.out_trade_no, state, "query")
    assert not fact.was_paid
    assert find_mismatch(ORDER, fact) is None
    assert find_mismatch(ORDER, fact._replace(out_trade_no="X")) is Mismatch.ORDER_NUMBER


def test_every_mismatch_has_its_case_here() -> None:
    covered = {reason for reason, _ in MISFITS} | {Mismatch.NO_ORDER, Mismatch.SECOND_PAYMENT}
    assert covered == set(Mismatch)
