"""What a paid order says its license is worth, and why it may be held back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.domain.license import Standing
from shared.domain.order import ForbiddenTransition, OrderState, record_payment
from shared.domain.payment import TradeState
from shared.domain.refund import RefundState
from shared.domain.refunding import (
    has_unexplained_refund,
    place_hold,
    record_refund,
    release_hold,
    standing_of,
)
from tests.fakes import samples
from tests.unit.domain.test_refund_booking import (
    HOLD,
    NOW_S,
    PAID,
    RELEASE,
    UNPAID,
    asked,
    fact,
    refund,
)

REPORTED = record_payment(
    PAID, samples.paid_fact(PAID, trade_state=TradeState.REFUNDED), NOW_S + 90)


def test_what_is_not_paid_gives_no_active_license() -> None:
    assert standing_of(UNPAID) is Standing.SUSPENDED
    assert standing_of(PAID) is Standing.ACTIVE


@pytest.mark.parametrize(("state", "whole", "part"), [
    (RefundState.AWAITING_APPROVAL, Standing.SUSPENDED, Standing.ACTIVE),
    (RefundState.REQUESTED, Standing.SUSPENDED, Standing.ACTIVE),
    (RefundState.PROCESSING, Standing.SUSPENDED, Standing.ACTIVE),
    (RefundState.ABNORMAL, Standing.SUSPENDED, Standing.ACTIVE),
    (RefundState.SUCCEEDED, Standing.REVOKED, Standing.ACTIVE),
    (RefundState.CLOSED, Standing.ACTIVE, Standing.ACTIVE),
    (RefundState.REFUSED, Standing.ACTIVE, Standing.ACTIVE),
    (RefundState.DECLINED, Standing.ACTIVE, Standing.ACTIVE)])
def test_a_whole_refund_suspends_revokes_or_restores_and_a_part_does_nothing(
        state: RefundState, whole: Standing, part: Standing) -> None:
    assert standing_of(replace(PAID, refunds=(refund(state=state),))) is whole
    assert standing_of(replace(PAID, refunds=(refund(minor=9899, state=state),))) is part


def test_parts_that_add_up_to_the_whole_end_the_license() -> None:
    halves = (refund(1, 5000, RefundState.SUCCEEDED), refund(2, 4900, RefundState.SUCCEEDED))
    assert standing_of(replace(PAID, refunds=halves)) is Standing.REVOKED
    mixed = (halves[0], replace(halves[1], state=RefundState.REQUESTED))
    assert standing_of(replace(PAID, refunds=mixed)) is Standing.SUSPENDED


def test_a_hold_suspends_and_its_release_restores() -> None:
    held = place_hold(PAID, "operator", HOLD)
    assert (held.holds, held.version) == (("operator",), PAID.version + 1)
    assert held.history == PAID.history.add(HOLD)
    assert (held.state, standing_of(held)) == (OrderState.PAID, Standing.SUSPENDED)
    assert place_hold(held, "operator", HOLD) is held
    released = release_hold(held, "operator", RELEASE)
    assert (released.holds, released.version) == ((), held.version + 1)
    assert released.history == held.history.add(RELEASE)
    assert standing_of(released) is Standing.ACTIVE
    assert release_hold(released, "operator", RELEASE) is released


def test_one_of_two_holds_still_holds() -> None:
    both = place_hold(place_hold(PAID, "operator", HOLD), "complaint:1", HOLD)
    assert both.holds == ("complaint:1", "operator")
    one = release_hold(both, "complaint:1", RELEASE)
    assert (one.holds, standing_of(one)) == (("operator",), Standing.SUSPENDED)


def test_an_order_without_payment_has_nothing_to_hold_back() -> None:
    with pytest.raises(ForbiddenTransition, match="no license to hold back"):
        place_hold(UNPAID, "operator", HOLD)


def test_a_reported_refund_suspends_until_it_is_explained() -> None:
    assert not has_unexplained_refund(PAID)
    assert has_unexplained_refund(REPORTED)
    assert (REPORTED.state, standing_of(REPORTED)) == (OrderState.REFUNDING, Standing.SUSPENDED)
    part = record_refund(REPORTED, fact(7, 100), NOW_S + 300)
    assert not has_unexplained_refund(part)
    assert (part.state, standing_of(part)) == (OrderState.PAID, Standing.ACTIVE)


@pytest.mark.parametrize(("state", "explains"), [
    (RefundState.REQUESTED, False), (RefundState.AWAITING_APPROVAL, False),
    (RefundState.REFUSED, False), (RefundState.PROCESSING, True), (RefundState.SUCCEEDED, True)])
def test_only_a_refund_that_the_provider_told_us_of_explains_its_report(
        state: RefundState, explains: bool) -> None:
    order = replace(REPORTED, refunds=(refund(minor=1, state=state),))
    assert has_unexplained_refund(order) is not explains


def test_a_report_is_no_news_when_a_refund_is_known() -> None:
    told = samples.paid_fact(PAID, trade_state=TradeState.REFUNDED)
    for order in (asked(refund(minor=1)), REPORTED,
                  record_refund(REPORTED, fact(7, 100), NOW_S + 300)):
        assert record_payment(order, told, NOW_S + 400) is order


def test_a_hold_on_a_refunded_order_does_not_open_it_again() -> None:
    done = record_refund(asked(refund()), fact(), NOW_S + 300)
    held = place_hold(done, "operator", HOLD)
    assert (held.state, standing_of(held)) == (OrderState.REFUNDED, Standing.REVOKED)


def test_a_hold_does_not_explain_a_reported_refund() -> None:
    held = place_hold(REPORTED, "operator", HOLD)
    assert held.state is OrderState.REFUNDING
    assert release_hold(held, "operator", RELEASE).state is OrderState.REFUNDING


def test_a_report_is_no_news_after_a_refund_that_was_given_up() -> None:
    given_up = record_refund(asked(refund()), fact(state=RefundState.CLOSED), NOW_S + 300)
    assert given_up.state is OrderState.PAID
    told = samples.paid_fact(PAID, trade_state=TradeState.REFUNDED)
    assert record_payment(given_up, told, NOW_S + 400) is given_up
