"""Mistakes about devices: one slot too many, one lost for nothing, one device not accounted for."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from shared.domain import activation, identifiers
from shared.domain.device import Refused, Takeover, Wanted, Way
from shared.domain.license import License
from shared.use_cases import claim_license, manage_devices, restore_license
from tests.seeded_bugs.bugs import bug

if TYPE_CHECKING:
    from tests.crash_points.stage import Stage

SECRET = "lease: the secret on a second device"
NUMBER, FULL = "restore: by order number, a free slot", "restore: the license is full"
LAST_SLOT = "restore: two at once for the last slot"
DARK = "restore: into a dark slot"
OBJECTED = "takeover: asked, objected to"
RIPE, OUTBID = "takeover: ripe after 72 hours", "takeover: the key comes after a number"
VOID = "takeover: its device goes by itself"
TOO_MANY = "removal: once too often"
TOO_NEW = "takeover: approved by a device that is too new"

# Slots.


def _rows_of_their_own(stage: Stage) -> None:
    """Each device is a row of its own: they are counted, and then one is added."""
    def save(license_: License) -> None:
        with stage.licenses._call("save"):
            stored = stage.licenses._rows.get(license_.license_id)
            assert stored is not None
            known, history = stored.history.events, stored.history
            for event in license_.history.events:
                history = history if event in known else history.add(event)
            devices = {one.device_id: one for one in (*stored.devices, *license_.devices)}
            stage.licenses._rows.put(license_.license_id, replace(
                license_, devices=tuple(devices.values()), history=history,
                version=stored.version + 1))
    stage.licenses.save = save  # type: ignore[method-assign]


bug("devices are counted, and then one is added", LAST_SLOT, "I19", spoil=_rows_of_their_own)


def _unconditional(stage: Stage) -> None:
    """The license is written, whoever wrote meanwhile."""
    def save(license_: License) -> None:
        with stage.licenses._call("save"):
            stage.licenses._rows.put(license_.license_id, license_)
    stage.licenses.save = save  # type: ignore[method-assign]


bug("a license with devices is read, then written", LAST_SLOT, "I6", spoil=_unconditional)
bug("the limit is off by one", FULL, "I19", {
    (License, "device_limit"): property(lambda license_: license_.grants[0].device_limit + 1)})
bug("a dark device keeps its row beside the new one", DARK, "I19",
    {(activation, "_without_surplus"): lambda license_, now_s: license_})
bug("dark devices count", DARK, "I14", {
    (activation, "_has_room"): lambda license_, now_s: (
        len(license_.devices) < license_.device_limit)})


def _grace_is_dark(license_: License, now_s: int) -> License:
    """Whoever did not refresh by the end of the lease has gone."""
    oldest = min(license_.devices, key=lambda device: device.dark_at_s)
    return activation._without(license_, oldest.device_id, activation.Event(
        activation.DARK, now_s, "system", "x", {"device_id": oldest.device_id}))


def _has_soon_room(license_: License, now_s: int) -> bool:
    return any(device.dark_at_s - 14 * 86_400 <= now_s for device in license_.devices) or (
        len(license_.devices) < license_.device_limit)


bug("a device in its grace counts as dark", DARK, "I24", {
    (activation, "_has_room"): _has_soon_room, (activation, "_without_surplus"): (
        lambda license_, now_s: _grace_is_dark(license_, now_s)
        if len(license_.devices) >= license_.device_limit else license_)})


def _named_by_the_second(license_id: str, thumbprint: str) -> str:
    return _device_id(license_id, f"{thumbprint}{next(_draws)}")


_device_id, _draws = identifiers.device_id, iter(range(10**9))
bug("the same device takes a second slot", NUMBER, "I20", {
    (activation, "find_device"): lambda license_, thumbprint: None})
bug("a device gets a new name at each activation", NUMBER, "I20", {
    (activation, "find_device"): lambda license_, thumbprint: None,
    (identifiers, "device_id"): _named_by_the_second})
bug("the secret activates a second device", SECRET, "I23", {
    (claim_license, "claim_slot"): lambda license_, wanted, now_s: activation.restore_slot(
        license_, wanted, Way.CLAIM, None, now_s)})


def _claims_again(license_: License, wanted: Wanted, now_s: int) -> License:
    if activation.find_device(license_, wanted.thumbprint) is not None:
        return activation.refresh_slot(license_, wanted.thumbprint, now_s)
    return activation._added(license_, wanted, Way.CLAIM, now_s)


bug("the secret activates as long as a slot is free", SECRET, "I23",
    {(claim_license, "claim_slot"): _claims_again})

# Who may free a slot.


def _restores_at_once(license_: License, wanted: Wanted, way: Way, replaces: str | None,
                      now_s: int) -> License:
    """Who knows the number bought it, so a slot is made free."""
    if replaces is None or activation.find_device(license_, wanted.thumbprint) is not None:
        return activation.restore_slot(license_, wanted, way, replaces, now_s)
    return activation._swapped(license_, Takeover(
        "t", wanted.thumbprint, wanted.platform, way, replaces, now_s), now_s)


bug("an order number frees a slot at once", RIPE, "I24",
    {(restore_license, "restore_slot"): _restores_at_once})


def _oldest_makes_room(license_: License, wanted: Wanted, way: Way, replaces: str | None,
                       now_s: int) -> License:
    """A full license gives up the device that was silent for longest."""
    try:
        return activation.restore_slot(license_, wanted, way, replaces, now_s)
    except Refused:
        gone = min(license_.devices, key=lambda device: device.dark_at_s).device_id
        return _restores_at_once(license_, wanted, way, gone, now_s)


bug("a full license gives up its oldest device", FULL, "I24",
    {(restore_license, "restore_slot"): _oldest_makes_room})


def _waits_since(asked_at_s: Any) -> Any:
    """`_asked`, with another time from which the three days count."""
    def ask(license_: License, wanted: Wanted, way: Way, replaces: str, now_s: int) -> License:
        before = license_.takeover
        after = _asked(license_, wanted, way, replaces, now_s)
        assert after.takeover is not None
        return replace(after, takeover=replace(
            after.takeover, asked_at_s=asked_at_s(before, now_s)))
    return ask


_asked = activation._asked
bug("three days count from another device's request", OUTBID, "I24", {
    (activation, "_asked"): _waits_since(
        lambda before, now_s: now_s if before is None else before.asked_at_s)})
bug("a request is ripe after two days", RIPE, "I24", {
    (activation, "_asked"): _waits_since(lambda before, now_s: now_s - 86_400)})
bug("a request is never ripe", RIPE, "I14", {
    (activation, "_asked"): _waits_since(lambda before, now_s: now_s + 10 * 86_400)})


def _objection_unheard(license_: License, *args: Any, approve: bool, now_s: int) -> License:
    return activation.decide_takeover(license_, *args, approve=True, now_s=now_s) if approve \
        else license_


bug("an objection is ignored", OBJECTED, "I24",
    {(manage_devices, "decided"): _objection_unheard})
bug("an objection is noted, and the request stays", OBJECTED, "I24", {
    (activation, "_refuse_if_barred"): lambda license_, way, now_s: None,
    (manage_devices, "decided"): lambda license_, *args, approve, now_s: replace(
        activation.decide_takeover(license_, *args, approve=approve, now_s=now_s),
        takeover=license_.takeover)})
bug("who was objected to comes in by another slot", "removal: of a device that nobody asked in",
    "I24", {(activation, "_refuse_if_barred"): lambda license_, way, now_s: None})
bug("a device that is too new decides about others", TOO_NEW, "I24",
    {(activation, "_refuse_unless_heard"): lambda license_, thumbprint, now_s: None})


def _swapped_if_there(license_: License, takeover: Takeover, now_s: int) -> License:
    if any(device.device_id == takeover.replaces for device in license_.devices):
        return _swapped(license_, takeover, now_s)
    wanted = Wanted(takeover.thumbprint, takeover.platform)
    return activation._added(license_, wanted, takeover.way, now_s)


_swapped = activation._swapped
bug("a request outlives the device that it names", VOID, "I14", {
    (activation, "_swapped"): _swapped_if_there,
    (activation, "open_takeover"): lambda license_, now_s: (
        license_.takeover if license_.takeover is not None
        and license_.takeover.is_open(now_s) else None)})
bug("swaps are not counted", TOO_MANY, "I26",
    {(activation, "_refuse_too_many_swaps"): lambda license_, now_s: None})
_removal = activation._removal
bug("no removal counts as a swap", TOO_MANY, "I26", {
    (activation, "_removal"): lambda *args, counts, **why: _removal(*args, counts=False, **why)})
