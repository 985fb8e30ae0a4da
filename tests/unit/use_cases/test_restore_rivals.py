"""Restores that meet others, or whose answer is lost: never more devices than slots."""

from __future__ import annotations

import pytest

from shared.errors import (
    StoreUnavailable,
    StoreUnknown,
    Unavailable,
    VersionConflict,
)
from shared.use_cases.project_license import MOST_RIVALS
from tests.fakes.script import raises
from tests.unit.use_cases.licensing import Sold, device, refused, sell
from tests.unit.use_cases.world import DEVICE, OTHER_DEVICE


@pytest.fixture
def sold() -> Sold:
    return sell()


def test_two_devices_at_once_and_one_slot(sold: Sold) -> None:
    sold.restore(device(1))
    sold.world.licenses.script.before("save", lambda: sold.restore(device(2)))
    with refused("DEVICE_LIMIT_REACHED") as caught:
        sold.restore(OTHER_DEVICE)
    assert sold.names() == [one.thumbprint for one in (DEVICE, device(1), device(2))]
    assert caught.value.details is not None
    assert len(caught.value.details["devices"]) == 3


def test_two_devices_at_once_and_two_slots(sold: Sold) -> None:
    sold.world.licenses.script.before("save", lambda: sold.restore(device(2)))
    sold.restore(OTHER_DEVICE)
    assert sold.names() == [one.thumbprint for one in (DEVICE, device(2), OTHER_DEVICE)]


def test_two_requests_at_once_are_one(sold: Sold) -> None:
    sold.fill()
    sold.world.licenses.script.before("save", lambda: sold.ask(device(8), device(1)))
    with refused("TAKEOVER_BUSY"):
        sold.restore(OTHER_DEVICE, sold.id_of(device(2)))
    assert len(sold.events("takeover_asked")) == 1


def test_endless_rivals_end_in_try_again(sold: Sold) -> None:
    sold.world.licenses.script.before("save", *[raises(VersionConflict("a rival"))] * 50)
    with refused("TEMPORARILY_UNAVAILABLE", 1):
        sold.restore(OTHER_DEVICE)
    assert sold.world.licenses.calls == ["load", "save"] * MOST_RIVALS
    assert sold.names() == [DEVICE.thumbprint]


@pytest.mark.parametrize(("when", "error"), [
    ("before", StoreUnavailable()), ("before", StoreUnknown()), ("after", StoreUnknown())])
def test_after_a_lost_answer_the_same_request_has_one_slot(sold: Sold, when: str,
                                                           error: Unavailable) -> None:
    getattr(sold.world.licenses.script, when)("save", raises(error))
    with pytest.raises(Unavailable):
        sold.restore(OTHER_DEVICE)
    assert sold.restore(OTHER_DEVICE).lease is not None
    assert sold.names() == [DEVICE.thumbprint, OTHER_DEVICE.thumbprint]
    assert len(sold.events("device_activated")) == 2


def test_a_pending_signature_does_not_take_the_slot_back(sold: Sold) -> None:
    sold.world.fake_issuer.is_pending = True
    assert sold.restore(OTHER_DEVICE).lease is None
    sold.world.fake_issuer.is_pending = False
    assert sold.restore(OTHER_DEVICE).lease is not None
    assert len(sold.stored.devices) == 2
