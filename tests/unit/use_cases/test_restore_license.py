"""A license on a new device: a free slot for who knows its number or key, and no slot freed."""

from __future__ import annotations

import pytest

from shared.domain.calendar import DAY_S
from shared.domain.device import TAKEOVER_LIFE_S, TAKEOVER_WAIT_S, Claim, Way
from shared.domain.identifiers import order_id
from shared.domain.license import Standing
from shared.domain.license_key import shown
from shared.errors import (
    LicenseNotFound,
)
from shared.use_cases.claim_license import claim_license
from shared.use_cases.create_order import create_order
from shared.use_cases.manage_devices import decide_takeover, remove_device
from shared.use_cases.record_payment import record_payment
from shared.use_cases.refresh_lease import refresh_lease
from shared.use_cases.restore_license import restore_license
from tests.fakes import samples
from tests.fakes.issuer import FakeLicenseIssuer
from tests.fakes.samples import LICENSE_KEYS
from tests.unit.use_cases.licensing import (
    READ,
    READ_AND_WRITE,
    Sold,
    device,
    refused,
    sell,
)
from tests.unit.use_cases.world import DEVICE, OTHER_DEVICE, SECRET, World, request

NUMBER, KEY = Way.ORDER_NUMBER, Way.LICENSE_KEY


@pytest.fixture
def sold() -> Sold:
    return sell()


@pytest.mark.parametrize("way", [NUMBER, KEY])
def test_a_free_slot_costs_two_reads_and_one_write(sold: Sold, way: Way) -> None:
    handed = sold.restore(OTHER_DEVICE, way=way)
    assert sold.world.calls() == READ_AND_WRITE
    assert handed.lease is not None
    assert FakeLicenseIssuer.read(handed.lease)["cnf"] == {"jkt": OTHER_DEVICE.thumbprint}
    first, second = sold.stored.devices
    assert (first.thumbprint, first.way) == (DEVICE.thumbprint, Way.CLAIM)
    assert (second.thumbprint, second.platform, second.way) == (
        OTHER_DEVICE.thumbprint, OTHER_DEVICE.platform, way)
    assert second.dark_at_s == handed.window.dark_at_s
    assert sold.world.log.names()[-2:] == ["license.device_activated", "license.leased"]


@pytest.mark.parametrize("way", [NUMBER, KEY])
def test_the_same_device_again_reads_twice_and_gets_the_same(sold: Sold, way: Way) -> None:
    first = sold.restore(OTHER_DEVICE, way=way)
    sold.world.forget_calls()
    assert sold.restore(OTHER_DEVICE, way=way) == first
    assert sold.restore(OTHER_DEVICE, sold.id_of(DEVICE), way=way) == first
    assert sold.world.calls() == ["orders.load"] * 2 + ["licenses.load"] * 2
    assert len(sold.stored.devices) == 2


def test_the_license_key_is_kept_from_a_new_device_for_three_days(sold: Sold) -> None:
    key = LICENSE_KEYS.new(sold.order.order_id)
    assert sold.restore(OTHER_DEVICE).license_key is None
    assert sold.restore(device(1), way=KEY).license_key is None
    sold.world.clock.advance_s(3 * DAY_S - 1)
    assert sold.restore(OTHER_DEVICE).license_key is None
    sold.world.clock.advance_s(1)
    assert sold.restore(OTHER_DEVICE).license_key == key
    desk = sold.world.desk()
    assert refresh_lease(sold.license_id, device(1).thumbprint, desk).license_key == key


def test_what_people_type_is_read_kindly(sold: Sold) -> None:
    key, number = shown(LICENSE_KEYS.new(sold.order.order_id)), sold.order.out_trade_no
    for n, (way, typed) in enumerate([
            (KEY, key.lower()), (KEY, key.replace("-", " ")), (NUMBER, f" {number.lower()} ")]):
        sold = sell()
        restore_license(Claim(way, typed), device(n), sold.world.desk())
        assert sold.names() == [DEVICE.thumbprint, device(n).thumbprint]


@pytest.mark.parametrize(("way", "code", "field"), [
    (NUMBER, "ORDER_NUMBER_MISTYPED", "order_number"),
    (KEY, "LICENSE_KEY_MISTYPED", "license_key")])
@pytest.mark.parametrize("spoil", [
    lambda typed: "", lambda typed: "x", lambda typed: typed + "0", lambda typed: typed[:-1],
    lambda typed: typed[:-1] + ("0" if typed[-1] != "0" else "1")])
def test_a_typing_error_is_told_before_anything_is_read(
        sold: Sold, way: Way, code: str, field: str, spoil: object) -> None:
    typed = sold.order.out_trade_no if way is NUMBER else shown(
        LICENSE_KEYS.new(sold.order.order_id))
    assert callable(spoil)
    with refused(code) as caught:
        restore_license(Claim(way, spoil(typed)), OTHER_DEVICE, sold.world.desk())
    assert caught.value.field == field
    assert typed not in str(caught.value.as_dict("r"))
    assert sold.world.calls() == []


def test_the_number_is_no_key_and_the_key_no_number(sold: Sold) -> None:
    key, number = LICENSE_KEYS.new(sold.order.order_id), sold.order.out_trade_no
    with refused("LICENSE_KEY_MISTYPED"):
        restore_license(Claim(KEY, number), OTHER_DEVICE, sold.world.desk())
    with refused("ORDER_NUMBER_MISTYPED"):
        restore_license(Claim(NUMBER, shown(key)), OTHER_DEVICE, sold.world.desk())


@pytest.mark.parametrize(("claim", "calls"), [
    (Claim(NUMBER, samples.number(77)), ["orders.load"]),
    (Claim(KEY, LICENSE_KEYS.new(order_id(samples.number(77)))), ["licenses.load"])])
def test_an_unknown_number_and_an_unknown_key_look_alike(sold: Sold, claim: Claim,
                                                         calls: list[str]) -> None:
    with pytest.raises(LicenseNotFound) as caught:
        restore_license(claim, OTHER_DEVICE, sold.world.desk())
    assert caught.value.as_dict("r") == LicenseNotFound().as_dict("r")
    assert sold.world.calls() == calls


def test_an_unpaid_order_has_nothing_to_restore() -> None:
    world = World()
    order = create_order(request(), world.shop)
    with refused("ORDER_NOT_PAID", 2):
        restore_license(Claim(NUMBER, order.out_trade_no), OTHER_DEVICE, world.desk())
    assert world.licenses.all() == []


def test_a_buyer_who_never_claimed_can_restore_and_the_secret_stays_good() -> None:
    world = World()
    order = record_payment(world.pay(create_order(request(), world.shop)), world.books)
    world.forget_calls()
    restore_license(Claim(NUMBER, order.out_trade_no), OTHER_DEVICE, world.desk())
    assert world.calls() == ["orders.load", "licenses.load", "licenses.create"]
    claim_license(order.order_id, SECRET, DEVICE, world.desk())
    license_, = world.licenses.all()
    assert [(one.thumbprint, one.way) for one in license_.devices] == [
        (OTHER_DEVICE.thumbprint, NUMBER), (DEVICE.thumbprint, Way.CLAIM)]


@pytest.mark.parametrize("way", [NUMBER, KEY])
def test_a_full_license_answers_with_its_devices_and_stays_as_it_is(sold: Sold,
                                                                    way: Way) -> None:
    sold.fill()
    before = sold.stored
    with refused("DEVICE_LIMIT_REACHED") as caught:
        sold.restore(OTHER_DEVICE, way=way)
    assert sold.world.orders.calls == ["load"]
    assert sold.world.licenses.calls == ["load"]
    assert sold.stored == before
    details = caught.value.details
    assert details is not None
    assert (details["device_limit"], details["takeover"]) == (3, None)
    assert [one["device_id"] for one in details["devices"]] == [
        one.device_id for one in before.devices]
    assert DEVICE.thumbprint not in str(details)


def test_a_request_for_a_slot_waits_three_days_and_is_stored_once(sold: Sold) -> None:
    sold.fill()
    for calls in (READ_AND_WRITE, READ):
        sold.world.forget_calls()
        with refused("TAKEOVER_WAITS", TAKEOVER_WAIT_S) as caught:
            sold.restore(OTHER_DEVICE, sold.id_of(device(1)))
        assert sold.world.calls() == calls
    takeover = sold.stored.takeover
    assert takeover is not None
    assert caught.value.details is not None
    assert caught.value.details["takeover"] == takeover.as_dict()
    assert OTHER_DEVICE.thumbprint not in sold.names()
    assert len(sold.events("takeover_asked")) == 1
    issued = len(sold.world.fake_issuer.issued)
    sold.world.clock.advance_s(TAKEOVER_WAIT_S - 1)
    with refused("TAKEOVER_WAITS", 1):
        sold.restore(OTHER_DEVICE)
    assert len(sold.world.fake_issuer.issued) == issued


def test_without_objection_the_next_call_swaps(sold: Sold) -> None:
    sold.fill()
    sold.ask(OTHER_DEVICE, device(1))
    sold.world.clock.advance_s(TAKEOVER_WAIT_S)
    sold.world.forget_calls()
    handed = sold.restore(OTHER_DEVICE)
    assert sold.world.calls() == READ_AND_WRITE
    assert sold.names() == [one.thumbprint for one in (DEVICE, device(2), OTHER_DEVICE)]
    assert sold.stored.takeover is None
    sold.world.forget_calls()
    assert sold.restore(OTHER_DEVICE) == handed
    assert sold.world.calls() == READ
    with refused("DEVICE_NOT_ACTIVE"):
        refresh_lease(sold.license_id, device(1).thumbprint, sold.world.desk())


def test_one_request_is_open_at_a_time_and_a_key_outranks_a_number(sold: Sold) -> None:
    sold.fill()
    first = sold.ask(OTHER_DEVICE, device(1))
    with refused("TAKEOVER_BUSY", TAKEOVER_LIFE_S):
        sold.restore(device(8), sold.id_of(device(2)))
    second = sold.ask(device(8), device(2), KEY)
    assert first != second
    with refused("TAKEOVER_BUSY"):
        sold.restore(device(9), sold.id_of(device(2)), way=KEY)
    with refused("DEVICE_LIMIT_REACHED"):
        sold.restore(OTHER_DEVICE)


@pytest.mark.parametrize(("asked", "barred"), [(NUMBER, [NUMBER]), (KEY, [NUMBER, KEY])])
def test_after_an_objection_nobody_comes_that_way_for_ninety_days(
        sold: Sold, asked: Way, barred: list[Way]) -> None:
    sold.fill()
    takeover_id = sold.ask(OTHER_DEVICE, device(1), asked)
    desk = sold.world.desk()
    decide_takeover(sold.license_id, DEVICE.thumbprint, takeover_id, approve=False, desk=desk)
    for way in (NUMBER, KEY):
        with refused("RESTORE_BARRED" if way in barred else "DEVICE_LIMIT_REACHED"):
            sold.restore(device(9), way=way)
    sold.world.clock.advance_s(90 * DAY_S - 1)
    with refused("RESTORE_BARRED", 1):
        sold.restore(device(9))
    sold.world.clock.advance_s(1)
    assert sold.restore(device(9)).lease is not None


def test_only_a_device_of_the_license_can_be_replaced(sold: Sold) -> None:
    sold.fill()
    for name in ("nope", "0123456789ABCDEFGHJKMNPQRS"):
        with refused("DEVICE_NOT_ACTIVE"):
            sold.restore(OTHER_DEVICE, name)
    assert sold.stored.takeover is None


def test_devices_are_not_swapped_for_ever(sold: Sold) -> None:
    sold.fill()
    desk = sold.world.desk()
    for n in range(5):
        remove_device(sold.license_id, DEVICE.thumbprint, sold.id_of(device(n + 1)), desk)
        sold.restore(device(n + 3))
        sold.world.clock.advance_s(3 * DAY_S)
        refresh_lease(sold.license_id, DEVICE.thumbprint, desk)
    with refused("DEVICE_SWAP_LIMIT", 75 * DAY_S):
        sold.restore(OTHER_DEVICE, sold.id_of(DEVICE))


def test_a_dark_device_makes_room_by_itself(sold: Sold) -> None:
    sold.fill()
    sold.world.clock.advance_s(22 * DAY_S)
    refresh_lease(sold.license_id, DEVICE.thumbprint, sold.world.desk())
    sold.restore(OTHER_DEVICE)
    assert len(sold.stored.devices) == 3
    assert {DEVICE.thumbprint, OTHER_DEVICE.thumbprint} < set(sold.names())
    assert sold.events("device_removed") == []
    assert len(sold.events("device_dark")) == 1


def test_a_refused_restore_still_stores_what_the_order_says(sold: Sold) -> None:
    world = sold.world
    record_payment(world.gateway.refund(sold.order.out_trade_no), world.books)
    world.forget_calls()
    with refused("LICENSE_SUSPENDED"):
        sold.restore(OTHER_DEVICE)
    assert world.calls() == READ_AND_WRITE
    assert sold.stored.standing is Standing.SUSPENDED
    assert sold.names() == [DEVICE.thumbprint]


def test_an_expired_license_is_on_no_new_device(sold: Sold) -> None:
    sold.world.clock.advance_s(365 * DAY_S)
    with refused("LICENSE_EXPIRED"):
        sold.restore(OTHER_DEVICE)
    assert sold.names() == [DEVICE.thumbprint]
