"""What the devices of a license see of each other: no key, and nothing that says whose they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared.domain.activation import open_takeover

if TYPE_CHECKING:
    from shared.domain.license import License


def device_list(license_: License, now_s: int, seen_by: str | None = None) -> dict[str, Any]:
    """The devices with a slot, how many there may be, and the request for one that waits.

    `seen_by` is the thumbprint of who looks: that device is told which one it is.
    """
    takeover = open_takeover(license_, now_s)
    return {"device_limit": license_.device_limit,
            "devices": [{**device.as_dict(), "is_this": device.thumbprint == seen_by}
                        for device in license_.devices],
            "takeover": None if takeover is None else takeover.as_dict()}
