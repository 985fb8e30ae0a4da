"""Notifies that nobody may get past the door: each differs from a genuine one in one part.

The genuine one is sent right after it and books the payment.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.attacks import content_attacks, signature_attacks
from tests.attacks.notifies import differences

if TYPE_CHECKING:
    from tests.attacks.shop import Purchase, Seen, Shop
    from tests.attacks.signature_attacks import Attack

ATTACKS = [*signature_attacks.ATTACKS, *content_attacks.ATTACKS]


def named(attack: Attack) -> str:
    return f"{attack.number}: {attack.name}"


def untouched(shop: Shop, bought: Purchase, seen: Seen) -> None:
    """Neither store nor WeChat heard of it, and nothing crashed."""
    assert (seen.store, seen.calls) == ((), 0)
    assert seen.facts("function.crashed") == []
    assert not shop.is_paid(bought)


@pytest.mark.parametrize("attack", ATTACKS, ids=named)
def test_a_notify_with_one_thing_wrong_is_refused(shop: Shop, attack: Attack) -> None:
    bought = shop.purchase()
    genuine = shop.notify_of(bought)
    attacking = attack.change(genuine)
    assert len(differences(genuine, attacking)) == 1

    seen = shop.tell(attacking)
    assert seen.status == attack.status
    refusals = seen.facts("notify.refused") or seen.facts("request.refused")
    assert len(refusals) == 1
    assert refusals[0].get("reason", "-") in attack.reason.split("|")
    untouched(shop, bought, seen)

    assert shop.tell(genuine).status == 200
    assert shop.is_paid(bought)


@pytest.mark.parametrize("attack", signature_attacks.HOPES, ids=named)
def test_no_header_stands_in_for_a_signature(shop: Shop, attack: Attack) -> None:
    bought = shop.purchase()
    genuine = shop.notify_of(bought)
    seen = shop.tell(attack.change(genuine))
    assert seen.status == 401
    assert [fact["reason"] for fact in seen.facts("notify.refused")] == [attack.reason]
    untouched(shop, bought, seen)
    header = {name: value for name, value in attack.change(genuine).headers.items() if value}
    assert shop.tell(genuine.but(headers=header)).status == 200


@pytest.mark.parametrize("attack", content_attacks.DOORS, ids=named)
def test_a_genuine_notify_at_another_door_is_turned_away(shop: Shop, attack: Attack) -> None:
    bought = shop.purchase()
    genuine = shop.notify_of(bought)
    attacking = attack.change(genuine)
    assert len(differences(genuine, attacking)) == 1
    seen = shop.tell(attacking)
    assert (seen.status, seen.code) == (attack.status, attack.reason)
    assert not [name for name in seen.headers if name.startswith("Access-Control")]
    untouched(shop, bought, seen)
    assert shop.tell(genuine).status == 200


def test_every_attack_has_a_name_of_its_own() -> None:
    names = [named(attack) for attack in
             (*ATTACKS, *signature_attacks.HOPES, *content_attacks.DOORS)]
    assert len(names) == len(set(names)) > 100
