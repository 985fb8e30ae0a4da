"""The complaint notify: its address, what is told, its own ladder, and ones built by hand."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from emulators.wechatpay import Fault
from emulators.wechatpay.retry_ladders import retry_wait_s
from tests.emulators.wechatpay.complaints import (
    COMPLAINT_URL,
    URLS,
    complained,
    complete,
    decide,
    register,
    respond,
)
from tests.emulators.wechatpay.merchant import Clock, Merchant, Receiver, document, refusal

if TYPE_CHECKING:
    from collections.abc import Callable


def told(merchant: Merchant) -> list[tuple[str, str]]:
    """(event_type, action_type) of every complaint notify that was delivered, in order."""
    merchant.emulator.deliver_due_notifies()
    found = [merchant.open_notify(headers, body) | {"event": json.loads(body)["event_type"]}
             for url, headers, body in merchant.receiver.received if url == COMPLAINT_URL]
    assert all(each["complaint_id"] in merchant.emulator.complaints for each in found)
    return [(each["event"], each["action_type"]) for each in found]


def test_an_address_is_made_read_changed_and_deleted(merchant: Merchant) -> None:
    expected = {"mchid": merchant.account.mchid, "url": COMPLAINT_URL}
    assert document(register(merchant)) == expected
    assert document(merchant.send("GET", URLS)) == expected
    changed = merchant.send("PUT", URLS, {"url": COMPLAINT_URL + "2"})
    assert document(changed) == {**expected, "url": COMPLAINT_URL + "2"}
    assert merchant.send("DELETE", URLS).status == 204
    assert refusal(merchant.send("GET", URLS))[:2] == (404, "RESOURCE_NOT_EXISTS")


def test_an_address_is_made_once(merchant: Merchant) -> None:
    register(merchant)
    assert refusal(register(merchant, "https://merchant.example/other"))[:2] == (
        400, "RESOURCE_ALREADY_EXISTS")
    assert document(merchant.send("GET", URLS))["url"] == COMPLAINT_URL


def test_an_address_that_is_not_there_cannot_be_changed(merchant: Merchant) -> None:
    for method, body in (("PUT", {"url": COMPLAINT_URL}), ("DELETE", None)):
        assert refusal(merchant.send(method, URLS, body))[:2] == (404, "RESOURCE_NOT_EXISTS")
    assert merchant.send("PATCH", URLS, {"url": COMPLAINT_URL}).status == 405


@pytest.mark.parametrize("url", [
    "http://merchant.example/complaints", "https://merchant.example/?a=1", "", "merchant"])
def test_an_address_outside_the_rules(merchant: Merchant, url: str) -> None:
    assert refusal(register(merchant, url))[:2] == (400, "PARAM_ERROR")
    assert merchant.send("GET", URLS).status == 404


def test_a_complaint_notify_names_the_complaint_and_nothing_else(merchant: Merchant) -> None:
    register(merchant)
    complaint_id = complained(merchant)
    merchant.emulator.deliver_due_notifies()
    url, headers, body = merchant.receiver.received[-1]
    envelope = json.loads(body)
    assert (url, envelope["event_type"], envelope["summary"]) == (
        COMPLAINT_URL, "COMPLAINT.CREATE", "产生新投诉")
    assert envelope["resource"]["original_type"] == "complaint"
    assert merchant.open_notify(headers, body) == {
        "complaint_id": complaint_id, "action_type": "CREATE_COMPLAINT"}


def test_every_move_is_told_in_order(merchant: Merchant) -> None:
    register(merchant)
    complaint_id = complained(merchant)
    emulator = merchant.emulator
    respond(merchant, complaint_id)
    emulator.buyer_replies(complaint_id)
    emulator.platform_replies(complaint_id)
    decide(merchant, complaint_id, action="REJECT", reject_reason="已激活")
    respond(merchant, complaint_id)
    complete(merchant, complaint_id)
    emulator.reopen_complaint(complaint_id)
    decide(merchant, complaint_id)
    merchant.refund()
    emulator.settle_refund("REFUND0001")
    assert told(merchant) == [
        ("COMPLAINT.CREATE", "CREATE_COMPLAINT"),
        *(("COMPLAINT.STATE_CHANGE", action) for action in (
            "MERCHANT_RESPONSE", "USER_RESPONSE", "RESPONSE_BY_PLATFORM",
            "MERCHANT_REJECT_REFUND", "MERCHANT_RESPONSE", "MERCHANT_CONFIRM_COMPLETE",
            "CONTINUE_COMPLAINT", "MERCHANT_APPROVE_REFUND", "SELLER_REFUND",
            "REFUND_SUCCESS"))]


def test_a_partial_refund_is_not_told(merchant: Merchant) -> None:
    register(merchant)
    complained(merchant)
    merchant.refund(989)
    assert told(merchant) == [("COMPLAINT.CREATE", "CREATE_COMPLAINT")]
    merchant.refund(1, out_refund_no="R2")
    assert told(merchant)[1:] == [("COMPLAINT.STATE_CHANGE", "SELLER_REFUND")]


def test_without_an_address_nothing_is_told(merchant: Merchant, clock: Clock) -> None:
    complained(merchant)
    assert told(merchant) == []
    register(merchant)
    complained(merchant, "ORDER0002")
    merchant.send("DELETE", URLS)
    complained(merchant, "ORDER0003")
    assert told(merchant) == [("COMPLAINT.CREATE", "CREATE_COMPLAINT")]


def test_a_refused_call_tells_nothing(merchant: Merchant) -> None:
    register(merchant)
    complaint_id = complained(merchant)
    complete(merchant, complaint_id)
    assert told(merchant) == [("COMPLAINT.CREATE", "CREATE_COMPLAINT")]


def test_the_complaint_ladder_is_its_own(
        make_merchant: Callable[..., Merchant], clock: Clock) -> None:
    merchant = make_merchant(Receiver(200, *[500] * 15))
    register(merchant)
    complained(merchant)
    assert len(merchant.emulator.deliver_due_notifies()) == 2  # the payment's and its own
    for wait_s in (5, *[60] * 10, 300, 300, 300):
        clock.now_s += wait_s - 1
        assert merchant.emulator.deliver_due_notifies() == []
        clock.now_s += 1
        assert len(merchant.emulator.deliver_due_notifies()) == 1
    clock.now_s += 300
    assert merchant.emulator.deliver_due_notifies()[0].accepted


def test_a_thousand_retries_and_no_more() -> None:
    waits = [retry_wait_s("complaint", sent) for sent in range(1, 1003)]
    assert (waits[999], waits[1000:]) == (300, [None, None])
    assert sum(wait or 0 for wait in waits) < 7 * 86400


def test_a_fault_can_wait_for_complaints_alone(merchant: Merchant) -> None:
    register(merchant)
    merchant.emulator.inject(Fault("lost", "notify", event_type="COMPLAINT.CREATE"))
    complaint_id = complained(merchant)
    merchant.emulator.buyer_replies(complaint_id)
    assert told(merchant) == [("COMPLAINT.STATE_CHANGE", "USER_RESPONSE")]


def test_a_complaint_notify_can_be_replayed(merchant: Merchant) -> None:
    register(merchant)
    complained(merchant)
    merchant.emulator.deliver_due_notifies()
    merchant.emulator.replay_notify("ORDER0001", event_type="COMPLAINT.CREATE")
    payment, complaint, again = merchant.receiver.received
    assert again == complaint != payment


def test_a_complaint_notify_can_be_built(merchant: Merchant) -> None:
    complaint_id = complained(merchant)
    headers, body = merchant.emulator.build_notify(complaint_id=complaint_id)
    assert json.loads(body)["event_type"] == "COMPLAINT.CREATE"
    assert merchant.open_notify(headers, body) == {
        "complaint_id": complaint_id, "action_type": "CREATE_COMPLAINT"}
    headers, body = merchant.emulator.build_notify(
        complaint_id=complaint_id, action_type="USER_RESPONSE")
    assert json.loads(body)["event_type"] == "COMPLAINT.STATE_CHANGE"
    assert merchant.open_notify(headers, body)["action_type"] == "USER_RESPONSE"
    headers, body = merchant.emulator.build_notify(
        complaint_id="NOBODY", plaintext={"complaint_id": "NOBODY", "action_type": "NEW"})
    assert merchant.open_notify(headers, body)["action_type"] == "NEW"


def test_a_refund_notify_can_be_built(merchant: Merchant) -> None:
    merchant.paid()
    merchant.refund()
    headers, body = merchant.emulator.build_notify(out_refund_no="REFUND0001")
    opened = merchant.open_notify(headers, body)
    assert json.loads(body)["event_type"] == "REFUND.SUCCESS"
    assert (opened["refund_status"], "success_time" in opened) == ("SUCCESS", True)
    headers, body = merchant.emulator.build_notify(
        out_refund_no="REFUND0001", event_type="REFUND.CLOSED", changes={"amount.refund": 1})
    opened = merchant.open_notify(headers, body)
    assert (opened["refund_status"], opened["amount"]["refund"], "success_time" in opened) == (
        "CLOSED", 1, False)
    assert merchant.emulator.refunds["REFUND0001"].status == "PROCESSING"
    merchant.emulator.settle_refund("REFUND0001", "ABNORMAL")
    _, body = merchant.emulator.build_notify(out_refund_no="REFUND0001")
    assert json.loads(body)["event_type"] == "REFUND.ABNORMAL"


def test_a_notify_is_built_about_one_thing_that_is_there(merchant: Merchant) -> None:
    build = merchant.emulator.build_notify
    merchant.create()
    for wrong in ({}, {"out_trade_no": "ORDER0001", "out_refund_no": "R"},
                  {"out_trade_no": "ORDER0001", "action_type": "USER_RESPONSE"}):
        with pytest.raises(ValueError):
            build(**wrong)
    for unknown in ({"out_trade_no": "X"}, {"out_refund_no": "X"}, {"complaint_id": "X"}):
        with pytest.raises(LookupError):
            build(**unknown)
    merchant.emulator.deliver_due_notifies()
    assert merchant.receiver.received == []
