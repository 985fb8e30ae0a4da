"""Complaints by the control API, and what of them outlives a restart."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from emulators.wechatpay import Account, WeChatPayEmulator
from tests.emulators.wechatpay.complaints import complained, complete, detail, register, respond
from tests.emulators.wechatpay.merchant import Clock, Merchant, Receiver, document
from tests.emulators.wechatpay.test_control import control

if TYPE_CHECKING:
    from pathlib import Path


def test_a_complaint_by_control_call(merchant: Merchant) -> None:
    merchant.paid()
    status, made = control(merchant, "POST", "complain", out_trade_no="ORDER0001",
                           detail="打不开", problem_type="REFUND", apply_refund_fen=5,
                           payer_phone="13900000000")
    shown = detail(merchant, made["complaint_id"])
    assert (status, shown["complaint_detail"], shown["apply_refund_amount"]) == (
        200, "打不开", 5)
    assert [each["complaint_id"] for each in control(merchant, "GET", "complaints")[1]] == [
        made["complaint_id"]]


def test_buyer_and_platform_go_on_by_control_call(merchant: Merchant) -> None:
    merchant.paid()
    number = control(merchant, "POST", "complain", out_trade_no="ORDER0001")[1]["complaint_id"]
    respond(merchant, number)
    replied = control(merchant, "POST", "complaint-reply", complaint_id=number, text="?")[1]
    assert replied["incoming_user_response"] is True
    assert control(merchant, "POST", "platform-reply", complaint_id=number)[0] == 200
    respond(merchant, number)
    complete(merchant, number)
    reopened = control(merchant, "POST", "reopen-complaint", complaint_id=number, detail="!")[1]
    assert (reopened["state"], reopened["times"]) == ("PENDING", 2)
    shown = control(merchant, "GET", f"complaints/{number}")[1]
    assert [each["operate_type"] for each in shown["history"]] == [
        "USER_CREATE_COMPLAINT", "MERCHANT_RESPONSE", "USER_RESPONSE", "PLATFORM_RESPONSE",
        "MERCHANT_RESPONSE", "MERCHANT_CONFIRM_COMPLETE", "USER_CONTINUE_COMPLAINT"]


@pytest.mark.parametrize(("method", "name", "body", "status"), [
    ("POST", "complain", {}, 404),
    ("POST", "complain", {"out_trade_no": "ORDER0001", "detail": ""}, 400),
    ("POST", "complain", {"out_trade_no": "ORDER0001", "apply_refund_fen": "5"}, 400),
    ("POST", "complaint-reply", {"complaint_id": "X"}, 404),
    ("POST", "reopen-complaint", {}, 404),
    ("GET", "complaints/X", {}, 404),
])
def test_a_call_that_makes_no_sense(
        merchant: Merchant, method: str, name: str, body: dict[str, Any], status: int) -> None:
    merchant.paid()
    got, answer = control(merchant, method, name, **body)
    assert (got, "error" in answer) == (status, True)


def test_complaints_and_their_address_outlive_the_process(
        account: Account, tmp_path: Path) -> None:
    clock, receiver = Clock(), Receiver(200, 500)
    with WeChatPayEmulator(account, clock, receiver, tmp_path / "data") as emulator:
        merchant = Merchant(emulator, clock, receiver)
        register(merchant)
        number = complained(merchant)
        respond(merchant, number)
        emulator.buyer_replies(number)
        emulator.deliver_due_notifies()
        before, entries = emulator.complaints, emulator.complaint_entries(number)
    clock.now_s += 5
    with WeChatPayEmulator(account, clock, receiver, tmp_path / "data") as emulator:
        assert emulator.complaints == before
        assert emulator.complaint_entries(number) == entries
        assert [each.event_type for each in emulator.deliver_due_notifies()] == [
            "COMPLAINT.CREATE"]
        emulator.reset()
        assert emulator.complaints == {}
        assert Merchant(emulator, clock).send(
            "GET", "/v3/merchant-service/complaint-notifications").status == 404


def test_a_file_from_before_a_column_existed_is_read(account: Account, tmp_path: Path) -> None:
    clock = Clock()
    with WeChatPayEmulator(account, clock, data=tmp_path / "data") as emulator:
        merchant = Merchant(emulator, clock)
        merchant.paid()
        shown = document(merchant.refund())
    with closing(sqlite3.connect(tmp_path / "data")) as file:
        for column in ("channel", "received_account"):
            file.execute(f"ALTER TABLE refunds DROP COLUMN {column}")
        file.execute("ALTER TABLE bill_files DROP COLUMN filler_bytes")
        file.commit()
    with WeChatPayEmulator(account, clock, data=tmp_path / "data") as emulator:
        answer = Merchant(emulator, clock).send(
            "GET", "/v3/refund/domestic/refunds/REFUND0001")
        assert document(answer) == shown
