"""One payment, told by many at the same moment, in processes of their own."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from tests.concurrency.conftest import claim, count, notify
from tests.concurrency.processes import http, run_at_once, timer
from tests.wire.deployment import JSON

if TYPE_CHECKING:
    from tests.concurrency.conftest import Crossroads

NOTIFIES = 50
CLAIMS = 12


def test_fifty_identical_notifies_at_once_book_one_payment(world: Crossroads) -> None:
    buyer, order = world.placed()
    world.wechat.pay(order["payment"]["value"])
    calls = len(world.wechat.requests)
    sent = notify(world, order)
    world.store.clear_requests()
    world.store.let_meet("GetRow", "orders", NOTIFIES)

    done = run_at_once(world.environ, [sent] * NOTIFIES)

    assert world.store.met
    # One that finds its time over on a busy machine refuses, and WeChat sends it again.
    assert {each.status for each in done} <= {200, 503}
    assert sum(fact["fact"] == "order.paid" for each in done for fact in each.facts) == 1
    assert set(world.store.outcomes("UpdateRow", "orders")) == {"OK", "OTSConditionCheckFail"}
    assert world.store.outcomes("UpdateRow", "orders").count("OK") == 1
    assert world.notify(order["out_trade_no"]).status == 200
    assert len(world.wechat.requests) == calls
    assert world.claim(buyer, order["order_id"]).status == 200
    seen = world.seen(order)
    assert count(seen["order"]["history"], "paid") == 1
    assert len(seen["license"]["grants"]) == 1


def test_first_claims_at_once_make_one_license_and_one_lease(world: Crossroads) -> None:
    buyer, order = world.paid()
    world.store.clear_requests()
    world.store.let_meet("GetRow", "licenses", CLAIMS)

    done = run_at_once(world.environ, [claim(buyer, order)] * CLAIMS)

    assert world.store.met
    assert [each.status for each in done] == [200] * CLAIMS
    assert len({each.body["license"]["lease"]["token"] for each in done}) == 1
    assert Counter(world.store.outcomes("PutRow", "licenses")) == {
        "OK": 1, "OTSConditionCheckFail": CLAIMS - 1}
    assert len(world.seen(order)["license"]["grants"]) == 1


def test_notify_poll_timer_and_cancellation_at_once_book_one_payment(world: Crossroads) -> None:
    buyer, order = world.placed()
    world.wechat.pay(order["payment"]["value"])
    world.make_due(order["order_id"])
    authorized = [JSON, ("Authorization", f"Bearer {buyer.secret}")]
    one = f"/v1/orders/{order['order_id']}"
    rivals = [notify(world, order), http("license-fetch", "GET", one, authorized), timer("due"),
              http("create-order", "POST", f"{one}/cancel", authorized)]
    world.store.let_meet("GetRow", "orders", len(rivals))

    told, polled, worked, cancelled = run_at_once(world.environ, rivals)

    assert world.store.met
    assert (told.status, polled.status, cancelled.status) == (200, 200, 200)
    assert worked.answer["failed"] == 0
    # A poll does not ask WeChat about an order this young; the next one knows.
    assert polled.body["order"]["status"] in ("awaiting_payment", "paid")
    assert world.poll(buyer, order["order_id"]).body["order"]["status"] == "paid"
    assert cancelled.body["order"]["status"] == "paid"
    assert world.wechat.orders[order["out_trade_no"]].trade_state == "SUCCESS"
    assert world.claim(buyer, order["order_id"]).status == 200
    seen = world.seen(order)
    assert count(seen["order"]["history"], "paid") == 1
    assert len(seen["license"]["grants"]) == 1
