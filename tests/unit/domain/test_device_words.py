"""What a device, a request and a refusal are before anybody says more."""

from __future__ import annotations

from shared.domain.device import (
    DEFAULT_DEVICE_LIMIT,
    MOST_DEVICES,
    Claim,
    Refusal,
    Refused,
    Wanted,
    Way,
)


def test_a_license_is_sold_for_three_devices_and_never_for_more_than_twenty() -> None:
    assert (DEFAULT_DEVICE_LIMIT, MOST_DEVICES) == (3, 20)


def test_a_device_may_keep_to_itself_what_it_runs_on() -> None:
    assert Wanted("A" * 43).platform == ""


def test_who_names_no_device_asks_for_a_free_slot() -> None:
    assert Claim(Way.LICENSE_KEY, "TB1").replaces is None


def test_a_refusal_says_its_code_and_until_when_it_stands() -> None:
    for_ever, for_now = Refused(Refusal.CLAIMED), Refused(Refusal.SWAPS, 5)
    assert (str(for_ever), for_ever.again_at_s) == ("CLAIM_SECRET_USED", None)
    assert (str(for_now), for_now.again_at_s) == ("DEVICE_SWAP_LIMIT", 5)
