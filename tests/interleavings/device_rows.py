"""What the interleavings want of devices after every write, besides `tests.invariants`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.invariants import must

if TYPE_CHECKING:
    from shared.domain.license import License
    from tests.unit.use_cases.world import World

GONE = ("device_removed", "device_dark", "devices_forgotten")


def check_devices(world: World) -> None:
    """I19, I24: no grant of these scenes ever lowers the limit; and who decides, decides once."""
    for license_ in world.licenses.all():
        must(len(license_.devices) <= license_.device_limit, "I19",
             f"{len(license_.devices)} devices, and the limit is {license_.device_limit}")
        decided = [event.data["takeover_id"] for event in license_.history.events
                   if event.kind in ("takeover_approved", "takeover_objected")]
        must(len(decided) == len(set(decided)), "I24", "one request was decided twice")


def bright(license_: License, now_s: int) -> int:
    """How many of its devices hold something that is good now."""
    return sum(device.dark_at_s > now_s for device in license_.devices)
