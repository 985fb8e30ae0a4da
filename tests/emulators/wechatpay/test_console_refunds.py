"""Refunds made in the merchant portal: everybody can see them, only some are told of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.emulators.wechatpay.merchant import Clock, Merchant, document

if TYPE_CHECKING:
    from collections.abc import Callable

PORTAL_URL = "https://merchant.example/portal-refunds"
PREFIX = "https://api.mch.weixin.qq.com"


def test_a_console_refund_shows_in_queries_and_in_the_bill(
        merchant: Merchant, clock: Clock) -> None:
    merchant.paid()
    refund = merchant.emulator.console_refund("ORDER0001", 400)
    assert document(merchant.query())["trade_state"] == "REFUND"
    shown = document(merchant.send(
        "GET", f"/v3/refund/domestic/refunds/{refund.out_refund_no}"))
    assert (shown["status"], shown["amount"]["refund"]) == ("PROCESSING", 400)
    clock.now_s += 86400
    applied = document(merchant.send(
        "GET", "/v3/bill/tradebill?bill_date=2025-10-09&bill_type=REFUND"))
    text = merchant.send("GET", applied["download_url"].removeprefix(PREFIX)).body.decode()
    assert [f"`{refund.refund_id},`{refund.out_refund_no},`4.00," in line
            for line in text.split("\r\n")[1:-3]] == [True]


@pytest.mark.parametrize("outcome", ["SUCCESS", "ABNORMAL", "CLOSED"])
def test_it_is_notified_to_the_address_set_in_the_portal(
        make_merchant: Callable[..., Merchant], outcome: str) -> None:
    merchant = make_merchant(console_refund_notify_url=PORTAL_URL)
    merchant.paid()
    merchant.emulator.deliver_due_notifies()
    refund = merchant.emulator.console_refund("ORDER0001")
    assert merchant.emulator.deliver_due_notifies() == []
    merchant.emulator.settle_refund(refund.out_refund_no, outcome)
    merchant.emulator.deliver_due_notifies()
    url, headers, body = merchant.receiver.received[-1]
    assert (url, json.loads(body)["event_type"]) == (PORTAL_URL, f"REFUND.{outcome}")
    assert merchant.open_notify(headers, body)["out_refund_no"] == refund.out_refund_no


def test_without_that_address_nobody_is_told(merchant: Merchant, clock: Clock) -> None:
    merchant.paid()
    merchant.emulator.deliver_due_notifies()
    merchant.emulator.console_refund("ORDER0001")
    clock.now_s += 86400
    assert merchant.emulator.deliver_due_notifies() == []


def test_the_address_of_the_portal_is_not_for_refunds_by_api(
        make_merchant: Callable[..., Merchant]) -> None:
    merchant = make_merchant(console_refund_notify_url=PORTAL_URL)
    merchant.paid()
    merchant.emulator.deliver_due_notifies()
    merchant.refund()
    merchant.emulator.settle_refund("REFUND0001")
    assert merchant.emulator.deliver_due_notifies() == []
