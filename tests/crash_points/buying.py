"""Stories of purchases: paid and told, paid and not told, never paid, cancelled, paid too late."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from shared.domain import identifiers
from shared.domain.catalogue import Catalogue
from shared.domain.order import Order, OrderState
from shared.use_cases.cancel_order import cancel_order
from tests.crash_points.acts import (
    HOUR_S,
    buy,
    cancel,
    claim,
    number_of,
    pay,
    place,
    poll_until_paid,
    settle,
    try_to_place,
    wait_until,
)
from tests.crash_points.stories import story
from tests.unit.use_cases.world import SECRET

if TYPE_CHECKING:
    from tests.crash_points.stage import Stage

SHORT_S = 400
"""How long an order can be paid where a story waits for its end."""


@story("purchase: notify")
def _notify(stage: Stage) -> None:
    buy(stage)


@story("purchase: notify twice")
def _twice(stage: Stage) -> None:
    order = place(stage)
    fact = pay(stage, order)
    stage.tell(fact)
    stage.tell(fact)
    poll_until_paid(stage, order)
    claim(stage, order)


@story("purchase: notifies lost, page open")
def _poll(stage: Stage) -> None:
    order = place(stage)
    pay(stage, order)
    poll_until_paid(stage, order)
    claim(stage, order)


@story("purchase: notifies lost, page closed")
def _timer(stage: Stage) -> None:
    order = place(stage)
    pay(stage, order)
    wait_until(stage, lambda: stage.stored(order).payment is not None, 1_200)
    claim(stage, order)


@story("purchase: notify before the answer")
def _early(stage: Stage) -> None:
    def paid_at_once() -> None:
        number = number_of()
        stage.tell(stage.gateway.pay(number, stage.clock.now_s()))
    stage.faults.arrange("after", "gateway", "place", paid_at_once)
    order = place(stage)
    poll_until_paid(stage, order)
    claim(stage, order)


@story("purchase: nobody fetches it", lifetime_s=SHORT_S)
def _unclaimed(stage: Stage) -> None:
    order = place(stage)
    stage.tell(pay(stage, order))
    stage.let_pass(600)


@story("purchase: the client gives up at once", lifetime_s=SHORT_S)
def _given_up(stage: Stage) -> None:
    """Whatever the one try left behind has to come to an end; paid, if there was a code."""
    order = try_to_place(stage)
    stage.let_pass(10)
    if order is not None:
        stage.gateway.pay(order.out_trade_no, stage.clock.now_s())
    stage.let_pass(900)


@story("expiry: never paid", lifetime_s=SHORT_S)
def _expired(stage: Stage) -> None:
    order = place(stage)
    wait_until(stage, lambda: stage.stored(order).state is OrderState.CLOSED)


@story("expiry: paid between query and close", lifetime_s=SHORT_S)
def _photo_finish(stage: Stage) -> None:
    order = place(stage)
    stage.faults.arrange("before", "gateway", "close", lambda: stage.gateway.pay(
        order.out_trade_no, stage.clock.now_s()))
    wait_until(stage, lambda: stage.stored(order).payment is not None)
    claim(stage, order)


@story("expiry: paid after close, notified", lifetime_s=SHORT_S)
def _late(stage: Stage) -> None:
    order = place(stage)
    wait_until(stage, lambda: stage.stored(order).state is OrderState.CLOSED)
    stage.tell(pay(stage, order))
    poll_until_paid(stage, order)
    claim(stage, order)


@story("expiry: paid after close, found by the bill", lifetime_s=SHORT_S)
def _late_and_unheard(stage: Stage) -> None:
    order = place(stage)
    wait_until(stage, lambda: stage.stored(order).state is OrderState.CLOSED)
    pay(stage, order)
    wait_until(stage, lambda: stage.stored(order).payment is not None, 48 * HOUR_S)
    claim(stage, order)


@story("expiry: paid after close, product gone", lifetime_s=SHORT_S)
def _late_and_gone(stage: Stage) -> None:
    order = place(stage)
    wait_until(stage, lambda: stage.stored(order).state is OrderState.CLOSED)
    stage.office = replace(stage.office, catalogue=Catalogue("next", {}))
    stage.outside.refund_keys[order.order_id] = {"product gone"}
    stage.tell(pay(stage, order))
    wait_until(stage, lambda: stage.refunds.refunds)
    number, = stage.refunds.refunds
    stage.tell(settle(stage, number))
    wait_until(stage, lambda: stage.stored(order).state is OrderState.REFUNDED)


@story("cancel: unpaid")
def _cancelled(stage: Stage) -> None:
    order = place(stage)
    after = cancel(stage, order)
    assert isinstance(after, Order)
    assert after.state is OrderState.CLOSED


@story("cancel: paid a moment ago")
def _cancelled_and_paid(stage: Stage) -> None:
    order = place(stage)
    pay(stage, order)
    cancel(stage, order)
    poll_until_paid(stage, order)
    claim(stage, order)


@story("cancel: paid while closing, notified")
def _cancel_race(stage: Stage) -> None:
    order = place(stage)
    stage.faults.arrange("before", "gateway", "close", lambda: stage.tell(stage.gateway.pay(
        order.out_trade_no, stage.clock.now_s())))
    cancel(stage, order)
    poll_until_paid(stage, order)
    claim(stage, order)


@story("cancel: while the order is placed")
def _cancelled_early(stage: Stage) -> None:
    """Another window of the buyer cancels between the order's row and its answer."""
    order_id = identifiers.order_id(number_of())
    stage.faults.arrange("before", "gateway", "place", lambda: cancel_order(
        order_id, SECRET, stage.books, stage.gateway))
    order = place(stage)
    assert stage.stored(order).state is OrderState.CLOSED
