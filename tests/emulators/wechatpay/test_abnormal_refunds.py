"""Refunds that bounced and are sent on to a bank card."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from tests.emulators.wechatpay.merchant import Clock, Merchant, document, refusal

if TYPE_CHECKING:
    from emulators.wechatpay import Answer

REFUNDS = "/v3/refund/domestic/refunds"
CARD = "6225880137060403"


def sealed(merchant: Merchant, text: str) -> str:
    key = merchant.account.public_key.private_key.public_key()
    return base64.b64encode(key.encrypt(text.encode(), padding.OAEP(
        padding.MGF1(hashes.SHA1()), hashes.SHA1(), None))).decode()


def to_card(merchant: Merchant, **changes: Any) -> dict[str, Any]:
    body = {"out_refund_no": "REFUND0001", "type": "USER_BANK_CARD", "bank_type": "CMB_DEBIT",
            "bank_account": sealed(merchant, CARD), "real_name": sealed(merchant, "张三"),
            **changes}
    return {name: value for name, value in body.items() if value is not None}


def send_on(merchant: Merchant, refund_id: str, body: dict[str, Any]) -> Answer:
    return merchant.send("POST", f"{REFUNDS}/{refund_id}/apply-abnormal-refund", body)


@pytest.fixture
def bounced(merchant: Merchant) -> str:
    """A refund that is ABNORMAL; its refund_id."""
    merchant.paid()
    merchant.emulator.deliver_due_notifies()
    refund = document(merchant.refund(notify_url="https://merchant.example/refund"))
    merchant.emulator.settle_refund("REFUND0001", "ABNORMAL")
    merchant.emulator.deliver_due_notifies()
    return str(refund["refund_id"])


def test_it_is_processed_again_and_arrives_on_the_card(
        merchant: Merchant, clock: Clock, bounced: str) -> None:
    answer = document(send_on(merchant, bounced, to_card(merchant)))
    assert (answer["status"], answer["channel"], answer["user_received_account"]) == (
        "PROCESSING", "OTHER_BANKCARD", "招商银行借记卡0403")
    clock.now_s += 59
    assert merchant.emulator.deliver_due_notifies() == []
    clock.now_s += 1
    [attempt] = merchant.emulator.deliver_due_notifies()
    told = merchant.open_notify(attempt.headers, attempt.body)
    assert (told["refund_status"], told["user_received_account"]) == (
        "SUCCESS", "招商银行借记卡0403")
    assert merchant.refund(1, out_refund_no="R2").status == 400


def test_the_merchants_own_account_needs_no_card(merchant: Merchant, bounced: str) -> None:
    body = {"out_refund_no": "REFUND0001", "type": "MERCHANT_BANK_CARD"}
    assert document(send_on(merchant, bounced, body))["status"] == "PROCESSING"


def test_the_same_request_again_sends_nothing_on_twice(
        merchant: Merchant, clock: Clock, bounced: str) -> None:
    first = document(send_on(merchant, bounced, to_card(merchant)))
    clock.now_s += 30
    assert document(send_on(merchant, bounced, to_card(merchant))) == first
    clock.now_s += 30
    again = document(send_on(merchant, bounced, to_card(merchant)))
    assert again["status"] == "SUCCESS"
    other = to_card(merchant, bank_account=sealed(merchant, "6225880137069999"))
    assert refusal(send_on(merchant, bounced, other))[:2] == (400, "INVALID_REQUEST")


def test_it_may_bounce_again_and_go_to_another_card(merchant: Merchant, bounced: str) -> None:
    send_on(merchant, bounced, to_card(merchant))
    merchant.emulator.settle_refund("REFUND0001", "ABNORMAL")
    other = to_card(merchant, bank_account=sealed(merchant, "6225880137069999"))
    answer = document(send_on(merchant, bounced, other))
    assert (answer["status"], answer["user_received_account"]) == (
        "PROCESSING", "招商银行借记卡9999")


@pytest.mark.parametrize("status", ["PROCESSING", "SUCCESS", "CLOSED"])
def test_only_an_abnormal_refund_can_be_sent_on(merchant: Merchant, status: str) -> None:
    merchant.paid()
    refund_id = document(merchant.refund())["refund_id"]
    if status != "PROCESSING":
        merchant.emulator.settle_refund("REFUND0001", status)
    assert refusal(send_on(merchant, refund_id, to_card(merchant)))[:2] == (
        400, "INVALID_REQUEST")
    assert merchant.emulator.refunds["REFUND0001"].status == status


@pytest.mark.parametrize(("changes", "code"), [
    ({"out_refund_no": "REFUND0002"}, "INVALID_REQUEST"),
    ({"type": "CASH"}, "PARAM_ERROR"),
    ({"bank_type": "OTHERS"}, "PARAM_ERROR"),
    ({"bank_type": None}, "PARAM_ERROR"),
    ({"bank_account": None}, "PARAM_ERROR"),
    ({"real_name": None}, "PARAM_ERROR"),
    ({"bank_account": CARD}, "PARAM_ERROR"),
])
def test_a_request_outside_the_rules(
        merchant: Merchant, bounced: str, changes: dict[str, Any], code: str) -> None:
    answer = send_on(merchant, bounced, to_card(merchant, **changes))
    assert refusal(answer)[:2] == (400, code)
    assert merchant.emulator.refunds["REFUND0001"].status == "ABNORMAL"


def test_what_is_encrypted_has_to_be_a_card_number(merchant: Merchant, bounced: str) -> None:
    body = to_card(merchant, bank_account=sealed(merchant, "my card"))
    assert refusal(send_on(merchant, bounced, body))[:2] == (400, "PARAM_ERROR")


def test_an_unknown_refund_does_not_exist(merchant: Merchant, bounced: str) -> None:
    assert refusal(send_on(merchant, bounced[:-1] + "x", to_card(merchant)))[:2] == (
        404, "RESOURCE_NOT_EXISTS")


def test_the_bill_names_the_channel(merchant: Merchant, clock: Clock, bounced: str) -> None:
    send_on(merchant, bounced, to_card(merchant))
    clock.now_s += 86400
    applied = document(merchant.send(
        "GET", "/v3/bill/tradebill?bill_date=2025-10-09&bill_type=REFUND"))
    target = applied["download_url"].removeprefix("https://api.mch.weixin.qq.com")
    assert "`OTHER_BANKCARD,`SUCCESS" in merchant.send("GET", target).body.decode()
