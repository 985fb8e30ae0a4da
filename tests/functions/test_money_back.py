"""Cancelling, refunds and receipts over HTTP: every answer is one that the document promises."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from shared.errors import ProviderUnavailable
from shared.use_cases.record_payment import record_payment
from tests.fakes.script import raises
from tests.functions.events import event
from tests.functions.shopfront import PRODUCTS, Reply, Shopfront
from tests.unit.use_cases.world import KEY, OTHER_KEY, OTHER_SECRET, World

if TYPE_CHECKING:
    from collections.abc import Callable

GUESSED = "0" * 26


@pytest.fixture
def front() -> Shopfront:
    return Shopfront()


def placed(front: Shopfront) -> str:
    order_id: str = front.order().json["order"]["order_id"]
    return order_id


def bought(front: Shopfront) -> str:
    order_id = placed(front)
    record_payment(front.world.pay(front.world.orders.all()[0]), front.world.books)
    return order_id


def settled(world: World) -> None:
    """The timer sends what was asked for; WeChat makes it."""
    world.run_timers_for(120)
    for number in list(world.refunds.refunds):
        world.refunds.settle(number)
    world.run_timers_for(600)


def test_a_cancelled_order_is_closed_and_offers_no_code(front: Shopfront) -> None:
    reply = front.cancel(placed(front))
    assert (reply.status, reply.json["order"]["status"]) == (200, "closed")
    assert reply.json["order"]["payment"] is None


def test_a_cancel_that_the_provider_does_not_answer_is_503(front: Shopfront) -> None:
    order_id = placed(front)
    front.world.gateway.script.before("close", raises(ProviderUnavailable(retry_after_s=1)))
    assert front.cancel(order_id).status == 503
    assert front.cancel(order_id).json["order"]["status"] == "closed"


def test_a_paid_order_is_not_cancelled(front: Shopfront) -> None:
    reply = front.cancel(bought(front))
    assert (reply.status, reply.json["error"]["code"]) == (409, "ORDER_NOT_OPEN")


def test_a_receipt_follows_the_money(front: Shopfront) -> None:
    order_id = placed(front)
    receipt = front.receipt(order_id).json["receipt"]
    assert (receipt["paid_at_s"], receipt["refund_refused_by"]) == (None, "ORDER_NOT_PAID")
    record_payment(front.world.pay(front.world.orders.all()[0]), front.world.books)
    receipt = front.receipt(order_id).json["receipt"]
    assert (receipt["status"], receipt["refund_refused_by"]) == ("paid", None)
    assert receipt["refundable"] == receipt["price"]
    asked = front.refund(order_id).json["receipt"]
    assert [refund["status"] for refund in asked["refunds"]] == ["requested"]
    settled(front.world)
    receipt = front.receipt(order_id).json["receipt"]
    assert (receipt["status"], receipt["refunded"]) == ("refunded", receipt["price"])
    assert receipt["refunds"][0]["settled_at_s"] is not None
    claimed = front.claim(order_id)
    assert (claimed.status, claimed.json["error"]["code"]) == (403, "LICENSE_REVOKED")


def test_the_same_key_asks_once_and_a_new_key_finds_nothing_left(front: Shopfront) -> None:
    order_id = bought(front)
    assert front.refund(order_id).json == front.refund(order_id).json
    reply = front.refund(order_id, KEY)
    assert (reply.status, reply.json["error"]["code"]) == (409, "REFUND_EXCEEDS_PAYMENT")
    assert front.claim(order_id).json["error"]["code"] == "LICENSE_SUSPENDED"


def test_a_refund_needs_a_key(front: Shopfront) -> None:
    reply = front.refund(bought(front), "short")
    assert (reply.status, reply.json["error"]["code"]) == (400, "IDEMPOTENCY_KEY_REQUIRED")


def test_a_product_without_a_policy_is_not_refunded_on_request() -> None:
    front = Shopfront(World(None))
    reply = front.refund(bought(front))
    assert (reply.status, reply.json["error"]["code"]) == (409, "REFUND_NOT_OFFERED")


def test_the_policy_is_shown_before_paying(front: Shopfront) -> None:
    policy = {"window_days": 7, "only_if_never_activated": False, "most_per_payer": None,
              "approval_above": {"amount_minor": 10_000, "currency": "CNY"}}
    listed = front.call("create-order", event("GET", PRODUCTS)).json["products"]
    assert {one["product_id"]: one["refund_policy"] for one in listed} == {
        "reader-pro": policy, "course": None}
    assert front.order().json["order"]["refund_policy"] == policy


def test_the_policy_agreed_to_stays_on_the_receipt(front: Shopfront) -> None:
    order_id = bought(front)
    shown = front.receipt(order_id).json["receipt"]["refund_policy"]
    assert shown == front.order().json["order"]["refund_policy"]
    assert shown["window_days"] == 7


@pytest.mark.parametrize("call", [
    lambda front, order_id, secret: front.cancel(order_id, secret),
    lambda front, order_id, secret: front.refund(order_id, OTHER_KEY, secret),
    lambda front, order_id, secret: front.receipt(order_id, secret)])
def test_a_wrong_secret_and_a_guessed_id_look_the_same(
        front: Shopfront, call: Callable[[Shopfront, str, str], Reply]) -> None:
    def seen(order_id: str) -> tuple[int, Any]:
        reply = call(front, order_id, OTHER_SECRET)
        error = reply.json["error"]
        return reply.status, {**error, "request_id": ""}

    order_id = bought(front)
    before = front.world.orders.all()
    assert seen(order_id) == seen(GUESSED)
    assert seen(order_id)[1]["code"] == "ORDER_NOT_FOUND"
    assert front.world.orders.all() == before
