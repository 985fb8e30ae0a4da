"""Mistakes in handing out leases: unread, unwritten, too long, or each day another."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from shared.adapters.ed25519_issuer import Ed25519LicenseIssuer
from shared.domain import activation, identifiers, lease
from shared.domain.device import Refused
from shared.domain.license import Standing
from shared.license_ports import IssuedLease
from shared.use_cases import claim_license, refresh_lease, restore_license
from shared.use_cases.claim_license import Seated
from shared.use_cases.project_license import change_stored
from tests.seeded_bugs.bugs import bug

if TYPE_CHECKING:
    from shared.domain.license import License
    from tests.crash_points.stage import Stage

TWICE, NEXT_DAY = "lease: the same device twice", "lease: refreshed on the next day"
MIDNIGHT = "lease: midnight between its row and its signature"
LAST, ROTATED = "lease: the last of its license", "lease: the key is changed between two"
REFUNDED, HELD = "lease: refunded while two devices hold one", "lease: held back, and let go"
CONSOLE = "lease: refunded in the console, unheard of"
NUMBER = "restore: by order number, a free slot"
ITSELF, REMOVED = "removal: by itself", "removal: by another device"

_draws = iter(range(10**9))


def _signs_first(order: Any, desk: Any, change: Any, stored: Any = None) -> Any:
    """Hand over what the rule says; the row is written when there is time."""
    known = stored or desk.licenses.load(order.license_id)
    if known is None:
        return claim_license.seat_device(order, desk, change, stored)
    now_s = desk.books.clock.now_s()
    return Seated(change(known, now_s), now_s)


bug("a lease is signed before its row is written", NUMBER, "I7",
    {(restore_license, "seat_device"): _signs_first})


def _unmoved(license_: License, thumbprint: str, now_s: int) -> License:
    """It has a slot, and its license is good: what is there to write?"""
    activation.lease_window(license_, now_s)
    return license_


bug("a refresh does not move the end in the row", NEXT_DAY, "I21",
    {(activation, "_leased"): _unmoved})


def _shorter(stage: Stage) -> None:
    """The row forgets about grace."""
    save = stage.licenses.save

    def save_short(license_: License) -> None:
        save(replace(license_, devices=tuple(
            replace(device, dark_at_s=device.dark_at_s - 7 * 86_400)
            for device in license_.devices)))
    stage.licenses.save = save_short  # type: ignore[method-assign]


bug("the row counts no grace", NEXT_DAY, "I21", spoil=_shorter)
bug("a lease is signed for another day than its row", MIDNIGHT, "I21", {
    (refresh_lease, "hand_over"): lambda seated, thumbprint, desk: claim_license.hand_over(
        seated._replace(decided_at_s=desk.books.clock.now_s()), thumbprint, desk)})
_removal = activation._removal


def _without_end(*args: Any, **why: Any) -> Any:
    told = _removal(*args, **why)
    return replace(told, data={**told.data, "dark_at_s": 0})


bug("a removal forgets what the device holds", ITSELF, "I21",
    {(activation, "_removal"): _without_end})


def _graceful(license_: License, now_s: int) -> Any:
    """Grace comes after the lease, whenever that ends."""
    window = lease.window_at(license_, now_s)
    return window and replace(window, grace_s=lease.GRACE_S)


bug("grace goes on after the license", LAST, "I21",
    {(activation, "window_at"): _graceful})
bug("a lease outlives its license", LAST, "I21", {
    (activation, "window_at"): lambda license_, now_s: replace(
        lease.window_at(license_, now_s) or lease.Window(now_s, now_s, 0),
        ends_at_s=now_s - now_s % 86_400 + lease.LEASE_S)})


def _refreshes_unread(order: Any, desk: Any, change: Any, stored: Any = None) -> Any:
    """The license's row knows what it is worth: why read the order?"""
    try:
        return Seated(change_stored(stored, desk.licenses, desk.books, change),
                      desk.books.clock.now_s())
    except Refused as refused:
        raise claim_license.as_error(refused, desk) from None


bug("a refresh does not look at the order", CONSOLE, "I5",
    {(refresh_lease, "seat_device"): _refreshes_unread})


def _refreshes_removed(license_id: str, thumbprint: str, licenses: Any) -> Any:
    return licenses.load(license_id)


def _leases_anybody(license_: License, thumbprint: str, now_s: int) -> License:
    if activation.find_device(license_, thumbprint) is None:
        return license_
    return activation.refresh_slot(license_, thumbprint, now_s)


bug("a removed device refreshes", ITSELF, "I21", {
    (refresh_lease, "active_license"): _refreshes_removed,
    (refresh_lease, "refresh_slot"): _leases_anybody})
bug("a revoked license gives a known device its lease", CONSOLE, "I5", {
    (activation, "_UNWORTHY"): {}, (activation, "window_at"): lambda license_, now_s: (
        lease.window_at(license_, now_s)
        or lease.Window(now_s - now_s % 86_400, now_s + lease.LEASE_S, 0))})
bug("a suspended license gives leases until it is revoked", HELD, "I22", {
    (activation, "_UNWORTHY"): {Standing.REVOKED: activation.Refusal.REVOKED},
    (activation, "window_at"): lambda license_, now_s: lease.window_at(
        replace(license_, standings=()), now_s)})
bug("a lease is good for a month", REFUNDED, "I22", {(lease, "FIRST_LEASE_S"): 30 * 86_400})




def _named_by_key(self: Any, license_: License, thumbprint: str, window: Any) -> IssuedLease:
    """Each key counts its own leases."""
    said = lease.claims(license_, thumbprint, window, self._issuer)
    said["jti"] = identifiers.lease_id(f"{self._kid} {said['jti']}")
    return IssuedLease(self._sign(lease.LEASE_TYPE, said))


bug("a lease's name depends on the key", ROTATED, "I25",
    {(Ed25519LicenseIssuer, "issue"): _named_by_key})
_lease_id = identifiers.lease_id
bug("each lease has a name of its own", TWICE, "I25", {
    (identifiers, "lease_id"): lambda said: _lease_id(f"{said}{next(_draws)}")})
bug("a lease counts from the second of its signing", "lease: refreshed on the same day", "I25",
    {(lease, "BUCKET_S"): 1})


def _forgets_events(license_: License, device_id: str, event: Any) -> License:
    """The device is gone: what is there to tell?"""
    return replace(license_, version=license_.version + 1, devices=tuple(
        device for device in license_.devices if device.device_id != device_id))


bug("a removal is not told", REMOVED, "I27", {(activation, "_without"): _forgets_events})
