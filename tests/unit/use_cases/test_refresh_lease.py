"""The next lease of an active device: two reads, at most one write, and nothing after a refund."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from shared.domain.calendar import DAY_S
from shared.domain.identifiers import license_id
from shared.domain.license import Standing
from shared.errors import (
    StoreUnavailable,
    StoreUnknown,
    Unavailable,
    VersionConflict,
)
from shared.use_cases.manage_devices import remove_device
from shared.use_cases.project_license import MOST_RIVALS
from shared.use_cases.record_payment import record_payment
from shared.use_cases.record_refund import record_refund
from shared.use_cases.refresh_lease import refresh_lease
from tests.fakes.issuer import FakeLicenseIssuer
from tests.fakes.script import raises
from tests.unit.use_cases.licensing import (
    READ,
    READ_AND_WRITE,
    Sold,
    device,
    refused,
    sell,
)
from tests.unit.use_cases.world import DEVICE, OTHER_DEVICE, World

if TYPE_CHECKING:
    from shared.use_cases.claim_license import HandedOver


@pytest.fixture
def sold() -> Sold:
    return sell()


def refresh(sold: Sold, thumbprint: str = DEVICE.thumbprint) -> HandedOver:
    return refresh_lease(sold.license_id, thumbprint, sold.world.desk())


def claims_of(handed: HandedOver) -> dict[str, object]:
    assert handed.lease is not None
    return FakeLicenseIssuer.read(handed.lease)


def test_the_next_day_costs_two_reads_and_one_write(sold: Sold) -> None:
    before = sold.stored.devices[0]
    sold.world.clock.advance_s(DAY_S)
    handed = refresh(sold)
    assert sold.world.calls() == READ_AND_WRITE
    after, = sold.stored.devices
    assert after == replace(before, dark_at_s=before.dark_at_s + DAY_S)
    assert after.dark_at_s == handed.window.dark_at_s


def test_on_the_same_day_it_writes_nothing_and_gives_the_same_bytes(sold: Sold) -> None:
    sold.world.clock.advance_s(DAY_S)
    first = refresh(sold)
    sold.world.forget_calls()
    assert refresh(sold) == first
    assert sold.world.calls() == READ


def test_nothing_is_told_of_a_refresh_but_the_lease(sold: Sold) -> None:
    events = sold.stored.history.events
    sold.world.clock.advance_s(DAY_S)
    told = len(sold.world.log.names())
    refresh(sold)
    assert sold.stored.history.events == events
    assert sold.world.log.names()[told:] == ["license.leased"]


def test_each_device_has_its_own_lease(sold: Sold) -> None:
    sold.restore(OTHER_DEVICE)
    first, second = claims_of(refresh(sold)), claims_of(refresh(sold, OTHER_DEVICE.thumbprint))
    assert first["cnf"] == {"jkt": DEVICE.thumbprint}
    assert second["cnf"] == {"jkt": OTHER_DEVICE.thumbprint}
    assert first["jti"] != second["jti"]
    assert {**first, "cnf": 0, "jti": 0} == {**second, "cnf": 0, "jti": 0}


@pytest.mark.parametrize(("asked", "thumbprint", "calls"), [
    ("own", OTHER_DEVICE.thumbprint, ["licenses.load"]),
    ("own", "", ["licenses.load"]),
    ("guessed", DEVICE.thumbprint, ["licenses.load"]),
    ("nope", DEVICE.thumbprint, []), ("", DEVICE.thumbprint, [])])
def test_who_has_no_slot_learns_nothing_else(sold: Sold, asked: str, thumbprint: str,
                                             calls: list[str]) -> None:
    names = {"own": sold.license_id, "guessed": license_id("another key")}
    with refused("DEVICE_NOT_ACTIVE"):
        refresh_lease(names.get(asked, asked), thumbprint, sold.world.desk())
    assert sold.world.calls() == calls
    assert len(sold.world.fake_issuer.issued) == 1


@pytest.mark.parametrize(("settled", "code", "standing"), [
    (False, "LICENSE_SUSPENDED", Standing.SUSPENDED), (True, "LICENSE_REVOKED", Standing.REVOKED)])
def test_a_refusal_still_stores_what_the_order_says(sold: Sold, settled: bool, code: str,
                                                    standing: Standing) -> None:
    world = sold.world
    if settled:
        record_refund(world.refunds.console_refund(sold.order.out_trade_no), world.books)
    else:
        record_payment(world.gateway.refund(sold.order.out_trade_no), world.books)
    dark_at_s = sold.stored.devices[0].dark_at_s
    world.clock.advance_s(DAY_S)
    world.forget_calls()
    with refused(code):
        refresh(sold)
    assert world.calls() == READ_AND_WRITE
    assert sold.stored.standing is standing
    assert sold.stored.devices[0].dark_at_s == dark_at_s
    world.forget_calls()
    with refused(code):
        refresh(sold)
    assert world.calls() == READ
    assert len(world.fake_issuer.issued) == 1


def test_an_expired_license_has_no_next_lease(sold: Sold) -> None:
    end_s = sold.stored.ends_at_s()
    assert end_s is not None
    sold.world.clock.advance_s(end_s - 1 - sold.world.clock.now_s())
    assert claims_of(refresh(sold))["exp"] == end_s
    sold.world.clock.advance_s(1)
    with refused("LICENSE_EXPIRED"):
        refresh(sold)


def test_a_lease_that_is_being_signed_is_pending(sold: Sold) -> None:
    sold.world.fake_issuer.is_pending = True
    assert refresh(sold).lease is None
    assert sold.world.log.names()[-1] == "license.pending"


def test_two_devices_that_refresh_at_once_both_do(sold: Sold) -> None:
    sold.restore(OTHER_DEVICE)
    sold.world.clock.advance_s(DAY_S)
    sold.world.licenses.script.before("save", lambda: refresh(sold, OTHER_DEVICE.thumbprint))
    sold.world.forget_calls()
    handed = refresh(sold)
    assert {one.dark_at_s for one in sold.stored.devices} == {handed.window.dark_at_s}
    assert sold.world.licenses.calls.count("save") == 3


def test_a_device_that_is_removed_meanwhile_gets_nothing(sold: Sold) -> None:
    sold.restore(OTHER_DEVICE)
    sold.world.clock.advance_s(DAY_S)
    gone = sold.id_of(OTHER_DEVICE)
    issued = len(sold.world.fake_issuer.issued)
    sold.world.licenses.script.before("save", lambda: remove_device(
        sold.license_id, DEVICE.thumbprint, gone, sold.world.desk()))
    with refused("DEVICE_NOT_ACTIVE"):
        refresh(sold, OTHER_DEVICE.thumbprint)
    assert sold.names() == [DEVICE.thumbprint]
    assert len(sold.world.fake_issuer.issued) == issued


def test_endless_rivals_end_in_try_again(sold: Sold) -> None:
    sold.world.clock.advance_s(DAY_S)
    sold.world.licenses.script.before("save", *[raises(VersionConflict("a rival"))] * 50)
    with refused("TEMPORARILY_UNAVAILABLE", 1) as caught:
        refresh(sold)
    assert caught.value.reason == "too_many_rivals"
    assert sold.world.licenses.calls == ["load", "save"] * MOST_RIVALS


@pytest.mark.parametrize(("when", "error"), [
    ("before", StoreUnavailable()), ("before", StoreUnknown()), ("after", StoreUnknown())])
def test_after_a_lost_answer_the_same_request_gives_the_lease(sold: Sold, when: str,
                                                              error: Unavailable) -> None:
    sold.world.clock.advance_s(DAY_S)
    getattr(sold.world.licenses.script, when)("save", raises(error))
    with pytest.raises(Unavailable):
        refresh(sold)
    handed = refresh(sold)
    assert handed.lease is not None
    assert sold.stored.version == 2
    assert sold.stored.devices[0].dark_at_s == handed.window.dark_at_s


def test_a_license_without_its_order_is_trouble_of_ours(sold: Sold) -> None:
    desk = replace(sold.world.desk(), books=World().books)
    with refused("TEMPORARILY_UNAVAILABLE") as caught:
        refresh_lease(sold.license_id, DEVICE.thumbprint, desk)
    assert caught.value.reason == "license_without_order"


def test_a_further_device_refreshes_likewise(sold: Sold) -> None:
    sold.fill()
    sold.world.clock.advance_s(DAY_S)
    refresh(sold, device(2).thumbprint)
    assert sold.world.calls() == READ_AND_WRITE
