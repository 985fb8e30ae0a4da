"""What the devices of a license are shown of each other."""

from __future__ import annotations

from shared.domain.device_list import device_list
from tests.unit.domain.slots import DARK_S, NOW_S, filled, id_of, thumb

FULL = filled()


def test_devices_see_each_other_without_their_keys() -> None:
    seen = device_list(FULL, NOW_S)
    assert (seen["device_limit"], seen["takeover"]) == (3, None)
    assert seen["devices"][0] == {
        "device_id": id_of(1), "platform": "chrome/macos", "way": "claim",
        "activated_at_s": NOW_S, "dark_at_s": NOW_S + DARK_S, "is_this": False}
    assert thumb(1) not in str(seen)


def test_a_device_is_told_which_one_it_is() -> None:
    seen = device_list(FULL, NOW_S, thumb(2))["devices"]
    assert [one["device_id"] for one in seen if one["is_this"]] == [id_of(2)]
