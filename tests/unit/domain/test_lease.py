"""A lease is short, never outlives its license, and survives fourteen days without us."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.identifiers import is_id
from shared.domain.lease import (
    BUCKET_S,
    FIRST_DAYS_S,
    GRACE_S,
    LEASE_S,
    SLOW_CLOCK_S,
    WORST_CASE_S,
    Window,
    claims,
    window_at,
)
from shared.domain.license import DAY_S, GrantStanding, License, Standing, set_standing
from tests.unit.domain.test_license import LICENSE, grant, license_of

MIDNIGHT_S = 20_370 * DAY_S
PAID_AT_S = MIDNIGHT_S + 46_800
"""One o'clock in the afternoon."""
FOR_EVER = license_of(grant(1, term_days=None, at_s=PAID_AT_S))
MONTH = license_of(grant(1, at_s=PAID_AT_S))
END_S = PAID_AT_S + 30 * DAY_S
THUMB, OTHER_THUMB = "A" * 43, "B" * 43

TERMS = st.one_of(st.none(), st.integers(1, 800))
SECONDS_OF_A_DAY = st.integers(0, DAY_S - 1)


def window_of(license_: License, now_s: int) -> Window:
    window = window_at(license_, now_s)
    assert window is not None
    return window


def midnight(now_s: int) -> int:
    return now_s // DAY_S * DAY_S


@pytest.mark.parametrize(("day", "second", "lease_days", "grace_days"), [
    (0, 46_800, 3, 14), (0, 86_399, 3, 14), (1, 0, 3, 14), (7, 0, 3, 14), (7, 46_800, 3, 14),
    (7, 86_399, 3, 14), (8, 0, 14, 7), (8, 1, 14, 7), (400, 86_399, 14, 7)])
def test_the_table_of_times(day: int, second: int, lease_days: int, grace_days: int) -> None:
    began_s = MIDNIGHT_S + day * DAY_S
    window = window_of(FOR_EVER, began_s + second)
    assert window == Window(began_s, began_s + lease_days * DAY_S, grace_days * DAY_S)
    assert window.starts_at_s == began_s - 3_600
    assert window.refresh_at_s == began_s + lease_days * DAY_S // 2
    assert window.dark_at_s == window.ends_at_s + grace_days * DAY_S + 3_600


@pytest.mark.parametrize(("paid_at_s", "first_later_s"), [
    (MIDNIGHT_S, MIDNIGHT_S + 7 * DAY_S), (MIDNIGHT_S + 1, MIDNIGHT_S + 8 * DAY_S),
    (MIDNIGHT_S - 1, MIDNIGHT_S + 7 * DAY_S)])
def test_the_first_week_ends_with_the_first_midnight_after_seven_days(
        paid_at_s: int, first_later_s: int) -> None:
    license_ = license_of(grant(1, term_days=None, at_s=paid_at_s))
    before, after = window_of(license_, first_later_s - 1), window_of(license_, first_later_s)
    assert before.ends_at_s - before.issued_at_s == 3 * DAY_S
    assert after.ends_at_s - after.issued_at_s == 14 * DAY_S


def test_a_renewal_has_a_first_week_too_and_a_gift_has_none() -> None:
    now_s = MIDNIGHT_S + 100 * DAY_S
    renewal = grant(2, at_s=now_s - DAY_S)
    old = license_of(grant(1, term_days=365, at_s=PAID_AT_S))
    for license_, grace_s in (
            (old, GRACE_S), (license_of(*old.grants, renewal), 14 * DAY_S),
            (license_of(*old.grants, replace(renewal, proof=replace(
                renewal.proof, kind="gift"))), GRACE_S)):
        assert window_of(license_, now_s).grace_s == grace_s


def test_a_refunded_renewal_begins_no_first_week() -> None:
    now_s = MIDNIGHT_S + 100 * DAY_S
    both = license_of(grant(1, term_days=365, at_s=PAID_AT_S), grant(2, at_s=now_s - DAY_S))
    refunded = set_standing(both, GrantStanding("G2", Standing.REVOKED, 2), now_s=now_s,
                            source="notify")
    assert window_of(both, now_s).grace_s == 14 * DAY_S
    assert window_of(refunded, now_s).grace_s == 7 * DAY_S


@given(st.integers(0, 2**30), SECONDS_OF_A_DAY)
def test_all_who_ask_on_one_day_get_the_same_window(day: int, second: int) -> None:
    began_s = day * BUCKET_S
    assert window_at(FOR_EVER, began_s + second) == window_at(FOR_EVER, began_s)


@pytest.mark.parametrize(("before_end_s", "lease_s", "grace_s"), [
    (23 * DAY_S, 3 * DAY_S, 14 * DAY_S),
    (22 * DAY_S, 14 * DAY_S, 7 * DAY_S),
    (21 * DAY_S, 14 * DAY_S, 7 * DAY_S),
    (20 * DAY_S, 14 * DAY_S, 6 * DAY_S + 46_800),
    (14 * DAY_S, 14 * DAY_S, 46_800), (13 * DAY_S, 13 * DAY_S + 46_800, 0),
    (1, 46_800, 0)])
def test_neither_a_lease_nor_its_grace_outlives_its_license(
        before_end_s: int, lease_s: int, grace_s: int) -> None:
    now_s = END_S - before_end_s
    assert window_of(MONTH, now_s) == Window(midnight(now_s), midnight(now_s) + lease_s, grace_s)


@pytest.mark.parametrize("now_s", [END_S, END_S + 1, END_S + 365 * DAY_S])
def test_an_ended_license_has_no_lease(now_s: int) -> None:
    assert window_at(MONTH, now_s) is None


@given(st.integers(1, 2 * DAY_S))
def test_a_refresh_is_never_due_before_it_can_bring_anything(before_end_s: int) -> None:
    """In the last days of a license half its lease may be over at birth: no client shall spin."""
    now_s = END_S - before_end_s
    due_s = window_of(MONTH, now_s).refresh_at_s
    assert now_s < due_s <= END_S
    assert due_s == END_S or midnight(due_s) > midnight(now_s)


@given(TERMS, SECONDS_OF_A_DAY, st.integers(0, 900 * DAY_S))
def test_every_window_is_sound(term_days: int | None, paid_s: int, after_s: int) -> None:
    paid_at_s = MIDNIGHT_S + paid_s
    license_ = license_of(grant(1, term_days=term_days, at_s=paid_at_s))
    now_s, end_s = paid_at_s + after_s, license_.ends_at_s()
    window = window_at(license_, now_s)
    if window is None:
        assert end_s is not None
        assert now_s >= end_s
        return
    assert window.starts_at_s < window.issued_at_s <= now_s < window.ends_at_s
    assert window.grace_s >= 0
    assert now_s < window.refresh_at_s <= window.ends_at_s < window.dark_at_s
    assert end_s is None or window.ends_at_s + window.grace_s <= end_s


@given(SECONDS_OF_A_DAY, st.integers(0, 30 * DAY_S), st.floats(0, 1, exclude_min=True))
def test_who_refreshed_when_due_can_do_without_us_for_fourteen_days(
        paid_s: int, after_s: int, share: float) -> None:
    """Whenever an outage begins: a device that was not late has fourteen days left at least."""
    license_ = license_of(grant(1, term_days=None, at_s=MIDNIGHT_S + paid_s))
    asked_at_s = MIDNIGHT_S + paid_s + after_s
    window = window_of(license_, asked_at_s)
    outage_s = asked_at_s + int(share * (window.refresh_at_s - asked_at_s))
    assert window.ends_at_s + window.grace_s - outage_s >= 14 * DAY_S


@given(TERMS, SECONDS_OF_A_DAY, st.integers(0, 900 * DAY_S))
def test_no_lease_is_good_for_longer_than_the_worst_case(
        term_days: int | None, paid_s: int, after_s: int) -> None:
    paid_at_s = MIDNIGHT_S + paid_s
    license_ = license_of(grant(1, term_days=term_days, at_s=paid_at_s))
    window = window_at(license_, paid_at_s + after_s)
    if window is not None:
        left_s = window.dark_at_s - paid_at_s - after_s
        assert left_s <= WORST_CASE_S
        if after_s < FIRST_DAYS_S:
            assert left_s <= 17 * DAY_S + SLOW_CLOCK_S


def test_the_worst_case_is_reached_just_after_midnight() -> None:
    now_s = MIDNIGHT_S + 30 * DAY_S
    assert window_of(FOR_EVER, now_s).dark_at_s - now_s == WORST_CASE_S
    assert WORST_CASE_S == LEASE_S + GRACE_S + SLOW_CLOCK_S == 21 * DAY_S + 3_600


def test_the_claims_say_what_was_bought_and_nothing_about_who() -> None:
    window = Window(MIDNIGHT_S, MIDNIGHT_S + 20, 5)
    said = claims(MONTH, THUMB, window, "https://shop.example")
    assert is_id(said.pop("jti"))
    assert said == {
        "v": 1, "iss": "https://shop.example", "aud": "reader-pro", "sub": LICENSE,
        "env": "test", "ent": ["pro"], "lexp": END_S, "iat": MIDNIGHT_S,
        "nbf": MIDNIGHT_S - 3_600, "exp": MIDNIGHT_S + 20, "grc": 5, "cnf": {"jkt": THUMB}}


def test_a_license_for_ever_says_null() -> None:
    assert claims(FOR_EVER, THUMB, Window(0, 1, 2), "i")["lexp"] is None


@pytest.mark.parametrize("other", [
    license_of(grant(1, at_s=PAID_AT_S + 1)), license_of(grant(1, at_s=PAID_AT_S, term_days=31)),
    FOR_EVER])
def test_another_license_has_other_claims(other: License) -> None:
    window = Window(1, 2, 3)
    assert claims(other, THUMB, window, "i") != claims(MONTH, THUMB, window, "i")


def test_a_lease_is_known_by_its_id_on_any_second_of_its_day() -> None:
    ids = {claims(MONTH, THUMB, window_of(MONTH, MIDNIGHT_S + DAY_S + second), "i")["jti"]
           for second in (0, 1, 43_200, 86_399)}
    assert len(ids) == 1


def test_another_lease_has_another_id() -> None:
    """Also a lease of the same day, when the license has changed meanwhile (RFC 7519 §4.1.7)."""
    now_s = MIDNIGHT_S + 10 * DAY_S
    window = window_of(MONTH, now_s)
    renewed = license_of(*MONTH.grants, grant(2, at_s=now_s - 20 * DAY_S))
    made = [(MONTH, THUMB, window, "i"), (MONTH, OTHER_THUMB, window, "i"),
            (MONTH, THUMB, window_of(MONTH, now_s + DAY_S), "i"), (renewed, THUMB, window, "i"),
            (MONTH, THUMB, window, "another")]
    assert len({claims(*one)["jti"] for one in made}) == len(made)
