"""Mistakes in taking slots away, and in deciding who gets them. `seeding` says how to add one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from shared.domain import activation
from shared.domain.activation import find_device, restore_slot
from shared.domain.device import Refused, Wanted, Way
from shared.use_cases import (
    claim_license,
    manage_devices,
    project_license,
    refresh_lease,
    restore_license,
)
from shared.use_cases.claim_license import HandedOver, hand_over
from tests.interleavings.device_rows import bright
from tests.interleavings.seeding import wrong
from tests.interleavings.wrong_devices import seated

if TYPE_CHECKING:
    from shared.domain.license import License
    from shared.use_cases.claim_license import Desk


def _approves_what_it_read(license_id: str, thumbprint: str, takeover_id: str, *, approve: bool,
                           desk: Desk) -> License:
    """The request is looked up once; what became of it meanwhile is not."""
    stored = refresh_lease.active_license(license_id, thumbprint, desk.licenses)
    read = stored.takeover
    try:
        return project_license.change_stored(
            stored, desk.licenses, desk.books, lambda it, now_s: _decide(
                replace(it, takeover=read), thumbprint, takeover_id, approve=approve,
                now_s=now_s))
    except Refused as refused:
        raise claim_license.as_error(refused, desk) from None


_decide = activation.decide_takeover

wrong("an approval counts after an objection won",
      "approved, objected to, and the new device asks again",
      rules={(manage_devices, "decide_takeover"): _approves_what_it_read})


def _by_clock_alone(license_: License, now_s: int) -> Any:
    takeover = license_.takeover
    return takeover if takeover is not None and takeover.is_open(now_s) else None


def _adds_if_it_is_gone(license_: License, takeover: Any, now_s: int) -> License:
    if any(device.device_id == takeover.replaces for device in license_.devices):
        return _swap(license_, takeover, now_s)
    return activation._added(license_, Wanted(takeover.thumbprint), takeover.way, now_s)


_swap = activation._swapped

wrong("a request outlives the slot that it is about",
      "approved while the slot it is about goes to another",
      rules={(activation, "open_takeover"): _by_clock_alone,
             (activation, "_swapped"): _adds_if_it_is_gone})


def _counted_before(license_id: str, thumbprint: str, device_id: str, desk: Desk) -> License:
    """The swaps are counted on the row that was read, not on the row that is written."""
    stored = refresh_lease.active_license(license_id, thumbprint, desk.licenses)
    now_s = desk.books.clock.now_s()
    try:
        activation._refuse_too_many_swaps(stored, now_s)
    except Refused as refused:
        raise claim_license.as_error(refused, desk) from None
    return project_license.change_stored(
        stored, desk.licenses, desk.books, lambda it, _: _taken_off(it, device_id, now_s))


def _taken_off(license_: License, device_id: str, now_s: int) -> License:
    if all(device.device_id != device_id for device in license_.devices):
        return license_
    going = next(device for device in license_.devices if device.device_id == device_id)
    return activation._without(license_, device_id, activation._removal(
        going, now_s, "buyer", "license-fetch", counts=True))


wrong("swaps are counted before the write, not in it", "two removals at the swap limit",
      rules={(manage_devices, "remove_device"): _counted_before})


def _removes_for_whom_it_was(license_id: str, thumbprint: str, device_id: str,
                             desk: Desk) -> License:
    """Who asks was active when the request came; that is not asked again."""
    stored = refresh_lease.active_license(license_id, thumbprint, desk.licenses)
    now_s = desk.books.clock.now_s()
    return project_license.change_stored(
        stored, desk.licenses, desk.books, lambda it, _: _taken_off(it, device_id, now_s))


wrong("who was removed meanwhile still removes", "two devices remove each other",
      rules={(manage_devices, "remove_device"): _removes_for_whom_it_was})


def _ripe_is_ripe(license_: License, wanted: Wanted, way: Way, replaces: str | None,
                  now_s: int) -> License:
    """Nobody objected in three days: what somebody says after that comes too late."""
    asked = [event for event in license_.history.events if event.kind == activation.ASKED]
    if asked and find_device(license_, wanted.thumbprint) is None and (
            now_s >= asked[-1].at_s + 3 * 86_400):
        taken = _taken_off(license_, asked[-1].data["replaces"], now_s)
        return seated(taken, wanted, way, now_s)
    return restore_slot(license_, wanted, way, replaces, now_s)


wrong("an objection to a ripe request is not heard",
      "a request is ripe, refreshed against and objected to",
      rules={(restore_license, "restore_slot"): _ripe_is_ripe})


def _looks_once(claim: Any, wanted: Wanted, desk: Desk) -> HandedOver:
    """Was the way barred when the request came? What was objected to since is not seen."""
    order, stored = restore_license._found(claim, desk)
    seen = stored or desk.licenses.load(order.license_id)
    now_s = desk.books.clock.now_s()
    assert seen is not None
    try:
        activation._refuse_if_barred(seen, claim.way, now_s)
    except Refused as refused:
        raise claim_license.as_error(refused, desk) from None
    there = claim_license.seat_device(order, desk, lambda it, _: (
        seated(it, wanted, claim.way, now_s) if bright(it, now_s) < it.device_limit
        else restore_slot(it, wanted, claim.way, claim.replaces, now_s)), seen)
    return hand_over(there, wanted.thumbprint, desk)


wrong("a bar is looked for before the write, not in it",
      "a new device is not welcome, and another comes the same way",
      rules={(restore_license, "restore_license"): _looks_once})


def _counts_always(license_: License, device_id: str, *, by: str | None, now_s: int,
                   actor: str = "buyer", source: str = "license-fetch") -> License:
    """Whoever goes is a swap, and closes no way."""
    if by is None or find_device(license_, by) is None:
        return _without(license_, device_id, by=by, now_s=now_s, actor=actor, source=source)
    return _taken_off(license_, device_id, now_s)


_without = activation.remove_device

wrong("a newcomer who was removed counts as any other",
      "a new device is not welcome when no swap is left",
      rules={(manage_devices, "without"): _counts_always})
