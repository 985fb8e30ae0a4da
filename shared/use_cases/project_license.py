"""Bring a license's row up to date with its order: its grant, and what that is worth now.

The order decides; the license keeps a copy that names the version it was made from, so it does
not matter how often, in which order or by whom this is done. A claim does it, everything that
changes what a license is worth does it, and the timer does it again after all of them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from shared.domain.device import Refused
from shared.domain.license import (
    GrantStanding,
    License,
    Standing,
    activate,
    apply_grant,
    open_license,
    set_standing,
)
from shared.domain.refunding import standing_of
from shared.errors import AlreadyExists, StoreUnavailable, Unavailable, VersionConflict

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.domain.order import Order
    from shared.ports import LicenseRepository
    from shared.use_cases.record_payment import Books

    Change = Callable[[License, int], License]
    """A rule over a license at a time; it may raise Refused."""

MOST_RIVALS = 5


def project_license(order: Order, licenses: LicenseRepository, books: Books, *,
                    source: str) -> License:
    """The stored license of a paid order, up to date. Raises the Unavailable family."""
    return change_license(order, licenses, books, lambda license_, _: license_, source=source)


def change_license(order: Order, licenses: LicenseRepository, books: Books, change: Change, *,
                   source: str, stored: License | None = None) -> License:
    """The stored license of a paid order, up to date and changed, in one conditional write.

    `stored` may be the license just loaded, to spare a read. Raises Refused as `change` does,
    after what the order says was stored all the same, and the Unavailable family.
    """
    assert order.grant is not None
    for _ in range(MOST_RIVALS):
        stored = stored or licenses.load(order.license_id)
        now_s = books.clock.now_s()
        fresh, refused = _changed(_brought_up_to_date(stored, order, now_s, source), order,
                                  change, now_s, source)
        if fresh is not stored:
            fresh = replace(fresh, version=1 if stored is None else stored.version + 1)
            if not _is_written(stored, fresh, licenses):
                stored = None
                continue
            _tell(stored, fresh, books)
        if refused is not None:
            raise refused
        return fresh
    raise StoreUnavailable(reason="too_many_rivals", retry_after_s=1)


def change_stored(stored: License, licenses: LicenseRepository, books: Books,
                  change: Change) -> License:
    """A license changed by a rule that needs no order. Raises Refused and Unavailable."""
    for _ in range(MOST_RIVALS):
        changed = change(stored, books.clock.now_s())
        if changed is stored:
            return stored
        fresh = replace(changed, version=stored.version + 1)
        if _is_written(stored, fresh, licenses):
            _tell(stored, fresh, books)
            return fresh
        again = licenses.load(stored.license_id)
        assert again is not None
        stored = again
    raise StoreUnavailable(reason="too_many_rivals", retry_after_s=1)


def project_if_possible(order: Order, licenses: LicenseRepository, books: Books, *,
                        source: str) -> None:
    """The same, now if the store answers: the timer, told before, does it otherwise."""
    try:
        project_license(order, licenses, books, source=source)
    except Unavailable as error:
        books.log.fact("license.postponed", order_id=order.order_id, code=error.code,
                       reason=error.reason)


def _changed(license_: License, order: Order, change: Change, now_s: int,
             source: str) -> tuple[License, Refused | None]:
    """The license after `change`, or as it was and why not.

    Only what this order gives is activated, and only while it is active: the use of a gift is
    no use of what was paid.
    """
    try:
        changed = change(license_, now_s)
    except Refused as refused:
        return license_, refused
    assert order.grant is not None
    if changed.devices and changed.standing_of(order.grant.grant_id) is Standing.ACTIVE:
        changed = activate(changed, now_s, source)
    return changed, None


def _brought_up_to_date(stored: License | None, order: Order, now_s: int,
                        source: str) -> License:
    """The license with the order's grant and what that is worth; the stored one if it has both."""
    assert order.grant is not None
    if stored is None:
        fresh = open_license(order.grant, order.environment, now_s=now_s, source=source)
    else:
        fresh = apply_grant(stored, order.grant, now_s=now_s, source=source)
    told = GrantStanding(order.grant.grant_id, standing_of(order), order.version)
    return set_standing(fresh, told, now_s=now_s, source=source)


def _is_written(stored: License | None, fresh: License, licenses: LicenseRepository) -> bool:
    try:
        if stored is None:
            licenses.create(fresh)
        else:
            licenses.save(fresh)
    except (AlreadyExists, VersionConflict):
        return False
    return True


def _tell(before: License | None, after: License, books: Books) -> None:
    known = 0 if before is None else len(before.history.events)
    for event in after.history.events[known:]:
        books.log.fact(f"license.{event.kind}", license_id=after.license_id,
                       source=event.source, grant_id=event.data.get("grant_id"),
                       device_id=event.data.get("device_id"))
