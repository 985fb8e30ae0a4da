"""Which moves a refund may make, and what its policy says before anybody is asked."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.domain.money import Money
from shared.domain.order import record_payment
from shared.domain.refund import (
    AT_PROVIDER,
    MOVES,
    OPEN,
    Refund,
    RefundFact,
    RefundOrigin,
    RefundState,
)
from shared.domain.refund_policy import (
    Circumstances,
    Objection,
    RefundPolicy,
    find_objection,
)
from shared.domain.refunding import request_refund
from tests.fakes import samples

DAY_S = 86_400
PAID_AT_S = samples.NOW_S + 60
AWAITING, REQUESTED = RefundState.AWAITING_APPROVAL, RefundState.REQUESTED
PROCESSING, ABNORMAL = RefundState.PROCESSING, RefundState.ABNORMAL
SUCCEEDED, CLOSED = RefundState.SUCCEEDED, RefundState.CLOSED
REFUSED, DECLINED = RefundState.REFUSED, RefundState.DECLINED
CALM = Circumstances(PAID_AT_S + DAY_S, was_activated=False, payer_refunds=0)
POLICY = RefundPolicy(7, only_if_never_activated=True, most_per_payer=2)


def paid(policy: RefundPolicy | None = POLICY):  # type: ignore[no-untyped-def]
    order = samples.instructed(samples.order(
        snapshot=replace(samples.SNAPSHOT, refund_policy=policy)))
    return record_payment(order, samples.paid_fact(order), samples.NOW_S + 61)


def refund(amount_minor: int = 9900, state: RefundState = REQUESTED) -> Refund:
    return Refund("ID", "NO", Money(amount_minor, "CNY"), state, RefundOrigin.BUYER, "buyer", 5)


def test_the_table_of_moves() -> None:
    assert MOVES == {
        (AWAITING, "refund_approved"): REQUESTED, (AWAITING, "refund_declined"): DECLINED,
        (REQUESTED, "refund_refused"): REFUSED,
        (REQUESTED, "refund_processing"): PROCESSING, (REQUESTED, "refund_abnormal"): ABNORMAL,
        (REQUESTED, "refund_succeeded"): SUCCEEDED, (REQUESTED, "refund_closed"): CLOSED,
        (PROCESSING, "refund_abnormal"): ABNORMAL, (PROCESSING, "refund_succeeded"): SUCCEEDED,
        (PROCESSING, "refund_closed"): CLOSED,
        (ABNORMAL, "refund_processing"): PROCESSING, (ABNORMAL, "refund_succeeded"): SUCCEEDED,
        (ABNORMAL, "refund_closed"): CLOSED,
        (CLOSED, "refund_succeeded"): SUCCEEDED, (REFUSED, "refund_succeeded"): SUCCEEDED,
        (REFUSED, "refund_processing"): PROCESSING, (REFUSED, "refund_abnormal"): ABNORMAL}


def test_no_move_leaves_a_success_and_money_that_moved_always_wins() -> None:
    assert not [move for move in MOVES if move[0] in (SUCCEEDED, DECLINED)]
    for state in RefundState:
        if state not in (SUCCEEDED, DECLINED, AWAITING):
            assert MOVES[state, "refund_succeeded"] is SUCCEEDED


@pytest.mark.parametrize("state", RefundState)
def test_a_refund_is_open_until_it_has_an_end(state: RefundState) -> None:
    ends = (SUCCEEDED, CLOSED, REFUSED, DECLINED)
    assert refund(state=state).is_open is (state not in ends)
    assert (state in OPEN) is (state not in ends)
    assert (state in AT_PROVIDER) is (state in (PROCESSING, ABNORMAL, SUCCEEDED, CLOSED))


def test_a_fresh_refund_knows_nothing_of_the_provider_yet() -> None:
    fresh = refund()
    assert (fresh.provider_request, fresh.provider_refund_id) == ("", None)
    assert (fresh.settled_at_s, fresh.billed_on) == (None, None)


def test_within_the_policy_there_is_no_objection() -> None:
    assert find_objection(paid(), samples.PRICE, CALM) is None


def test_what_is_not_paid_is_not_refunded() -> None:
    assert find_objection(samples.order(), samples.PRICE, CALM) is Objection.NOT_PAID


def test_no_policy_means_no_refund_by_the_buyer_alone() -> None:
    assert find_objection(paid(None), samples.PRICE, CALM) is Objection.NOT_OFFERED


@pytest.mark.parametrize(("after_s", "objection"), [
    (0, None), (7 * DAY_S - 1, None), (7 * DAY_S, Objection.TOO_LATE),
    (7 * DAY_S + 1, Objection.TOO_LATE)])
def test_the_window_is_counted_from_the_payment(after_s: int,
                                                objection: Objection | None) -> None:
    now = CALM._replace(now_s=PAID_AT_S + after_s)
    assert find_objection(paid(), samples.PRICE, now) is objection


@pytest.mark.parametrize(("only", "was", "objection"), [
    (True, True, Objection.ACTIVATED), (True, False, None), (False, True, None)])
def test_activation_counts_where_the_policy_says_so(only: bool, was: bool,
                                                    objection: Objection | None) -> None:
    order = paid(replace(POLICY, only_if_never_activated=only))
    assert find_objection(order, samples.PRICE, CALM._replace(was_activated=was)) is objection


@pytest.mark.parametrize(("most", "refunds", "objection"), [
    (2, 1, None), (2, 2, Objection.PAYER_LIMIT), (2, 3, Objection.PAYER_LIMIT),
    (0, 0, Objection.PAYER_LIMIT), (None, 99, None)])
def test_one_payer_has_so_many_refunds_and_no_more(most: int | None, refunds: int,
                                                   objection: Objection | None) -> None:
    order = paid(replace(POLICY, most_per_payer=most))
    assert find_objection(order, samples.PRICE, CALM._replace(payer_refunds=refunds)) is objection


@pytest.mark.parametrize(("amount_minor", "objection"), [
    (0, Objection.NOTHING_LEFT), (1, None), (9800, None), (9801, Objection.NOTHING_LEFT)])
def test_no_more_than_what_is_left(amount_minor: int, objection: Objection | None) -> None:
    order = request_refund(paid(), refund(100), source="refund")
    assert find_objection(order, Money(amount_minor, "CNY"), CALM) is objection


@pytest.mark.parametrize(("above", "amount_minor", "needed"), [
    (None, 9900, False), (5000, 5000, False), (5000, 5001, True), (0, 1, True)])
def test_only_a_refund_above_the_amount_waits_for_approval(above: int | None, amount_minor: int,
                                                           needed: bool) -> None:
    policy = RefundPolicy(7, approval_above_minor=above)
    assert policy.needs_approval(amount_minor) is needed


def test_a_bare_policy_has_a_window_and_nothing_else() -> None:
    bare = RefundPolicy(7)
    assert (bare.only_if_never_activated, bare.most_per_payer, bare.approval_above_minor) == (
        False, None, None)


def test_a_statement_without_an_end_has_no_time_and_no_bill() -> None:
    told = RefundFact("wechatpay", "1", "T", "4", "R", "5", PROCESSING, samples.PRICE, None,
                      "query")
    assert (told.settled_at_s, told.billed_on) == (None, None)
