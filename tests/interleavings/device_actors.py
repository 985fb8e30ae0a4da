"""Devices, each with one request; whatever it is answered is checked there and then.

Actors name devices by their place in `DEVICES`, as buyers do: the first, the second.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.domain import identifiers
from shared.domain.activation import find_device
from shared.domain.device import Claim, Refusal, Wanted, Way
from shared.errors import TongbaoError
from shared.use_cases import (
    claim_license,
    forget_buyer,
    manage_devices,
    refresh_lease,
    restore_license,
)
from tests.interleavings.device_answers import WORTHLESS, handed_over, refused
from tests.interleavings.ends import license_of
from tests.invariants import must
from tests.unit.use_cases.world import DEVICE, OTHER_DEVICE, SECRET

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.interleavings.actors import Act
    from tests.interleavings.scene import Scene

DEVICES = (DEVICE, OTHER_DEVICE, *(
    Wanted(f"device-{number}-" + "C" * 34, "firefox/linux") for number in range(3, 10)))
FIRST, SECOND, THIRD, FOURTH, FIFTH = range(5)

BY_CLAIM = (*WORTHLESS, Refusal.CLAIMED, Refusal.FULL)
BY_REFRESH = (*WORTHLESS, Refusal.NOT_ACTIVE)
BY_RESTORE = (*WORTHLESS, Refusal.FULL, Refusal.NOT_ACTIVE, Refusal.SWAPS, Refusal.WAITS,
              Refusal.BUSY, Refusal.BARRED)
BY_REMOVAL = (Refusal.NOT_ACTIVE, Refusal.TOO_NEW, Refusal.SWAPS)
BY_DECISION = (*WORTHLESS, Refusal.NOT_ACTIVE, Refusal.TOO_NEW, Refusal.SWAPS,
               Refusal.NOT_OPEN)
"""The refusals that each route documents."""


def device_id(scene: Scene, place: int) -> str:
    """The id under which this license knows the device."""
    return identifiers.device_id(scene.facts["license_id"], DEVICES[place].thumbprint)


def _asking(codes: tuple[Refusal, ...], act: Callable[[Scene], None]) -> Act:
    def checked(scene: Scene) -> None:
        try:
            act(scene)
        except TongbaoError as error:
            refused(scene, error, codes)
            raise

    return checked


def claims(place: int) -> Act:
    """The device has the claim secret."""

    def act(scene: Scene) -> None:
        handed_over(scene, claim_license.claim_license(
            scene.facts["order_id"], SECRET, DEVICES[place], scene.desk()), DEVICES[place])

    return _asking(BY_CLAIM, act)


def refreshes(place: int) -> Act:
    """The device wants its next lease."""

    def act(scene: Scene) -> None:
        handed_over(scene, refresh_lease.refresh_lease(
            scene.facts["license_id"], DEVICES[place].thumbprint, scene.desk()), DEVICES[place])

    return _asking(BY_REFRESH, act)


def restores(place: int, replaces: int | None = None, *, by_key: bool = False) -> Act:
    """The device knows the order's number, or the license key."""

    def act(scene: Scene) -> None:
        way = Way.LICENSE_KEY if by_key else Way.ORDER_NUMBER
        if replaces is not None:
            scene.outside.asked.setdefault(
                (scene.facts["license_id"], DEVICES[place].thumbprint,
                 device_id(scene, replaces)), scene.clock.now_s())
        claim = Claim(
            way, scene.facts["license_key" if by_key else "out_trade_no"],
            None if replaces is None else device_id(scene, replaces))
        handed_over(scene, restore_license.restore_license(
            claim, DEVICES[place], scene.desk()), DEVICES[place])

    return _asking(BY_RESTORE, act)


def removes(by: int, place: int) -> Act:
    """An active device takes another off, or itself."""

    def act(scene: Scene) -> None:
        scene.outside.words.add(("remove", device_id(scene, place)))
        manage_devices.remove_device(scene.facts["license_id"], DEVICES[by].thumbprint,
                                     device_id(scene, place), scene.desk())
        must(any(event.kind == "device_removed"
                 and event.data["device_id"] == device_id(scene, place)
                 for event in license_of(scene).history.events),
             "I7", "told as removed, and nothing of it is stored")

    return _asking(BY_REMOVAL, act)


def decides(by: int, *, approve: bool) -> Act:
    """An active device approves the request that waits, or objects to it."""

    def act(scene: Scene) -> None:
        if approve:
            scene.outside.words.add(("approve", scene.facts["takeover_id"]))
        manage_devices.decide_takeover(
            scene.facts["license_id"], DEVICES[by].thumbprint, scene.facts["takeover_id"],
            approve=approve, desk=scene.desk())
        word = "takeover_approved" if approve else "takeover_objected"
        must(word in kinds(scene), "I7", "told as decided, and not stored")

    return _asking(BY_DECISION, act)


def forgets(scene: Scene) -> None:
    """An operator forgets the buyer, as the buyer asked."""
    forget_buyer.forget_buyer(scene.facts["order_id"], scene.refund_counter,
                              actor="operator:ada", source="admin")
    must("devices_forgotten" in kinds(scene), "I7", "told as forgotten, and not stored")


def midnight(scene: Scene) -> None:
    """The next UTC day begins; leases are counted from there."""
    scene.step("midnight")
    scene.clock.advance_s(1)


def kinds(scene: Scene) -> list[str]:
    """What happened to the license, in order."""
    return [event.kind for event in license_of(scene).history.events]


def active(scene: Scene) -> set[int]:
    """The devices that have a slot, by their places."""
    return {place for place, device in enumerate(DEVICES)
            if find_device(license_of(scene), device.thumbprint) is not None}
