"""What every LicenseRepository does."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from shared.domain.activation import (
    claim_slot,
    decide_takeover,
    forget_devices,
    refresh_slot,
    remove_device,
    restore_slot,
)
from shared.domain.device import MOST_DEVICES, Refused, Wanted, Way
from shared.domain.history import verify_chain
from shared.domain.license import (
    DAY_S,
    KIND,
    GrantStanding,
    License,
    Proof,
    Standing,
    activate,
    apply_grant,
    set_standing,
)
from shared.domain.order import record_payment
from shared.errors import AlreadyExists, VersionConflict
from tests.fakes import samples
from tests.fakes.samples import NOW_S

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.contract.worlds import Stores, World


def a_license(world: World) -> License:
    """A license from a paid order."""
    order = samples.order(next(world.numbers))
    return samples.license_of(record_payment(order, samples.paid_fact(order), NOW_S))


def renewed(license_: License, reference: str = "renewal") -> License:
    """The license with one more grant."""
    grant = replace(license_.grants[0], grant_id=f"GRANT-{reference}", device_limit=5,
                    term_days=None, proof=Proof("gift", reference))
    return apply_grant(license_, grant, now_s=NOW_S + 99, source="operator")


def test_an_unknown_license_is_none(world: World, stores: Stores) -> None:
    assert stores.licenses.load(a_license(world).license_id) is None


def test_a_created_license_is_loaded_as_it_was(world: World, stores: Stores) -> None:
    license_ = a_license(world)
    stores.licenses.create(license_)
    assert stores.licenses.load(license_.license_id) == license_


def test_a_license_is_created_once(world: World, stores: Stores) -> None:
    license_ = a_license(world)
    stores.licenses.create(license_)
    with pytest.raises(AlreadyExists):
        stores.licenses.create(license_)


def test_a_renewal_adds_a_grant_and_an_event(world: World, stores: Stores) -> None:
    license_ = a_license(world)
    stores.licenses.create(license_)
    stores.licenses.save(renewed(license_))
    loaded = stores.licenses.load(license_.license_id)
    assert loaded == renewed(license_)
    assert len(loaded.grants) == len(loaded.history.events) == 2
    verify_chain(KIND, loaded.license_id, loaded.history.events, loaded.history.head)


def test_only_the_first_of_two_renewals_wins(world: World) -> None:
    ours, theirs = world.open(), world.open()
    license_ = a_license(world)
    ours.licenses.create(license_)
    theirs.licenses.save(renewed(license_, "theirs"))
    with pytest.raises(VersionConflict):
        ours.licenses.save(renewed(license_, "ours"))
    assert ours.licenses.load(license_.license_id) == renewed(license_, "theirs")


def test_a_license_that_is_not_there_cannot_be_saved(world: World, stores: Stores) -> None:
    with pytest.raises(VersionConflict):
        stores.licenses.save(renewed(a_license(world)))


def test_what_a_grant_is_worth_comes_back(world: World, stores: Stores) -> None:
    license_ = a_license(world)
    stores.licenses.create(license_)
    both = renewed(license_)
    stores.licenses.save(both)
    grants = [grant.grant_id for grant in both.grants]
    for version, (grant_id, standing) in enumerate([
            (grants[1], Standing.SUSPENDED), (grants[0], Standing.REVOKED),
            (grants[1], Standing.ACTIVE)], 5):
        both = set_standing(both, GrantStanding(grant_id, standing, version), now_s=NOW_S,
                            source="notify")
        stores.licenses.save(both)
        assert stores.licenses.load(license_.license_id) == both
    assert (both.standing, len(both.standings)) == (Standing.ACTIVE, 2)


def test_the_first_activation_comes_back(world: World, stores: Stores) -> None:
    license_ = a_license(world)
    stores.licenses.create(license_)
    used = activate(license_, NOW_S + 70, "license-fetch")
    stores.licenses.save(used)
    loaded = stores.licenses.load(license_.license_id)
    assert loaded == used
    assert loaded.activated_at_s == NOW_S + 70


def device(n: int) -> Wanted:
    """The n-th device."""
    return Wanted(f"{n:043d}", "chrome/macos")


def stored_next(stores: Stores, before: License, after: License) -> License:
    """One step saved as one version, however many events it has."""
    fresh = replace(after, version=before.version + 1)
    stores.licenses.save(fresh)
    loaded = stores.licenses.load(before.license_id)
    assert loaded == fresh
    verify_chain(KIND, fresh.license_id, loaded.history.events, loaded.history.head)
    return fresh


def test_the_whole_life_of_devices_comes_back(world: World, stores: Stores) -> None:
    license_ = a_license(world)
    stores.licenses.create(license_)
    steps: list[Callable[[License], License]] = [
        lambda it: claim_slot(it, device(1), NOW_S + 70),
        lambda it: restore_slot(it, device(2), Way.ORDER_NUMBER, None, NOW_S + 71),
        lambda it: restore_slot(it, device(3), Way.LICENSE_KEY, None, NOW_S + 72),
        lambda it: restore_slot(it, device(4), Way.ORDER_NUMBER, it.devices[1].device_id,
                                NOW_S + 73),
        lambda it: decide_takeover(it, device(1).thumbprint, taken(it), approve=True,
                                   now_s=NOW_S + 74),
        lambda it: refresh_slot(it, device(1).thumbprint, NOW_S + 9 * DAY_S),
        lambda it: remove_device(it, it.devices[1].device_id, by=device(1).thumbprint,
                                 now_s=NOW_S + 9 * DAY_S),
        lambda it: restore_slot(it, device(5), Way.LICENSE_KEY, None, NOW_S + 60 * DAY_S),
        lambda it: forget_devices(it, now_s=NOW_S + 61 * DAY_S, actor="operator:li",
                                  source="admin")]
    for step in steps:
        after = step(license_)
        assert after is not license_
        license_ = stored_next(stores, license_, after)
    assert (license_.devices, license_.takeover) == ((), None)


def taken(license_: License) -> str:
    """The id of the open request."""
    assert license_.takeover is not None
    return license_.takeover.takeover_id


def test_of_two_devices_that_take_the_last_slot_one_is_told_to_look_again(world: World) -> None:
    ours, theirs = world.open(), world.open()
    license_ = a_license(world)
    for n in (1, 2):
        license_ = restore_slot(license_, device(n), Way.ORDER_NUMBER, None, NOW_S + 70)
    license_ = replace(license_, version=1)
    ours.licenses.create(license_)
    first = restore_slot(license_, device(3), Way.ORDER_NUMBER, None, NOW_S + 71)
    theirs.licenses.save(first)
    with pytest.raises(VersionConflict):
        ours.licenses.save(restore_slot(license_, device(4), Way.ORDER_NUMBER, None, NOW_S + 71))
    found = ours.licenses.load(license_.license_id)
    assert found == first
    with pytest.raises(Refused):
        restore_slot(first, device(4), Way.ORDER_NUMBER, None, NOW_S + 72)


def test_as_many_devices_as_may_be_sold_fit_a_row(world: World, stores: Stores) -> None:
    sold = replace(samples.SNAPSHOT, device_limit=MOST_DEVICES)
    order = samples.order(next(world.numbers), snapshot=sold)
    license_ = samples.license_of(samples.paid(order))
    for n in range(MOST_DEVICES):
        license_ = restore_slot(license_, device(n), Way.ORDER_NUMBER, None, NOW_S + 70)
    license_ = replace(license_, version=1)
    stores.licenses.create(license_)
    assert stores.licenses.load(license_.license_id) == license_
    assert len(license_.devices) == MOST_DEVICES == 20
