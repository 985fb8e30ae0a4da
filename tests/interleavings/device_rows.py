"""What the devices of a license must be like after every single write of its row.

Read from the row's history, and not by the rules that wrote it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.domain.device import MOST_SWAPS, SWAP_WINDOW_S
from tests.invariants import must

if TYPE_CHECKING:
    from shared.domain.license import License
    from tests.unit.use_cases.world import World

GONE = ("device_removed", "device_dark")


def check_devices(world: World) -> None:
    """Every license, now."""
    for license_ in world.licenses.all():
        _within_limits(license_, world.clock.now_s())
        _as_told(license_)
        _claimed_once(license_)
        _decided_once(license_)


def bright(license_: License, now_s: int) -> int:
    """How many of its devices hold something that is good now."""
    return sum(device.dark_at_s > now_s for device in license_.devices)


def _within_limits(license_: License, now_s: int) -> None:
    must(bright(license_, now_s) <= len(license_.devices) <= license_.device_limit, "I19",
         f"{len(license_.devices)} devices, and the limit is {license_.device_limit}")
    keys = {device.thumbprint for device in license_.devices}
    must(len(keys) == len(license_.devices), "I20", "one device has two slots")
    swaps = [event.at_s for event in license_.history.events
             if event.kind == "device_removed" and event.data["counts"]]
    for at_s in swaps:
        must(sum(at_s - SWAP_WINDOW_S < one <= at_s for one in swaps) <= MOST_SWAPS, "I26",
             "more devices were taken off than may be")


def _as_told(license_: License) -> None:
    """The row's devices are those that its history activated and did not take off again."""
    told: list[str] = []
    for event in license_.history.events:
        if event.kind == "device_activated":
            told.append(event.data["device_id"])
        elif event.kind in GONE:
            must(event.data["device_id"] in told, "I27", "a device went that was not there")
            told.remove(event.data["device_id"])
        elif event.kind == "devices_forgotten":
            told.clear()
    must(sorted(told) == sorted(device.device_id for device in license_.devices), "I27",
         "history tells of other devices than the row has")


def _claimed_once(license_: License) -> None:
    claims = [event for event in license_.history.events
              if event.kind == "device_activated" and event.data["way"] == "claim"]
    must(len(claims) <= 1, "I23", "the claim secret activated more than one device")


def _decided_once(license_: License) -> None:
    decided: dict[str, str] = {}
    for event in license_.history.events:
        if event.kind in ("takeover_approved", "takeover_objected"):
            name = event.data["takeover_id"]
            must(name not in decided, "I24", "one request was decided twice")
            decided[name] = event.kind
