"""Complaints: what the calls answer, which moves a state allows, how listings are cut."""

from __future__ import annotations

import base64
import re
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from emulators.wechatpay import ConnectionDropped, Fault
from tests.emulators.wechatpay.complaints import (
    COMPLAINTS,
    complained,
    complete,
    decide,
    detail,
    history,
    listed,
    respond,
    steps,
)
from tests.emulators.wechatpay.merchant import Clock, Merchant, document, refusal

DAY_S = 86400


def test_a_complaint_shows_its_order_and_what_the_buyer_wants(merchant: Merchant) -> None:
    complaint_id = complained(merchant, detail="激活失败", apply_refund_fen=400)
    shown = detail(merchant, complaint_id)
    order = merchant.emulator.orders["ORDER0001"]
    assert re.fullmatch(r"200\d{4}20251009\d{12}", complaint_id)
    del shown["payer_phone"]
    assert shown == {
        "complaint_id": complaint_id, "complaint_time": "2025-10-09T16:53:20+08:00",
        "complaint_detail": "激活失败", "complaint_state": "PENDING",
        "complainted_mchid": merchant.account.mchid, "payer_openid": order.payer_openid,
        "complaint_order_info": [{"transaction_id": order.transaction_id,
                                  "out_trade_no": "ORDER0001", "amount": 990}],
        "complaint_media_list": [], "complaint_full_refunded": False,
        "incoming_user_response": False, "problem_description": "申请退款",
        "problem_type": "REFUND", "user_complaint_times": 1, "apply_refund_amount": 400}


def test_the_phone_is_sealed_for_the_merchant(merchant: Merchant) -> None:
    complaint_id = complained(merchant, payer_phone="13912345678")
    answer = merchant.send("GET", f"{COMPLAINTS}/{complaint_id}")
    assert b"13912345678" not in answer.body
    sealed = base64.b64decode(document(answer)["payer_phone"])
    assert merchant.account.merchant_key.decrypt(
        sealed, padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)) == b"13912345678"


def test_a_buyer_may_leave_no_phone(merchant: Merchant) -> None:
    assert "payer_phone" not in detail(merchant, complained(merchant, payer_phone=""))


def test_only_a_refund_complaint_asks_for_money(merchant: Merchant) -> None:
    merchant.paid("ORDER0001")
    merchant.refund(90)
    asked = merchant.emulator.complain(out_trade_no="ORDER0001")
    assert detail(merchant, asked.complaint_id)["apply_refund_amount"] == 900
    other = complained(merchant, "ORDER0002", problem_type="SERVICE_NOT_WORK")
    assert "apply_refund_amount" not in detail(merchant, other)


def test_an_answer_then_completion(merchant: Merchant) -> None:
    complaint_id = complained(merchant)
    assert respond(merchant, complaint_id).status == 204
    assert detail(merchant, complaint_id)["complaint_state"] == "PROCESSING"
    assert complete(merchant, complaint_id).status == 204
    assert detail(merchant, complaint_id)["complaint_state"] == "PROCESSED"
    assert steps(merchant, complaint_id) == [
        "USER_CREATE_COMPLAINT", "MERCHANT_RESPONSE", "MERCHANT_CONFIRM_COMPLETE"]


def test_nothing_is_complete_before_the_first_answer(merchant: Merchant) -> None:
    complaint_id = complained(merchant)
    assert refusal(complete(merchant, complaint_id))[:2] == (400, "INVALID_REQUEST")
    assert detail(merchant, complaint_id)["complaint_state"] == "PENDING"


def test_the_buyers_last_word_has_to_be_answered_first(merchant: Merchant) -> None:
    complaint_id = complained(merchant)
    respond(merchant, complaint_id)
    merchant.emulator.buyer_replies(complaint_id, "还是不行")
    assert detail(merchant, complaint_id)["incoming_user_response"] is True
    assert refusal(complete(merchant, complaint_id))[:2] == (400, "INVALID_REQUEST")
    respond(merchant, complaint_id)
    assert detail(merchant, complaint_id)["incoming_user_response"] is False
    assert complete(merchant, complaint_id).status == 204


def test_a_processed_complaint_takes_no_more_calls(merchant: Merchant) -> None:
    complaint_id = complained(merchant)
    respond(merchant, complaint_id)
    complete(merchant, complaint_id)
    for call in (respond, complete, decide):
        assert refusal(call(merchant, complaint_id))[:2] == (400, "INVALID_REQUEST")
    assert len(steps(merchant, complaint_id)) == 3


def test_a_buyer_may_reopen_it(merchant: Merchant, clock: Clock) -> None:
    complaint_id = complained(merchant)
    with pytest.raises(ValueError, match="open"):
        merchant.emulator.reopen_complaint(complaint_id)
    respond(merchant, complaint_id)
    complete(merchant, complaint_id)
    with pytest.raises(ValueError, match="reopened"):
        merchant.emulator.buyer_replies(complaint_id)
    clock.now_s += DAY_S
    merchant.emulator.reopen_complaint(complaint_id, "又坏了")
    [shown] = document(listed(merchant, "2025-10-09", "2025-10-09"))["data"]
    assert (shown["complaint_state"], shown["user_complaint_times"], shown["complaint_detail"]) \
        == ("PENDING", 2, "又坏了")
    assert complete(merchant, complaint_id).status == 400
    respond(merchant, complaint_id)
    assert complete(merchant, complaint_id).status == 204


def test_wechats_staff_may_write_at_any_time(merchant: Merchant) -> None:
    complaint_id = complained(merchant)
    merchant.emulator.platform_replies(complaint_id, "请尽快回复")
    [newest, _] = history(merchant, complaint_id)["data"]
    assert (newest["operator"], newest["operate_details"]) == ("微信支付客服", "请尽快回复")
    assert detail(merchant, complaint_id)["complaint_state"] == "PENDING"


def test_the_same_answer_twice_is_two_messages(merchant: Merchant) -> None:
    complaint_id = complained(merchant)
    respond(merchant, complaint_id)
    respond(merchant, complaint_id)
    assert steps(merchant, complaint_id)[1:] == ["MERCHANT_RESPONSE"] * 2


def test_a_history_entry_tells_who_did_what(merchant: Merchant, clock: Clock) -> None:
    complaint_id = complained(merchant)
    clock.now_s += 60
    respond(merchant, complaint_id, response_content="请重启", response_images=["m1", "m2"])
    newest, _ = history(merchant, complaint_id)["data"]
    assert re.fullmatch(r"300\d{24}", newest.pop("log_id"))
    assert newest == {
        "operator": "商户", "operate_time": "2025-10-09T16:54:20+08:00",
        "operate_type": "MERCHANT_RESPONSE", "operate_details": "请重启",
        "image_list": ["m1", "m2"]}


def test_a_history_comes_in_pages(merchant: Merchant) -> None:
    complaint_id = complained(merchant)
    for number in range(4):
        merchant.emulator.buyer_replies(complaint_id, str(number))
    whole = history(merchant, complaint_id)
    assert (whole["limit"], whole["offset"], whole["total_count"]) == (100, 0, 5)
    part = history(merchant, complaint_id, "?limit=2&offset=1")
    assert part == {"data": whole["data"][1:3], "limit": 2, "offset": 1, "total_count": 5}
    assert history(merchant, complaint_id, "?limit=300")["data"] == whole["data"]
    for query in ("?limit=0", "?limit=301", "?offset=-1"):
        answer = merchant.send(
            "GET", f"{COMPLAINTS}/{complaint_id}/negotiation-historys{query}")
        assert refusal(answer)[:2] == (400, "PARAM_ERROR")


def test_the_list_holds_the_complaints_of_its_days(merchant: Merchant, clock: Clock) -> None:
    numbers = []
    for day in range(3):
        numbers.append(complained(merchant, f"ORDER000{day}"))
        clock.now_s += DAY_S
    found = document(listed(merchant, "2025-10-09", "2025-10-10"))
    assert [each["complaint_id"] for each in found["data"]] == numbers[1::-1]
    assert (found["limit"], found["offset"], found["total_count"]) == (10, 0, 2)
    shown = detail(merchant, numbers[0])
    del shown["complainted_mchid"], shown["payer_phone"], found["data"][1]["payer_phone"]
    assert found["data"][1] == shown


def test_a_day_of_the_list_is_a_beijing_day(merchant: Merchant, clock: Clock) -> None:
    clock.now_s += 7 * 3600 + 6 * 60 + 39  # 23:59:59
    late = complained(merchant, "LATE0001")
    clock.now_s += 1
    complained(merchant, "EARLY0001")
    found = document(listed(merchant, "2025-10-09", "2025-10-09"))["data"]
    assert [each["complaint_id"] for each in found] == [late]


def test_the_list_comes_in_pages(merchant: Merchant) -> None:
    for number in range(12):
        complained(merchant, f"ORDER{number:04}")
    first = document(listed(merchant))
    assert (len(first["data"]), first["total_count"]) == (10, 12)
    rest = document(listed(merchant, more="&limit=10&offset=10"))["data"]
    assert len({each["complaint_id"] for each in first["data"] + rest}) == 12
    assert len(document(listed(merchant, more="&limit=50"))["data"]) == 12


@pytest.mark.parametrize(("first", "last", "more", "code"), [
    ("2025-10-01", "2025-10-31", "", "PARAM_ERROR"),
    ("2025-10-02", "2025-10-01", "", "PARAM_ERROR"),
    ("2025-10-1", "2025-10-30", "", "PARAM_ERROR"),
    ("20251001", "2025-10-30", "", "PARAM_ERROR"),
    ("", "2025-10-30", "", "PARAM_ERROR"),
    ("2025-10-01", "2025-10-30", "&limit=51", "PARAM_ERROR"),
    ("2025-10-01", "2025-10-30", "&limit=0", "PARAM_ERROR"),
    ("2025-10-01", "2025-10-30", "&limit=ten", "PARAM_ERROR"),
    ("2025-10-01", "2025-10-30", "&offset=-1", "PARAM_ERROR"),
    ("2025-10-01", "2025-10-30", "&complainted_mchid=1900000000", "NO_AUTH"),
])
def test_a_list_outside_the_rules(
        merchant: Merchant, first: str, last: str, more: str, code: str) -> None:
    assert listed(merchant).status == 200
    answer = listed(merchant, first, last, more)
    assert (answer.status // 100, refusal(answer)[1]) == (4, code)


@pytest.mark.parametrize(("changes", "code"), [
    ({"response_content": ""}, "PARAM_ERROR"),
    ({"response_content": "x" * 201}, "PARAM_ERROR"),
    ({"response_images": ["m"] * 5}, "PARAM_ERROR"),
    ({"jump_url": "http://merchant.example/help"}, "PARAM_ERROR"),
    ({"jump_url_text": "x" * 11}, "PARAM_ERROR"),
    ({"mini_program_jump_info": {"appid": "wx1"}}, "PARAM_ERROR"),
    ({"complainted_mchid": "1900000000"}, "NO_AUTH"),
    ({"note": "x"}, "PARAM_ERROR"),
])
def test_an_answer_outside_the_rules(
        merchant: Merchant, changes: dict[str, Any], code: str) -> None:
    complaint_id = complained(merchant)
    assert refusal(respond(merchant, complaint_id, **changes))[1] == code
    assert detail(merchant, complaint_id)["complaint_state"] == "PENDING"
    assert respond(merchant, complaint_id, response_content="x" * 200,
                   response_images=["m"] * 4, jump_url="https://merchant.example/help",
                   jump_url_text="x" * 10).status == 204


def test_another_merchant_cannot_complete(merchant: Merchant) -> None:
    complaint_id = complained(merchant)
    respond(merchant, complaint_id)
    assert refusal(complete(merchant, complaint_id, complainted_mchid="1900000000"))[:2] == (
        403, "NO_AUTH")


def test_an_unknown_complaint_does_not_exist(merchant: Merchant) -> None:
    number = complained(merchant)[:-1] + "x"
    answers = [respond(merchant, number), complete(merchant, number), decide(merchant, number),
               merchant.send("GET", f"{COMPLAINTS}/{number}"),
               merchant.send("GET", f"{COMPLAINTS}/{number}/negotiation-historys")]
    assert {refusal(each)[:2] for each in answers} == {(404, "RESOURCE_NOT_EXISTS")}
    for move in (merchant.emulator.buyer_replies, merchant.emulator.reopen_complaint,
                 merchant.emulator.platform_replies):
        with pytest.raises(LookupError):
            move(number)


def test_who_cannot_complain(merchant: Merchant) -> None:
    emulator = merchant.emulator
    merchant.create("UNPAID0001")
    merchant.paid()
    with pytest.raises(LookupError):
        emulator.complain(out_trade_no="ORDER9999")
    for wrong in ({"out_trade_no": "UNPAID0001"}, {"detail": ""}, {"detail": "x" * 301},
                  {"problem_type": "ANGRY"}, {"apply_refund_fen": 991}):
        filing: dict[str, Any] = {"out_trade_no": "ORDER0001", **wrong}
        with pytest.raises(ValueError):
            emulator.complain(**filing)
    assert emulator.complaints == {}
    emulator.complain(out_trade_no="ORDER0001", detail="x" * 300, apply_refund_fen=990)
    with pytest.raises(ValueError, match="reopen"):
        emulator.complain(out_trade_no="ORDER0001")


def test_a_lost_answer_leaves_the_message_there(merchant: Merchant) -> None:
    complaint_id = complained(merchant)
    merchant.emulator.inject(Fault("timeout_after_commit", "complaint_response"))
    with pytest.raises(ConnectionDropped):
        respond(merchant, complaint_id)
    assert steps(merchant, complaint_id) == ["USER_CREATE_COMPLAINT", "MERCHANT_RESPONSE"]
