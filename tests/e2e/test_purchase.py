"""Whole purchases over real HTTP: the real functions in instances, the three emulators."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from emulators.wechatpay.faults import Fault
from scripts.demo_purchase.buyer import Buyer, expect
from scripts.demo_purchase.hops import TABLESTORE, WECHAT_PAY
from scripts.demo_purchase.lease import verify_keys
from scripts.demo_purchase.stack import run_stack
from scripts.demo_purchase.state import open_state
from tests.e2e.observed import (
    PRODUCT,
    calls_of_wechat,
    claim,
    facts,
    look_until_paid,
    pay,
    place,
    statuses_of_notifies,
    wait_until,
)

if TYPE_CHECKING:
    from pathlib import Path

    from scripts.demo_purchase.stack import Stack


@pytest.fixture
def buyer(stack: Stack) -> Buyer:
    return Buyer(stack.urls)


def test_a_purchase_ends_with_a_lease_that_verifies_offline(stack: Stack, buyer: Buyer) -> None:
    order = place(buyer)
    transaction_id = pay(stack, order)
    assert statuses_of_notifies(stack, order, 1) == [200]

    seen = expect(buyer.look(order["order_id"]), 200)["order"]
    assert (seen["status"], seen["out_trade_no"]) == ("paid", order["out_trade_no"])
    verified = claim(stack, buyer, order["order_id"])
    assert verified.claims["ent"] == ["pro"]
    assert verified.claims["cnf"] == {"jkt": buyer.device.thumbprint}
    assert verified.claims["lexp"] == seen["paid_at_s"] + 365 * 86_400
    assert transaction_id not in "".join(stack.logs())
    assert buyer.claim_secret not in "".join(stack.logs())


def test_a_purchase_costs_one_call_of_wechat_and_eight_of_tablestore(
    stack: Stack, buyer: Buyer,
) -> None:
    before = stack.hops.count()
    order = place(buyer)
    pay(stack, order)
    statuses_of_notifies(stack, order, 1)
    expect(buyer.look(order["order_id"]), 200)
    claim(stack, buyer, order["order_id"])

    hops = stack.hops.since(before)
    assert [hop.what for hop in hops if hop.service == WECHAT_PAY] == ["POST native"]
    assert [hop.what for hop in hops if hop.service == TABLESTORE] == [
        "BatchWriteRow orders due", "UpdateRow orders",         # create-order
        "GetRow orders", "UpdateRow orders",                    # notify
        "GetRow orders",                                        # a poll
        "GetRow orders", "GetRow licenses", "PutRow licenses"]  # the claim


def test_the_keys_shown_are_those_of_the_set_that_a_pinned_root_signed(
    stack: Stack, buyer: Buyer,
) -> None:
    answer = expect(buyer.keys(), 200)
    trust = verify_keys(answer["set"], stack.state.keys.pinned, now_s=time.time())
    assert {key["kid"]: key["x"] for key in answer["keys"]} == {
        kid: key["x"] for kid, key in trust.keys.items()}


def test_another_browser_can_neither_see_the_order_nor_claim_it(
    stack: Stack, buyer: Buyer,
) -> None:
    order = place(buyer)
    pay(stack, order)
    statuses_of_notifies(stack, order, 1)
    stranger = Buyer(stack.urls)
    for refused in (stranger.look(order["order_id"]), stranger.claim(order["order_id"])):
        assert (refused.status, refused.error_code) == (404, "ORDER_NOT_FOUND")
    expect(buyer.claim(order["order_id"]), 200)


def test_an_unpaid_order_gives_no_license(stack: Stack, buyer: Buyer) -> None:
    order = place(buyer)
    refused = buyer.claim(order["order_id"])
    assert (refused.status, refused.error_code) == (409, "ORDER_NOT_PAID")


def test_when_every_notify_is_lost_a_poll_finds_the_payment(stack: Stack, buyer: Buyer) -> None:
    stack.wechatpay.inject(Fault("lost", "notify", times=None))
    order = place(buyer)
    pay(stack, order)
    look_until_paid(buyer, order["order_id"])

    claim(stack, buyer, order["order_id"])
    assert statuses_of_notifies(stack, order, 0) == []
    assert calls_of_wechat(stack, order) == [("native", 200), ("query", 200)]
    assert [fact["source"] for fact in facts(stack, "order.paid", order)] == ["query"]


def test_duplicate_notifies_book_one_payment(stack: Stack, buyer: Buyer) -> None:
    stack.wechatpay.inject(Fault("duplicate", "notify", copies=3))
    order = place(buyer)
    pay(stack, order)
    statuses = statuses_of_notifies(stack, order, 3)

    assert set(statuses) == {200}
    assert len(facts(stack, "order.paid", order)) == 1
    first, second = (claim(stack, buyer, order["order_id"]) for _ in range(2))
    assert first.claims == second.claims


def test_a_probe_with_a_wrong_signature_is_refused_and_the_real_notify_books(
    stack: Stack, buyer: Buyer,
) -> None:
    stack.wechatpay.inject(Fault("signtest", "notify"))
    order = place(buyer)
    pay(stack, order)

    assert statuses_of_notifies(stack, order, 2) == [401, 200]
    assert len(facts(stack, "order.paid", order)) == 1
    claim(stack, buyer, order["order_id"])


def test_a_notify_may_come_before_wechat_answers_the_create_call(
    stack: Stack, buyer: Buyer,
) -> None:
    stack.wechatpay.inject(Fault("notify_before_answer", "native"))
    order = expect(buyer.place(PRODUCT), 200)["order"]

    assert (order["status"], order["payment"]) == ("paid", None)
    assert statuses_of_notifies(stack, order, 1) == [200]
    claim(stack, buyer, order["order_id"])


def test_a_function_killed_while_wechat_holds_its_call_is_repeated_with_the_same_key(
    stack: Stack, buyer: Buyer,
) -> None:
    stack.wechatpay.inject(Fault("timeout_after_commit", "native", hold_s=30))
    known = set(stack.wechatpay.orders)
    with ThreadPoolExecutor(max_workers=1) as pool:
        first = pool.submit(buyer.place, PRODUCT)
        wait_until(lambda: set(stack.wechatpay.orders) != known)
        stack.kill("create-order")
        assert first.result().status >= 500

    order = place(buyer)
    assert set(stack.wechatpay.orders) - known == {order["out_trade_no"]}
    pay(stack, order)
    assert statuses_of_notifies(stack, order, 1) == [200]
    claim(stack, buyer, order["order_id"])


def test_functions_killed_between_all_steps_lose_nothing(stack: Stack, buyer: Buyer) -> None:
    order = place(buyer)
    stack.kill("create-order")
    assert place(buyer)["payment"] == order["payment"]
    stack.kill("notify")
    pay(stack, order)
    assert statuses_of_notifies(stack, order, 1) == [200]
    stack.kill("license-fetch")
    first = claim(stack, buyer, order["order_id"])
    stack.kill("license-fetch")
    assert claim(stack, buyer, order["order_id"]) == first


@pytest.mark.parametrize("fault", [
    Fault("system_error", "native", times=None),
    Fault("request_lost", "native", times=None, hold_s=0),
    Fault("timeout_after_commit", "native", times=None, hold_s=0),
], ids=lambda fault: fault.kind)
def test_after_a_create_call_that_wechat_failed_the_same_key_succeeds(
    stack: Stack, buyer: Buyer, fault: Fault,
) -> None:
    stack.wechatpay.inject(fault)
    failed = buyer.place(PRODUCT)
    assert (failed.status, failed.error_code) == (503, "PROVIDER_UNAVAILABLE")
    stack.wechatpay.clear_faults()

    order = place(buyer)
    assert [number for number in stack.wechatpay.orders if number == order["out_trade_no"]]
    assert calls_of_wechat(stack, order)[-1] == ("native", 200)
    pay(stack, order)
    assert statuses_of_notifies(stack, order, 1) == [200]
    claim(stack, buyer, order["order_id"])


def test_an_order_outlives_a_restart_of_everything(tmp_path: Path) -> None:
    buyer_secrets = Buyer({})
    with run_stack(open_state(tmp_path)) as first:
        order = place(_again(buyer_secrets, first))
    with run_stack(open_state(tmp_path)) as second:
        assert second.tables == ()
        buyer = _again(buyer_secrets, second)
        assert place(buyer)["payment"] == order["payment"]
        pay(second, order)
        assert statuses_of_notifies(second, order, 1) == [200]
        claim(second, buyer, order["order_id"])


def _again(buyer: Buyer, stack: Stack) -> Buyer:
    return Buyer(stack.urls, buyer.idempotency_key, buyer.claim_secret)
