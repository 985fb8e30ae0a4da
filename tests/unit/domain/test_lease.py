"""A lease is short, never outlives its license, and is the same for all who ask that day."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.lease import BUCKET_S, LEASE_DAYS, SLOW_CLOCK_S, Window, claims, window_at
from shared.domain.license import DAY_S, License
from tests.unit.domain.test_license import LICENSE, grant, license_of

FOR_EVER = license_of(grant(1, term_days=None))
MONTH = license_of(grant(1, at_s=1_760_000_000))
END_S = 1_760_000_000 + 30 * DAY_S


@given(st.integers(0, 2**40), st.integers(0, BUCKET_S - 1))
def test_all_who_ask_on_one_day_get_the_same_window(day: int, second: int) -> None:
    midnight_s = day * BUCKET_S
    window = window_at(FOR_EVER, midnight_s + second)
    assert window == Window(midnight_s - SLOW_CLOCK_S, midnight_s + LEASE_DAYS * DAY_S)


@pytest.mark.parametrize(("now_s", "ends_at_s"), [
    (END_S - 20 * DAY_S, END_S - 20 * DAY_S - (END_S % DAY_S) + LEASE_DAYS * DAY_S),
    (END_S - 3 * DAY_S, END_S), (END_S - 1, END_S)])
def test_a_lease_never_outlives_its_license(now_s: int, ends_at_s: int) -> None:
    window = window_at(MONTH, now_s)
    assert window is not None
    assert window.starts_at_s <= now_s < window.ends_at_s == ends_at_s


@pytest.mark.parametrize("now_s", [END_S, END_S + 1, END_S + 365 * DAY_S])
def test_an_ended_license_has_no_lease(now_s: int) -> None:
    assert window_at(MONTH, now_s) is None


def test_the_claims_say_what_was_bought_and_nothing_about_who() -> None:
    assert claims(MONTH, Window(10, 20), "https://shop.example") == {
        "iss": "https://shop.example", "aud": "reader-pro", "sub": LICENSE, "env": "test",
        "ent": ["pro"], "paid": 1_760_000_000, "lexp": END_S, "nbf": 10, "exp": 20, "v": 1}


@pytest.mark.parametrize("other", [
    license_of(grant(1, at_s=1_760_000_001)), license_of(grant(1, term_days=31)), FOR_EVER])
def test_another_license_has_other_claims(other: License) -> None:
    assert claims(other, Window(1, 2), "i") != claims(MONTH, Window(1, 2), "i")
