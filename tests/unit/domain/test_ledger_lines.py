"""What an order's row knows of money, as lines under the Beijing day that it moved."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from shared.domain.bill import REPAIRED, Difference, LedgerLine, ledger_lines
from shared.domain.money import Money
from shared.domain.refund import RefundState
from tests.fakes import samples

if TYPE_CHECKING:
    from shared.domain.order import Order

MIDNIGHT_S = 1_760_025_600  # 2025-10-10T00:00:00+08:00
UNPAID = samples.instructed(samples.order())
PART = Money(100, "CNY")


def paid_at(paid_at_s: int) -> Order:
    order = samples.paid(UNPAID)
    assert order.payment is not None
    return replace(order, payment=replace(order.payment, paid_at_s=paid_at_s,
                                          transaction_id="T1"))


def with_refund(order: Order, n: int, state: RefundState, settled_at_s: int | None) -> Order:
    refund = replace(samples.refund(UNPAID, n, amount=PART), state=state,
                     settled_at_s=settled_at_s, out_refund_no=f"R{n}")
    return replace(order, refunds=(*order.refunds, refund))


def test_an_unpaid_order_moved_nothing() -> None:
    assert list(ledger_lines(UNPAID)) == []


@pytest.mark.parametrize(("paid_at_s", "day"), [
    (MIDNIGHT_S - 1, "2025-10-09"), (MIDNIGHT_S, "2025-10-10")])
def test_a_payment_is_a_line_of_the_day_that_it_was_made(paid_at_s: int, day: str) -> None:
    assert list(ledger_lines(paid_at(paid_at_s))) == [
        LedgerLine(day, "payment", "T1", UNPAID.order_id, samples.PRICE)]


def test_each_refund_that_came_to_the_buyer_is_a_line_of_the_day_that_it_did() -> None:
    order = paid_at(MIDNIGHT_S - 1)
    for n, settled_at_s in ((1, MIDNIGHT_S), (2, MIDNIGHT_S + 86_400)):
        order = with_refund(order, n, RefundState.SUCCEEDED, settled_at_s)
    assert list(ledger_lines(order))[1:] == [
        LedgerLine("2025-10-10", "refund", "R1", UNPAID.order_id, PART),
        LedgerLine("2025-10-11", "refund", "R2", UNPAID.order_id, PART)]


@pytest.mark.parametrize(("state", "settled_at_s"), [
    *((state, MIDNIGHT_S) for state in RefundState if state is not RefundState.SUCCEEDED),
    (RefundState.SUCCEEDED, None)])
def test_a_refund_that_is_not_settled_is_no_line_and_hides_none(
        state: RefundState, settled_at_s: int | None) -> None:
    order = with_refund(paid_at(MIDNIGHT_S), 1, state, settled_at_s)
    order = with_refund(order, 2, RefundState.SUCCEEDED, MIDNIGHT_S)
    assert [line.number for line in ledger_lines(order)] == ["T1", "R2"]


def test_what_was_booked_from_the_bill_is_repaired_and_nothing_else_is() -> None:
    assert {Difference("repaired_payment"), Difference("repaired_refund")} == REPAIRED
