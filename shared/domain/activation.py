"""Who gets a slot of a license, and who loses one: pure rules over its devices.

Every function returns a new license, the same license when nothing is to be done, or raises
Refused. Saved by a conditional write of the license's one row, so that the limit holds however
many ask at once.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from shared.domain import identifiers
from shared.domain.device import (
    BARRED_S,
    MOST_SWAPS,
    NEWCOMER_SWAPS,
    SWAP_WINDOW_S,
    TAKEOVER_LIFE_S,
    VOICE_AFTER_S,
    Device,
    Refusal,
    Refused,
    Takeover,
    Wanted,
    Way,
)
from shared.domain.history import Event
from shared.domain.lease import Window, window_at
from shared.domain.license import Standing

if TYPE_CHECKING:
    from shared.domain.license import License

SOURCE = "license-fetch"
DARK, REMOVED, ADDED = "device_dark", "device_removed", "device_activated"
UNWELCOME = "device_objected"
ASKED, APPROVED, OBJECTED = "takeover_asked", "takeover_approved", "takeover_objected"

_UNWORTHY = {Standing.SUSPENDED: Refusal.SUSPENDED, Standing.REVOKED: Refusal.REVOKED}


def lease_window(license_: License, now_s: int) -> Window:
    """The window of a lease handed out now; Refused for a license that gives none."""
    if license_.standing in _UNWORTHY:
        raise Refused(_UNWORTHY[license_.standing])
    window = window_at(license_, now_s)
    if window is None:
        raise Refused(Refusal.EXPIRED)
    return window


def find_device(license_: License, thumbprint: str) -> Device | None:
    """The device of this key, if it has a slot."""
    return next((device for device in license_.devices
                 if device.thumbprint == thumbprint), None)


def claim_slot(license_: License, wanted: Wanted, now_s: int) -> License:
    """The license with the device that the claim secret activates: one, and the first."""
    if find_device(license_, wanted.thumbprint) is not None:
        return _leased(license_, wanted.thumbprint, now_s)
    lease_window(license_, now_s)
    if any(event.data["way"] == Way.CLAIM.value for event in _events(license_, ADDED)):
        raise Refused(Refusal.CLAIMED)
    return _added(license_, wanted, Way.CLAIM, now_s)


def refresh_slot(license_: License, thumbprint: str, now_s: int) -> License:
    """The license that knows of the lease handed to this device now."""
    if find_device(license_, thumbprint) is None:
        raise Refused(Refusal.NOT_ACTIVE)
    return _leased(license_, thumbprint, now_s)


def restore_slot(license_: License, wanted: Wanted, way: Way, replaces: str | None,
                 now_s: int) -> License:
    """The license once a device that knows its order number or key was here.

    The device has a slot then, or `license.takeover` is its request for one.
    """
    if find_device(license_, wanted.thumbprint) is not None:
        return _leased(license_, wanted.thumbprint, now_s)
    lease_window(license_, now_s)
    _refuse_if_barred(license_, way, now_s)
    if _has_room(license_, now_s):
        return _added(license_, wanted, way, now_s)
    takeover = open_takeover(license_, now_s)
    if takeover is not None and takeover.thumbprint == wanted.thumbprint:
        return _swapped(license_, takeover, now_s) if now_s >= takeover.ripe_at_s else license_
    if replaces is None:
        raise Refused(Refusal.FULL)
    if takeover is not None and not (way is Way.LICENSE_KEY and takeover.way is not way):
        raise Refused(Refusal.BUSY, takeover.asked_at_s + TAKEOVER_LIFE_S)
    return _asked(license_, wanted, way, replaces, now_s)


def open_takeover(license_: License, now_s: int) -> Takeover | None:
    """The request for a slot that waits, if one does; it ends with the device that it names."""
    takeover = license_.takeover
    if takeover is None or not takeover.is_open(now_s):
        return None
    return None if _with_slot(license_, takeover.replaces) is None else takeover


def decide_takeover(license_: License, thumbprint: str, takeover_id: str, *, approve: bool,
                    now_s: int) -> License:
    """The license after a device with a voice approved a request, or objected to it."""
    _refuse_unless_heard(license_, thumbprint, now_s)
    word = APPROVED if approve else OBJECTED
    if any(event.data["takeover_id"] == takeover_id for event in _events(license_, word)):
        return license_
    takeover = open_takeover(license_, now_s)
    if takeover is None or takeover.takeover_id != takeover_id:
        raise Refused(Refusal.NOT_OPEN)
    told = _with(license_, Event(word, now_s, "buyer", SOURCE, {
        "takeover_id": takeover_id, "way": takeover.way.value,
        "by": identifiers.device_id(license_.license_id, thumbprint)}))
    return _swapped(told, takeover, now_s) if approve else replace(told, takeover=None)


def remove_device(license_: License, device_id: str, *, by: str | None, now_s: int,
                  actor: str = "buyer", source: str = SOURCE) -> License:
    """The license without this device; as it is, when it has no such device.

    To remove another that is too new for a voice is to object to it: that counts as no swap, and
    the way that it came by is barred.

    `by` is the thumbprint of the active device that asks, which may go itself (a new one while
    swaps are left for the others); None for an operator, whose removals count for no limit.
    """
    asking = None if by is None else identifiers.device_id(license_.license_id, by)
    own = asking == device_id
    going = _with_slot(license_, device_id)
    if by is not None and (not own or _is_wasteful(license_, going, now_s)):
        _refuse_unless_heard(license_, by, now_s)
    if going is None:
        return license_
    unwelcome = by is not None and not own and not going.has_voice(now_s)
    if unwelcome:
        license_ = _with(license_, Event(UNWELCOME, now_s, actor, source, {
            "device_id": device_id, "way": going.way.value, "by": asking}))
    counts = by is not None and not unwelcome
    if counts:
        _refuse_too_many_swaps(license_, now_s)
    return _without(license_, device_id, _removal(going, now_s, actor, source, counts=counts))


def forget_devices(license_: License, *, now_s: int, actor: str, source: str) -> License:
    """The license without any device or request, as after a buyer's wish to be forgotten."""
    if not license_.devices and license_.takeover is None:
        return license_
    dark_at_s = max((device.dark_at_s for device in license_.devices), default=now_s)
    return replace(_with(license_, Event("devices_forgotten", now_s, actor, source, {
        "dark_at_s": dark_at_s})), devices=(), takeover=None)


def _leased(license_: License, thumbprint: str, now_s: int) -> License:
    """The same, with the end of what this device holds moved on to the lease of now.

    A dark device comes back only below the limit, which a refund may have lowered meanwhile.
    """
    dark_at_s = lease_window(license_, now_s).dark_at_s
    known = find_device(license_, thumbprint)
    assert known is not None
    if known.dark_at_s <= now_s and not _has_room(license_, now_s):
        raise Refused(Refusal.FULL)
    if known.dark_at_s >= dark_at_s:
        return license_
    return replace(license_, version=license_.version + 1, devices=tuple(
        replace(device, dark_at_s=dark_at_s) if device is known else device
        for device in license_.devices))


def _has_room(license_: License, now_s: int) -> bool:
    return sum(device.dark_at_s > now_s for device in license_.devices) < license_.device_limit


def _added(license_: License, wanted: Wanted, way: Way, now_s: int) -> License:
    """With this device in a slot of its own, or in one whose device is dark."""
    if not _has_room(license_, now_s):
        raise Refused(Refusal.FULL)
    license_ = _without_surplus(license_, now_s)
    device = Device(
        identifiers.device_id(license_.license_id, wanted.thumbprint), wanted.thumbprint,
        wanted.platform, way, now_s, lease_window(license_, now_s).dark_at_s)
    takeover = license_.takeover
    if takeover is not None and takeover.thumbprint == wanted.thumbprint:
        takeover = None
    event = Event(ADDED, now_s, "buyer", SOURCE, {
        "device_id": device.device_id, "way": way.value})
    return replace(_with(license_, event), devices=(*license_.devices, device),
                   takeover=takeover)


def _without_surplus(license_: License, now_s: int) -> License:
    """Without the devices that went dark longest ago, as far as their slots are needed."""
    surplus = len(license_.devices) + 1 - license_.device_limit
    darkest = sorted(license_.devices, key=lambda device: (device.dark_at_s, device.device_id))
    for device in darkest[:max(0, surplus)]:
        license_ = _without(license_, device.device_id, Event(
            DARK, now_s, "system", SOURCE, {"device_id": device.device_id}))
    return license_


def _asked(license_: License, wanted: Wanted, way: Way, replaces: str, now_s: int) -> License:
    if _with_slot(license_, replaces) is None:
        raise Refused(Refusal.NOT_ACTIVE)
    _refuse_too_many_swaps(license_, now_s)
    takeover = Takeover(
        identifiers.takeover_id(license_.license_id, wanted.thumbprint,
                                len(_events(license_, ASKED)) + 1),
        wanted.thumbprint, wanted.platform, way, replaces, now_s)
    event = Event(ASKED, now_s, "buyer", SOURCE, {
        "takeover_id": takeover.takeover_id, "replaces": replaces, "way": way.value})
    return replace(_with(license_, event), takeover=takeover)


def _swapped(license_: License, takeover: Takeover, now_s: int) -> License:
    """The new device in the place of the one that its request names."""
    replaced = _with_slot(license_, takeover.replaces)
    assert replaced is not None, "an open request names a device with a slot"
    _refuse_too_many_swaps(license_, now_s)
    license_ = _without(license_, takeover.replaces, _removal(
        replaced, now_s, "buyer", SOURCE, counts=True, takeover_id=takeover.takeover_id))
    wanted = Wanted(takeover.thumbprint, takeover.platform)
    return _added(license_, wanted, takeover.way, now_s)


def _refuse_unless_heard(license_: License, thumbprint: str, now_s: int) -> None:
    device = find_device(license_, thumbprint)
    if device is None:
        raise Refused(Refusal.NOT_ACTIVE)
    if not device.has_voice(now_s):
        raise Refused(Refusal.TOO_NEW, device.activated_at_s + VOICE_AFTER_S)


def _refuse_if_barred(license_: License, way: Way, now_s: int) -> None:
    """Who objected to an order number may still own the key; who objected to the key, all.

    An operator who removes a device takes back its objections: a thief must not lock buyers out.
    """
    taken_back = {event.data["device_id"]: event.at_s for event in _events(license_, REMOVED)
                  if event.actor != "buyer"}
    for event in (*_events(license_, OBJECTED), *_events(license_, UNWELCOME)):
        until_s = event.at_s + BARRED_S
        if (now_s < until_s and taken_back.get(event.data["by"], -1) < event.at_s
                and event.data["way"] in (way.value, Way.LICENSE_KEY.value)):
            raise Refused(Refusal.BARRED, until_s)


def _is_wasteful(license_: License, going: Device | None, now_s: int) -> bool:
    """Whether it would leave the others too few swaps: who has a bill may come and go at will."""
    return going is not None and len(_swaps(license_, now_s)) >= NEWCOMER_SWAPS


def _refuse_too_many_swaps(license_: License, now_s: int) -> None:
    swaps = _swaps(license_, now_s)
    if len(swaps) >= MOST_SWAPS:
        raise Refused(Refusal.SWAPS, sorted(swaps)[-MOST_SWAPS] + SWAP_WINDOW_S)


def _swaps(license_: License, now_s: int) -> list[int]:
    """When devices were taken off that count, as far as they still do."""
    return [event.at_s for event in _events(license_, REMOVED)
            if event.data["counts"] and event.at_s > now_s - SWAP_WINDOW_S]


def _events(license_: License, kind: str) -> list[Event]:
    return [event for event in license_.history.events if event.kind == kind]


def _with_slot(license_: License, device_id: str) -> Device | None:
    return next((device for device in license_.devices if device.device_id == device_id), None)


def _removal(device: Device, now_s: int, actor: str, source: str, *, counts: bool,
             **why: str) -> Event:
    """It names the end of what the device still holds: with the slot the row forgets that."""
    return Event(REMOVED, now_s, actor, source, {
        "device_id": device.device_id, "dark_at_s": device.dark_at_s, "counts": counts, **why})


def _without(license_: License, device_id: str, event: Event) -> License:
    return replace(_with(license_, event), devices=tuple(
        device for device in license_.devices if device.device_id != device_id))


def _with(license_: License, event: Event) -> License:
    return replace(license_, history=license_.history.add(event), version=license_.version + 1)
