"""Devices over weeks: every story is lived, what is promised holds, and each promise can fail."""

from __future__ import annotations

from dataclasses import replace
from itertools import cycle
from typing import TYPE_CHECKING, Any

import pytest

from scripts.simulation.buyers import Plan
from scripts.simulation.engine import DAY_MS, HOUR_MS, SECOND_MS
from scripts.simulation.judge import judge
from scripts.simulation.signing import TownIssuer
from scripts.simulation.stories import STORIES
from scripts.simulation.town import DOWN_MS, Settings, Town
from shared.domain.lease import WORST_CASE_S, Window
from shared.domain.license import Standing
from tests.invariants.ground import Broken

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from scripts.simulation.devices import Browser
    from scripts.simulation.families import Family
    from shared.domain.license import License
    from shared.license_ports import IssuedLease

SEEDS = range(4, 64, 2)
"""Even ones: there is an outage of 14 days. The first town is taken in which every story came to
its end; which one that is changes with every step that the product takes more or less."""
ENDS = frozenset({
    "swaps stopped", "thief thrown out", "thief went away", "swapped after three days",
    "key rotated", "away for 14 days", "approve: done", "object: done", "remove: done",
    "remove: DEVICE_TOO_NEW", "remove: DEVICE_SWAP_LIMIT", "restore: TAKEOVER_WAITS",
    "restore: RESTORE_BARRED", "restore: DEVICE_LIMIT_REACHED",
    "refresh: DEVICE_NOT_ACTIVE", "refresh: LICENSE_REVOKED"})
TWICE = 2 * len(STORIES)


def plans() -> Callable[[Random], Plan]:
    """Buyers who pay and fetch their license at once; each story is lived twice."""
    stories = cycle(STORIES)
    return lambda random: Plan(
        "reader-pro", "pays", "page", random.randint(5, 60) * SECOND_MS, clicks_twice=False,
        after="nothing", after_ms=HOUR_MS, family=next(stories))


def lived(seed: int, kind: type[Town] = Town, **changes: Any) -> Town:
    """A town in which every story was begun twice."""
    town = kind(seed, Settings(TWICE, strangers=0, **{"plan": plans(), **changes}))
    town.run()
    return town


def is_whole(town: Town) -> bool:
    """Whether each story came to its end, in the first family that lived it where that counts."""
    if {family.story for family in town.families} != set(STORIES) or not set(town.acts) >= ENDS:
        return False
    refunded, swapped = of(town, "refunded late"), of(town, "ripe")
    paid = refunded.stored_license()
    return (refunded.first.claims is not None
            and [paid.standing_of(grant.grant_id) for grant in paid.grants] == [Standing.REVOKED]
            and [event.kind for event in swapped.stored_license().history.events].count(
                "device_removed") == 1)


@pytest.fixture(scope="module")
def town() -> Town:
    return next(town for town in map(lived, SEEDS) if is_whole(town))


def test_every_story_is_lived_and_every_promise_kept(town: Town) -> None:
    judge(town)
    assert is_whole(town)
    assert town.faults.counts["down_for_days"] > 100


def test_an_outage_as_long_as_promised_lay_in_between(town: Town) -> None:
    assert town.faults.down is not None
    assert town.faults.down.end_ms - town.faults.down.start_ms == DOWN_MS == 14 * DAY_MS
    held = [browser for family in town.families for browser in family.browsers
            if browser.must_last]
    assert len(held) > len(STORIES)
    assert {browser.state() for browser in held} == {"good"}


def test_new_leases_are_signed_by_the_new_key(town: Town) -> None:
    kids = {browser.kid for family in town.families for browser in family.browsers
            if browser.must_last}
    assert kids == {"k2"}


def of(town: Town, story: str) -> Family:
    """The first family with this story."""
    return next(family for family in town.families if family.story == story)


def doctored(family: Family, claims: Browser, **changes: int) -> None:
    assert claims.claims is not None
    claims.claims = {**claims.claims, **changes}
    family.promises.hold_at_the_end()


def test_a_refunded_device_that_stays_bright_is_found(town: Town) -> None:
    family = of(town, "refunded late")
    browser, before = family.first, family.first.claims
    assert before is not None
    family.promises.hold_at_the_end()
    with pytest.raises(Broken, match="longer than was promised"):
        doctored(family, browser, exp=before["exp"] + WORST_CASE_S)
    browser.claims = before
    family.promises.hold_at_the_end()


def test_a_slot_freed_against_an_objection_is_found(town: Town) -> None:
    family = of(town, "ripe")
    [swap] = [event.data["takeover_id"] for event in family.stored_license().history.events
              if event.kind == "device_removed"]
    family.promises.objected.add(swap)
    with pytest.raises(Broken, match="objected"):
        family.promises.hold_at_the_end()
    family.promises.objected.clear()


def test_a_slot_freed_by_a_thief_within_three_days_is_found(town: Town) -> None:
    family = of(town, "swapper")
    before = set(family.promises.given_up)
    family.promises.given_up.clear()
    with pytest.raises(Broken, match="thief"):
        family.promises.hold_at_the_end()
    family.promises.given_up |= before


def test_a_device_more_than_the_limit_is_found(town: Town) -> None:
    family = of(town, "thief at a full license")
    assert sum(browser.state() == "good" for browser in family.browsers) == 3
    stored, browser = family.stored_license(), family.first
    rows = town.world.licenses._rows
    rows.put(stored.license_id, replace(stored, grants=tuple(
        replace(grant, device_limit=2) for grant in stored.grants)))
    with pytest.raises(Broken, match="more bright devices"):
        family.promises._hold_for_rows(browser, browser.claims or {})
    rows.put(stored.license_id, stored)
    family.promises._hold_for_rows(browser, browser.claims or {})


class Altered(TownIssuer):
    """Signs leases with another window than the license's row knows of."""

    def issue(self, license_: License, thumbprint: str, window: Window) -> IssuedLease:
        """See the port."""
        return super().issue(license_, thumbprint, self.altered(window))

    def altered(self, window: Window) -> Window:
        """The wrong one."""
        raise NotImplementedError


class Generous(Altered):
    """A day more than was noted."""

    def altered(self, window: Window) -> Window:
        return replace(window, ends_at_s=window.ends_at_s + 86_400)


class Graceless(Altered):
    """No grace: an outage of 14 days is noticed."""

    def altered(self, window: Window) -> Window:
        return replace(window, grace_s=0)


@pytest.mark.parametrize(("issuer", "number", "told"), [
    (Generous, "I21", "more than its license's row knows of"), (Graceless, "I29", "dark")])
def test_wrong_leases_are_found(town: Town, issuer: type[Altered], number: str,
                                told: str) -> None:
    class Wrong(Town):
        def _furnish(self) -> None:
            super()._furnish()
            self.issuer = self.world.issuer = issuer()

    with pytest.raises(Broken, match=told) as broken:
        judge(lived(town.seed, Wrong))
    assert broken.value.number == number
