"""Stories of payments that fit no order: held, and settled by a person or by themselves."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from shared.domain.held import HeldState, held_id
from shared.domain.money import Money
from shared.domain.payment import Payee, PaymentFact, TradeState
from shared.domain.refund import RefundState
from shared.use_cases.settle_held import dismiss_held, load_held, refund_held
from tests.crash_points.acts import (
    HOUR_S,
    claim,
    number_of,
    pay,
    place,
    poll_until_paid,
    settle,
    wait_until,
)
from tests.crash_points.stories import story
from tests.fakes.provider import PAYEE

if TYPE_CHECKING:
    from shared.domain.held import HeldPayment
    from tests.crash_points.stage import Stage

TOO_LITTLE = Money(100, "CNY")
DOLLARS = Money(9_900, "USD")


@story("held: a wrong amount, refunded")
def _wrong_amount(stage: Stage) -> None:
    see_refunded(stage, paid_wrong(stage))


@story("held: a wrong amount, its notify lost", lifetime_s=400)
def _wrong_amount_found(stage: Stage) -> None:
    order = place(stage)
    stage.let_pass(10)
    fact = stage.gateway.pay(order.out_trade_no, stage.clock.now_s(), amount=TOO_LITTLE)
    wait_held(stage, fact)
    stage.let_pass(600)


@story("held: a wrong amount, found by the bill")
def _wrong_amount_billed(stage: Stage) -> None:
    order = place(stage)
    stage.timers_run = False
    stage.let_pass(10)
    fact = stage.gateway.pay(order.out_trade_no, stage.clock.now_s(), amount=TOO_LITTLE)
    wait_held(stage, fact, 48 * HOUR_S)


@story("held: another currency")
def _another_currency(stage: Stage) -> None:
    order = place(stage)
    stage.let_pass(10)
    fact = stage.gateway.pay(order.out_trade_no, stage.clock.now_s(), amount=DOLLARS)
    stage.tell(fact)
    wait_held(stage, fact)


@story("held: paid to another app of ours")
def _another_app(stage: Stage) -> None:
    _paid_to(stage, PAYEE._replace(app_id="wxfake00000000002"))


@story("held: paid to another merchant of ours")
def _another_merchant(stage: Stage) -> None:
    _paid_to(stage, PAYEE._replace(merchant_id="1900000002"))


@story("held: no such order, dismissed")
def _no_order(stage: Stage) -> None:
    fact = _paid_unknown(stage)
    stage.tell(fact)
    held = wait_held(stage, fact)
    after = stage.until_answered("operator", lambda: dismiss_held(
        _loaded(stage, held), "settled_by_hand", stage.books, actor="operator:anna",
        source="admin"))
    assert after.state is HeldState.DISMISSED


@story("held: a second payment, refunded")
def _second(stage: Stage) -> None:
    order = place(stage)
    first = pay(stage, order)
    stage.tell(first)
    poll_until_paid(stage, order)
    claim(stage, order)
    stage.let_pass(10)
    second = stage.gateway.pay(order.out_trade_no, stage.clock.now_s(),
                               transaction_id="4200000000000000000000000002")
    stage.outside.more_payments.append(first)
    stage.tell(second)
    see_refunded(stage, second)


@story("held: refunded by itself")
def _by_itself(stage: Stage) -> None:
    stage.held_desk = replace(stage.held_desk, refunds_by_itself=True)
    fact = paid_wrong(stage)
    _settled(stage, fact)


@story("held: its refund is closed")
def _closed(stage: Stage) -> None:
    fact = paid_wrong(stage)
    ask_held_back(stage, wait_held(stage, fact))
    wait_until(stage, lambda: stage.refunds.refunds)
    number, = stage.refunds.refunds
    stage.tell(settle(stage, number, RefundState.CLOSED))
    wait_until(stage, lambda: held_row(stage, fact).state is HeldState.REFUND_FAILED)


@story("held: its refund's notify lost")
def _unnotified(stage: Stage) -> None:
    fact = paid_wrong(stage)
    ask_held_back(stage, wait_held(stage, fact))
    wait_until(stage, lambda: stage.refunds.refunds)
    number, = stage.refunds.refunds
    settle(stage, number)
    wait_until(stage, lambda: held_row(stage, fact).state is HeldState.REFUNDED)


def paid_wrong(stage: Stage) -> PaymentFact:
    order = place(stage)
    stage.let_pass(10)
    fact = stage.gateway.pay(order.out_trade_no, stage.clock.now_s(), amount=TOO_LITTLE)
    stage.tell(fact)
    return fact


def _paid_to(stage: Stage, payee: Payee) -> None:
    """A genuine notify of money that somebody else received, under our order's number."""
    order = place(stage)
    stage.let_pass(10)
    fact = PaymentFact("wechatpay", payee, order.out_trade_no, TradeState.PAID, "notify",
                       "4200000000000000000000000009", order.price, stage.clock.now_s())
    stage.outside.more_payments.append(fact)
    stage.tell(fact)
    wait_held(stage, fact)
    stage.tell(pay(stage, order))
    poll_until_paid(stage, order)
    claim(stage, order)


def _paid_unknown(stage: Stage) -> PaymentFact:
    """Somebody placed an order with our prefix that our rows do not have: an old backup."""
    number = number_of("another-key")
    stage.outside.unknown.add(number)
    text = json.dumps({"amount": {"amount_minor": 9_900, "currency": "CNY"}, "description": "?",
                       "expires_at_s": stage.clock.now_s() + HOUR_S, "out_trade_no": number})
    stage.undisturbed(lambda: stage.gateway.place(text, stage.clock.now_s()))
    return stage.gateway.pay(number, stage.clock.now_s())


def held_row(stage: Stage, fact: PaymentFact) -> HeldPayment:
    return next(one for one in stage.held.rows() if one.transaction_id == fact.transaction_id)


def wait_held(stage: Stage, fact: PaymentFact, within_s: int = 3 * HOUR_S) -> HeldPayment:
    wait_until(stage, lambda: any(one.transaction_id == fact.transaction_id
                                  for one in stage.held.rows()), within_s)
    return held_row(stage, fact)


def _loaded(stage: Stage, held: HeldPayment) -> HeldPayment:
    return load_held(held_id(held.provider, held.transaction_id), stage.books)


def ask_held_back(stage: Stage, held: HeldPayment) -> None:
    stage.until_answered("operator", lambda: refund_held(
        _loaded(stage, held), stage.held_desk, actor="operator:anna", source="admin"))


def see_refunded(stage: Stage, fact: PaymentFact) -> None:
    ask_held_back(stage, wait_held(stage, fact))
    _settled(stage, fact)


def _settled(stage: Stage, fact: PaymentFact) -> None:
    wait_until(stage, lambda: stage.refunds.refunds)
    number, = stage.refunds.refunds
    stage.tell(settle(stage, number))
    wait_until(stage, lambda: held_row(stage, fact).state is HeldState.REFUNDED)
