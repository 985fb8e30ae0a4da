"""A paid order's license: handed over as often as asked, always the same."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.domain.lease import BUCKET_S, LEASE_DAYS, SLOW_CLOCK_S
from shared.domain.license import DAY_S, apply_grant, open_license
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
from shared.use_cases.project_license import MOST_RIVALS
from shared.use_cases.record_payment import record_payment
from tests.fakes.issuer import FakeLicenseIssuer
from tests.fakes.script import raises
from tests.unit.use_cases.world import DEVICE, OTHER_SECRET, SECRET, World, request


@pytest.fixture
def paid(world: World) -> Order:
    order = create_order(request(), world.shop)
    booked = record_payment(world.pay(order), world.books)
    world.forget_calls()
    return booked


def claim(world: World, order: Order, secret: str | None = SECRET) -> HandedOver:
    return claim_license(order.order_id, secret, DEVICE, world.desk())


def test_the_first_claim_makes_the_license_of_the_grant(world: World, paid: Order) -> None:
    handed = claim(world, paid)
    assert world.calls() == ["orders.load", "licenses.load", "licenses.create"]
    assert handed.license.license_id == paid.license_id
    assert handed.license.grants == (paid.grant,)
    assert [(event.kind, event.source) for event in handed.license.history.events] == [
        ("granted", "license-fetch"), ("activated", "license-fetch")]
    assert world.licenses.all() == [handed.license]
    assert handed.lease is not None
    claims = FakeLicenseIssuer.read(handed.lease)
    assert claims["sub"] == paid.license_id
    assert claims["exp"] - claims["nbf"] == LEASE_DAYS * DAY_S + SLOW_CLOCK_S
    assert world.log.names()[-3:] == [
        "license.granted", "license.activated", "license.leased"]


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
