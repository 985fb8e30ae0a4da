"""Faults of delivery: notifies that come early, late, never, again, or out of order."""

from __future__ import annotations

import json

import pytest
from cryptography.exceptions import InvalidTag

from tests.emulators.wechatpay.merchant import (
    Clock,
    Merchant,
    document,
    notify,
    spoil,
)


def test_a_notify_may_come_before_the_create_call_returns(merchant: Merchant) -> None:
    spoil(merchant, "notify_before_answer", "native", payer_openid="oFast", coupon_fen=10)
    answer = merchant.create()
    [(_, headers, body)] = merchant.receiver.received
    told = merchant.open_notify(headers, body)
    assert (told["payer"]["openid"], told["amount"]["payer_total"]) == ("oFast", 980)
    assert (answer.status, "code_url" in document(answer)) == (200, True)
    assert document(merchant.query())["trade_state"] == "SUCCESS"


def test_a_delayed_notify_comes_later(merchant: Merchant, clock: Clock) -> None:
    spoil(merchant, "delayed", "notify", delay_s=3600)
    merchant.paid()
    clock.now_s += 3599
    assert merchant.emulator.deliver_due_notifies() == []
    clock.now_s += 1
    assert len(merchant.emulator.deliver_due_notifies()) == 1


def test_a_lost_notify_never_comes(merchant: Merchant, clock: Clock) -> None:
    spoil(merchant, "lost", "notify")
    merchant.paid()
    clock.now_s += 7 * 86400
    assert merchant.emulator.deliver_due_notifies() == []
    assert document(merchant.query())["trade_state"] == "SUCCESS"


def test_an_old_notify_is_replayed_byte_for_byte(merchant: Merchant, clock: Clock) -> None:
    notify(merchant, "ORDER0001")
    clock.now_s += 3600
    spoil(merchant, "replayed", "notify", out_trade_no="ORDER0001")
    notify(merchant, "ORDER0002")
    first, again, last = merchant.receiver.received
    assert again == first
    assert last != first
    assert [each.faults for each in merchant.emulator.notify_attempts] == [
        [], ["replayed"], ["replayed"]]


def test_a_notify_can_be_replayed_by_hand(merchant: Merchant) -> None:
    assert merchant.emulator.replay_notify() is None
    notify(merchant)
    merchant.emulator.replay_notify("ORDER0001")
    first, again = merchant.receiver.received
    assert again == first


def test_a_refund_notify_can_overtake_the_payment_notify(
        merchant: Merchant, clock: Clock) -> None:
    spoil(merchant, "out_of_order", "notify")
    merchant.paid()
    assert merchant.emulator.deliver_due_notifies() == []
    merchant.refund(notify_url="https://merchant.example/refund")
    clock.now_s += 60
    merchant.emulator.deliver_due_notifies()
    assert [json.loads(body)["event_type"] for _, _, body in merchant.receiver.received] == [
        "REFUND.SUCCESS", "TRANSACTION.SUCCESS"]


def test_a_notify_under_another_api_v3_key_cannot_be_opened(merchant: Merchant) -> None:
    spoil(merchant, "wrong_api_v3_key", "notify")
    headers, body = notify(merchant)
    assert merchant.genuine(headers, body)
    with pytest.raises(InvalidTag):
        merchant.open_notify(headers, body)


def test_a_fault_can_wait_for_one_event_type(merchant: Merchant, clock: Clock) -> None:
    spoil(merchant, "lost", "notify", event_type="REFUND.SUCCESS")
    notify(merchant)
    merchant.refund(notify_url="https://merchant.example/refund")
    clock.now_s += 60
    assert merchant.emulator.deliver_due_notifies() == []
