"""wechatpayv3's complaint and abnormal-refund methods against the served emulator."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.emulators.wechatpay.library import create, receiver, today, wait_for, world

if TYPE_CHECKING:
    from wechatpayv3 import WeChatPay

    from emulators.wechatpay import WeChatPayEmulator
    from tests.emulators.wechatpay.merchant import Receiver

__all__ = ["receiver", "world"]
COMPLAINT_URL = "https://merchant.example/complaints"


def opened(answer: tuple[int, str]) -> Any:
    status, text = answer
    assert status == 200, text
    return json.loads(text)


def test_it_manages_the_complaint_address(world: tuple[WeChatPay, WeChatPayEmulator]) -> None:
    client, _ = world
    assert client.complaint_notification_query()[0] == 404
    assert opened(client.complaint_notification_create(COMPLAINT_URL))["url"] == COMPLAINT_URL
    assert opened(client.complaint_notification_update(COMPLAINT_URL + "2"))["url"] == (
        COMPLAINT_URL + "2")
    assert opened(client.complaint_notification_query())["url"] == COMPLAINT_URL + "2"
    assert client.complaint_notification_delete()[0] == 204
    assert client.complaint_notification_query()[0] == 404


def test_it_answers_and_completes_a_complaint(
        world: tuple[WeChatPay, WeChatPayEmulator], receiver: Receiver) -> None:
    client, emulator = world
    opened(client.complaint_notification_create(COMPLAINT_URL))
    emulator.pay(create(client))
    number = emulator.complain(
        out_trade_no="ORDER0001", problem_type="OTHERS", payer_phone="13912345678").complaint_id
    wait_for(receiver, 2)
    url, headers, body = receiver.received[1]
    assert (url, client.callback(headers, body)["resource"]) == (
        COMPLAINT_URL, {"complaint_id": number, "action_type": "CREATE_COMPLAINT"})

    day = today(emulator)
    [listed] = opened(client.complaint_list_query(day, day))["data"]
    shown = opened(client.complaint_detail_query(number))
    assert listed["complaint_id"] == shown["complaint_id"] == number
    assert client.decrypt(shown["payer_phone"]) == "13912345678"

    assert client.complaint_complete(number)[0] == 400
    assert client.complaint_response(number, "已处理", jump_url="https://merchant.example/",
                                     jump_url_text="查看订单")[0] == 204
    assert client.complaint_complete(number)[0] == 204
    assert opened(client.complaint_detail_query(number))["complaint_state"] == "PROCESSED"
    done = opened(client.complaint_history_query(number))["data"]
    assert [each["operate_type"] for each in done] == [
        "MERCHANT_CONFIRM_COMPLETE", "MERCHANT_RESPONSE", "USER_CREATE_COMPLAINT"]


def test_it_decides_on_the_refund_of_a_complaint(
        world: tuple[WeChatPay, WeChatPayEmulator]) -> None:
    client, emulator = world
    emulator.pay(create(client))
    number = emulator.complain(out_trade_no="ORDER0001").complaint_id
    assert client.complaint_update_refund(number, "REJECT", reject_reason="已激活")[0] == 204
    assert client.complaint_update_refund(number, "APPROVE", launch_refund_day=0)[0] == 204
    assert client.complaint_update_refund(number, "APPROVE", launch_refund_day=0)[0] == 400


@pytest.mark.filterwarnings(  # the library looks for its newest certificate by an old property
    "ignore:Properties that return a na:cryptography.utils.CryptographyDeprecationWarning")
def test_it_sends_an_abnormal_refund_on(world: tuple[WeChatPay, WeChatPayEmulator]) -> None:
    client, emulator = world
    emulator.pay(create(client))
    refund = opened(client.refund("R1", {"refund": 990, "total": 990, "currency": "CNY"},
                                  out_trade_no="ORDER0001"))
    emulator.settle_refund("R1", "ABNORMAL")
    sent = opened(client.abnormal_refund(
        refund["refund_id"], "R1", "USER_BANK_CARD", bank_type="CMB_DEBIT",
        bank_account="6225880137060403", real_name="张三"))
    assert (sent["status"], sent["user_received_account"]) == (
        "PROCESSING", "招商银行借记卡0403")
