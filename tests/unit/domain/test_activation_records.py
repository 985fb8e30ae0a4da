"""What the history says of each step, and the edges of the rules about devices."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.domain.activation import forget_devices, refresh_slot, remove_device, restore_slot
from shared.domain.device import Refusal
from shared.domain.history import Event
from shared.domain.license import DAY_S, License, Standing
from tests.unit.domain.slots import (
    DARK_S,
    EMPTY,
    HEARD_S,
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
    the,
    thumb,
    told,
    wanted,
    who,
)
from tests.unit.domain.test_license import grant

FULL = filled()
ASKED = ask(FULL)
REQUEST = {"takeover_id": the(ASKED).takeover_id, "way": "order_number"}
"""What is written of a decision, besides who made it."""


def forgotten(license_: License, now_s: int) -> License:
    return forget_devices(license_, now_s=now_s, actor="operator:li", source="admin")


@pytest.mark.parametrize(("approve", "kind"), [
    (True, "takeover_approved"), (False, "takeover_objected")])
def test_a_decision_is_written_down_as_the_buyers(approve: bool, kind: str) -> None:
    for by in (1, 3):
        decided = decide(ASKED, by, approve=approve, at_s=HEARD_S + 5)
        assert decided.history.events[len(ASKED.history.events)] == Event(
            kind, HEARD_S + 5, "buyer", "license-fetch", {**REQUEST, "by": id_of(by)})


def test_a_swap_is_written_down_as_the_buyers_and_brings_in_the_device_that_asked() -> None:
    swapped = decide(ASKED, 1, approve=True)
    assert swapped.history.events[-2] == Event(
        "device_removed", HEARD_S, "buyer", "license-fetch", {
            "device_id": id_of(2), "dark_at_s": device(FULL, 2).dark_at_s, "counts": True,
            "takeover_id": the(ASKED).takeover_id})
    assert (device(swapped, 4).thumbprint, device(swapped, 4).platform) == (
        thumb(4), "chrome/macos")


def test_an_objection_to_a_new_device_is_written_down_as_the_buyers() -> None:
    gone = remove(FULL, 2, at_s=NOW_S + 5)
    assert gone.history.events[-2] == Event(
        "device_objected", NOW_S + 5, "buyer", "license-fetch",
        {"device_id": id_of(2), "way": "license_key", "by": id_of(1)})


def test_who_is_forgotten_is_good_for_something_until_the_last_device_is_dark() -> None:
    longer = refresh_slot(FULL, thumb(2), NOW_S + DAY_S)
    assert forgotten(longer, NOW_S + DAY_S).history.events[-1] == Event(
        "devices_forgotten", NOW_S + DAY_S, "operator:li", "admin",
        {"dark_at_s": NOW_S + DAY_S + DARK_S})


def test_a_request_is_forgotten_also_where_no_device_is_left() -> None:
    left = ASKED
    for n in (1, 2, 3):
        left = remove(left, n, by=None)
    assert (left.devices, left.takeover) == ((), ASKED.takeover)
    gone = forgotten(left, HEARD_S + 5)
    assert gone.takeover is None
    assert gone.history.events[-1].data == {"dark_at_s": HEARD_S + 5}


@pytest.mark.parametrize(("standing", "why"), [
    (Standing.SUSPENDED, Refusal.SUSPENDED), (Standing.REVOKED, Refusal.REVOKED)])
@pytest.mark.parametrize("replaces", [2, None])
def test_of_a_full_license_that_is_worth_nothing_nobody_asks_for_a_slot(
        standing: Standing, why: Refusal, replaces: int | None) -> None:
    assert refusal(lambda: ask(told(FULL, 1, standing), replaces=replaces)) == (why, None)


def test_a_later_request_of_the_same_device_is_another_request() -> None:
    """Else what was approved or objected to once would be decided for ever."""
    again = ask(ASKED, at_s=HEARD_S + 14 * DAY_S)
    assert the(again).thumbprint == the(ASKED).thumbprint
    assert the(again).takeover_id != the(ASKED).takeover_id


def test_a_device_is_dark_from_that_second_on() -> None:
    """Over a lowered limit it matters: a second earlier it still refreshes."""
    big = grant(2, term_days=None, at_s=NOW_S - 30 * DAY_S, devices=4)
    four = restore_slot(filled(replace(EMPTY, grants=(*EMPTY.grants, big))), wanted(4), KEY,
                        None, NOW_S)
    four = told(four, 2, Standing.REVOKED)
    for n in (1, 2, 3):
        four = refresh_slot(four, thumb(n), NOW_S + 20 * DAY_S)
    dark_s = NOW_S + DARK_S
    assert device(refresh_slot(four, thumb(4), dark_s - 1), 4).dark_at_s > dark_s
    assert refusal(lambda: refresh_slot(four, thumb(4), dark_s)) == (Refusal.FULL, None)


def test_of_devices_that_went_dark_together_the_same_goes_wherever_it_stands() -> None:
    late_s = NOW_S + DARK_S
    turned = replace(FULL, devices=FULL.devices[::-1])
    left = [set(who(restore_slot(license_, wanted(4), NUMBER, None, late_s)))
            for license_ in (FULL, turned)]
    assert left[0] == left[1]
    assert kinds(FULL, restore_slot(FULL, wanted(4), NUMBER, None, late_s)) == [
        "device_dark", "device_activated"]


def test_a_new_device_that_left_as_the_second_swap_may_say_so_again() -> None:
    one = remove(FULL, 2, at_s=HEARD_S)
    left = remove(restore_slot(one, wanted(20), NUMBER, None, HEARD_S), 20, by=20)
    assert [event.data["counts"] for event in left.history.events
            if event.kind == "device_removed"] == [True, True]
    assert remove(left, 20, by=20) is left


@pytest.mark.parametrize(("by", "stands"), [(1, True), (2, True), (None, False)])
def test_only_an_operator_takes_back_what_a_device_objected(by: int | None, stands: bool) -> None:
    """Else who was thrown out could still free the way: the buyer's devices remove each other."""
    objected = decide(ASKED, 2, approve=False)
    gone = remove_device(objected, id_of(2), by=None if by is None else thumb(by), now_s=HEARD_S,
                         actor="operator:li" if by is None else "buyer")
    assert who(gone) == [1, 3]
    if stands:
        assert refusal(lambda: ask(gone)) == (Refusal.BARRED, HEARD_S + 90 * DAY_S)
    else:
        assert who(ask(gone)) == [1, 3, 4]
