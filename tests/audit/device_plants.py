"""Wrong things about licenses and their devices, each planted into an otherwise clean town."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from scripts.auditing.access_log import LogLine
from scripts.auditing.names import canonical, derived
from tests.audit.town import alter, retell

if TYPE_CHECKING:
    from tests.audit.town import Town

Plant = Callable[["Town"], Any]
Events = list[dict[str, Any]]


def _license_story(story: str, change: Callable[[Events], Any]) -> Plant:
    """Another history of a license, with a sound chain."""
    def plant(town: Town) -> None:
        row = town.license(story)
        retell(row, "license", row["license_id"], change)
    return plant


def _devices(town: Town, story: str, change: Callable[[Events], Any]) -> None:
    """Other devices in a license's row."""
    row = town.license(story)
    devices = json.loads(row["devices"])
    change(devices)
    row["devices"] = canonical(devices)


def _good_for(seconds: int, story: str) -> Plant:
    """A device that holds more than it may."""
    return lambda town: _devices(town, story, lambda devices: devices[0].update(
        dark_at_s=devices[0]["dark_at_s"] + seconds))


def _one_more(way: str) -> Plant:
    """A device that came by this way, in the row and in its history alike."""
    def plant(town: Town) -> None:
        row = town.license("refunded")
        license_id, key = row["license_id"], "one more".ljust(43, "-")
        known = json.loads(row["devices"])[0]
        new = {**known, "thumbprint": key, "way": way,
               "device_id": derived("device", license_id, key)}
        _devices(town, "refunded", lambda devices: devices.append(new))
        retell(row, "license", license_id, lambda events: events.insert(2, _event(
            "device_activated", new["activated_at_s"], device_id=new["device_id"], way=way)))
    return plant


def _event(kind: str, at_s: int, *, actor: str = "buyer", **data: Any) -> dict[str, Any]:
    return {"kind": kind, "at_s": at_s, "actor": actor, "source": "license-fetch", "data": data}


def _smaller_limit(town: Town) -> None:
    """Sold for two devices, in every place that says so; three are there."""
    order, license_ = town.order("gifted"), town.license("gifted")
    order["device_limit"] = 2
    alter(order, "grant", device_limit=2)
    for column in ("g0001", "g0002"):
        alter(license_, column, device_limit=2)
    retell(license_, "license", license_["license_id"], lambda events: [
        event["data"].update(device_limit=2) for event in events
        if event["kind"] == "granted"])


def _swaps(count: int, *, counts: bool) -> Plant:
    """So many devices came and went again, a minute each."""
    def change(events: Events) -> None:
        at_s = events[-1]["at_s"]
        for number in range(count):
            name = derived("device", str(number))
            events.append(_event("device_activated", at_s + number, device_id=name,
                                 way="order_number"))
            events.append(_event("device_removed", at_s + number, device_id=name,
                                 dark_at_s=at_s, counts=counts))
    return _license_story("complained", change)


def _kind(events: Events, kind: str) -> dict[str, Any]:
    return next(event for event in events if event["kind"] == kind)


def _later_asked(events: Events) -> None:
    """The request was made a day before the swap."""
    asked = _kind(events, "takeover_asked")
    asked["at_s"] = _kind(events, "device_removed")["at_s"] - 86_400


def _objected(events: Events) -> None:
    """Somebody had objected to the request that got the slot."""
    asked = _kind(events, "takeover_asked")
    events.insert(events.index(asked) + 1, _event(
        "takeover_objected", asked["at_s"], takeover_id=asked["data"]["takeover_id"],
        way="order_number"))


def _came_again(events: Events) -> None:
    """After a device was thrown out another came by the same way, and left again."""
    last_s, name = events[-1]["at_s"], derived("device", "again")
    events += [
        _event("device_activated", last_s + 60, device_id=name, way="order_number"),
        _event("device_removed", last_s + 61, device_id=name, dark_at_s=last_s, counts=True)]


def _lease_of_removed(town: Town) -> None:
    gone = next(json.loads(text)["data"]["device_id"]
                for name, text in sorted(town.license("paid").items())
                if name[:2] == "e0" and '"device_removed"' in text)
    said("license.leased", "paid", device_id=gone)(town)


def said(fact: str, story: str, **fields: Any) -> Plant:
    """A line in the log about the order of a story."""
    def plant(town: Town) -> None:
        row = town.order(story)
        town.log.append(LogLine(fact, town.now_s, {
            "order_id": row["order_id"], "license_id": row["license_id"], **fields}))
    return plant


DEVICE_PLANTS: dict[str, tuple[str, Plant]] = {
    "a lease for a device that was removed": ("leases", _lease_of_removed),
    "said to be activated": (
        "logged-licenses", said("license.device_activated", "paid", device_id="x")),
    "a license of two orders": ("names", lambda town: town.order("closed").update(
        license_id=town.order("paid")["license_id"])),
    "a license that its order does not name": (
        "names", lambda town: alter(town.license("gifted"), "g0002", order_id="0" * 26)),
    "a device under another key": ("names", lambda town: _devices(
        town, "paid", lambda devices: devices[0].update(thumbprint="other"))),
    "a device that no event tells of": ("replay", lambda town: _devices(
        town, "paid", lambda devices: devices.pop())),
    "a device with a time as text": ("rows", lambda town: _devices(
        town, "paid", lambda devices: devices[0].update(dark_at_s="9"))),
    "a request that no event tells of": ("replay", lambda town: town.license("paid").update(
        takeover=canonical({
            "takeover_id": "x", "thumbprint": "y", "platform": "", "way": "order_number",
            "replaces": "z", "asked_at_s": 9}))),
    "a device more than was sold": ("devices", _smaller_limit),
    "a claim secret used twice": ("claims", _one_more("claim")),
    "six swaps": ("swaps", _swaps(6, counts=True)),
    "a swap that does not count": ("swaps", _swaps(1, counts=False)),
    "a slot lost after a day": ("takeovers", _license_story("gifted", _later_asked)),
    "a slot lost after an objection": ("takeovers", _license_story("gifted", _objected)),
    "a way that was barred": ("takeovers", _license_story("partly", _came_again)),
    "good for longer than the license": ("dark", _good_for(400 * 86_400, "paid")),
    "good for weeks after the refund": ("dark", _good_for(9 * 86_400, "refunded")),
}
