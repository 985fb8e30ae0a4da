"""A day is compared in one order, and goes on where it was as long as its bill is the same."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.domain.bill import (
    BEGINNING,
    MOST_LISTED,
    Bill,
    BillLine,
    DayState,
    Difference,
    Discrepancy,
    Progress,
    Reconciliation,
    doubled_places,
    lacks_payment,
    lacks_refund,
    next_run,
    resume_at,
)
from shared.domain.money import Money
from shared.domain.refund import RefundFact, RefundState
from tests.fakes import samples

DAY = "2026-01-01"
ORDER = samples.instructed(samples.order())
PAID = samples.paid(ORDER)
FACT = samples.paid_fact(ORDER)
assert PAID.payment is not None
BACK = RefundFact(
    PAID.provider, PAID.payee.merchant_id, PAID.out_trade_no, PAID.payment.transaction_id, "R1",
    "50", RefundState.SUCCEEDED, Money(100, "CNY"), None, "bill")
ONE = Discrepancy(Difference.DOUBLED_LINE, "refund", "ID", 1)
HALF = Reconciliation(DAY, DayState.STARTED, 5, "system", digest="a", discrepancies=(ONE,),
                      left_out=2, version=4, progress=Progress(20, "R7"))


def payment(line: int, number: str = "42") -> BillLine:
    return BillLine(line, FACT._replace(transaction_id=number), None)


def refund(line: int, number: str = "R1") -> BillLine:
    return BillLine(line, None, BACK._replace(out_refund_no=number))


def with_refund(state: RefundState) -> object:
    known = replace(samples.refund(ORDER, 1, amount=BACK.amount), state=state, out_refund_no="R1")
    return replace(PAID, refunds=(known,))


def test_a_line_is_about_the_movement_that_the_ledger_has() -> None:
    assert payment(1, "42").movement == ("payment", "42")
    assert refund(1, "R1").movement == ("refund", "R1")
    assert BillLine(1, FACT._replace(transaction_id=None), None).movement == ("payment", "")
    with pytest.raises(AssertionError):
        _ = BillLine(1, None, None).movement


def test_payments_come_before_refunds_and_else_lines_stay_as_they_are() -> None:
    lines = (refund(1), payment(2, "9"), refund(3, "R0"), payment(4, "1"))
    assert [line.line for line in Bill(DAY, lines, "a").in_order()] == [2, 4, 1, 3]


@pytest.mark.parametrize(("lines", "places"), [
    ([], set()), ([payment(1)], set()), ([payment(1, "1"), payment(2, "2")], set()),
    ([payment(1, "1"), payment(2, "2"), payment(3, "1"), payment(4, "1")], {0}),
    ([payment(1, "R1"), refund(2, "R1"), refund(3, "R1")], {1})])
def test_a_doubled_movement_is_told_where_it_first_stands(
        lines: list[BillLine], places: set[int]) -> None:
    assert doubled_places(lines) == places


def test_a_payment_is_lacking_where_it_would_be_booked() -> None:
    assert lacks_payment(ORDER, FACT)
    assert not lacks_payment(None, FACT)
    assert not lacks_payment(PAID, FACT)
    assert not lacks_payment(ORDER, FACT._replace(amount=Money(1, "CNY")))


@pytest.mark.parametrize(("state", "lacks"), [
    (RefundState.REQUESTED, True), (RefundState.PROCESSING, True), (RefundState.SUCCEEDED, False)])
def test_a_refund_that_came_is_lacking_where_it_is_not_known_to_have_come(
        state: RefundState, lacks: bool) -> None:
    assert lacks_refund(with_refund(state), BACK) is lacks  # type: ignore[arg-type]


def test_a_refund_is_lacking_where_it_is_not_known_at_all_and_would_be_booked() -> None:
    on_its_way = BACK._replace(state=RefundState.PROCESSING)
    assert lacks_refund(PAID, BACK)
    assert lacks_refund(PAID, on_its_way)
    assert not lacks_refund(with_refund(RefundState.REQUESTED),  # type: ignore[arg-type]
                            on_its_way)
    assert not lacks_refund(None, BACK)
    assert not lacks_refund(ORDER, BACK)
    assert not lacks_refund(PAID, BACK._replace(transaction_id="43"))


@pytest.mark.parametrize("state", [state for state in DayState if state is not DayState.DONE])
def test_a_day_that_is_not_done_goes_on_where_it_was(state: DayState) -> None:
    before = replace(HALF, state=state, reason="hash_wrong")
    assert next_run(DAY, before, run_at_s=9, actor="operator:li") == replace(
        HALF, run_at_s=9, actor="operator:li", version=5)


def test_a_day_that_is_done_starts_anew() -> None:
    fresh = Reconciliation(DAY, DayState.STARTED, 9, "operator:li")
    assert next_run(DAY, None, run_at_s=9, actor="operator:li") == fresh
    assert fresh.progress == BEGINNING == Progress(0, "")
    before = replace(HALF, state=DayState.DONE)
    assert next_run(DAY, before, run_at_s=9, actor="operator:li") == replace(fresh, version=5)


def test_another_file_starts_anew_and_the_same_goes_on() -> None:
    assert HALF.for_bill("a") is HALF
    assert HALF.for_bill("b") == Reconciliation(
        DAY, DayState.STARTED, 5, "system", digest="b", version=4)


@pytest.mark.parametrize(("told", "first"), [(0, 0), (1, 0), (2, 1), (20, 19)])
def test_the_last_line_that_was_told_is_looked_at_again(told: int, first: int) -> None:
    assert resume_at(Progress(told)) == first


def test_what_is_told_is_listed_as_long_as_there_is_room_and_always_counted() -> None:
    two = HALF.telling(ONE._replace(line=2))
    assert two.discrepancies == (ONE, ONE._replace(line=2))
    assert (two.left_out, two.differences, HALF.differences) == (2, 4, 3)
    full = replace(HALF, discrepancies=(ONE,) * MOST_LISTED)
    assert full.telling(ONE._replace(line=2)) == replace(full, left_out=3)


def test_two_refunds_of_one_order_are_two_differences() -> None:
    assert ONE.refund_id == ""
    assert ONE._replace(refund_id="A") != ONE._replace(refund_id="B")
