"""Whatever the rules can make of an aggregate, its row gives it back."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.adapters.tablestore import complaint_rows, license_rows, order_rows, reconciliations
from shared.adapters.tablestore.writers import mark
from shared.domain.bill import DayState, Difference, Discrepancy, Progress, Reconciliation
from shared.domain.complaint import Complaint, ComplaintState
from shared.domain.license import GrantStanding, Standing
from shared.domain.money import MOST_MINOR, Money
from shared.domain.refund import Refund, RefundOrigin, RefundState
from shared.domain.refund_policy import RefundPolicy
from tests.fakes import samples
from tests.unit.adapters.tablestore.writes import ANSWERED, LICENSE, ORDER

if TYPE_CHECKING:
    from shared.domain.order import Order

PAID = samples.paid(ORDER)

TEXTS = st.text(st.characters(codec="utf-8"), max_size=40)
TIMES = st.integers(0, 2**40)
AMOUNTS = st.builds(Money, st.integers(0, MOST_MINOR), st.sampled_from(["CNY", "JPY"]))
REFUNDS = st.builds(
    Refund, TEXTS, TEXTS, AMOUNTS, st.sampled_from(RefundState), st.sampled_from(RefundOrigin),
    TEXTS, TIMES, TEXTS, st.none() | TEXTS, st.none() | TIMES, st.none() | TEXTS)
POLICIES = st.none() | st.builds(
    RefundPolicy, TIMES, st.booleans(), st.none() | TIMES, st.none() | TIMES)


@settings(deadline=None)
@given(title=TEXTS, names=st.lists(TEXTS, max_size=4), amount=st.integers(0, MOST_MINOR),
       term_days=st.none() | st.integers(0, 10**6), secret=TEXTS, request=TEXTS)
def test_any_order_comes_back(title: str, names: list[str], amount: int,
                              term_days: int | None, secret: str, request: str) -> None:
    snapshot = replace(samples.SNAPSHOT, title=title, entitlements=tuple(names),
                       price=Money(amount, "CNY"), term_days=term_days)
    order: Order = replace(samples.order(snapshot=snapshot), claim_secret_hash=secret,
                           provider_request=request)
    row = {**order_rows.new_row(order), **mark(1, "token")}
    assert order_rows.read_order(order.order_id, row) == order


@settings(max_examples=60, deadline=None)
@given(refunds=st.lists(REFUNDS, max_size=12), holds=st.lists(TEXTS, max_size=4),
       policy=POLICIES, reported_at_s=st.none() | TIMES)
def test_any_refunds_holds_and_policy_come_back(
        refunds: list[Refund], holds: list[str], policy: RefundPolicy | None,
        reported_at_s: int | None) -> None:
    order = replace(PAID, refunds=tuple(refunds), holds=tuple(holds),
                    refund_reported_at_s=reported_at_s,
                    snapshot=replace(PAID.snapshot, refund_policy=policy))
    row = {**order_rows.new_row(order), **mark(order.version, "token")}
    assert order_rows.read_order(order.order_id, row) == order


@settings(max_examples=40, deadline=None)
@given(standings=st.lists(st.builds(
    GrantStanding, TEXTS, st.sampled_from(Standing), TIMES), max_size=12),
    activated_at_s=st.none() | TIMES)
def test_any_standing_comes_back(standings: list[GrantStanding],
                                 activated_at_s: int | None) -> None:
    license_ = replace(LICENSE, standings=tuple(standings), activated_at_s=activated_at_s)
    row = {**license_rows.new_row(license_), **mark(1, "token")}
    assert license_rows.read_license(license_.license_id, row) == license_


@settings(max_examples=60, deadline=None)
@given(complaint=st.builds(
    Complaint, TEXTS, TEXTS, st.sampled_from(ComplaintState),
    st.lists(TEXTS, max_size=3).map(tuple), TIMES, TIMES, TEXTS, TIMES, st.booleans(),
    st.none() | AMOUNTS, st.just(ANSWERED.history), st.none() | TIMES, st.integers(1, 99)))
def test_any_complaint_comes_back(complaint: Complaint) -> None:
    row = {**complaint_rows.new_row(complaint), **mark(complaint.version, "token")}
    key = complaint_rows.key_of(complaint.provider, complaint.complaint_id)
    assert complaint_rows.read_complaint(key, row) == complaint


@settings(max_examples=60, deadline=None)
@given(result=st.builds(
    Reconciliation, TEXTS, st.sampled_from(DayState), TIMES, TEXTS, TEXTS, TIMES, TIMES, TIMES,
    st.lists(st.builds(Discrepancy, st.sampled_from(Difference), TEXTS, TEXTS, TIMES, TEXTS,
                       TEXTS), max_size=5).map(tuple), TEXTS, TIMES, st.integers(1, 99),
    st.builds(Progress, TIMES, TEXTS)))
def test_any_result_of_a_day_comes_back(result: Reconciliation) -> None:
    row = {**reconciliations.all_columns(result), **mark(result.version, "token")}
    assert reconciliations.read_result(result.day, row) == result
