"""What holds at the moment when a device is told something: that it is durable, and true."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.domain.activation import find_device
from shared.domain.device import Refusal
from shared.domain.license import Standing
from shared.domain.refunding import standing_of
from shared.errors import Unavailable
from tests.interleavings.device_rows import GONE, bright
from tests.interleavings.ends import license_of, order_of
from tests.invariants import answers, must

if TYPE_CHECKING:
    from collections.abc import Collection

    from shared.domain.device import Wanted
    from shared.domain.license import License
    from shared.errors import TongbaoError
    from shared.use_cases.claim_license import HandedOver
    from tests.interleavings.scene import Scene

WORTHLESS = (Refusal.SUSPENDED, Refusal.REVOKED, Refusal.EXPIRED)


def handed_over(scene: Scene, given: HandedOver, wanted: Wanted) -> None:
    """A lease: for money that is not on its way back, and for a device that has its slot."""
    if given.lease is None:
        return
    began, now = scene.began_with(), order_of(scene)
    # A refund that was given up while the claim ran takes nothing away any more.
    restored = began is None or began.payment is None or standing_of(now) is Standing.ACTIVE
    answers.leased(scene, given.license, now if began is None or restored else began)
    stored = license_of(scene)
    device = find_device(stored, wanted.thumbprint)
    if device is None:
        must(went_meanwhile(scene, given, wanted), "I21", "a lease, and the device has no slot")
        return
    must(given.window.dark_at_s <= device.dark_at_s, "I21",
         "a lease is good for longer than its device's row knows")
    must(not _was_barred(scene, device.device_id, device.way.value), "I24",
         "came by a way that somebody had objected to before")
    claims = scene.fake_issuer.read(given.lease)
    must(claims["cnf"] == {"jkt": wanted.thumbprint}, "I21", "a lease for another device")


def _was_barred(scene: Scene, device_id: str, way: str) -> bool:
    """Whether a device's removal had closed this way before the newcomer's call began."""
    then = scene.license_then()
    events = () if then is None else then.history.events
    return any(event.kind == "device_objected" and event.data["way"] == way
               for event in events) and all(
        event.data.get("device_id") != device_id for event in events)


def went_meanwhile(scene: Scene, given: HandedOver, wanted: Wanted) -> bool:
    """Whether the device had its slot in the row that its lease was made from, and lost it
    to a later write.
    """
    then, stored = given.license, license_of(scene)
    known = find_device(then, wanted.thumbprint)
    head = stored.history.events[:len(then.history.events)]
    return known is not None and head == then.history.events and any(
        event.kind in GONE and event.data.get("device_id", known.device_id) == known.device_id
        for event in stored.history.events[len(then.history.events):])


def refused(scene: Scene, error: TongbaoError, codes: Collection[Refusal]) -> None:
    """A refusal: one that this route's documentation has, and that is or was true."""
    if isinstance(error, Unavailable):
        return
    must(error.code in {code.value for code in codes}, "I28", f"refused with {error.code}")
    if error.code == Refusal.FULL.value:
        seen = [one for one in (scene.license_then(), license_of(scene)) if one is not None]
        must(any(_is_full(one, scene) for one in seen), "I28", "refused as full, and never was")
    elif error.code == Refusal.CLAIMED.value:
        must(any(event.data.get("way") == "claim" for event in license_of(scene).history.events),
             "I28", "refused as claimed, and nobody claimed")


def _is_full(license_: License, scene: Scene) -> bool:
    return bright(license_, scene.clock.now_s()) >= license_.device_limit
