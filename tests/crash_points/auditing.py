"""Stories of the daily bill: the last of the four finders, and the one that finds our mistakes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.domain.bill import DayState
from shared.domain.calendar import day_of, days_after, start_of
from shared.domain.money import Money
from shared.domain.order import OrderState
from shared.domain.payment import PaymentFact, TradeState
from shared.use_cases.give_grant import give_grant
from shared.use_cases.hold_order import hold_order, release_order
from shared.use_cases.reconcile_day import reconcile_day
from tests.crash_points.acts import (
    HOUR_S,
    ask_back,
    buy,
    claim,
    claim_refused,
    pay,
    place,
    settle,
    wait_placed,
    wait_until,
)
from tests.crash_points.stories import story
from tests.fakes.provider import PAYEE
from tests.invariants import must
from tests.unit.use_cases.world import KEY, OTHER_KEY, PRICE

if TYPE_CHECKING:
    from shared.domain.order import Order
    from tests.crash_points.stage import Stage

DAY_AND_NIGHT_S = 48 * HOUR_S


@story("bill: the only finder left")
def _only_finder(stage: Stage) -> None:
    order = place(stage)
    stage.timers_run = False
    pay(stage, order)
    wait_until(stage, lambda: stage.stored(order).payment is not None, DAY_AND_NIGHT_S)
    claim(stage, order)


@story("bill: late, then ready")
def _late(stage: Stage) -> None:
    order, day = _bought(stage)
    stage.bills.ready_at_s = stage.clock.now_s() + 20 * HOUR_S
    _wait_done(stage, day)
    claim(stage, order)


@story("bill: broken, then whole")
def _broken(stage: Stage) -> None:
    order, day = _bought(stage)
    stage.bills.whole_at_s = stage.clock.now_s() + 20 * HOUR_S
    _wait_done(stage, day)
    claim(stage, order)


@story("bill: done again by hand")
def _by_hand(stage: Stage) -> None:
    order = place(stage)
    stage.timers_run = False
    pay(stage, order)
    day = day_of(stage.clock.now_s())
    _wait_done(stage, day)
    again = stage.until_answered("operator", lambda: reconcile_day(
        day, stage.audit_room, actor="operator:anna"))
    assert again.discrepancies == ()
    claim(stage, order)


@story("bill: two timers at once")
def _two_at_once(stage: Stage) -> None:
    order = place(stage)
    stage.timers_run = False
    pay(stage, order)
    day = day_of(stage.clock.now_s())
    stage.faults.arrange("before", "days", "save", lambda: reconcile_day(
        day, stage.audit_room, actor="system"))
    _wait_done(stage, day)
    claim(stage, order)


@story("bill: doubled lines and another shop's")
def _doubled(stage: Stage) -> None:
    order, day = _bought(stage)
    stage.bills.doubles = True
    stage.bills.foreign = [PaymentFact(
        "wechatpay", PAYEE, "SHOP2-000000000000000000000001", TradeState.PAID, "bill",
        "4200000000000000000000000777", PRICE, stage.clock.now_s())]
    _wait_done(stage, day)
    claim(stage, order)


@story("bill: a payment is missing in it")
def _missing(stage: Stage) -> None:
    order, day = _bought(stage)
    stage.outside.bill_lacks.add(str(order.payment.transaction_id))
    _wait_done(stage, day)
    claim(stage, order)


@story("bill: two orders, one of them unknown")
def _two_orders(stage: Stage) -> None:
    first = buy(stage)
    second = place(stage, OTHER_KEY)
    stage.timers_run = False
    pay(stage, second)
    wait_until(stage, lambda: stage.stored(second).payment is not None, DAY_AND_NIGHT_S)
    claim(stage, second)
    claim(stage, first)


@story("bill: many lines, and nobody told of any")
def _many(stage: Stage) -> None:
    """Two that do not fit their orders; three payments that do, one of them given back."""
    orders = [place(stage, f"{KEY[:-1]}{nth}") for nth in range(5)]
    stage.timers_run = False
    for order in orders[:2]:
        stage.gateway.pay(order.out_trade_no, stage.clock.now_s(), amount=Money(1, "CNY"))
    for order in orders[2:]:
        pay(stage, order)
    stage.refunds.console_refund(orders[2].out_trade_no)
    _wait_done(stage, day_of(stage.clock.now_s()))
    booked = [stage.stored(order) for order in orders]
    must([order.payment is not None for order in booked] == [False] * 2 + [True] * 3, "I9",
         "the day is done, and not every payment of its bill is booked")
    must(booked[2].state is OrderState.REFUNDED, "I9", "its bill tells of a refund, and no row")


@story("bill: paid a second before midnight")
def _midnight(stage: Stage) -> None:
    midnight_s = start_of(days_after(day_of(stage.clock.now_s()), 1))
    stage.let_pass(midnight_s - 600 - stage.clock.now_s())
    order = place(stage)
    stage.tell(pay(stage, order, max(1, midnight_s - 1 - stage.clock.now_s())))
    stage.let_pass(60)
    claim(stage, order)


@story("bill: a refund that ends the next day")
def _next_day(stage: Stage) -> None:
    order = buy(stage)
    ask_back(stage, order)
    number = wait_placed(stage, order)
    stage.let_pass(30 * HOUR_S)
    settle(stage, number)
    wait_until(stage, lambda: stage.stored(order).state is OrderState.REFUNDED, DAY_AND_NIGHT_S)


@story("hold: by an operator, and let go")
def _held_back(stage: Stage) -> None:
    order = buy(stage)
    who = {"actor": "operator:anna", "source": "admin"}
    stage.until_answered("operator", lambda: hold_order(
        order.order_id, "operator", stage.books, stage.licenses, **who))
    claim_refused(stage, order, "LICENSE_SUSPENDED")
    stage.until_answered("operator", lambda: release_order(
        order.order_id, "operator", stage.books, stage.licenses, **who))
    claim(stage, order)


@story("gift: more time, after a purchase")
def _gift(stage: Stage) -> None:
    order = buy(stage)
    given = stage.until_answered("operator", lambda: give_grant(
        order.order_id, 30, "g1", stage.books, stage.licenses, actor="operator:anna"))
    assert len(given.grants) == 2
    claim(stage, order)


def _bought(stage: Stage) -> tuple[Order, str]:
    order = buy(stage)
    stage.let_pass(300)
    assert order.payment is not None
    return order, day_of(order.payment.paid_at_s)


def _wait_done(stage: Stage, day: str) -> None:
    def is_done() -> bool:
        return any(result.day == day and result.state is DayState.DONE
                   for result in stage.days.rows())
    wait_until(stage, is_done, DAY_AND_NIGHT_S)
