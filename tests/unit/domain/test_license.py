"""A license is the sum of its grants, however they were applied."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.history import verify_chain
from shared.domain.license import (
    DAY_S,
    KIND,
    Grant,
    License,
    Proof,
    apply_grant,
    open_license,
)
from shared.domain.order import Payment, grant_for_payment, record_payment
from tests.fakes import samples

LICENSE = "L" * 26


def grant(n: int, *, term_days: int | None = 30, at_s: int = 0,
          entitlements: tuple[str, ...] = ("pro",), devices: int = 3,
          kind: str = "payment") -> Grant:
    return Grant(f"G{n}", LICENSE, "reader-pro", entitlements, term_days, at_s, f"ORDER-{n}",
                 devices, Proof(kind, f"wechatpay:{n}"))


def license_of(*grants: Grant) -> License:
    license_ = open_license(grants[0], "test", now_s=1, source="license-fetch")
    for more in grants[1:]:
        license_ = apply_grant(license_, more, now_s=2, source="license-fetch")
    return license_


GRANTS = st.lists(st.tuples(st.integers(1, 400), st.integers(0, 1000)), min_size=1, max_size=5)


@given(GRANTS)
def test_the_end_is_the_first_moment_that_no_day_is_left(terms: list[tuple[int, int]]) -> None:
    """The oracle counts day by day: each grant puts days in, each passing day takes one."""
    grants = [grant(n, term_days=days, at_s=day * DAY_S) for n, (days, day) in enumerate(terms)]
    left, last = 0, 0
    for day in range(1001 + sum(days for days, _ in terms)):
        left += sum(days for days, at in terms if at == day)
        if left:
            left, last = left - 1, day + 1
    assert license_of(*grants).ends_at_s() == last * DAY_S


@given(GRANTS)
def test_the_order_in_which_grants_are_applied_changes_nothing(
        terms: list[tuple[int, int]]) -> None:
    grants = [grant(n, term_days=days, at_s=day * DAY_S)
              for n, (days, day) in enumerate(terms[:4])]
    seen = {(it.ends_at_s(), it.paid_at_s, it.entitlements, it.order_id)
            for it in (license_of(*order) for order in permutations(grants))}
    assert len(seen) == 1


def test_a_renewal_before_the_end_adds_its_days_to_the_rest() -> None:
    assert license_of(grant(1), grant(2, at_s=10 * DAY_S)).ends_at_s() == 60 * DAY_S


def test_a_renewal_after_the_end_counts_from_its_own_payment() -> None:
    assert license_of(grant(1), grant(2, at_s=100 * DAY_S)).ends_at_s() == 130 * DAY_S


def test_one_grant_for_ever_is_for_ever() -> None:
    assert license_of(grant(1), grant(2, term_days=None), grant(3)).ends_at_s() is None


def test_entitlements_are_named_once_and_in_order() -> None:
    license_ = license_of(grant(1, entitlements=("pro", "b")), grant(2, entitlements=("a", "pro")))
    assert license_.entitlements == ("a", "b", "pro")


def test_the_first_payment_names_the_order() -> None:
    assert license_of(grant(1, at_s=5), grant(2)).order_id == "ORDER-2"


def test_applying_a_grant_again_gives_the_very_same_license() -> None:
    once = license_of(grant(1), grant(2))
    assert apply_grant(once, grant(2), now_s=99, source="timer") is once
    assert apply_grant(once, grant(1), now_s=99, source="timer") is once


def test_a_new_grant_is_one_version_and_one_event() -> None:
    before = license_of(grant(1))
    after = apply_grant(before, grant(2), now_s=9, source="license-fetch")
    assert (before.version, after.version) == (1, 2)
    assert after.history.events[:-1] == before.history.events
    verify_chain(KIND, LICENSE, after.history.events, after.history.head)


def test_a_grant_of_another_license_is_refused() -> None:
    foreign = replace(grant(2), license_id="M" * 26)
    with pytest.raises(ValueError, match="another license"):
        apply_grant(license_of(grant(1)), foreign, now_s=1, source="license-fetch")


def test_the_grant_of_an_order_follows_from_order_and_payment_alone() -> None:
    order = samples.order()
    payment = Payment("4200000001", order.price, 1_760_000_060, "notify")
    made = grant_for_payment(order, payment)
    assert made == grant_for_payment(order, replace(payment, source="query"))
    assert made.granted_at_s == payment.paid_at_s
    assert made.proof == Proof("payment", "wechatpay:4200000001")
    paid = record_payment(order, samples.paid_fact(order), samples.NOW_S)
    assert paid.grant is not None
    assert paid.grant.grant_id == made.grant_id
