"""An order moves only as its table says; one payment, one grant."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING

import pytest

from shared.domain.history import verify_chain
from shared.domain.order import (
    KIND,
    OPEN_STATES,
    QUERY_INTERVAL_S,
    TRANSITIONS,
    ForbiddenTransition,
    Order,
    OrderState,
    close,
    record_payment,
    schedule_query,
)
from shared.domain.payment import TradeState
from shared.domain.refund import RefundState
from shared.domain.refunding import record_refund
from tests.fakes import samples

if TYPE_CHECKING:
    from collections.abc import Callable

CREATED = samples.order()
AWAITING = samples.instructed(CREATED)
CLOSED = close(AWAITING, samples.NOW_S + 5, actor="provider", source="query")
PAID = record_payment(AWAITING, samples.paid_fact(AWAITING), samples.NOW_S + 61)
REFUND = samples.paid_fact(AWAITING, trade_state=TradeState.REFUNDED, source="query")
REFUNDING = record_payment(PAID, REFUND, samples.NOW_S + 99)
GONE = samples.refund_fact(PAID, samples.refund(PAID), RefundState.SUCCEEDED)
REFUNDED = record_refund(PAID, GONE, samples.NOW_S + 99)
IN_STATE = {order.state: order
            for order in (CREATED, AWAITING, CLOSED, PAID, REFUNDING, REFUNDED)}

MOVES: dict[str, Callable[[Order], Order]] = {
    "instructed": samples.instructed,
    "closed": lambda order: close(order, samples.NOW_S, actor="system", source="timer"),
}


def test_there_is_a_sample_of_every_state() -> None:
    assert set(IN_STATE) == set(OrderState)


@pytest.mark.parametrize(("state", "kind"), list(product(OrderState, MOVES)))
def test_a_move_is_allowed_exactly_where_the_table_has_it(state: OrderState, kind: str) -> None:
    order = IN_STATE[state]
    if (state, kind) in TRANSITIONS:
        moved = MOVES[kind](order)
        assert moved.state is TRANSITIONS[state, kind]
        assert moved.version == order.version + 1
        assert moved.history.events[-1].kind == kind
    else:
        with pytest.raises(ForbiddenTransition):
            MOVES[kind](order)


@pytest.mark.parametrize("state", OrderState)
def test_a_payment_is_booked_exactly_where_the_table_has_it(state: OrderState) -> None:
    order = IN_STATE[state]
    booked = record_payment(order, samples.paid_fact(order), samples.NOW_S + 61)
    if (state, "paid") in TRANSITIONS:
        assert booked.state is OrderState.PAID
        assert booked.version == order.version + 1
    else:
        assert booked is order


@pytest.mark.parametrize("state", (*OPEN_STATES, OrderState.CLOSED))
def test_refunded_means_paid_and_refunded_in_one_version(state: OrderState) -> None:
    order = IN_STATE[state]
    booked = record_payment(order, REFUND, samples.NOW_S + 61)
    assert booked.state is OrderState.REFUNDING
    assert booked.version == order.version + 1
    assert [event.kind for event in booked.history.events[-2:]] == ["paid", "refund_reported"]
    assert booked.payment is not None
    assert booked.grant is not None


@pytest.mark.parametrize("trade_state", [TradeState.PAID, TradeState.REFUNDED])
def test_a_late_notify_after_the_refund_changes_nothing(trade_state: TradeState) -> None:
    fact = samples.paid_fact(REFUNDING, trade_state=trade_state)
    assert record_payment(REFUNDING, fact, samples.NOW_S + 999) is REFUNDING


@pytest.mark.parametrize("trade_state", [TradeState.UNPAID, TradeState.PENDING,
                                         TradeState.CLOSED, TradeState.FAILED])
@pytest.mark.parametrize("state", OrderState)
def test_a_fact_of_no_payment_changes_nothing(state: OrderState, trade_state: TradeState) -> None:
    order = IN_STATE[state]
    fact = samples.paid_fact(order)._replace(trade_state=trade_state)
    assert record_payment(order, fact, samples.NOW_S) is order


def test_payment_and_grant_are_fixed_by_the_first_fact() -> None:
    later = samples.paid_fact(PAID, source="query", paid_at_s=samples.NOW_S + 3600)
    assert record_payment(PAID, later, samples.NOW_S + 3600) is PAID
    refunded = record_payment(PAID, REFUND, samples.NOW_S + 3600)
    assert (refunded.payment, refunded.grant) == (PAID.payment, PAID.grant)
    assert PAID.grant is not None


def test_the_grant_sells_what_the_snapshot_sold() -> None:
    assert PAID.grant is not None
    assert PAID.payment is not None
    assert PAID.grant.product_id == PAID.snapshot.product_id
    assert PAID.grant.entitlements == PAID.snapshot.entitlements
    assert PAID.grant.term_days == PAID.snapshot.term_days
    assert PAID.grant.granted_at_s == PAID.payment.paid_at_s
    assert PAID.grant.license_id == PAID.license_id


@pytest.mark.parametrize("state", OrderState)
def test_every_history_leads_to_its_head_and_tells_no_order_number(state: OrderState) -> None:
    order = IN_STATE[state]
    verify_chain(KIND, order.order_id, order.history.events, order.history.head)
    assert order.out_trade_no not in "".join(event.canonical() for event in order.history.events)


@pytest.mark.parametrize("age_s", [0, 599, 86_400])
def test_a_query_is_scheduled_soon_however_old_the_order(age_s: int) -> None:
    now_s = AWAITING.created_at_s + age_s
    scheduled = schedule_query(AWAITING, now_s)
    assert scheduled.next_query_at_s == now_s + QUERY_INTERVAL_S
    assert scheduled.version == AWAITING.version + 1
    assert scheduled == replace(AWAITING, next_query_at_s=scheduled.next_query_at_s,
                                version=scheduled.version)
