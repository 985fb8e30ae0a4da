"""Attacks 69 to 72 and 48: who has a screenshot of the bill, a key, a secret or a profile.

The thief knows what the owner knows or posted; the owner has one active device. Days pass by
making the stored devices and requests older (`Shop.age`).
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from emulators.fc import FakeContext
from tests.attacks.asking import Asking
from tests.attacks.devices import Owned, owned
from tests.wire.device import Device

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.attacks.shop import Seen, Shop

TOO_NEW, NOT_ACTIVE, BARRED = "DEVICE_TOO_NEW", "DEVICE_NOT_ACTIVE", "RESTORE_BARRED"
FULL, WAITS, BUSY = "DEVICE_LIMIT_REACHED", "TAKEOVER_WAITS", "TAKEOVER_BUSY"
MOMENT = 1 / 1440
DAY_S = 86_400


@pytest.fixture
def mine(shop: Shop) -> Owned:
    """A license with two free slots."""
    return owned(shop)


@pytest.fixture
def thief() -> Device:
    """A key of nobody whom the owner knows."""
    return Device()


def refused(seen: Seen, code: str) -> None:
    """Refused without a lease, a key or a crash."""
    assert seen.code == code
    assert not [word for word in ("lease", "license_key", "token") if f'"{word}":' in seen.text]
    assert seen.facts("function.crashed") == []


def test_69_a_screenshot_takes_a_free_slot_and_is_seen(mine: Owned, thief: Device) -> None:
    taken = mine.by_number(thief)
    assert taken.status == 200
    assert taken.body["license"]["license_key"] is None
    assert mine.refresh(thief).body["license"]["license_key"] is None
    shown = {one["way"] for one in mine.listed(mine.owner)["devices"]}
    assert shown == {"claim", "order_number"}
    assert len(taken.facts("license.device_activated")) == 1


VOICES: dict[str, Callable[[Owned, Device], Seen]] = {
    "clear out the owner": lambda it, by: it.remove(by, it.owner),
    "approve a friend": lambda it, by: it.decide(by, "approve"),
    "object to the owner's new device": lambda it, by: it.decide(by, "object")}


@pytest.mark.parametrize("way", ["by_number", "by_key"])
@pytest.mark.parametrize("act", VOICES)
def test_69_a_newcomer_decides_nothing_for_three_days(mine: Owned, thief: Device, way: str,
                                                      act: str) -> None:
    for device in (Device(), thief):
        assert getattr(mine, way)(device).status == 200
    refused(mine.by_key(Device(), replaces=mine.id_of(mine.owner)), WAITS)
    before = mine.stored
    mine.shop.age(mine.license_id, 3 - MOMENT)
    early = VOICES[act](mine, thief)
    refused(early, TOO_NEW)
    assert 0 < int(early.headers["Retry-After"]) <= 60
    assert (early.status, early.written) == (409, set())
    assert mine.stored.history == before.history
    mine.shop.age(mine.license_id, MOMENT)
    assert VOICES[act](mine, thief).status == 200


def test_69_the_owner_decides_at_once(mine: Owned, thief: Device) -> None:
    """What differs from the newcomer's try is who asks."""
    assert mine.by_number(thief).status == 200
    refused(mine.remove(thief, mine.owner), TOO_NEW)
    assert mine.remove(mine.owner, thief).status == 200
    assert not mine.holds(thief)


def test_70_a_screenshot_frees_no_slot(mine: Owned, thief: Device) -> None:
    mine.filled()
    seats = [one.device_id for one in mine.stored.devices]
    refused(mine.by_number(thief), FULL)
    refused(mine.by_number(thief, replaces=mine.id_of(mine.owner)), WAITS)
    mine.shop.age(mine.license_id, 3 - MOMENT)
    early = mine.by_number(thief)
    refused(early, WAITS)
    assert (early.status, early.written) == (409, set())
    assert 0 < int(early.headers["Retry-After"]) <= 60
    assert [one.device_id for one in mine.stored.devices] == seats
    request = mine.listed(mine.owner)["takeover"]
    assert (request["way"], request["replaces"]) == ("order_number", mine.id_of(mine.owner))
    refused(mine.refresh(thief), NOT_ACTIVE)
    mine.shop.age(mine.license_id, MOMENT)
    assert mine.by_number(thief).status == 200


@pytest.mark.parametrize("replaces", ["0" * 26, "../devices", "*"])
def test_70_a_request_names_a_device_of_this_license(mine: Owned, thief: Device,
                                                     replaces: str) -> None:
    mine.filled()
    refused(mine.by_number(thief, replaces=replaces), NOT_ACTIVE)
    assert mine.stored.takeover is None
    refused(mine.by_number(thief, replaces=mine.id_of(mine.owner)), WAITS)


def test_70_nobody_approves_from_outside(mine: Owned, thief: Device) -> None:
    mine.filled()
    refused(mine.by_number(thief, replaces=mine.id_of(mine.owner)), WAITS)
    for outsider in (thief, Device(), owned(mine.shop).owner):
        refused(mine.decide(outsider, "approve"), NOT_ACTIVE)
    assert mine.decide(mine.owner, "approve").status == 200
    assert mine.holds(thief)


def test_70_an_objection_ends_it_even_when_the_time_is_over(mine: Owned, thief: Device) -> None:
    mine.filled()
    refused(mine.by_number(thief, replaces=mine.id_of(mine.owner)), WAITS)
    mine.shop.age(mine.license_id, 4)
    assert mine.decide(mine.owner, "object").status == 200
    refused(mine.by_number(thief), BARRED)
    refused(mine.by_number(Device(), replaces=mine.id_of(mine.owner)), BARRED)
    refused(mine.by_key(Device(), replaces=mine.id_of(mine.owner)), WAITS)


def test_70_a_screenshot_does_not_keep_the_key_waiting(mine: Owned, thief: Device) -> None:
    _, lost = mine.filled()
    refused(mine.by_number(thief, replaces=mine.id_of(mine.owner)), WAITS)
    refused(mine.by_number(Device(), replaces=mine.id_of(lost)), BUSY)
    new = Device()
    refused(mine.by_key(new, replaces=mine.id_of(lost)), WAITS)
    refused(mine.by_number(thief, replaces=mine.id_of(mine.owner)), BUSY)
    assert mine.decide(mine.owner, "approve").status == 200
    assert mine.holds(new)
    assert not mine.holds(thief)


def test_71_who_was_thrown_out_does_not_come_back(mine: Owned, thief: Device) -> None:
    assert mine.by_number(thief).status == 200
    assert mine.remove(mine.owner, thief).status == 200
    for device in (thief, Device()):
        seen = mine.by_number(device)
        refused(seen, BARRED)
        assert (seen.status, seen.written) == (409, set())
        assert 89 * DAY_S < int(seen.headers["Retry-After"]) <= 90 * DAY_S
    refused(mine.refresh(thief), NOT_ACTIVE)
    assert mine.by_key(Device()).status == 200


def test_71_a_key_that_was_objected_to_bars_the_number_too(mine: Owned, thief: Device) -> None:
    assert mine.by_key(thief).status == 200
    assert mine.remove(mine.owner, thief).status == 200
    refused(mine.by_key(Device()), BARRED)
    refused(mine.by_number(Device()), BARRED)
    assert mine.refresh(mine.owner).status == 200


def test_71_a_stolen_device_does_not_lock_the_buyer_out(mine: Owned) -> None:
    """The thief of the only device throws the buyer out, by both ways; an operator settles it."""
    buyer = Device()
    assert mine.by_key(buyer).status == 200
    assert mine.remove(mine.owner, buyer).status == 200
    refused(mine.by_number(buyer), BARRED)
    refused(mine.by_key(buyer), BARRED)
    act = {"act": "device", "actor": "ann", "order": mine.bought.order_id,
           "device_id": mine.id_of(mine.owner)}
    assert mine.shop.fire_admin(json.dumps(act).encode()).status == 200
    assert mine.by_number(buyer).status == 200
    refused(mine.refresh(mine.owner), NOT_ACTIVE)


def test_72_a_copied_claim_secret_activates_nothing_more(mine: Owned, thief: Device) -> None:
    buyer, order_id = mine.bought.buyer, mine.bought.order_id
    good = Asking.claim(buyer, order_id)
    seen = mine.shop.ask(good.but(device=thief))
    refused(seen, "CLAIM_SECRET_USED")
    assert (seen.status, seen.written) == (409, set())
    assert mine.shop.ask(good).status == 200
    assert mine.remove(mine.owner, mine.owner).status == 200
    refused(mine.shop.ask(good), "CLAIM_SECRET_USED")


def test_72_a_copied_claim_secret_shows_a_receipt_that_unlocks_nothing(mine: Owned) -> None:
    seen = mine.shop.ask(Asking.purchase(mine.bought.buyer, mine.bought.order_id))
    assert seen.status == 200
    assert set(seen.body["purchase"]) == {
        "order_id", "out_trade_no", "license_id", "product_id", "entitlements", "standing",
        "receipt"}
    assert mine.license_key not in seen.text
    assert mine.license_key.replace("-", "") not in seen.text


def test_72_a_copied_profile_without_its_key_renews_nothing(mine: Owned, thief: Device) -> None:
    """Lease, ids, claim secret and nonce can be copied; the private key cannot."""
    thief.nonce = mine.owner.nonce
    good = Asking.refresh(mine.owner, mine.license_id)
    for asking in (good, Asking.devices(mine.owner, mine.license_id),
                   Asking.remove(mine.owner, mine.license_id, mine.id_of(mine.owner))):
        seen = mine.shop.ask(asking.but(device=thief))
        refused(seen, NOT_ACTIVE)
        assert (seen.status, seen.store) == (404, ("GetRow",))
    assert mine.shop.ask(good).status == 200


def test_72_another_license_s_device_is_nobody_here(mine: Owned) -> None:
    other = owned(mine.shop)
    for act in (mine.refresh, lambda it: mine.remove(it, mine.owner)):
        refused(act(other.owner), NOT_ACTIVE)
    assert other.refresh(other.owner).status == 200


def test_48_the_same_device_never_takes_a_second_slot(mine: Owned) -> None:
    assert mine.by_key(mine.owner).status == 200
    assert mine.by_number(mine.owner).status == 200
    assert len(mine.stored.devices) == 1
    assert mine.by_number(Device()).status == 200
    assert len(mine.stored.devices) == 2


def test_48_devices_that_come_at_once_do_not_pass_the_limit(mine: Owned) -> None:
    devices = [Device() for _ in range(6)]
    for device in devices:
        device.nonce = mine.owner.nonce
    app = mine.shop.apps["license-fetch"]
    events = [Asking.restore(device, order_number=mine.bought.out_trade_no).event()
              for device in devices]
    with ThreadPoolExecutor(len(devices)) as pool:
        answers = list(pool.map(lambda event: app(event, FakeContext()), events))
    assert sum(answer["statusCode"] == 200 for answer in answers) == 2
    assert len(mine.stored.devices) == mine.stored.device_limit == 3
    mine.shop.raised.clear()


def test_48_five_swaps_in_ninety_days_and_no_sixth(mine: Owned) -> None:
    mine.filled()
    for _ in range(5):
        device = Device()
        leaving = next(one for one in mine.stored.devices
                       if one.thumbprint != mine.owner.thumbprint)
        seen = mine.shop.ask(Asking.remove(mine.owner, mine.license_id, leaving.device_id))
        assert seen.status == 200
        assert mine.by_key(device).status == 200
        mine.shop.age(mine.license_id, 3)
    before = [one.device_id for one in mine.stored.devices]
    sixth = mine.remove(mine.owner, device)
    refused(sixth, "DEVICE_SWAP_LIMIT")
    assert (sixth.status, sixth.written) == (429, set())
    assert int(sixth.headers["Retry-After"]) > 80 * DAY_S
    refused(mine.remove(device, device), "DEVICE_SWAP_LIMIT")
    refused(mine.by_key(Device(), replaces=before[0]), "DEVICE_SWAP_LIMIT")
    assert [one.device_id for one in mine.stored.devices] == before
    assert mine.refresh(device).status == 200


def test_48_who_comes_and_goes_does_not_use_up_the_owner_s_swaps(mine: Owned,
                                                                 thief: Device) -> None:
    for _ in range(2):
        assert mine.by_number(thief).status == 200
        assert mine.remove(thief, thief).status == 200
    assert mine.by_number(thief).status == 200
    refused(mine.remove(thief, thief), TOO_NEW)
    friend = Device()
    assert mine.by_key(friend).status == 200
    mine.shop.age(mine.license_id, 3)
    assert mine.remove(mine.owner, friend).status == 200
