"""Stories of refunds: asked for, followed to every end, found, declined and refused."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from shared.domain.money import Money
from shared.domain.order import OrderState
from shared.domain.refund import RefundState
from shared.domain.refund_policy import RefundPolicy
from shared.errors import Conflict, StoreUnavailable
from shared.use_cases.give_grant import give_grant
from shared.use_cases.request_refund import request_own_refund
from tests.crash_points.acts import (
    HOUR_S,
    ask_back,
    buy,
    claim,
    claim_refused,
    decide,
    give_back,
    pay,
    place,
    poll_until_paid,
    settle,
    try_claim,
    wait_placed,
    wait_until,
)
from tests.crash_points.stories import story
from tests.invariants import must
from tests.unit.use_cases.world import OTHER_KEY, PRICE, SECRET

if TYPE_CHECKING:
    from shared.domain.license import License
    from tests.crash_points.stage import Stage
    from tests.fakes.stores import MemoryLicenses

PART = Money(3_000, "CNY")
CAREFUL = RefundPolicy(window_days=7, approval_above_minor=5_000)
ONCE = RefundPolicy(window_days=7, most_per_payer=1)
UNUSED = RefundPolicy(window_days=7, only_if_never_activated=True)


@story("refund: buyer's whole")
def _whole(stage: Stage) -> None:
    order = buy(stage)
    ask_back(stage, order)
    claim_refused(stage, order, "LICENSE_SUSPENDED")
    stage.tell(settle(stage, wait_placed(stage, order)))
    claim_refused(stage, order)


@story("refund: its notify lost")
def _found_by_timer(stage: Stage) -> None:
    order = buy(stage)
    ask_back(stage, order)
    settle(stage, wait_placed(stage, order))
    wait_until(stage, lambda: stage.stored(order).state is OrderState.REFUNDED)
    claim_refused(stage, order)


@story("refund: nobody fetched the license", policy=UNUSED)
def _unused(stage: Stage) -> None:
    order = place(stage)
    stage.tell(pay(stage, order))
    poll_until_paid(stage, order)
    ask_back(stage, order)
    claim_refused(stage, order, "LICENSE_SUSPENDED")
    stage.tell(settle(stage, wait_placed(stage, order)))
    claim_refused(stage, order)


@story("refund: one per payer", policy=ONCE)
def _one_per_payer(stage: Stage) -> None:
    first, second = place(stage), place(stage, OTHER_KEY)
    for order in (first, second):
        stage.let_pass(10)
        stage.tell(stage.gateway.pay(order.out_trade_no, stage.clock.now_s(),
                                     payer_hash="ab" * 32))
        poll_until_paid(stage, order)
    ask_back(stage, first)
    stage.tell(settle(stage, wait_placed(stage, first)))
    refusal = stage.until_answered("client", lambda: request_own_refund(
        second.order_id, SECRET, "r1", stage.refund_counter))
    must(isinstance(refusal, Conflict), "I18", "one payer was promised more than agreed")
    claim_refused(stage, first)
    claim(stage, second)


@story("refund: two equal parts, then the rest")
def _parts(stage: Stage) -> None:
    order = buy(stage)
    give_back(stage, order, PART, "p1")
    give_back(stage, order, PART, "p2")
    for place_of in (0, 1):
        stage.tell(settle(stage, wait_placed(stage, order, place_of)))
    claim(stage, order)
    give_back(stage, order, None, "p3")
    stage.tell(settle(stage, wait_placed(stage, order)))
    claim_refused(stage, order)


@story("refund: approved", policy=CAREFUL)
def _approved(stage: Stage) -> None:
    order = buy(stage)
    ask_back(stage, order)
    stage.let_pass(180)
    decide(stage, order, "refund_approved")
    stage.tell(settle(stage, wait_placed(stage, order)))
    claim_refused(stage, order)


@story("refund: declined", policy=CAREFUL)
def _declined(stage: Stage) -> None:
    order = buy(stage)
    ask_back(stage, order)
    decide(stage, order, "refund_declined")
    claim(stage, order)


@story("refund: nobody decides", policy=CAREFUL)
def _undecided(stage: Stage) -> None:
    order = buy(stage)
    ask_back(stage, order)
    stage.let_pass(180)


@story("refund: abnormal, then it succeeds")
def _abnormal(stage: Stage) -> None:
    order = buy(stage)
    ask_back(stage, order)
    number = wait_placed(stage, order)
    stage.tell(settle(stage, number, RefundState.ABNORMAL))
    stage.let_pass(180)
    stage.tell(settle(stage, number))
    claim_refused(stage, order)


@story("refund: closed, and asked for again")
def _closed(stage: Stage) -> None:
    order = buy(stage)
    ask_back(stage, order)
    stage.tell(settle(stage, wait_placed(stage, order), RefundState.CLOSED))
    wait_until(stage, lambda: stage.stored(order).state is OrderState.PAID)
    claim(stage, order)
    ask_back(stage, order, "r2")
    settle(stage, wait_placed(stage, order))
    wait_until(stage, lambda: stage.stored(order).state is OrderState.REFUNDED)
    claim_refused(stage, order)


@story("refund: refused for good")
def _refused(stage: Stage) -> None:
    """The seller had given a part back in the provider's console, and nobody knew."""
    order = buy(stage)
    stage.refunds.console_refund(order.out_trade_no, PART)
    ask_back(stage, order)
    wait_until(stage, lambda: stage.stored(order).refunds[0].state is RefundState.REFUSED)
    claim(stage, order)


@story("refund: no balance for an hour")
def _no_balance(stage: Stage) -> None:
    order = buy(stage)
    stage.refunds.has_balance = False
    ask_back(stage, order)
    stage.let_pass(HOUR_S)
    stage.refunds.has_balance = True
    stage.tell(settle(stage, wait_placed(stage, order)))
    claim_refused(stage, order)


@story("console refund: notified")
def _console(stage: Stage) -> None:
    order = buy(stage)
    stage.let_pass(30)
    stage.tell(stage.refunds.console_refund(order.out_trade_no))
    wait_until(stage, lambda: stage.stored(order).state is OrderState.REFUNDED)
    claim_refused(stage, order)


@story("console refund: found by the bill")
def _console_bill(stage: Stage) -> None:
    order = buy(stage)
    stage.let_pass(300)
    stage.refunds.console_refund(order.out_trade_no)
    wait_until(stage, lambda: stage.stored(order).state is OrderState.REFUNDED, 48 * HOUR_S)
    claim_refused(stage, order)


@story("console refund: a part, found by the bill")
def _console_part(stage: Stage) -> None:
    order = buy(stage)
    stage.let_pass(300)
    stage.refunds.console_refund(order.out_trade_no, PART)
    wait_until(stage, lambda: stage.stored(order).refunds, 48 * HOUR_S)
    claim(stage, order)


@story("console refund: before anybody knew of the payment")
def _console_unknown(stage: Stage) -> None:
    order = place(stage)
    pay(stage, order)
    stage.refunds.console_refund(order.out_trade_no)
    poll_until_paid(stage, order)
    claim_refused(stage, order, "LICENSE_SUSPENDED")
    wait_until(stage, lambda: stage.stored(order).state is OrderState.REFUNDED, 48 * HOUR_S)
    claim_refused(stage, order)


@story("console refund: its notify overtakes the payment's")
def _overtaken(stage: Stage) -> None:
    order = place(stage)
    payment = pay(stage, order)
    stage.tell(stage.refunds.console_refund(order.out_trade_no))
    stage.tell(payment)
    wait_until(stage, lambda: stage.stored(order).state is OrderState.REFUNDED)
    claim_refused(stage, order)


@story("refund: the payment's notify comes again, late")
def _late_notify(stage: Stage) -> None:
    order = place(stage)
    payment = pay(stage, order)
    stage.tell(payment)
    paid = poll_until_paid(stage, order)
    ask_back(stage, paid)
    number = wait_placed(stage, order)
    stage.tell(payment)
    stage.tell(settle(stage, number))
    stage.tell(payment)
    claim_refused(stage, order)
    assert stage.gateway.trades[order.out_trade_no].amount == PRICE


@story("refund: asked for while the license is fetched", policy=UNUSED)
def _raced(stage: Stage) -> None:
    """The claim read the order before; whoever reserved the refund died before the license."""
    order = place(stage)
    stage.tell(pay(stage, order))
    poll_until_paid(stage, order)
    stage.outside.refund_keys[order.order_id] = {"r1"}
    elsewhere = replace(stage.refund_counter, licenses=OnlyOnce(stage.licenses))
    stage.faults.arrange("before", "licenses", "create", lambda: request_own_refund(
        order.order_id, SECRET, "r1", elsewhere))
    stage.until_answered("page", lambda: try_claim(stage, order.order_id))
    for number in [refund.out_refund_no for refund in stage.stored(order).refunds]:
        wait_until(stage, lambda number=number: number in stage.refunds.refunds
                   or not stage.stored(order).refunds[0].is_open)
        if number in stage.refunds.refunds:
            stage.tell(settle(stage, number))


@story("refund: the whole, while the license is fetched")
def _overtakes(stage: Stage) -> None:
    """A claim that read the order before its refund may not undo what the refund wrote."""
    order = buy(stage)
    stage.outside.refund_keys[order.order_id] = {"r1"}
    stage.faults.arrange("after", "orders", "load", lambda: give_grant(
        order.order_id, 30, "g1", stage.books, stage.licenses, actor="operator:anna"))
    stage.faults.arrange("after", "licenses", "load", lambda: request_own_refund(
        order.order_id, SECRET, "r1", stage.refund_counter))
    stage.attempt("page", lambda: try_claim(stage, order.order_id))
    ask_back(stage, order)
    stage.tell(settle(stage, wait_placed(stage, order)))
    wait_until(stage, lambda: stage.stored(order).state is OrderState.REFUNDED)


class OnlyOnce:
    """The licenses' rows answer the first question, and no other."""

    def __init__(self, licenses: MemoryLicenses) -> None:
        self._answers = [licenses]

    def load(self, license_id: str) -> License | None:
        """The license, once."""
        if not self._answers:
            raise StoreUnavailable
        return self._answers.pop().load(license_id)
