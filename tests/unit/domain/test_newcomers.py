"""A device that a number or key brought in says nothing about others for three days."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from shared.domain.activation import claim_slot, decide_takeover, remove_device, restore_slot
from shared.domain.device import (
    MOST_SWAPS,
    NEWCOMER_SWAPS,
    TAKEOVER_WAIT_S,
    Refusal,
    Refused,
    Wanted,
    Way,
)
from tests.fakes import samples

if TYPE_CHECKING:
    from shared.domain.license import License

OWNER, SECOND = Wanted("owner"), Wanted("second")
NUMBER_OF = {"owner": 0, "second": 1}
NOW_S = samples.NOW_S + 100
RIPE_S = NOW_S + TAKEOVER_WAIT_S


def license_with(way: Way) -> License:
    """The owner's device, and a second one that came this way."""
    order = samples.paid(samples.instructed(samples.order()))
    claimed = claim_slot(samples.license_of(order), OWNER, NOW_S)
    return restore_slot(claimed, SECOND, way, None, NOW_S)


def id_of(license_: License, wanted: Wanted) -> str:
    return license_.devices[NUMBER_OF[wanted.thumbprint]].device_id


def remove(license_: License, who: Wanted, whom: Wanted, now_s: int) -> License:
    return remove_device(license_, id_of(license_, whom), by=who.thumbprint, now_s=now_s)


def asked(license_: License) -> License:
    """With all slots taken, and another device's request for the owner's."""
    full = restore_slot(license_, Wanted("third"), Way.LICENSE_KEY, None, NOW_S)
    return restore_slot(full, Wanted("fourth"), Way.ORDER_NUMBER, id_of(full, OWNER), NOW_S)


def decide(license_: License, who: Wanted, now_s: int, *, approve: bool) -> License:
    assert license_.takeover is not None
    return decide_takeover(license_, who.thumbprint, license_.takeover.takeover_id,
                           approve=approve, now_s=now_s)


@pytest.mark.parametrize("way", [Way.ORDER_NUMBER, Way.LICENSE_KEY])
def test_it_removes_no_other_device_until_three_days_are_over(way: Way) -> None:
    license_ = license_with(way)
    with pytest.raises(Refused) as refused:
        remove(license_, SECOND, OWNER, RIPE_S - 1)
    assert (refused.value.refusal, refused.value.again_at_s) == (Refusal.TOO_NEW, RIPE_S)
    assert len(remove(license_, SECOND, OWNER, RIPE_S).devices) == 1


@pytest.mark.parametrize("approve", [True, False])
def test_it_decides_about_no_request_until_three_days_are_over(approve: bool) -> None:
    license_ = asked(license_with(Way.ORDER_NUMBER))
    with pytest.raises(Refused) as refused:
        decide(license_, SECOND, RIPE_S - 1, approve=approve)
    assert refused.value.refusal is Refusal.TOO_NEW
    assert decide(license_, SECOND, RIPE_S, approve=approve) != license_


def test_who_came_by_claim_decides_at_once() -> None:
    license_ = license_with(Way.LICENSE_KEY)
    assert len(remove(license_, OWNER, SECOND, NOW_S).devices) == 1
    assert decide(asked(license_), OWNER, NOW_S, approve=False).takeover is None


def test_to_remove_a_newcomer_bars_the_way_that_it_came_by() -> None:
    thrown_out = remove(license_with(Way.ORDER_NUMBER), OWNER, SECOND, NOW_S)
    with pytest.raises(Refused) as refused:
        restore_slot(thrown_out, Wanted("third"), Way.ORDER_NUMBER, None, NOW_S + 1)
    assert refused.value.refusal is Refusal.BARRED
    assert restore_slot(thrown_out, Wanted("third"), Way.LICENSE_KEY, None, NOW_S + 1).devices
    settled = remove(license_with(Way.ORDER_NUMBER), OWNER, SECOND, RIPE_S)
    assert restore_slot(settled, Wanted("third"), Way.ORDER_NUMBER, None, RIPE_S).devices


def test_it_may_leave_and_be_removed_at_once() -> None:
    license_ = license_with(Way.ORDER_NUMBER)
    assert len(remove(license_, SECOND, SECOND, NOW_S).devices) == 1
    assert len(remove(license_, OWNER, SECOND, NOW_S).devices) == 1


def test_who_comes_and_goes_leaves_the_others_their_swaps() -> None:
    license_ = license_with(Way.ORDER_NUMBER)
    for _ in range(NEWCOMER_SWAPS):
        gone = remove(license_, SECOND, SECOND, NOW_S)
        license_ = restore_slot(gone, SECOND, Way.ORDER_NUMBER, None, NOW_S)
    with pytest.raises(Refused) as refused:
        remove(license_, SECOND, SECOND, NOW_S)
    assert (refused.value.refusal, refused.value.again_at_s) == (Refusal.TOO_NEW, RIPE_S)
    assert len(remove(license_, SECOND, SECOND, RIPE_S).devices) == 1
    assert len(remove(license_, OWNER, SECOND, NOW_S).devices) == 1
    assert MOST_SWAPS - NEWCOMER_SWAPS == 3


@pytest.mark.parametrize("way", [Way.ORDER_NUMBER, Way.LICENSE_KEY])
def test_an_operator_who_removes_a_device_takes_back_what_it_objected(way: Way) -> None:
    thrown_out = remove(license_with(way), OWNER, SECOND, NOW_S)
    third = Wanted("third")
    with pytest.raises(Refused) as refused:
        restore_slot(thrown_out, third, way, None, NOW_S)
    assert refused.value.refusal is Refusal.BARRED
    freed = remove_device(thrown_out, id_of(thrown_out, OWNER), by=None, now_s=NOW_S,
                          actor="operator:ann", source="admin")
    assert len(restore_slot(freed, third, way, None, NOW_S).devices) == 1


def test_what_another_device_objected_stays_and_so_does_what_is_objected_later() -> None:
    license_ = license_with(Way.ORDER_NUMBER)
    gone = remove_device(license_, id_of(license_, OWNER), by=None, now_s=NOW_S,
                         actor="operator:ann", source="admin")
    third = restore_slot(gone, Wanted("third"), Way.LICENSE_KEY, None, NOW_S)
    again = restore_slot(third, OWNER, Way.LICENSE_KEY, None, NOW_S)
    asked_ = restore_slot(again, Wanted("fourth"), Way.ORDER_NUMBER, id_of(again, SECOND), NOW_S)
    for who in (SECOND, OWNER):
        objected = decide(asked_, who, RIPE_S, approve=False)
        with pytest.raises(Refused) as refused:
            restore_slot(objected, Wanted("fifth"), Way.ORDER_NUMBER, None, RIPE_S)
        assert refused.value.refusal is Refusal.BARRED
