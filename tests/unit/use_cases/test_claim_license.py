"""A paid order's license: handed over to one first device, as often as that asks."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from shared.domain.calendar import DAY_S
from shared.domain.device import Way
from shared.domain.lease import BUCKET_S, FIRST_GRACE_S, FIRST_LEASE_S, SLOW_CLOCK_S
from shared.domain.license import Standing, apply_grant, open_license
from shared.domain.license_key import LicenseKeys
from shared.domain.order import Order, OrderState
from shared.errors import (
    AlreadyExists,
    Conflict,
    Forbidden,
    OrderNotFound,
    StoreUnavailable,
    StoreUnknown,
    Unavailable,
)
from shared.use_cases.claim_license import HandedOver, claim_license
from shared.use_cases.create_order import create_order
from shared.use_cases.fetch_order import fetch_order
from shared.use_cases.manage_devices import remove_device
from shared.use_cases.project_license import MOST_RIVALS
from shared.use_cases.record_payment import record_payment
from tests.fakes.issuer import FakeLicenseIssuer
from tests.fakes.samples import LICENSE_KEYS
from tests.fakes.script import raises
from tests.unit.use_cases.world import (
    DEVICE,
    OTHER_DEVICE,
    OTHER_SECRET,
    SECRET,
    World,
    request,
)

if TYPE_CHECKING:
    from shared.domain.device import Wanted


@pytest.fixture
def paid(world: World) -> Order:
    order = create_order(request(), world.shop)
    booked = record_payment(world.pay(order), world.books)
    world.forget_calls()
    return booked


def claim(world: World, order: Order, secret: str | None = SECRET,
          device: Wanted = DEVICE) -> HandedOver:
    return claim_license(order.order_id, secret, device, world.desk())


def test_the_first_claim_makes_the_license_of_the_grant(world: World, paid: Order) -> None:
    handed = claim(world, paid)
    assert world.calls() == ["orders.load", "licenses.load", "licenses.create"]
    assert handed.license.license_id == paid.license_id
    assert handed.license.grants == (paid.grant,)
    assert [(event.kind, event.source) for event in handed.license.history.events] == [
        ("granted", "license-fetch"), ("device_activated", "license-fetch"),
        ("activated", "license-fetch")]
    assert world.licenses.all() == [handed.license]
    assert handed.lease is not None
    claims = FakeLicenseIssuer.read(handed.lease)
    assert claims["sub"] == paid.license_id
    assert claims["cnf"] == {"jkt": DEVICE.thumbprint}
    assert claims["exp"] - claims["nbf"] == FIRST_LEASE_S + SLOW_CLOCK_S
    assert claims["grc"] == FIRST_GRACE_S
    assert world.log.names()[-4:] == [
        "license.granted", "license.device_activated", "license.activated", "license.leased"]


def test_the_first_device_has_a_slot_until_what_it_holds_is_dark(world: World,
                                                                 paid: Order) -> None:
    handed = claim(world, paid)
    device, = handed.license.devices
    assert (device.thumbprint, device.platform, device.way) == (
        DEVICE.thumbprint, DEVICE.platform, Way.CLAIM)
    assert device.activated_at_s == world.clock.now_s()
    assert device.dark_at_s == handed.window.dark_at_s
    assert world.log.named("license.device_activated")[0]["device_id"] == device.device_id


def test_the_license_key_comes_along_while_its_secret_is_here(world: World,
                                                              paid: Order) -> None:
    assert claim(world, paid).license_key == LICENSE_KEYS.new(paid.order_id)
    elsewhere = LicenseKeys({"2": b"another secret of 32 characters."})
    desk = replace(world.desk(), license_keys=elsewhere)
    assert claim_license(paid.order_id, SECRET, DEVICE, desk).license_key is None


def test_the_secret_activates_one_device_and_no_other(world: World, paid: Order) -> None:
    first = claim(world, paid)
    world.forget_calls()
    for _ in range(2):
        with pytest.raises(Conflict) as caught:
            claim(world, paid, device=OTHER_DEVICE)
        assert caught.value.code == "CLAIM_SECRET_USED"
    assert world.calls() == ["orders.load"] * 2 + ["licenses.load"] * 2
    assert world.licenses.all() == [first.license]
    assert claim(world, paid).lease == first.lease


def test_the_secret_stays_used_when_its_device_was_removed(world: World, paid: Order) -> None:
    device, = claim(world, paid).license.devices
    remove_device(paid.license_id, DEVICE.thumbprint, device.device_id, world.desk())
    for wanted in (DEVICE, OTHER_DEVICE):
        with pytest.raises(Conflict) as caught:
            claim(world, paid, device=wanted)
        assert caught.value.code == "CLAIM_SECRET_USED"
    assert world.licenses.all()[0].devices == ()


def test_the_next_claim_only_reads_and_gives_the_same_bytes(world: World, paid: Order) -> None:
    world.clock.advance_s(BUCKET_S - world.clock.now_s() % BUCKET_S)
    first = claim(world, paid)
    world.forget_calls()
    world.clock.advance_s(BUCKET_S - 1)
    assert claim(world, paid) == first
    assert world.calls() == ["orders.load", "licenses.load"]
    world.clock.advance_s(1)
    assert claim(world, paid).lease != first.lease


@pytest.mark.parametrize("secret", [None, OTHER_SECRET, ""])
def test_a_license_is_for_who_knows_the_secret(world: World, paid: Order,
                                               secret: str | None) -> None:
    with pytest.raises(OrderNotFound):
        claim(world, paid, secret)
    assert world.licenses.calls == []
    assert world.fake_issuer.issued == []


def test_an_unpaid_order_has_no_license(world: World) -> None:
    order = create_order(request(), world.shop)
    with pytest.raises(Conflict) as caught:
        claim(world, order)
    assert caught.value.code == "ORDER_NOT_PAID"
    assert caught.value.retry_after_s == 2
    assert world.licenses.all() == []


@pytest.mark.parametrize("claimed_before", [False, True])
def test_a_refund_suspends_the_license(world: World, paid: Order, claimed_before: bool) -> None:
    if claimed_before:
        claim(world, paid)
    record_payment(world.gateway.refund(paid.out_trade_no), world.books)
    issued = list(world.fake_issuer.issued)
    with pytest.raises(Forbidden) as caught:
        claim(world, paid)
    assert caught.value.code == "LICENSE_SUSPENDED"
    assert world.fake_issuer.issued == issued
    stored, = world.licenses.all()
    assert stored.standing is Standing.SUSPENDED
    assert len(stored.devices) == claimed_before


def test_an_expired_license_has_no_lease(world: World, paid: Order) -> None:
    assert paid.grant is not None
    world.clock.advance_s(365 * DAY_S)
    with pytest.raises(Forbidden) as caught:
        claim(world, paid)
    assert caught.value.code == "LICENSE_EXPIRED"
    assert world.fake_issuer.issued == []


def test_a_license_that_is_being_signed_is_pending(world: World, paid: Order) -> None:
    world.fake_issuer.is_pending = True
    handed = claim(world, paid)
    assert handed.lease is None
    assert world.log.names()[-1] == "license.pending"
    world.fake_issuer.is_pending = False
    assert claim(world, paid).lease is not None


@pytest.mark.parametrize(("method", "when", "error"), [
    ("load", "before", StoreUnavailable()), ("create", "before", StoreUnavailable()),
    ("create", "before", StoreUnknown()), ("create", "after", StoreUnknown())])
def test_after_any_failure_the_next_claim_finds_one_license(
        world: World, paid: Order, method: str, when: str, error: Unavailable) -> None:
    getattr(world.licenses.script, when)(method, raises(error))
    with pytest.raises(Unavailable):
        claim(world, paid)
    handed = claim(world, paid)
    assert world.licenses.all() == [handed.license]
    assert handed.license.grants == (paid.grant,)


def test_two_claims_at_once_make_one_license(world: World, paid: Order) -> None:
    rivals: list[HandedOver] = []
    world.licenses.script.before("create", lambda: rivals.append(claim(world, paid)))
    handed = claim(world, paid)
    assert world.licenses.all() == [handed.license]
    assert handed == rivals[0]
    assert len(world.log.named("license.granted")) == 1


def test_two_first_devices_at_once_are_one(world: World, paid: Order) -> None:
    rivals: list[HandedOver] = []
    world.licenses.script.before("create", lambda: rivals.append(claim(world, paid)))
    with pytest.raises(Conflict) as caught:
        claim(world, paid, device=OTHER_DEVICE)
    assert caught.value.code == "CLAIM_SECRET_USED"
    assert world.licenses.all() == [rivals[0].license]


def test_the_lease_is_of_the_day_that_was_stored(world: World, paid: Order) -> None:
    """Midnight passes between the write and the signature."""
    world.clock.advance_s(BUCKET_S - world.clock.now_s() % BUCKET_S - 1)
    world.licenses.script.after("create", lambda: world.clock.advance_s(2))
    handed = claim(world, paid)
    assert handed.lease is not None
    claims = FakeLicenseIssuer.read(handed.lease)
    assert claims["exp"] + claims["grc"] + SLOW_CLOCK_S == handed.license.devices[0].dark_at_s


def test_endless_rivals_end_in_try_again(world: World, paid: Order) -> None:
    world.licenses.script.before("create", *[raises(AlreadyExists("a rival"))] * 50)
    with pytest.raises(StoreUnavailable) as caught:
        claim(world, paid)
    assert (caught.value.reason, caught.value.retry_after_s) == ("too_many_rivals", 1)
    assert world.licenses.calls == ["load", "create"] * MOST_RIVALS
    assert MOST_RIVALS < 10


@pytest.mark.parametrize("environment", ["test", "live"])
def test_a_license_belongs_to_the_environment_of_its_order(world: World,
                                                           environment: str) -> None:
    order = create_order(request(), replace(world.shop, environment=environment))
    paid = record_payment(world.pay(order), world.books)
    assert claim(world, paid).license.environment == environment


def test_a_grant_is_added_to_a_license_that_is_there(world: World, paid: Order) -> None:
    """A renewal names an existing license; here the row holds another grant already."""
    assert paid.grant is not None
    older = replace(paid.grant, grant_id="OLDER", granted_at_s=paid.grant.granted_at_s - DAY_S)
    row = open_license(older, "test", now_s=1, source="test")
    world.licenses.create(row)
    world.licenses.script.before("save", lambda: world.licenses.save(
        apply_grant(row, replace(paid.grant, grant_id="RIVAL"), now_s=1, source="test")))
    handed = claim(world, paid)
    assert [grant.grant_id for grant in handed.license.grants] == [
        "OLDER", "RIVAL", paid.grant.grant_id]
    end_s = handed.license.ends_at_s()
    assert end_s == older.granted_at_s + 3 * 365 * DAY_S


def test_a_whole_purchase_is_four_reads_and_four_writes(world: World) -> None:
    order = create_order(request(), world.shop)
    record_payment(world.gateway.pay(order.out_trade_no, world.clock.now_s()), world.books)
    assert fetch_order(order.order_id, SECRET, world.counter()).state is OrderState.PAID
    claim(world, order)
    calls = world.calls()
    assert calls == ["orders.create", "orders.save", "orders.load", "orders.save", "orders.load",
                     "orders.load", "licenses.load", "licenses.create", "gateway.place"]
    assert sum(call.endswith(".load") for call in calls) == 4
