"""Refunds that meet: each other, the buyer's claims, and the news of their own end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.concurrency.conftest import claim, count
from tests.concurrency.processes import Call, http, operator, run_at_once, timer
from tests.wire.deployment import JSON, Buyer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from emulators.wechatpay.records import Refund
    from tests.concurrency.conftest import Crossroads

WHOLE = 9_900
CLICKS, CLAIMS, TIMERS, NOTIFIES = 4, 6, 4, 6


def wish(order: Mapping[str, Any], actor: str, key: str) -> Call:
    return operator("refund", actor, order=order["order_id"], key=key)


def own_wish(buyer: Buyer, order: Mapping[str, Any], key: str) -> Call:
    return http("create-order", "POST", f"/v1/orders/{order['order_id']}/refunds",
                [JSON, ("Authorization", f"Bearer {buyer.secret}"), ("Idempotency-Key", key)])


def the_refund_at_wechat(world: Crossroads, order: Mapping[str, Any]) -> Refund:
    """The one refund that WeChat has of this order, after the one call that made it."""
    (refund,) = [refund for refund in world.wechat.refunds.values()
                 if refund.out_trade_no == order["out_trade_no"]]
    assert refund.refund_fen == WHOLE
    assert world.calls_of_wechat("refund") == 1
    return refund


def bring_to_wechat(world: Crossroads, order: Mapping[str, Any]) -> Refund:
    """The timer's next look, at once."""
    world.make_due(order["order_id"])
    assert world.timer("due")["failed"] == 0
    return the_refund_at_wechat(world, order)


def test_of_two_operators_who_refund_all_at_once_one_succeeds(world: Crossroads) -> None:
    _, order = world.paid()
    world.store.let_meet("GetRow", "orders", 2)

    done = run_at_once(world.environ, [wish(order, "ann", "key-of-ann"),
                                       wish(order, "bob", "key-of-bob")])

    assert world.store.met
    assert [name for each in done for name in each.answer].count("ok") == 1
    (refused,) = [each.answer["error"] for each in done if "error" in each.answer]
    assert refused["code"] == "REFUND_EXCEEDS_PAYMENT"
    (reserved,) = world.seen(order)["order"]["refunds"]
    world.make_due(order["order_id"])
    done = run_at_once(world.environ, [timer("due")] * TIMERS)
    assert sum(each.answer["looked"] for each in done) == 1
    refund = the_refund_at_wechat(world, order)
    assert refund.out_refund_no == reserved["out_refund_no"]


def test_an_operator_and_the_buyer_who_refund_at_once_cause_one_refund(world: Crossroads) -> None:
    buyer, order = world.paid()
    world.store.let_meet("GetRow", "orders", 2)

    by_buyer, by_operator = run_at_once(world.environ, [
        own_wish(buyer, order, "the-buyers-key-of-32-characters-"),
        wish(order, "ann", "key-of-ann")])

    assert world.store.met
    assert (by_buyer.status == 200) is not ("ok" in by_operator.answer)
    assert len(world.seen(order)["order"]["refunds"]) == 1
    bring_to_wechat(world, order)


def test_a_refund_clicked_four_times_at_once_is_one_refund(world: Crossroads) -> None:
    _, order = world.paid()
    world.store.let_meet("GetRow", "orders", CLICKS)

    done = run_at_once(world.environ, [wish(order, "ann", "one-and-only-key")] * CLICKS)

    assert world.store.met
    assert ["ok" in each.answer for each in done] == [True] * CLICKS
    seen = world.seen(order)["order"]
    assert len(seen["refunds"]) == 1
    assert count(seen["history"], "refund_requested") == 1
    bring_to_wechat(world, order)


def test_a_refund_that_meets_claims_leaves_no_license_behind(world: Crossroads) -> None:
    buyer, order = world.paid()
    world.store.let_meet("GetRow", "orders", CLAIMS + 1)

    asked, *claimed = run_at_once(world.environ, [
        wish(order, "ann", "key-of-ann"), *[claim(buyer, order)] * CLAIMS])

    assert world.store.met
    assert "ok" in asked.answer
    for each in claimed:  # who read the order before the refund may still have its lease
        assert each.status == 200 or each.body["error"]["code"] == "LICENSE_SUSPENDED"
    assert world.claim(buyer, order["order_id"]).body["error"]["code"] == "LICENSE_SUSPENDED"
    license_ = world.seen(order)["license"]
    assert (license_["standing"], len(license_["grants"])) == ("suspended", 1)


def test_news_of_a_refunds_end_timers_and_claims_at_once_revoke_once(world: Crossroads) -> None:
    buyer, order = world.paid()
    assert world.claim(buyer, order["order_id"]).status == 200
    world.operate("refund", order=order["order_id"], key="key-of-ann")
    refund = bring_to_wechat(world, order)
    world.wechat.settle_refund(refund.out_refund_no)
    world.make_due(order["order_id"])
    headers, body = world.wechat.build_notify(out_refund_no=refund.out_refund_no)
    told = http("notify", "POST", "/v1/notify/wechatpay", list(headers.items()), body)
    rivals = [*[told] * NOTIFIES, *[claim(buyer, order)] * CLAIMS, timer("due")]
    world.store.let_meet("GetRow", "orders", len(rivals))

    done = run_at_once(world.environ, rivals)

    assert world.store.met
    assert {each.status for each in done[:NOTIFIES]} <= {200, 503}
    assert {each.status for each in done[NOTIFIES:-1]} == {403}
    assert done[-1].answer["failed"] == 0
    assert world.claim(buyer, order["order_id"]).body["error"]["code"] == "LICENSE_REVOKED"
    seen = world.seen(order)
    assert seen["order"]["state"] == "refunded"
    assert count(seen["order"]["history"], "refund_succeeded") == 1
    assert count(seen["license"]["history"], "revoked") == 1
    assert world.calls_of_wechat("refund") == 1
