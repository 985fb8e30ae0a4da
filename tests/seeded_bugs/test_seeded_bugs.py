"""The proof finds every mistake that was made on purpose, and nothing where there is none."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from emulators.wechatpay import Account
from tests.attacks import test_notifies
from tests.attacks.shop import Shop
from tests.attacks.signature_attacks import HOPES
from tests.crash_points.runs import play
from tests.seeded_bugs import of_bookings, of_refunds, of_stores, of_timers
from tests.seeded_bugs.bugs import BUGS, find, patched
from tests.seeded_bugs.of_verification import WRONG

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.attacks.signature_attacks import Attack

MODULES = (of_bookings, of_refunds, of_stores, of_timers)
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
def shop() -> Iterator[Shop]:
    """A running deployment."""
    with Shop(Account.create()) as running:
        yield running


def _attacked(shop: Shop, attack: Attack) -> None:
    """What tests/attacks asks of this attack."""
    if attack in HOPES:
        test_notifies.test_no_header_stands_in_for_a_signature(shop, attack)
    else:
        test_notifies.test_a_notify_with_one_thing_wrong_is_refused(shop, attack)


@pytest.mark.parametrize("name", WRONG)
def test_a_mistake_in_verifying_lets_its_attack_through(
        shop: Shop, name: str, record_property: Callable[..., None]) -> None:
    rules, attack = WRONG[name]
    _attacked(shop, attack)
    with ExitStack() as undo:
        undo.enter_context(patched(rules))
        if any(module.__name__.endswith("notify") for module, _ in rules
               if hasattr(module, "__name__")):
            shop.apps["notify"] = shop.build("notify")
        with pytest.raises(AssertionError):
            _attacked(shop, attack)
    shop.apps["notify"] = shop.build("notify")
    _attacked(shop, attack)
    record_property(TABLE, {f"A{attack.number} {name}"[:52]: {"attack": 1}})


def test_there_are_many_mistakes_of_every_kind() -> None:
    assert len(BUGS) + len(WRONG) >= 80
    assert {it.caught_by for it in BUGS.values()} >= {
        "I1", "I2", "I3", "I4", "I7", "I8", "I9", "I11", "I12", "I13", "I15", "I16", "I17", "I18"}
