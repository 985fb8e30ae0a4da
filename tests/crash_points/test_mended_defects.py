"""What the stories found and was mended stays mended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.domain.calendar import DAY_S, day_of
from shared.domain.held import HeldState
from shared.domain.refund import RefundState
from shared.errors import ProviderUnavailable
from shared.use_cases.settle_held import refund_held
from tests.crash_points.acts import pay, place, settle, wait_until
from tests.crash_points.holding import (
    ask_held_back,
    held_row,
    paid_wrong,
    see_refunded,
    wait_held,
)
from tests.crash_points.stage import Stage

if TYPE_CHECKING:
    from shared.domain.bill import Bill
    from shared.domain.payment import PaymentFact


def _closed_refund(stage: Stage) -> PaymentFact:
    fact = paid_wrong(stage)
    ask_held_back(stage, wait_held(stage, fact))
    wait_until(stage, lambda: stage.refunds.refunds)
    number, = stage.refunds.refunds
    stage.tell(settle(stage, number, RefundState.CLOSED))
    wait_until(stage, lambda: held_row(stage, fact).state is HeldState.REFUND_FAILED)
    return fact


def test_an_order_whose_wrong_payment_went_back_comes_to_its_end() -> None:
    stage = Stage()
    fact = paid_wrong(stage)
    see_refunded(stage, fact)
    stage.recover()
    rung = len(stage.log.named("payment.held"))
    stage.let_pass(10 * DAY_S)
    order, = stage.orders.all()
    assert not order.is_open()
    assert len(stage.log.named("payment.held")) == rung


def test_a_closed_refund_of_a_held_payment_wakes_an_operator() -> None:
    stage = Stage()
    _closed_refund(stage)
    asked = next(at for at, (name, _) in enumerate(stage.log.facts)
                 if name == "held.refund_requested")
    stage.let_pass(DAY_S // 2)
    assert [name for name, fields in stage.log.facts[asked:]
            if fields.get("alarm") and name == "payment.held_waits"]


def test_a_held_payment_can_be_refunded_after_a_closed_refund() -> None:
    stage = Stage()
    fact = _closed_refund(stage)
    stage.let_pass(60)
    held = refund_held(held_row(stage, fact), stage.held_desk, actor="operator:anna",
                       source="admin")
    assert held.state is HeldState.REFUND_REQUESTED
    stage.let_pass(600)
    for number, back in list(stage.refunds.refunds.items()):
        if back.state is RefundState.PROCESSING:
            stage.tell(settle(stage, number))
    stage.let_pass(600)
    assert held_row(stage, fact).state is HeldState.REFUNDED


def test_one_day_that_cannot_be_fetched_holds_up_no_other_day() -> None:
    stage = Stage()
    first = day_of(stage.clock.now_s())
    fetch = stage.bills.fetch

    def never_the_first(day: str) -> Bill:
        if day == first:
            raise ProviderUnavailable(reason="SYSTEM_ERROR")
        return fetch(day)
    stage.bills.fetch = never_the_first  # type: ignore[method-assign]
    stage.let_pass(DAY_S)
    order = place(stage)
    stage.timers_run = False
    pay(stage, order)
    stage.let_pass(3 * DAY_S)
    assert stage.stored(order).payment is not None
