"""Who takes a device off a license, and how often: docs/licenses.md "Devices"."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest

from shared.domain.activation import (
    claim_slot,
    forget_devices,
    refresh_slot,
    restore_slot,
)
from shared.domain.device import Refusal
from shared.domain.history import Event
from shared.domain.license import DAY_S, License
from tests.unit.domain.slots import (
    EMPTY,
    HEARD_S,
    HOUR_S,
    KEY,
    NOW_S,
    NUMBER,
    ask,
    decide,
    device,
    filled,
    id_of,
    kinds,
    refusal,
    remove,
    thumb,
    wanted,
    who,
)
from tests.unit.domain.test_license import grant

FULL = filled()
ASKED = ask(FULL)
RIPE_S = HEARD_S + 3 * DAY_S


def test_a_removed_device_is_gone_and_removing_it_again_changes_nothing() -> None:
    gone = remove(FULL, 2)
    assert (who(gone), kinds(FULL, gone)) == ([1, 3], ["device_removed"])
    assert gone.history.events[-1] == Event("device_removed", HEARD_S, "buyer", "license-fetch", {
        "device_id": id_of(2), "dark_at_s": device(FULL, 2).dark_at_s, "counts": True})
    assert remove(gone, 2) is gone
    assert refusal(lambda: refresh_slot(gone, thumb(2), HEARD_S)) == (Refusal.NOT_ACTIVE, None)


def test_a_device_may_leave_at_any_time_and_say_so_twice() -> None:
    for n in (1, 2):
        left = remove(FULL, n, by=n, at_s=NOW_S)
        assert n not in who(left)
        assert left.history.events[-1].data["counts"] is True
        assert remove(left, n, by=n, at_s=NOW_S) is left


def test_a_new_device_does_not_use_up_the_swaps_of_the_others_by_leaving() -> None:
    now_s = HEARD_S + 5 * DAY_S
    one, two = (restore_slot(swapped_out(n), wanted(20), NUMBER, None, now_s) for n in (1, 2))
    assert 20 not in who(remove(one, 20, by=20, at_s=now_s))
    assert refusal(lambda: remove(two, 20, by=20, at_s=now_s)) == (
        Refusal.TOO_NEW, now_s + 3 * DAY_S)
    assert 20 not in who(remove(two, 20, by=20, at_s=now_s + 3 * DAY_S))
    assert 1 not in who(remove(two, 1, by=1, at_s=now_s))


def test_only_a_device_with_a_voice_removes_others() -> None:
    assert refusal(lambda: remove(FULL, 2, by=4)) == (Refusal.NOT_ACTIVE, None)
    assert refusal(lambda: remove(FULL, 1, by=2, at_s=HEARD_S - 1)) == (Refusal.TOO_NEW, HEARD_S)
    assert who(remove(FULL, 1, by=2, at_s=HEARD_S)) == [2, 3]
    assert who(remove(FULL, 2, by=1, at_s=NOW_S)) == [1, 3]


def test_to_remove_a_new_device_is_to_object_to_its_way_and_no_swap() -> None:
    gone = remove(FULL, 2, at_s=HEARD_S - 1)
    assert kinds(FULL, gone) == ["device_objected", "device_removed"]
    assert gone.history.events[-2].data == {"device_id": id_of(2), "way": "license_key",
                                             "by": id_of(1)}
    assert gone.history.events[-1].data["counts"] is False
    over_s = HEARD_S - 1 + 90 * DAY_S
    for way in (KEY, NUMBER):
        assert refusal(lambda way=way: ask(gone, way=way, replaces=None)) == (
            Refusal.BARRED, over_s)
    assert who(ask(gone, replaces=None, at_s=over_s))[-1] == 4
    assert who(ask(remove(FULL, 2, at_s=HEARD_S), replaces=None)) == [1, 3, 4]


def swapped_out(times: int, *, every_s: int = DAY_S) -> License:
    """The full license after device 1 removed so many, each an old one, and took in others."""
    license_ = replace(EMPTY, grants=(*EMPTY.grants, grant(
        2, term_days=None, at_s=NOW_S - 40 * DAY_S, devices=10)))
    license_ = claim_slot(license_, wanted(1), NOW_S)
    for n in range(2, 11):
        license_ = restore_slot(license_, wanted(n), KEY, None, NOW_S)
    for n in range(times):
        license_ = remove(license_, 2 + n, at_s=HEARD_S + n * every_s)
    return license_


@pytest.mark.parametrize("every_s", [0, DAY_S, 10 * DAY_S])
def test_five_devices_may_go_in_ninety_days_and_the_sixth_when_the_first_is_that_long_ago(
        every_s: int) -> None:
    five, last_s = swapped_out(5, every_s=every_s), HEARD_S + 90 * DAY_S - 1
    assert len(five.devices) == 5
    for call in (partial(remove, five, 8, at_s=last_s), partial(remove, five, 1, at_s=last_s)):
        assert refusal(call) == (Refusal.SWAPS, last_s + 1)
    assert who(remove(five, 8, at_s=last_s + 1)) == [1, 7, 9, 10]
    assert who(remove(swapped_out(4, every_s=every_s), 8, at_s=last_s)) == [1, 6, 7, 9, 10]


def test_the_window_of_swaps_moves_on() -> None:
    six = remove(swapped_out(5), 7, at_s=HEARD_S + 90 * DAY_S)
    assert refusal(lambda: remove(six, 8, at_s=HEARD_S + 90 * DAY_S)) == (
        Refusal.SWAPS, HEARD_S + 91 * DAY_S)


def test_the_operators_removals_count_for_no_limit_and_are_not_limited() -> None:
    license_ = swapped_out(5)
    for n in (7, 8):
        license_ = remove(license_, n, by=None)
        assert license_.history.events[-1].data["counts"] is False
    counted = [remove(swapped_out(4), 6, by=by, at_s=HEARD_S + 4 * DAY_S) for by in (1, None)]
    assert refusal(lambda: remove(counted[0], 7, at_s=HEARD_S + 5 * DAY_S))[0] is Refusal.SWAPS
    assert 7 not in who(remove(counted[1], 7, at_s=HEARD_S + 5 * DAY_S))


def test_the_operator_may_remove_a_new_device_without_barring_anybody() -> None:
    gone = remove(FULL, 2, by=None, at_s=NOW_S)
    assert kinds(FULL, gone) == ["device_removed"]
    assert who(restore_slot(gone, wanted(4), KEY, None, NOW_S)) == [1, 3, 4]


def test_devices_that_went_dark_count_for_no_limit() -> None:
    license_ = FULL
    for n in range(4, 20):
        license_ = restore_slot(license_, wanted(n), KEY, None, NOW_S + n * 22 * DAY_S)
    assert "device_removed" not in kinds(FULL, license_)
    assert len(who(remove(license_, 19, by=19, at_s=NOW_S + 20 * 22 * DAY_S))) == 2


def full_after(swaps: int) -> License:
    """Ten devices on ten slots, after so many swaps."""
    license_ = swapped_out(swaps)
    for n in range(20, 20 + swaps):
        license_ = restore_slot(license_, wanted(n), NUMBER, None, HEARD_S + 5 * DAY_S)
    return license_


def test_takeovers_are_swaps_too() -> None:
    now_s = HEARD_S + 6 * DAY_S
    assert refusal(lambda: ask(full_after(5), 30, replaces=20, at_s=now_s)) == (
        Refusal.SWAPS, HEARD_S + 90 * DAY_S)
    fifth = decide(ask(full_after(4), 30, replaces=20, at_s=now_s), 1, approve=True, at_s=now_s)
    assert (30 in who(fifth), 20 in who(fifth)) == (True, False)
    assert refusal(lambda: remove(fifth, 10, at_s=now_s))[0] is Refusal.SWAPS


def test_a_swap_that_became_one_too_many_waits_and_stays_asked() -> None:
    asked = ask(FULL, at_s=HEARD_S)
    spent = replace(asked, history=swapped_out(5).history)
    limit = (Refusal.SWAPS, HEARD_S + 90 * DAY_S)
    assert refusal(lambda: ask(spent, at_s=RIPE_S)) == limit
    assert refusal(lambda: decide(spent, 1, approve=True)) == limit
    assert decide(spent, 1, approve=False).takeover is None


def test_forgotten_devices_free_their_slots_but_neither_bars_nor_swaps() -> None:
    spent = forget_devices(remove(swapped_out(5), 7, by=None), now_s=HEARD_S + 5 * DAY_S,
                           actor="operator:li", source="admin")
    back = restore_slot(spent, wanted(8), NUMBER, None, HEARD_S + 5 * DAY_S)
    assert refusal(lambda: remove(back, 8, by=8, at_s=HEARD_S + 8 * DAY_S))[0] is Refusal.SWAPS
    objected = forget_devices(decide(ASKED, 1, approve=False), now_s=HEARD_S + HOUR_S,
                              actor="operator:li", source="admin")
    assert refusal(lambda: ask(objected, at_s=HEARD_S + HOUR_S))[0] is Refusal.BARRED
