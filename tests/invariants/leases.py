"""Leases that were handed out: for a device with a slot, one a day, of a known end (I21, I25)."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any, NamedTuple

from shared.domain import identifiers
from tests.invariants.answers import leased
from tests.invariants.ground import must

if TYPE_CHECKING:
    from shared.domain.history import Event
    from shared.domain.license import License
    from shared.domain.order import Order
    from shared.use_cases.claim_license import HandedOver
    from tests.invariants.ground import Outside
    from tests.unit.use_cases.world import World

DAY_S = 86_400
SLOW_CLOCK_S = 3_600
SWAPS = 5


class HeldLease(NamedTuple):
    """A lease in somebody's hands: its claims, and the grants it was given for."""

    license_id: str
    thumbprint: str
    said: dict[str, Any]
    worth: object

    @property
    def dark_at_s(self) -> int:
        """When it is good for nothing any more, on the slowest clock."""
        end_s: int = self.said["exp"] + self.said["grc"] + SLOW_CLOCK_S
        return end_s


class Begun(NamedTuple):
    """What was stored when a device's call began."""

    order: Order
    license: License | None


def begun(world: World, order_id: str) -> Begun:
    """What is stored now."""
    order = next(one for one in world.orders.all() if one.order_id == order_id)
    return Begun(order, _stored(world, order.license_id))


def handed_over(world: World, outside: Outside, handed: HandedOver, thumbprint: str,
                began: Begun, *, activates: bool) -> None:
    """I5, I7, I21, I25: a device was given its lease: durable, worth it, and accounted for."""
    leased(world, handed.license, began.order)
    stored = _stored(world, handed.license.license_id)
    assert stored is not None
    known = 0 if began.license is None else len(began.license.history.events)
    is_there = any(device.thumbprint == thumbprint for device in stored.devices)
    left_meanwhile = any(
        event.kind in ("device_removed", "devices_forgotten")
        for event in stored.history.events[known:])
    must(is_there or left_meanwhile, "I7" if activates else "I21",
         "activated, and not stored" if activates else "a lease for a device without a slot")
    if handed.lease is not None:
        _hold(outside, handed, thumbprint, stored)
        ends_are_known(world, outside)


def _hold(outside: Outside, handed: HandedOver, thumbprint: str, stored: License) -> None:
    assert handed.lease is not None
    payload = handed.lease.split(".")[1]
    said = json.loads(base64.urlsafe_b64decode(payload + "=="))
    must(said["cnf"]["jkt"] == thumbprint and said["sub"] == stored.license_id, "I21",
         "a lease of another device or license")
    must(said["lexp"] is None or said["exp"] + said["grc"] <= said["lexp"], "I21",
         "a lease outlives its license")
    given = handed.license
    lease = HeldLease(stored.license_id, thumbprint, said, {
        grant: given.standing_of(grant.grant_id) for grant in given.grants})
    for other in outside.leases:
        if (other[:2], other.said["iat"] // DAY_S) == (lease[:2], said["iat"] // DAY_S):
            must(other.worth != lease.worth or other.said == said, "I25",
                 "asked again on the same day, and it says something else")
            must((other.said == said) == (other.said["jti"] == said["jti"]), "I25",
                 "one name for two leases, or two for one")
    outside.leases.append(lease)


def ends_are_known(world: World, outside: Outside) -> None:
    """I21, I26: the rows know until when each device holds something good; so few devices do."""
    now_s = world.clock.now_s()
    good = [lease for lease in outside.leases if lease.dark_at_s > now_s]
    for license_ in world.licenses.all():
        ours = [lease for lease in good if lease.license_id == license_.license_id]
        for lease in ours:
            must(lease.dark_at_s <= _told_end(license_, lease.thumbprint), "I21",
                 "a device holds a lease that outlasts what is known of it")
        limit = max(grant.device_limit for grant in license_.grants)
        by_hand = sum(_freed_by_hand(event, limit) for event in license_.history.events)
        must(len({lease.thumbprint for lease in ours}) <= 2 * limit + SWAPS + by_hand, "I26",
             "more devices hold a good lease than limit, swaps and objections allow")


def _freed_by_hand(event: Event, limit: int) -> int:
    """How many slots an operator freed by this."""
    if event.kind == "devices_forgotten":
        return limit
    return int(event.kind == "device_removed" and event.actor != "buyer")


def _told_end(license_: License, thumbprint: str) -> int:
    """The latest end that the row tells of this device: with its slot, or with its removal."""
    name = identifiers.device_id(license_.license_id, thumbprint)
    ends = [device.dark_at_s for device in license_.devices if device.thumbprint == thumbprint]
    ends += [event.data["dark_at_s"] for event in license_.history.events
             if event.kind == "devices_forgotten"
             or (event.kind == "device_removed" and event.data["device_id"] == name)]
    return max(ends, default=0)


def _stored(world: World, license_id: str) -> License | None:
    return next((one for one in world.licenses.all() if one.license_id == license_id), None)
