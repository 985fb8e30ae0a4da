"""Who gets a slot: the rules of docs/licenses.md "Devices", one by one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.domain.activation import (
    claim_slot,
    find_device,
    forget_devices,
    lease_window,
    refresh_slot,
    restore_slot,
)
from shared.domain.device import Device, Refusal, Way
from shared.domain.history import Event, verify_chain
from shared.domain.license import DAY_S, KIND, License, Standing
from tests.unit.domain.slots import (
    DARK_S,
    EMPTY,
    HOUR_S,
    KEY,
    NOW_S,
    NUMBER,
    PAID_AT_S,
    device,
    filled,
    id_of,
    kinds,
    refusal,
    thumb,
    told,
    wanted,
    who,
)
from tests.unit.domain.test_license import LICENSE, grant, license_of

ONE = claim_slot(EMPTY, wanted(1), NOW_S)
FULL = filled()
TERM = license_of(grant(1, term_days=40, at_s=PAID_AT_S))
END_S = PAID_AT_S + 40 * DAY_S


def test_the_claim_secret_activates_the_first_device() -> None:
    assert ONE.devices == (Device(id_of(1), thumb(1), "chrome/macos", Way.CLAIM, NOW_S,
                                  NOW_S + DARK_S),)
    assert ONE.version == EMPTY.version + 1
    assert ONE.history.events[-1] == Event("device_activated", NOW_S, "buyer", "license-fetch", {
        "device_id": id_of(1), "way": "claim"})
    verify_chain(KIND, LICENSE, ONE.history.events, ONE.history.head)


def test_the_same_device_takes_no_second_slot_by_any_way() -> None:
    assert claim_slot(ONE, wanted(1), NOW_S + HOUR_S) is ONE
    assert refresh_slot(ONE, thumb(1), NOW_S + HOUR_S) is ONE
    for way in (NUMBER, KEY):
        assert restore_slot(ONE, wanted(1), way, None, NOW_S + HOUR_S) is ONE
        assert restore_slot(FULL, wanted(1), way, id_of(2), NOW_S + HOUR_S) is FULL


def test_what_a_device_says_it_runs_on_is_kept_from_its_first_word() -> None:
    other = replace(wanted(1), platform="firefox/linux")
    assert claim_slot(ONE, other, NOW_S) is ONE


def test_the_claim_secret_activates_no_second_device() -> None:
    assert refusal(lambda: claim_slot(ONE, wanted(2), NOW_S)) == (Refusal.CLAIMED, None)
    assert who(restore_slot(ONE, wanted(2), NUMBER, None, NOW_S)) == [1, 2]


def test_the_claim_secret_is_used_up_even_when_its_device_is_gone() -> None:
    gone = forget_devices(ONE, now_s=NOW_S, actor="operator:li", source="admin")
    assert gone.devices == ()
    for n in (1, 2):
        assert refusal(lambda n=n: claim_slot(gone, wanted(n), NOW_S)) == (
            Refusal.CLAIMED, None)


def test_a_claim_after_a_restore_takes_a_free_slot_and_no_taken_one() -> None:
    restored = restore_slot(EMPTY, wanted(2), NUMBER, None, NOW_S)
    assert who(claim_slot(restored, wanted(1), NOW_S)) == [2, 1]
    for n in (3, 4):
        restored = restore_slot(restored, wanted(n), NUMBER, None, NOW_S)
    assert refusal(lambda: claim_slot(restored, wanted(1), NOW_S)) == (Refusal.FULL, None)


@pytest.mark.parametrize("way", [NUMBER, KEY])
def test_a_number_or_a_key_takes_a_free_slot_and_says_which_way(way: Way) -> None:
    two = restore_slot(ONE, wanted(2), way, None, NOW_S)
    assert (who(two), device(two, 2).way) == ([1, 2], way)
    assert two.history.events[-1].data == {"device_id": id_of(2), "way": way.value}


def test_a_full_license_takes_nobody() -> None:
    assert who(FULL) == [1, 2, 3]
    assert refusal(lambda: restore_slot(FULL, wanted(4), KEY, None, NOW_S)) == (
        Refusal.FULL, None)


@pytest.mark.parametrize("limit", [1, 2, 3, 20])
def test_the_limit_is_what_was_sold(limit: int) -> None:
    license_ = license_of(grant(1, term_days=None, at_s=PAID_AT_S, devices=limit))
    for n in range(limit):
        license_ = restore_slot(license_, wanted(n), NUMBER, None, NOW_S)
    assert len(license_.devices) == limit == license_.device_limit
    assert refusal(lambda: restore_slot(license_, wanted(99), NUMBER, None, NOW_S))[0] is (
        Refusal.FULL)


def test_a_dark_device_gives_its_slot_to_the_second() -> None:
    dark_s = NOW_S + DARK_S
    assert refusal(lambda: restore_slot(FULL, wanted(4), KEY, None, dark_s - 1))[0] is Refusal.FULL
    after = restore_slot(FULL, wanted(4), KEY, None, dark_s)
    assert len(after.devices) == 3
    assert kinds(FULL, after) == ["device_dark", "device_activated"]


def test_the_darkest_device_goes_and_only_as_far_as_its_slot_is_needed() -> None:
    awake = refresh_slot(FULL, thumb(1), NOW_S + 8 * DAY_S)
    awake = refresh_slot(awake, thumb(2), NOW_S + 7 * DAY_S)
    late_s = NOW_S + 40 * DAY_S
    after = restore_slot(awake, wanted(4), KEY, None, late_s)
    assert who(after) == [1, 2, 4]
    assert after.history.events[-2] == Event(
        "device_dark", late_s, "system", "license-fetch", {"device_id": id_of(3)})
    assert who(restore_slot(after, wanted(5), KEY, None, late_s)) == [1, 4, 5]
    lonely = restore_slot(ONE, wanted(4), KEY, None, late_s)
    assert who(lonely) == [1, 4]


def test_a_dark_device_that_still_has_its_slot_comes_back_without_asking() -> None:
    late_s = NOW_S + 100 * DAY_S
    back = refresh_slot(FULL, thumb(2), late_s)
    assert device(back, 2).dark_at_s == late_s + DARK_S
    assert who(restore_slot(back, wanted(3), NUMBER, None, late_s)) == [1, 2, 3]


def test_a_refresh_moves_the_end_of_what_the_device_holds_and_never_back() -> None:
    later = refresh_slot(FULL, thumb(2), NOW_S + DAY_S)
    assert (device(later, 2).dark_at_s, later.version) == (
        NOW_S + DAY_S + DARK_S, FULL.version + 1)
    assert later.history is FULL.history
    assert [device(later, n) for n in (1, 3)] == [device(FULL, n) for n in (1, 3)]
    for same_s in (NOW_S + 2 * DAY_S - 1, NOW_S + DAY_S, NOW_S, NOW_S - 9 * DAY_S):
        assert refresh_slot(later, thumb(2), same_s) is later


def test_a_shorter_lease_does_not_darken_what_was_handed_out_before() -> None:
    """A renewal begins a first week, whose leases end sooner."""
    renewed = replace(FULL, grants=(*FULL.grants, grant(2, term_days=30, at_s=NOW_S)))
    assert lease_window(renewed, NOW_S).dark_at_s < device(FULL, 1).dark_at_s
    assert refresh_slot(renewed, thumb(1), NOW_S) is renewed


def test_who_has_no_slot_gets_no_refresh() -> None:
    assert refusal(lambda: refresh_slot(FULL, thumb(4), NOW_S)) == (Refusal.NOT_ACTIVE, None)


@pytest.mark.parametrize(("standing", "why"), [
    (Standing.SUSPENDED, Refusal.SUSPENDED), (Standing.REVOKED, Refusal.REVOKED)])
@pytest.mark.parametrize("n", [1, 4])
def test_a_license_that_is_worth_nothing_activates_and_refreshes_nobody(
        standing: Standing, why: Refusal, n: int) -> None:
    two = restore_slot(ONE, wanted(2), KEY, None, NOW_S)
    off = told(two, 1, standing)
    assert refusal(lambda: claim_slot(off, wanted(n), NOW_S)) == (why, None)
    assert refusal(lambda: restore_slot(off, wanted(n), KEY, None, NOW_S)) == (why, None)
    assert refusal(lambda: refresh_slot(off, thumb(1), NOW_S)) == (why, None)
    back = told(off, 1, Standing.ACTIVE)
    assert refresh_slot(back, thumb(1), NOW_S) is back


def test_an_ended_license_activates_and_refreshes_nobody() -> None:
    one = claim_slot(TERM, wanted(1), END_S - 1)
    assert device(one, 1).dark_at_s == END_S + HOUR_S
    assert who(restore_slot(one, wanted(2), KEY, None, END_S - 1)) == [1, 2]
    for call in (lambda: refresh_slot(one, thumb(1), END_S),
                 lambda: claim_slot(one, wanted(1), END_S),
                 lambda: restore_slot(one, wanted(2), KEY, None, END_S)):
        assert refusal(call) == (Refusal.EXPIRED, None)


BIG = grant(2, term_days=None, at_s=PAID_AT_S, devices=5)


def five() -> License:
    """Five devices on a license whose larger half is refunded afterwards."""
    license_ = filled(replace(EMPTY, grants=(*EMPTY.grants, BIG)))
    for n in (4, 5):
        license_ = restore_slot(license_, wanted(n), KEY, None, NOW_S)
    return told(license_, 2, Standing.REVOKED)


def test_a_limit_that_a_refund_lowers_takes_nobody_in_and_throws_nobody_out() -> None:
    over = five()
    assert (over.device_limit, len(over.devices)) == (3, 5)
    for n in range(1, 6):
        assert len(refresh_slot(over, thumb(n), NOW_S + 7 * DAY_S).devices) == 5
    assert refusal(lambda: restore_slot(over, wanted(6), KEY, None, NOW_S))[0] is Refusal.FULL


def test_a_dark_device_comes_back_only_below_the_lowered_limit() -> None:
    over, late_s = five(), NOW_S + 30 * DAY_S
    for n in (1, 2):
        over = refresh_slot(over, thumb(n), NOW_S + 20 * DAY_S)
    three = refresh_slot(over, thumb(3), late_s)
    for call in (lambda: refresh_slot(three, thumb(4), late_s),
                 lambda: restore_slot(three, wanted(4), KEY, None, late_s)):
        assert refusal(call) == (Refusal.FULL, None)
    assert refresh_slot(three, thumb(3), late_s) is three


def test_below_a_lowered_limit_a_new_device_takes_the_place_of_all_that_are_over_it() -> None:
    late_s = NOW_S + 30 * DAY_S
    over = refresh_slot(five(), thumb(4), NOW_S + 20 * DAY_S)
    after = restore_slot(over, wanted(6), KEY, None, late_s)
    assert kinds(over, after) == ["device_dark"] * 3 + ["device_activated"]
    assert len(after.devices) == 3
    assert {4, 6} < set(who(after))


def test_forgetting_leaves_no_device_no_request_and_the_past_that_proves_the_rules() -> None:
    asked = restore_slot(FULL, wanted(4), NUMBER, id_of(2), NOW_S)
    gone = forget_devices(asked, now_s=NOW_S + 5, actor="operator:li", source="admin")
    assert (gone.devices, gone.takeover) == ((), None)
    assert kinds(asked, gone) == ["devices_forgotten"]
    assert forget_devices(gone, now_s=NOW_S + 9, actor="operator:li", source="admin") is gone
    assert who(restore_slot(gone, wanted(2), NUMBER, None, NOW_S)) == [2]
    assert forget_devices(EMPTY, now_s=NOW_S, actor="operator:li", source="admin") is EMPTY


def test_a_device_is_found_by_its_key() -> None:
    assert find_device(FULL, thumb(2)) == device(FULL, 2)
    assert find_device(FULL, thumb(4)) is None
