"""Attack 76: operators and what they may do to devices, and see and forget of a buyer."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from emulators.fc import http_event
from tests.attacks.asking import JSON, Asking
from tests.attacks.devices import Owned, owned
from tests.wire.device import Device

if TYPE_CHECKING:
    from tests.attacks.shop import Seen, Shop

ACTS = ("device", "export", "erase")
FORMS: dict[str, dict[str, Any]] = {
    "no actor": {"actor": None}, "an actor of two lines": {"actor": "ann\n{\"fact\":\"x\"}"},
    "the buyer as actor": {"actor": "buyer:x"}, "two actors": {"actor": ["ann", "bob"]},
    "another order": {"order": "0" * 26}, "an order that is a path": {"order": "../../orders"},
    "a wildcard": {"order": "*"}, "no order": {"order": None}, "two orders": {"order": ["*", "x"]},
    "a field more": {"silently": True}, "the act in capitals": {"act": "ERASE"}}
NO_DEVICE: dict[str, Any] = {
    "nothing": None, "all": "*", "a list": ["0" * 26], "a thumbprint": "A" * 43}


@pytest.fixture
def mine(shop: Shop) -> Owned:
    """A license on its owner's device, and on a second one."""
    bought = owned(shop)
    assert bought.by_key(Device()).status == 200
    return bought


def act_of(mine: Owned, act: str, /, **changes: Any) -> bytes:
    """The act of ann on this order; what is None is left out."""
    fields = {"act": act, "actor": "ann", "order": mine.bought.order_id,
              "device_id": mine.id_of(mine.owner) if act == "device" else None, **changes}
    return json.dumps({name: value for name, value in fields.items()
                       if value is not None}).encode()


def untouched(mine: Owned, seen: Seen) -> None:
    assert (seen.status, seen.written, seen.calls) == (400, set(), 0)
    assert seen.facts("function.crashed") == []
    assert len(mine.stored.devices) == 2
    assert mine.shop.stored(mine.bought).payment is not None


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("act", ACTS)
def test_76_an_act_with_one_thing_wrong_touches_no_buyer(mine: Owned, act: str,
                                                         name: str) -> None:
    untouched(mine, mine.shop.fire_admin(act_of(mine, act, **FORMS[name])))
    assert mine.shop.fire_admin(act_of(mine, act)).status == 200


@pytest.mark.parametrize("name", NO_DEVICE)
def test_76_a_device_is_named_by_its_id(mine: Owned, name: str) -> None:
    untouched(mine, mine.shop.fire_admin(act_of(mine, "device", device_id=NO_DEVICE[name])))
    assert mine.shop.fire_admin(act_of(mine, "device")).status == 200
    assert not mine.holds(mine.owner)


@pytest.mark.parametrize("act", ACTS)
def test_76_no_public_route_leads_to_it(mine: Owned, act: str) -> None:
    for function in mine.shop.apps:
        for path in (f"/v1/{act}", f"/v1/admin/{act}", "/"):
            seen = mine.shop.fire(function, http_event(
                "POST", path, [("Content-Type", JSON)], act_of(mine, act)))
            assert (seen.status, seen.store, seen.calls) == (404, (), 0)
    assert len(mine.stored.devices) == 2
    seen = mine.shop.fire_admin(http_event("POST", "/", [("Content-Type", JSON)],
                                           act_of(mine, act)))
    untouched(mine, seen)


@pytest.mark.parametrize("act", ACTS)
def test_76_who_did_it_is_kept(mine: Owned, act: str) -> None:
    seen = mine.shop.fire_admin(act_of(mine, act))
    assert seen.facts("admin.acted") == [{**seen.facts("admin.acted")[0], "actor": "ann",
                                          "act": act}]
    kept = {event.kind: (event.actor, event.source) for event in mine.stored.history.events
            if event.kind in ("device_removed", "devices_forgotten")}
    assert kept == {"device": {"device_removed": ("operator:ann", "admin")},
                    "erase": {"devices_forgotten": ("operator:ann", "admin")},
                    "export": {}}[act]


@pytest.mark.parametrize("act", ["order", *ACTS])
def test_76_an_answer_tells_no_secret_and_no_person(mine: Owned, act: str) -> None:
    """An operator sees what was bought and on which kinds of device, and could not pose as it."""
    order = mine.shop.stored(mine.bought)
    assert order.payment is not None
    assert order.payment.payer_hash
    buyer = mine.bought.buyer
    paid = mine.shop.wechat.orders[mine.bought.out_trade_no]
    hidden = [order.payment.payer_hash, order.claim_secret_hash, buyer.secret_hash, buyer.secret,
              buyer.key, str(paid.payer_openid), mine.license_key,
              mine.license_key.replace("-", ""), mine.owner.thumbprint]
    seen = mine.shop.fire_admin(act_of(mine, act))
    assert seen.status == 200
    assert not [text for text in hidden if text in seen.text + seen.log]


def test_76_after_an_erasure_nothing_leads_to_the_buyer(mine: Owned) -> None:
    before = mine.shop.stored(mine.bought).payment
    assert before is not None
    assert mine.shop.fire_admin(act_of(mine, "erase")).status == 200
    order, license_ = mine.shop.stored(mine.bought), mine.stored
    assert order.payment is not None
    assert (order.payment.payer_hash, license_.devices, license_.takeover) == (None, (), None)
    assert order.payment.amount == before.amount
    told = mine.shop.fire_admin(act_of(mine, "export"))
    assert mine.owner.thumbprint not in repr(license_) + told.text
    assert str(before.payer_hash) not in repr(order) + told.text
    assert mine.refresh(mine.owner).code == "DEVICE_NOT_ACTIVE"


def test_76_an_operator_s_removal_spends_no_swap_and_bars_nobody(mine: Owned) -> None:
    for _ in range(7):
        device_id = mine.stored.devices[-1].device_id
        assert mine.shop.fire_admin(act_of(mine, "device", device_id=device_id)).status == 200
        assert mine.by_number(Device()).status == 200
    mine.shop.age(mine.license_id, 3)
    leaving = mine.stored.devices[-1].device_id
    assert mine.shop.ask(Asking.remove(mine.owner, mine.license_id, leaving)).status == 200
