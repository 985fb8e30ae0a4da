"""Attack 50: what operators may do, nobody else does, and no operator alone.

`admin` has no public trigger: who gets so far may invoke functions of the account. What is left to
try is another form of call, another name, and more money than there is.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from emulators.fc import http_event, timer_event
from shared.http.timer_app import JobFailed
from tests.attacks.asking import JSON, Asking
from tests.attacks.shop import Purchase
from tests.wire.deployment import Buyer, FakeContext

if TYPE_CHECKING:
    from tests.attacks.shop import Shop

CHANGES: dict[str, dict[str, Any]] = {
    "no actor": {"actor": None}, "an actor of two lines": {"actor": "ann\n{\"fact\":\"x\"}"},
    "an actor with ANSI": {"actor": "\x1b[2Jann"}, "an actor of another kind":
        {"actor": "provider:wechatpay"}, "two actors": {"actor": ["ann", "bob"]},
    "an act nobody knows": {"act": "pay"}, "no act": {"act": None},
    "an act's name of Python": {"act": "__class__"}, "no key": {"key": None},
    "a short key": {"key": "1"}, "nothing": {"amount_minor": 0},
    "less than nothing": {"amount_minor": -1}, "a fraction": {"amount_minor": 0.5},
    "true": {"amount_minor": True}, "a text": {"amount_minor": "9900"},
    "more than was paid": {"amount_minor": 9901}, "more than 64 bits": {"amount_minor": 2**63},
    "a field more": {"approved": True}, "another currency": {"currency": "JPY"},
    "another order": {"order": "0" * 26}, "an order that is a path": {"order": "../../orders"}}


def paid(shop: Shop, product: str = "reader-pro") -> Purchase:
    buyer = Buyer.fresh()
    placed = shop.ask(Asking.place(buyer).with_fields(product_id=product)).body["order"]
    bought = Purchase(buyer, placed["order_id"], placed["out_trade_no"],
                      placed["payment"]["value"])
    shop.wechat.pay(bought.code_url)
    assert shop.tell(shop.notify_of(bought)).status == 200
    return bought


def refund_of(bought: Purchase, **changes: Any) -> bytes:
    act = {"act": "refund", "actor": "ann", "order": bought.order_id, "key": "a-refund-of-ann",
           **changes}
    return json.dumps({name: value for name, value in act.items() if value is not None}).encode()


@pytest.mark.parametrize("name", CHANGES)
def test_50_an_act_with_one_thing_wrong_moves_no_money(shop: Shop, name: str) -> None:
    bought = paid(shop)
    seen = shop.fire_admin(refund_of(bought, **CHANGES[name]))
    assert (seen.status, seen.written, seen.calls) == (400, set(), 0)
    assert seen.facts("function.crashed") == []
    assert shop.stored(bought).refunds == ()
    assert shop.fire_admin(refund_of(bought)).status == 200
    assert len(shop.stored(bought).refunds) == 1


@pytest.mark.parametrize("form", ["HTTP", "a query", "a timer", "a list", "twice the act"])
def test_50_an_act_comes_in_one_form(shop: Shop, form: str) -> None:
    bought = paid(shop)
    act = refund_of(bought)
    seen = shop.fire_admin({
        "HTTP": http_event("POST", "/", [("Content-Type", JSON)], act),
        "a query": http_event("GET", "/?act=refund&actor=ann&key=a-refund-of-ann&order="
                              + bought.order_id, [], b""),
        "a timer": timer_event("timer", act.decode()), "a list": b"[" + act + b"]",
        "twice the act": act[:-1] + b',"act":"refund"}'}[form])
    assert (seen.status, seen.written, seen.calls) == (400, set(), 0)
    assert shop.stored(bought).refunds == ()


@pytest.mark.parametrize("path", ["/v1/admin", "/admin", "/2023-03-30/functions/admin/invocations",
                                  "/v1/orders/approve/refund/x"])
def test_50_no_public_route_leads_to_an_act(shop: Shop, path: str) -> None:
    bought = paid(shop)
    for function in shop.apps:
        seen = shop.fire(function, http_event("POST", path, [("Content-Type", JSON)],
                                              refund_of(bought)))
        assert (seen.status, seen.store, seen.calls) == (404, (), 0)


def test_50_no_operator_approves_what_they_asked_for(shop: Shop) -> None:
    bought = paid(shop, "writing-course")
    assert shop.fire_admin(refund_of(bought)).status == 200
    refund = shop.stored(bought).refunds[0]
    assert refund.state.value == "awaiting_approval"

    def approve(actor: str) -> bytes:
        return json.dumps({"act": "approve", "actor": actor, "order": bought.order_id,
                           "refund_id": refund.refund_id}).encode()

    seen = shop.fire_admin(approve("ann"))
    assert (seen.status, seen.code) == (400, "NEEDS_ANOTHER_PERSON")
    assert shop.stored(bought).refunds[0].state.value == "awaiting_approval"
    assert shop.fire_admin(approve("bob")).status == 200


@pytest.mark.parametrize("payload", ["", "../work", "WORK", "work\n", "admin", "\x1b[2J"])
def test_50_a_timer_knows_its_jobs_only(shop: Shop, payload: str) -> None:
    shop.store.clear_requests()
    with pytest.raises(JobFailed) as caught:
        shop.timers(timer_event("timer", payload), FakeContext())
    assert shop.store.requests == []
    assert not payload or payload not in str(caught.value)
