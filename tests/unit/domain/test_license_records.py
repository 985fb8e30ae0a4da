"""What a license keeps, what its history says, and what its orders' words do to it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.domain.history import Event
from shared.domain.license import (
    Grant,
    GrantStanding,
    License,
    Proof,
    Standing,
    activate,
    apply_grant,
    open_license,
    set_standing,
)
from tests.unit.domain.test_license import LICENSE, grant, license_of

ACTIVE, SUSPENDED, REVOKED = Standing.ACTIVE, Standing.SUSPENDED, Standing.REVOKED
TWO = license_of(grant(1, entitlements=("a", "pro")), grant(2, at_s=100, entitlements=("b",)))


def told(license_: License, n: int, standing: Standing, version: int = 1) -> License:
    return set_standing(license_, GrantStanding(f"G{n}", standing, version), now_s=7,
                        source="timer")


def test_a_license_is_opened_with_all_that_its_grant_says() -> None:
    opened = open_license(grant(1, at_s=5), "live", now_s=9, source="license-fetch")
    assert opened.history.events == (Event("granted", 9, "system", "license-fetch", {
        "grant_id": "G1", "proof": "payment", "reference": "wechatpay:1", "term_days": 30,
        "entitlements": ["pro"], "granted_at_s": 5, "device_limit": 3}),)
    assert replace(opened, history=TWO.history) == License(
        LICENSE, "live", "reader-pro", (grant(1, at_s=5),), TWO.history)
    assert (opened.version, opened.standings, opened.activated_at_s) == (1, (), None)


def test_a_further_grant_says_the_same_of_itself() -> None:
    event = TWO.history.events[-1]
    assert (event.kind, event.at_s, event.actor, event.source) == (
        "granted", 2, "system", "license-fetch")
    assert event.data["grant_id"] == "G2"
    assert TWO.grants == (grant(1, entitlements=("a", "pro")),
                          grant(2, at_s=100, entitlements=("b",)))


def test_grants_of_one_moment_have_an_order_all_the_same() -> None:
    one, two = grant(1, at_s=5), grant(2, at_s=5)
    assert license_of(one, two).order_id == license_of(two, one).order_id == "ORDER-1"


def test_the_first_payment_is_when_it_was_paid() -> None:
    assert license_of(grant(1, at_s=9), grant(2, at_s=5)).paid_at_s == 5


def test_an_applied_grant_does_not_open_the_license_again() -> None:
    other = Grant("G9", LICENSE, "other", ("x",), None, 1, "ORDER-9", 3,
                  Proof("gift", "g"))
    after = apply_grant(TWO, other, now_s=3, source="gift")
    assert (after.product_id, after.version) == ("reader-pro", 3)
    assert after.history.events[-1].data["proof"] == "gift"


@pytest.mark.parametrize(("one", "two", "whole"), [
    (ACTIVE, ACTIVE, ACTIVE), (ACTIVE, REVOKED, ACTIVE), (SUSPENDED, ACTIVE, ACTIVE),
    (SUSPENDED, SUSPENDED, SUSPENDED), (REVOKED, SUSPENDED, SUSPENDED),
    (SUSPENDED, REVOKED, SUSPENDED), (REVOKED, REVOKED, REVOKED)])
def test_a_license_is_worth_what_its_best_grant_is(one: Standing, two: Standing,
                                                   whole: Standing) -> None:
    license_ = told(told(TWO, 1, one), 2, two)
    assert license_.standing is whole
    assert (license_.standing_of("G1"), license_.standing_of("G2")) == (one, two)


def test_a_grant_nobody_spoke_of_is_active() -> None:
    assert TWO.standing is ACTIVE
    assert told(TWO, 1, REVOKED).standing_of("G2") is ACTIVE


def test_only_active_grants_give_their_entitlements() -> None:
    assert TWO.entitlements == ("a", "b", "pro")
    assert told(TWO, 1, SUSPENDED).entitlements == ("b",)
    assert told(TWO, 2, REVOKED).entitlements == ("a", "pro")


@pytest.mark.parametrize(("standing", "word"), [(SUSPENDED, "suspended"), (REVOKED, "revoked")])
def test_a_change_of_worth_is_one_version_and_one_event(standing: Standing, word: str) -> None:
    after = told(TWO, 1, standing, version=4)
    assert after.version == TWO.version + 1
    assert after.standings == (GrantStanding("G1", standing, 4),)
    assert after.history.events[:-1] == TWO.history.events
    assert after.history.events[-1] == Event(word, 7, "system", "timer", {
        "grant_id": "G1", "order_version": 4})
    back = told(after, 1, ACTIVE, version=5)
    assert back.history.events[-1].kind == "restored"
    assert back.standings == (GrantStanding("G1", ACTIVE, 5),)


def test_a_newer_word_that_says_the_same_is_kept_without_an_event() -> None:
    after = told(told(TWO, 1, SUSPENDED, version=4), 1, SUSPENDED, version=6)
    assert after.standings == (GrantStanding("G1", SUSPENDED, 6),)
    assert len(after.history.events) == len(TWO.history.events) + 1
    assert after.version == TWO.version + 2


@pytest.mark.parametrize("version", [3, 4])
def test_an_older_or_equal_word_changes_nothing(version: int) -> None:
    after = told(TWO, 1, SUSPENDED, version=4)
    assert told(after, 1, ACTIVE, version=version) is after


def test_words_about_one_grant_leave_the_other_alone() -> None:
    both = told(told(TWO, 1, SUSPENDED, version=2), 2, REVOKED, version=3)
    assert set(both.standings) == {GrantStanding("G1", SUSPENDED, 2),
                                   GrantStanding("G2", REVOKED, 3)}
    newest = told(both, 1, ACTIVE, version=9)
    assert set(newest.standings) == {GrantStanding("G1", ACTIVE, 9),
                                     GrantStanding("G2", REVOKED, 3)}


def test_the_first_lease_activates_and_no_later_one() -> None:
    active = activate(TWO, 77, "license-fetch")
    assert active.activated_at_s == 77
    assert active.version == TWO.version + 1
    assert active.history.events[-1] == Event("activated", 77, "buyer", "license-fetch")
    assert activate(active, 99, "license-fetch") is active
