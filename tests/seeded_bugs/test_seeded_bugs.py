"""The proof finds every mistake that was made on purpose, and nothing where there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from emulators.wechatpay import Account
from tests.crash_points.runs import play
from tests.seeded_bugs import of_bookings, of_devices, of_leases, of_refunds, of_stores, of_timers
from tests.seeded_bugs.bugs import BUGS, find, patched
from tests.seeded_bugs.of_verification import WRONG, Door

if TYPE_CHECKING:
    from collections.abc import Callable

MODULES = (of_bookings, of_devices, of_leases, of_refunds, of_stores, of_timers)
"""Importing them is what fills BUGS; named here so that no import looks unused."""

TABLE = "seeded bugs, by what caught them"


@pytest.mark.parametrize("name", BUGS)
def test_a_seeded_bug_is_found(name: str, record_property: Callable[..., None]) -> None:
    it = BUGS[name]
    caught = find(it)
    assert caught is not None, f"{name}: nothing broke"
    assert caught.broken.number == it.caught_by, f"{name}: {caught.broken}"
    clean = play(it.story, caught.plan)
    assert clean.broken is None, f"without the mistake: {clean.broken}"
    record_property(TABLE, {f"{caught.broken.number} {name}"[:52]: {
        "undisturbed" if not caught.plan else next(iter(caught.plan.values())): 1}})


@pytest.fixture(scope="module")
def door() -> Door:
    """Where notifies come in."""
    return Door(Account.create())


@pytest.mark.parametrize("name", WRONG)
def test_a_mistake_in_verifying_lets_its_attack_through(
        door: Door, name: str, record_property: Callable[..., None]) -> None:
    rules, attack = WRONG[name]
    genuine = door.genuine()
    attacking = attack.change(genuine)
    assert door.refusal(genuine) is None
    assert str(door.refusal(attacking)) in attack.reason.split("|")
    with patched(rules):
        assert door.refusal(genuine) is None, "the mistake is not about genuine notifies"
        assert door.refusal(attacking) is None, "the attack is refused all the same"
    record_property(TABLE, {f"A{attack.number} {name}"[:52]: {"attack": 1}})


def test_there_are_many_mistakes_of_every_kind() -> None:
    assert len(BUGS) + len(WRONG) >= 125
    assert {it.caught_by for it in BUGS.values()} >= {
        *(f"I{number}" for number in range(1, 11)), "I13", "I14",
        *(f"I{number}" for number in range(17, 28))}
