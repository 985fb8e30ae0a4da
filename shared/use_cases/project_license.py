"""Bring a license's row up to date with its order: its grant, and what that is worth now.

The order decides; the license keeps a copy that names the version it was made from, so it does
not matter how often, in which order or by whom this is done. A claim does it, everything that
changes what a license is worth does it, and the timer does it again after all of them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

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
    from shared.domain.order import Order
    from shared.ports import LicenseRepository
    from shared.use_cases.record_payment import Books

MOST_RIVALS = 5


def project_license(order: Order, licenses: LicenseRepository, books: Books, *, source: str,
                    activating: bool = False) -> License:
    """The stored license of a paid order, up to date; `activating` when a lease will follow.

    Only what this order gives is activated, and only while it is active: the use of a gift is
    no use of what was paid. Raises the Unavailable family.
    """
    assert order.grant is not None
    for _ in range(MOST_RIVALS):
        stored = licenses.load(order.license_id)
        fresh = _brought_up_to_date(stored, order, books.clock.now_s(), source, activating)
        if fresh is stored:
            return fresh
        try:
            if stored is None:
                licenses.create(fresh)
            else:
                licenses.save(fresh)
        except (AlreadyExists, VersionConflict):
            continue
        _tell(stored, fresh, books)
        return fresh
    raise StoreUnavailable(reason="too_many_rivals", retry_after_s=1)


def project_if_possible(order: Order, licenses: LicenseRepository, books: Books, *,
                        source: str) -> None:
    """The same, now if the store answers: the timer, told before, does it otherwise."""
    try:
        project_license(order, licenses, books, source=source)
    except Unavailable as error:
        books.log.fact("license.postponed", order_id=order.order_id, code=error.code,
                       reason=error.reason)


def _brought_up_to_date(stored: License | None, order: Order, now_s: int, source: str,
                        activating: bool) -> License:
    """One new version, however much is new in it; the stored one when nothing is."""
    assert order.grant is not None
    if stored is None:
        fresh = open_license(order.grant, order.environment, now_s=now_s, source=source)
    else:
        fresh = apply_grant(stored, order.grant, now_s=now_s, source=source)
    told = GrantStanding(order.grant.grant_id, standing_of(order), order.version)
    fresh = set_standing(fresh, told, now_s=now_s, source=source)
    if activating and told.standing is Standing.ACTIVE:
        fresh = activate(fresh, now_s, source)
    if fresh is stored:
        return fresh
    return replace(fresh, version=1 if stored is None else stored.version + 1)


def _tell(before: License | None, after: License, books: Books) -> None:
    known = 0 if before is None else len(before.history.events)
    for event in after.history.events[known:]:
        books.log.fact(f"license.{event.kind}", license_id=after.license_id,
                       source=event.source, grant_id=event.data.get("grant_id"))
