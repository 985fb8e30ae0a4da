"""Mistakes in giving slots to devices, and leases. `seeding` says how to add one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from shared.domain import activation, identifiers
from shared.domain.activation import find_device, restore_slot
from shared.domain.device import Device, Refusal, Refused, Wanted, Way
from shared.domain.history import Event
from shared.errors import VersionConflict
from shared.use_cases import (
    claim_license,
    project_license,
    refresh_lease,
    restore_license,
)
from shared.use_cases.claim_license import HandedOver, Seated, hand_over
from tests.interleavings.device_actors import DEVICES
from tests.interleavings.device_rows import bright
from tests.interleavings.seeding import wrong

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.domain.license import License
    from shared.domain.order import Order
    from shared.use_cases.claim_license import Desk
    from tests.interleavings.scene import Scene

FREE_SLOT = "three devices restore into one free slot"
TWO_SLOTS = "two devices restore into two free slots, and a refresh"
DARK = "a dark device comes back when two want its slot"
REMOVED = "a refresh, the removal of that device, and a restore"


def seated(license_: License, wanted: Wanted, way: Way, now_s: int) -> License:
    """With the device, however many there are."""
    if find_device(license_, wanted.thumbprint) is not None:
        return license_
    device = Device(identifiers.device_id(license_.license_id, wanted.thumbprint),
                    wanted.thumbprint, wanted.platform, way, now_s,
                    activation.lease_window(license_, now_s).dark_at_s)
    event = Event(activation.ADDED, now_s, "buyer", "license-fetch",
                  {"device_id": device.device_id, "way": way.value})
    return replace(license_, devices=(*license_.devices, device), version=license_.version + 1,
                   history=license_.history.add(event))


def _counts_first(claim: Any, wanted: Wanted, desk: Desk) -> HandedOver:
    """Is there room? Then in, whatever the row says by the time of the write."""
    order, stored = restore_license._found(claim, desk)
    seen = stored or desk.licenses.load(order.license_id)
    now_s = desk.books.clock.now_s()
    assert seen is not None
    has_room = bright(seen, now_s) < seen.device_limit
    there = claim_license.seat_device(order, desk, lambda it, _: (
        seated(it, wanted, claim.way, now_s) if has_room
        else restore_slot(it, wanted, claim.way, claim.replaces, now_s)), seen)
    return hand_over(there, wanted.thumbprint, desk)


wrong("the limit is counted before the write, not in it", FREE_SLOT,
      rules={(restore_license, "restore_license"): _counts_first})


def _saves_without_condition(scene: Scene) -> None:
    licenses = scene.licenses

    def save(license_: Any) -> None:
        licenses.script.enter("save")
        licenses._rows._by_key[license_.license_id] = license_
        licenses.script.leave("save")

    licenses.save = save  # type: ignore[method-assign]


wrong("a device is saved without a condition", FREE_SLOT, ports=_saves_without_condition)


def _shrugs(stored: License | None, fresh: License, licenses: Any) -> bool:
    """Somebody else saved first; ours will have been much the same."""
    _write(stored, fresh, licenses)
    return True


_write = project_license._is_written

wrong("a lease is handed out although the save lost", FREE_SLOT,
      rules={(project_license, "_is_written"): _shrugs})


def _gives_up_at_once(order: Order, licenses: Any, books: Any, change: Any, *, source: str,
                      stored: License | None = None) -> License:
    """Who loses the write is told that all is taken, as it was likely the last slot."""
    save = licenses.save

    def save_or_refuse(license_: License) -> None:
        try:
            save(license_)
        except VersionConflict:
            raise Refused(Refusal.FULL) from None

    once: Any = _Licenses(licenses.load, licenses.create, save_or_refuse)
    return _change(order, once, books, change, source=source, stored=stored)


class _Licenses:
    """A repository of its own methods."""

    def __init__(self, load: Any, create: Any, save: Any) -> None:
        self.load, self.create, self.save = load, create, save


_change = project_license.change_license

wrong("a refusal is decided on a row that has changed", TWO_SLOTS,
      rules={(claim_license, "change_license"): _gives_up_at_once})


def _without_order(order: Order, desk: Desk, change: Any,
                   stored: License | None = None) -> Seated:
    """The license's row says what it is worth; whoever changes that will tell it in time."""
    assert stored is not None
    try:
        return Seated(project_license.change_stored(
            stored, desk.licenses, desk.books, change), desk.books.clock.now_s())
    except Refused as refused:
        raise claim_license.as_error(refused, desk) from None


wrong("a refresh does not read the order", "a refresh against a refund in work",
      rules={(refresh_lease, "seat_device"): _without_order})


def _of_now(seated: Seated, thumbprint: str, desk: Desk) -> HandedOver:
    return hand_over(seated._replace(decided_at_s=desk.books.clock.now_s()), thumbprint, desk)


wrong("a lease is counted from the moment of signing",
      "midnight passes over a refresh and a restore",
      rules={(refresh_lease, "hand_over"): _of_now})


def _nobody_goes(license_: License, now_s: int) -> License:
    """Who is dark needs no slot, and nobody takes them out of the row."""
    return license_


wrong("a dark device keeps its slot besides the one who took it", DARK,
      rules={(activation, "_without_surplus"): _nobody_goes})


def _is_there(license_: License, wanted: Wanted, now_s: int) -> License:
    """The secret is used up while its device is there."""
    if all(device.way is not Way.CLAIM for device in license_.devices):
        return restore_slot(license_, wanted, Way.CLAIM, None, now_s)
    return _claim(license_, wanted, now_s)


_claim = activation.claim_slot

wrong("a removed device gives the secret back",
      "the first device is removed, and the secret used again",
      rules={(claim_license, "claim_slot"): _is_there})


def _any_claim(license_: License, wanted: Wanted, now_s: int) -> License:
    """The secret is checked with the order; what it bought so far is not."""
    return restore_slot(license_, wanted, Way.CLAIM, None, now_s)


wrong("the secret activates whoever has it", "two devices claim with one secret",
      rules={(claim_license, "claim_slot"): _any_claim})


def _refreshed_from(seen: Callable[..., License]) -> Callable[..., License]:
    """A device of the row that was read is put back if it is not in the row any more."""

    def refresh(license_: License, thumbprint: str, now_s: int) -> License:
        if find_device(license_, thumbprint) is None:
            wanted = next(one for one in DEVICES if one.thumbprint == thumbprint)
            return seated(license_, wanted, Way.LICENSE_KEY, now_s)
        return seen(license_, thumbprint, now_s)

    return refresh


wrong("a refresh puts a removed device back", REMOVED,
      rules={(refresh_lease, "refresh_slot"): _refreshed_from(activation.refresh_slot)})
