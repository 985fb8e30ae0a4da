"""What an active device may do with the others, each in one read and at most one write."""

from __future__ import annotations

import pytest

from shared.domain.calendar import DAY_S
from shared.domain.device import TAKEOVER_LIFE_S, Way
from shared.errors import (
    StoreUnavailable,
    StoreUnknown,
    Unavailable,
    VersionConflict,
)
from shared.use_cases.manage_devices import decide_takeover, list_devices, remove_device
from shared.use_cases.project_license import MOST_RIVALS, project_license
from shared.use_cases.record_payment import record_payment
from shared.use_cases.refresh_lease import refresh_lease
from tests.fakes.script import raises
from tests.unit.use_cases.licensing import Sold, device, refused, sell
from tests.unit.use_cases.world import DEVICE, OTHER_DEVICE

ONE_READ, AND_A_WRITE = ["licenses.load"], ["licenses.load", "licenses.save"]
LOST = [("before", StoreUnavailable()), ("before", StoreUnknown()), ("after", StoreUnknown())]


@pytest.fixture
def sold() -> Sold:
    """With three devices that all have a voice."""
    sold = sell()
    sold.fill()
    return sold


def remove(sold: Sold, gone: str, by: str = DEVICE.thumbprint) -> None:
    remove_device(sold.license_id, by, gone, sold.world.desk())


def decide(sold: Sold, takeover_id: str, approve: bool, by: str = DEVICE.thumbprint) -> None:
    decide_takeover(sold.license_id, by, takeover_id, approve=approve, desk=sold.world.desk())


def test_a_list_is_one_read(sold: Sold) -> None:
    assert list_devices(sold.license_id, DEVICE.thumbprint, sold.world.desk()) == sold.stored
    assert sold.world.calls() == ONE_READ


def test_every_act_is_for_devices_of_the_license_alone(sold: Sold) -> None:
    takeover_id = sold.ask(OTHER_DEVICE, device(1))
    stranger, before = OTHER_DEVICE.thumbprint, sold.stored
    for license_id in (sold.license_id, "0123456789ABCDEFGHJKMNPQRS", "nope"):
        with refused("DEVICE_NOT_ACTIVE"):
            list_devices(license_id, stranger, sold.world.desk())
        with refused("DEVICE_NOT_ACTIVE"):
            remove_device(license_id, stranger, sold.id_of(DEVICE), sold.world.desk())
        for approve in (True, False):
            with refused("DEVICE_NOT_ACTIVE"):
                decide_takeover(license_id, stranger, takeover_id, approve=approve,
                                desk=sold.world.desk())
    assert sold.stored == before


def test_a_removal_is_one_read_and_one_write_and_then_one_read(sold: Sold) -> None:
    gone = sold.id_of(device(1))
    dark_at_s = next(one.dark_at_s for one in sold.stored.devices if one.device_id == gone)
    for calls in (AND_A_WRITE, ONE_READ):
        sold.world.forget_calls()
        remove(sold, gone)
        assert sold.world.calls() == calls
    assert sold.names() == [DEVICE.thumbprint, device(2).thumbprint]
    assert sold.events("device_removed") == [
        {"device_id": gone, "dark_at_s": dark_at_s, "counts": True}]
    assert sold.world.log.named("license.device_removed")[0]["device_id"] == gone
    with refused("DEVICE_NOT_ACTIVE"):
        refresh_lease(sold.license_id, device(1).thumbprint, sold.world.desk())


def test_a_device_may_go_itself_and_is_gone_then(sold: Sold) -> None:
    own = sold.id_of(DEVICE)
    remove(sold, own)
    assert DEVICE.thumbprint not in sold.names()
    with refused("DEVICE_NOT_ACTIVE"):
        remove(sold, own)


def test_what_is_no_device_of_the_license_is_gone_already(sold: Sold) -> None:
    for name in ("nope", "0123456789ABCDEFGHJKMNPQRS"):
        remove(sold, name)
    assert sold.world.calls() == ONE_READ * 2
    assert len(sold.stored.devices) == 3


def test_a_new_device_decides_about_itself_alone() -> None:
    sold = sell()
    sold.restore(OTHER_DEVICE)
    with refused("DEVICE_TOO_NEW", 3 * DAY_S):
        remove(sold, sold.id_of(DEVICE), by=OTHER_DEVICE.thumbprint)
    remove(sold, sold.id_of(OTHER_DEVICE), by=OTHER_DEVICE.thumbprint)
    assert sold.names() == [DEVICE.thumbprint]
    assert sold.events("device_objected") == []


def test_a_new_device_decides_no_request(sold: Sold) -> None:
    remove(sold, sold.id_of(device(2)))
    sold.restore(device(3))
    takeover_id = sold.ask(OTHER_DEVICE, device(1))
    for approve in (True, False):
        with refused("DEVICE_TOO_NEW", 3 * DAY_S):
            decide(sold, takeover_id, approve, by=device(3).thumbprint)
    assert sold.stored.takeover is not None


def test_to_remove_a_new_device_is_to_object_to_its_way() -> None:
    sold = sell()
    sold.restore(OTHER_DEVICE)
    remove(sold, sold.id_of(OTHER_DEVICE))
    assert sold.events("device_removed")[0]["counts"] is False
    assert len(sold.events("device_objected")) == 1
    assert "license.device_objected" in sold.world.log.names()
    with refused("RESTORE_BARRED", 90 * DAY_S):
        sold.restore(OTHER_DEVICE)
    assert sold.restore(OTHER_DEVICE, way=Way.LICENSE_KEY).lease is not None


def test_a_sixth_removal_waits(sold: Sold) -> None:
    for n in range(5):
        remove(sold, sold.id_of(device(n + 1)))
        sold.restore(device(n + 3))
        sold.world.clock.advance_s(3 * DAY_S)
        refresh_lease(sold.license_id, DEVICE.thumbprint, sold.world.desk())
    with refused("DEVICE_SWAP_LIMIT", 75 * DAY_S):
        remove(sold, sold.id_of(device(6)))
    assert len(sold.stored.devices) == 3


def test_an_approval_swaps_in_one_read_and_one_write_and_once(sold: Sold) -> None:
    takeover_id = sold.ask(OTHER_DEVICE, device(1))
    for calls in (AND_A_WRITE, ONE_READ):
        sold.world.forget_calls()
        decide(sold, takeover_id, approve=True)
        assert sold.world.calls() == calls
    assert sold.names() == [one.thumbprint for one in (DEVICE, device(2), OTHER_DEVICE)]
    assert len(sold.events("takeover_approved")) == 1
    assert refresh_lease(sold.license_id, OTHER_DEVICE.thumbprint,
                         sold.world.desk()).lease is not None
    with refused("TAKEOVER_NOT_OPEN"):
        decide(sold, takeover_id, approve=False)


def test_an_objection_ends_the_request_in_one_read_and_one_write_and_once(sold: Sold) -> None:
    takeover_id = sold.ask(OTHER_DEVICE, device(1))
    for calls in (AND_A_WRITE, ONE_READ):
        sold.world.forget_calls()
        decide(sold, takeover_id, approve=False)
        assert sold.world.calls() == calls
    assert sold.stored.takeover is None
    assert len(sold.stored.devices) == 3
    with refused("TAKEOVER_NOT_OPEN"):
        decide(sold, takeover_id, approve=True)


def test_only_the_open_request_is_decided(sold: Sold) -> None:
    takeover_id = sold.ask(OTHER_DEVICE, device(1))
    with refused("TAKEOVER_NOT_OPEN"):
        decide(sold, "0123456789ABCDEFGHJKMNPQRS", approve=True)
    sold.world.clock.advance_s(TAKEOVER_LIFE_S)
    with refused("TAKEOVER_NOT_OPEN"):
        decide(sold, takeover_id, approve=True)


def test_a_request_ends_with_the_device_that_it_names(sold: Sold) -> None:
    takeover_id = sold.ask(OTHER_DEVICE, device(1))
    remove(sold, sold.id_of(device(1)))
    sold.restore(device(7))
    with refused("TAKEOVER_NOT_OPEN"):
        decide(sold, takeover_id, approve=True)
    with refused("DEVICE_LIMIT_REACHED"):
        sold.restore(OTHER_DEVICE)
    assert sold.events("takeover_approved") == []


def test_nothing_is_approved_on_a_license_that_is_held_back(sold: Sold) -> None:
    world = sold.world
    takeover_id = sold.ask(OTHER_DEVICE, device(1))
    record_payment(world.gateway.refund(sold.order.out_trade_no), world.books)
    project_license(world.stored(sold.order), world.licenses, world.books, source="timer")
    with refused("LICENSE_SUSPENDED"):
        decide(sold, takeover_id, approve=True)
    decide(sold, takeover_id, approve=False)
    remove(sold, sold.id_of(device(1)))
    assert sold.names() == [DEVICE.thumbprint, device(2).thumbprint]


def test_two_removals_at_once_are_both_done(sold: Sold) -> None:
    first, second = sold.id_of(device(1)), sold.id_of(device(2))
    sold.world.licenses.script.before(
        "save", lambda: remove(sold, second, by=device(1).thumbprint))
    remove(sold, first)
    assert sold.names() == [DEVICE.thumbprint]
    assert len(sold.events("device_removed")) == 2


def test_two_devices_that_remove_each_other_at_once_leave_one(sold: Sold) -> None:
    mine, theirs = sold.id_of(DEVICE), sold.id_of(device(1))
    sold.world.licenses.script.before("save", lambda: remove(sold, mine, device(1).thumbprint))
    with refused("DEVICE_NOT_ACTIVE"):
        remove(sold, theirs)
    assert sold.names() == [device(1).thumbprint, device(2).thumbprint]


@pytest.mark.parametrize("approve", [True, False])
def test_who_decides_first_decides(sold: Sold, approve: bool) -> None:
    takeover_id = sold.ask(OTHER_DEVICE, device(1))
    sold.world.licenses.script.before("save", lambda: decide(
        sold, takeover_id, not approve, device(2).thumbprint))
    with refused("TAKEOVER_NOT_OPEN"):
        decide(sold, takeover_id, approve)
    assert (OTHER_DEVICE.thumbprint in sold.names()) is not approve


def test_endless_rivals_end_in_try_again(sold: Sold) -> None:
    sold.world.licenses.script.before("save", *[raises(VersionConflict("a rival"))] * 50)
    with refused("TEMPORARILY_UNAVAILABLE", 1) as caught:
        remove(sold, sold.id_of(device(1)))
    assert caught.value.reason == "too_many_rivals"
    assert sold.world.licenses.calls.count("save") == MOST_RIVALS
    assert len(sold.stored.devices) == 3


@pytest.mark.parametrize(("when", "error"), LOST)
def test_after_a_lost_answer_a_removal_is_done_once(sold: Sold, when: str,
                                                    error: Unavailable) -> None:
    gone = sold.id_of(device(1))
    getattr(sold.world.licenses.script, when)("save", raises(error))
    with pytest.raises(Unavailable):
        remove(sold, gone)
    remove(sold, gone)
    assert len(sold.events("device_removed")) == 1


@pytest.mark.parametrize("approve", [True, False])
@pytest.mark.parametrize(("when", "error"), LOST)
def test_after_a_lost_answer_a_decision_is_made_once(
        sold: Sold, when: str, error: Unavailable, approve: bool) -> None:
    takeover_id = sold.ask(OTHER_DEVICE, device(1))
    getattr(sold.world.licenses.script, when)("save", raises(error))
    with pytest.raises(Unavailable):
        decide(sold, takeover_id, approve)
    decide(sold, takeover_id, approve)
    assert len(sold.events("takeover_approved" if approve else "takeover_objected")) == 1
    assert (OTHER_DEVICE.thumbprint in sold.names()) is approve
