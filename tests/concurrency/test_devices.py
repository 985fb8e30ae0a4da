"""Devices that want the slots of one license at the same moment, in processes of their own."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from shared.domain.device import DEFAULT_DEVICE_LIMIT
from tests.concurrency.conftest import asks, claim
from tests.concurrency.processes import run_at_once

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.concurrency.conftest import Crossroads
    from tests.concurrency.processes import Call, Done
    from tests.wire.device import Device

DEVICES = 20


def restore(device: Device, order: Mapping[str, Any], **more: str) -> Call:
    return asks(device, lambda it: it.restore(order_number=order["out_trade_no"], **more))


def codes(done: Sequence[Done]) -> Counter[str]:
    """How often each answer came: "lease", or the error's code."""
    return Counter(each.body["error"]["code"] if "error" in each.body else "lease"
                   for each in done)


def leases(done: Sequence[Done]) -> set[str]:
    return {each.body["license"]["lease"]["token"] for each in done if each.status == 200}


def slots(world: Crossroads, order: Mapping[str, Any]) -> set[str]:
    """The keys that have a slot; each has one."""
    keys = [device.thumbprint for device in world.license(order).devices]
    assert len(keys) == len(set(keys))
    return set(keys)


def test_of_twenty_devices_that_restore_at_once_three_get_a_slot(world: Crossroads) -> None:
    buyer, order = world.paid()
    devices = world.devices(buyer, DEVICES)
    calls = [restore(device, order) for device in devices]
    world.store.clear_requests()
    world.store.let_meet("GetRow", "licenses", DEVICES)

    done = world.settled(calls, run_at_once(world.environ, calls))

    assert world.store.met
    assert codes(done) == {"lease": DEFAULT_DEVICE_LIMIT,
                           "DEVICE_LIMIT_REACHED": DEVICES - DEFAULT_DEVICE_LIMIT}
    assert slots(world, order) == {
        device.thumbprint for device, each in zip(devices, done, strict=True)
        if each.status == 200}
    for each in done:
        if each.status != 200:
            shown = each.body["error"]["details"]["devices"]
            assert len(shown) == DEFAULT_DEVICE_LIMIT
    assert world.store.outcomes("PutRow", "licenses").count("OK") == 1
    assert world.store.outcomes("UpdateRow", "licenses").count("OK") == DEFAULT_DEVICE_LIMIT - 1
    assert len(leases(done)) == DEFAULT_DEVICE_LIMIT


def test_of_twenty_devices_that_claim_with_one_secret_at_once_one_does(
        world: Crossroads) -> None:
    buyer, order = world.paid()
    devices = world.devices(buyer, DEVICES)
    calls = [claim(buyer, order, device) for device in devices]
    world.store.let_meet("GetRow", "licenses", DEVICES)

    done = world.settled(calls, run_at_once(world.environ, calls))

    assert world.store.met
    assert codes(done) == {"lease": 1, "CLAIM_SECRET_USED": DEVICES - 1}
    (winner,) = [device for device, each in zip(devices, done, strict=True)
                 if each.status == 200]
    assert slots(world, order) == {winner.thumbprint}


def test_one_device_that_restores_twenty_times_at_once_has_one_slot(world: Crossroads) -> None:
    buyer, order = world.paid()
    (device,) = world.devices(buyer, 1)
    calls = [restore(device, order) for _ in range(DEVICES)]
    world.store.clear_requests()
    world.store.let_meet("GetRow", "licenses", DEVICES)

    done = world.settled(calls, run_at_once(world.environ, calls))

    assert world.store.met
    assert codes(done) == {"lease": DEVICES}
    assert len(leases(done)) == 1
    assert slots(world, order) == {device.thumbprint}
    assert Counter(world.store.outcomes("PutRow", "licenses")) == {
        "OK": 1, "OTSConditionCheckFail": DEVICES - 1}
    assert world.store.outcomes("UpdateRow", "licenses") == []


def test_an_approval_and_an_objection_at_once_are_one_decision(world: Crossroads) -> None:
    buyer, order = world.paid()
    second, third, newcomer = world.devices(buyer, 3)
    assert world.claim(buyer, order["order_id"]).status == 200
    for device in (second, third):
        assert world.again(restore(device, order)).status == 200
    license_ = world.age(order)
    replaced = next(device.device_id for device in license_.devices
                    if device.thumbprint == second.thumbprint)
    waits = world.again(restore(newcomer, order, replaces=replaced))
    assert waits.body["error"]["code"] == "TAKEOVER_WAITS"
    takeover_id = waits.body["error"]["details"]["takeover"]["takeover_id"]
    calls = [asks(buyer.device, lambda it: it.decide(license_.license_id, takeover_id, "approve")),
             asks(third, lambda it: it.decide(license_.license_id, takeover_id, "object"))]
    world.store.let_meet("GetRow", "licenses", len(calls))

    approved, objected = world.settled(calls, run_at_once(world.environ, calls))

    assert world.store.met
    lost = [each for each in (approved, objected) if each.status != 200]
    assert [each.body["error"]["code"] for each in lost] == ["TAKEOVER_NOT_OPEN"]
    of_slot = newcomer if approved.status == 200 else second
    assert slots(world, order) == {
        device.thumbprint for device in (buyer.device, third, of_slot)}
    told = [event.kind for event in world.license(order).history.events]
    assert [kind for kind in told if kind in ("takeover_approved", "takeover_objected")] == [
        "takeover_approved" if approved.status == 200 else "takeover_objected"]
