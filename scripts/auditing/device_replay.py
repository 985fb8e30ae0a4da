"""The devices of a license, told again from its events: who had a slot when, and by which way."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from scripts.auditing.names import derived

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scripts.auditing.evidence import License

ENDS = ("device_removed", "device_dark")
KINDS = ("device_activated", "device_objected", *ENDS, "devices_forgotten", "takeover_asked",
         "takeover_approved", "takeover_objected")


class Request(NamedTuple):
    """A request for another device's slot, as its event tells it."""

    takeover_id: str
    replaces: str
    way: str
    asked_at_s: int


@dataclass
class Seats:
    """Who has a slot, each with its way and since when; the last request, while it may be open;
    all that were ever made, by id, and those that were objected to.

    `may_be_over` is set once a device was activated after the request: it may have been its own.
    """

    devices: dict[str, tuple[str, int]] = field(default_factory=dict)
    request: Request | None = None
    asked: dict[str, Request] = field(default_factory=dict)
    objected: set[str] = field(default_factory=set)
    may_be_over: bool = False
    wrong: list[str] = field(default_factory=list)

    def tell(self, event: dict[str, Any]) -> None:
        """Go on by one event; what cannot be is noted in `wrong`."""
        try:
            self._tell(event["kind"], event["data"], event["at_s"])
        except KeyError:
            self.wrong.append(f"{event['kind']} lacks something, or names what is not there")

    def _tell(self, kind: str, data: dict[str, Any], at_s: int) -> None:
        if kind == "device_activated":
            if data["device_id"] in self.devices:
                self.wrong.append("a device is activated that has a slot")
            self.devices[data["device_id"]] = (data["way"], at_s)
            self.may_be_over = True
        elif kind == "device_objected":
            self.devices[data["device_id"]]
        elif kind in ENDS:
            del self.devices[data["device_id"]]
        elif kind == "devices_forgotten":
            self.devices.clear()
            self.request = None
        elif kind == "takeover_asked":
            self.devices[data["replaces"]]
            self.request = Request(data["takeover_id"], data["replaces"], data["way"], at_s)
            self.asked[self.request.takeover_id] = self.request
            self.may_be_over = False
        elif kind in ("takeover_approved", "takeover_objected"):
            if self.request is None or self.request.takeover_id != data["takeover_id"]:
                self.wrong.append(f"{kind} of a request that is not open")
            if kind == "takeover_objected":
                self.objected.add(data["takeover_id"])
            self.request = None


def device_differences(license_: License) -> Iterator[str]:
    """How the devices and the request in a license's row differ from what its events tell."""
    seats = Seats()
    for event in license_.chain.events:
        seats.tell(event)
    yield from seats.wrong
    stored = {one["device_id"]: (one["way"], one["activated_at_s"])
              for one in license_.devices}
    if stored != seats.devices or len(stored) != len(license_.devices):
        yield "the devices are not those of the events"
    asked = license_.takeover
    shown = None if asked is None else Request(
        asked["takeover_id"], asked["replaces"], asked["way"], asked["asked_at_s"])
    if shown != seats.request and not (shown is None and seats.may_be_over):
        yield "the request for a slot is not that of the events"


def misnamed_devices(license_: License) -> Iterator[str]:
    """Devices and requests that are not named by the key that they are bound to."""
    for one in license_.devices:
        if one["device_id"] != derived("device", license_.license_id, one["thumbprint"]):
            yield "a device is not named by its key"
    asked = license_.takeover
    number = sum(event["kind"] == "takeover_asked" for event in license_.chain.events)
    if asked is not None and asked["takeover_id"] != derived(
            "takeover", license_.license_id, asked["thumbprint"], str(number)):
        yield "a request is not named by its key and number"
