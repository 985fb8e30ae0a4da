"""Slots of a license: as many as allowed, one for each key, and freed only as was agreed (I19-I27).

Times and numbers are written here once more, as docs/licenses.md states them: a rule with
another number has to break here.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from shared.domain.license import Standing
from tests.invariants.ground import must

if TYPE_CHECKING:
    from shared.domain.device import Device
    from shared.domain.history import Event
    from shared.domain.license import License
    from tests.invariants.ground import Outside
    from tests.unit.use_cases.world import World

DAY_S = 86_400
HOUR_S = 3_600
OBJECT_WITHIN_S = 72 * HOUR_S
SWAPS, SWAP_WINDOW_S = 5, 90 * DAY_S
BARRED_S = 90 * DAY_S
FIRST_WEEK_S = 7 * DAY_S
WORST_FIRST_S, WORST_S = 17 * DAY_S + HOUR_S, 21 * DAY_S + HOUR_S
"""After a refund is known: until when an offline device goes on, on the slowest clock."""
GONE = ("device_removed", "device_dark")


def limit_of(license_: License) -> int:
    """How many devices were ever allowed at once: a refund that lowers it takes no slot away."""
    return max(grant.device_limit for grant in license_.grants)


def slots_within_limit(world: World, outside: Outside) -> None:
    """I19: no more devices than the limit have a slot: so no more of them are good at once."""
    for license_ in world.licenses.all():
        must(len(license_.devices) <= limit_of(license_), "I19", "more slots than the limit")


def one_slot_per_key(world: World, outside: Outside) -> None:
    """I20: a key has one slot, however often it was activated."""
    for license_ in world.licenses.all():
        keys = [device.thumbprint for device in license_.devices]
        names = [device.device_id for device in license_.devices]
        must(len(keys) == len(set(keys)) == len(set(names)), "I20", "one key has two slots")


def secret_bought_one(world: World, outside: Outside) -> None:
    """I23: the claim secret activated one device, and no other."""
    for license_ in world.licenses.all():
        claimed = [event for event in license_.history.events
                   if event.kind == "device_activated" and event.data["way"] == "claim"]
        must(len(claimed) <= 1, "I23", "the claim secret activated two devices")


def swaps_within_limit(world: World, outside: Outside) -> None:
    """I26: buyers take no more than five devices off a license in 90 days.

    Not counted: a device that was objected to in its first three days.
    """
    for license_ in world.licenses.all():
        events = license_.history.events
        came = {event.data["device_id"]: event for event in events
                if event.kind == "device_activated"}
        taken = []
        for before, event in pairwise(events):
            if event.kind != "device_removed" or event.actor != "buyer":
                continue
            if before.kind == "device_objected":
                first = came[event.data["device_id"]]
                must(first.data["way"] != "claim" and event.at_s < first.at_s + OBJECT_WITHIN_S,
                     "I26", "a device was objected to that is not new")
            else:
                taken.append(event.at_s)
        for at_s in taken:
            within = sum(at_s - SWAP_WINDOW_S < one <= at_s for one in taken)
            must(within <= SWAPS, "I26", "more than five devices were taken off in 90 days")


def changed_as_agreed(before: License | None, after: License, now_s: int,
                      outside: Outside | None) -> None:
    """I22, I24, I27: what one write may do to the slots of a license."""
    _history_tells_slots(after)
    _no_barred_way(0 if before is None else len(before.history.events), after)
    if after.standing is not Standing.ACTIVE:
        _nothing_is_given(before, after)
        if before is not None and before.standing is Standing.ACTIVE:
            _worst_case_holds(before, after, now_s)
    if before is not None:
        kept = {device.device_id for device in after.devices}
        for device in before.devices:
            if device.device_id not in kept:
                _freed_as_agreed(device, before, after, now_s, outside)


def _history_tells_slots(license_: License) -> None:
    told: set[str] = set()
    for event in license_.history.events:
        if event.kind == "device_activated":
            told.add(event.data["device_id"])
        elif event.kind in GONE:
            told.discard(event.data["device_id"])
        elif event.kind == "devices_forgotten":
            told.clear()
    must(told == {device.device_id for device in license_.devices}, "I27",
         "the devices are not those of the history")


def _no_barred_way(known: int, license_: License) -> None:
    """I24: for 90 days nobody comes by a way that was objected to, but by a device's word."""
    events = license_.history.events
    if any(event.kind == "takeover_approved" for event in events[known:]):
        return
    for event in events[known:]:
        if event.kind == "device_activated" and event.data["way"] != "claim":
            must(not any(no.kind in ("device_objected", "takeover_objected")
                         and event.at_s < no.at_s + BARRED_S
                         and no.data["way"] in (event.data["way"], "license_key")
                         for no in events), "I24", "a device came by a way that is barred")


def _nothing_is_given(before: License | None, after: License) -> None:
    known = {} if before is None else {one.device_id: one.dark_at_s for one in before.devices}
    must(all(known.get(device.device_id) == device.dark_at_s for device in after.devices), "I22",
         f"a {after.standing.value} license gave a device more")


def _worst_case_holds(before: License, after: License, now_s: int) -> None:
    paid_at_s = max((grant.granted_at_s for grant in before.grants
                     if grant.proof.kind == "payment"), default=0)
    worst_s = WORST_FIRST_S if now_s < paid_at_s + FIRST_WEEK_S else WORST_S
    must(all(device.dark_at_s - now_s <= worst_s for device in after.devices), "I22",
         "after a refund a device goes on for longer than the worst case")


def _freed_as_agreed(device: Device, before: License, after: License, now_s: int,
                     outside: Outside | None) -> None:
    """I24: darkness, an active device's word, 72 hours in which none objected, or an operator."""
    events = after.history.events[len(before.history.events):]
    if any(event.kind == "devices_forgotten" for event in events):
        return
    told = [event for event in events
            if event.kind in GONE and event.data["device_id"] == device.device_id]
    must(len(told) == 1, "I24", "a slot was freed, and it is not told once")
    if told[0].kind == "device_dark":
        must(device.dark_at_s <= now_s, "I24", "a slot was lost to darkness, and is not dark")
    elif outside is not None and told[0].actor == "buyer":
        must(("remove", device.device_id) in outside.words
             or _was_approved(device, after, events, outside)
             or _has_waited(device, after, events, now_s, outside), "I24",
             "a slot was freed without an active device's word, and before 72 hours")


def _was_approved(device: Device, after: License, events: tuple[Event, ...],
                  outside: Outside) -> bool:
    approved = {event.data["takeover_id"] for event in events
                if event.kind == "takeover_approved"}
    return any(asked.data["takeover_id"] in approved
               and ("approve", asked.data["takeover_id"]) in outside.words
               for asked in _requests(device, after))


def _has_waited(device: Device, after: License, events: tuple[Event, ...], now_s: int,
                outside: Outside) -> bool:
    """Whether the one who comes in asked for this slot three days ago, and nobody objected."""
    came = {event.data["device_id"] for event in events if event.kind == "device_activated"}
    asked_at_s = [outside.asked.get((after.license_id, one.thumbprint, device.device_id), now_s)
                  for one in after.devices if one.device_id in came]
    return bool(came) and all(at_s + OBJECT_WITHIN_S <= now_s for at_s in asked_at_s) and any(
        asked.at_s + OBJECT_WITHIN_S <= now_s
        and ("object", asked.data["takeover_id"]) not in outside.words
        for asked in _requests(device, after))


def _requests(device: Device, license_: License) -> list[Event]:
    return [event for event in license_.history.events if event.kind == "takeover_asked"
            and event.data["replaces"] == device.device_id]
