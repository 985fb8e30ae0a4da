"""Refunds: what is accepted, how they settle, what is notified, what stays of the balance."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulators.wechatpay import Account, ApiError, Fault, WeChatPayEmulator
from emulators.wechatpay.funds import balance_fen, ledger
from tests.emulators.wechatpay.merchant import Clock, Merchant, document, refusal

if TYPE_CHECKING:
    from collections.abc import Callable

REFUND_URL = "https://merchant.example/refund-notify"
REFUNDS = "/v3/refund/domestic/refunds"


def status(merchant: Merchant, out_refund_no: str = "REFUND0001") -> str:
    return str(document(merchant.send("GET", f"{REFUNDS}/{out_refund_no}"))["status"])


def test_a_refund_is_accepted_and_settles_later(merchant: Merchant, clock: Clock) -> None:
    transaction_id = merchant.paid()
    accepted = document(merchant.refund())
    assert accepted["status"] == "PROCESSING"
    assert accepted["transaction_id"] == transaction_id
    assert re.fullmatch(r"503\d{26}", accepted["refund_id"])
    assert accepted["amount"]["refund"] == accepted["amount"]["payer_refund"] == 990
    assert "success_time" not in accepted
    clock.now_s += 59
    assert status(merchant) == "PROCESSING"
    clock.now_s += 1
    settled = document(merchant.send("GET", f"{REFUNDS}/REFUND0001"))
    assert settled["status"] == "SUCCESS"
    assert settled["success_time"] == "2025-10-09T16:54:20+08:00"


def test_a_refunded_order_says_so(merchant: Merchant) -> None:
    merchant.paid()
    merchant.refund(1)
    assert document(merchant.query())["trade_state"] == "REFUND"


def test_the_same_number_is_the_same_refund(merchant: Merchant) -> None:
    merchant.paid()
    first = document(merchant.refund(500))
    again = document(merchant.refund(500))
    assert again == first
    assert len(merchant.emulator.refunds) == 1
    assert refusal(merchant.refund(400))[:2] == (400, "INVALID_REQUEST")


def test_by_transaction_id_too(merchant: Merchant) -> None:
    transaction_id = merchant.paid()
    body = {"transaction_id": transaction_id, "out_refund_no": "R1",
            "amount": {"refund": 1, "total": 990, "currency": "CNY"}}
    assert merchant.send("POST", REFUNDS, body).status == 200
    both = {**body, "out_refund_no": "R2", "out_trade_no": "ORDER9999"}
    assert refusal(merchant.send("POST", REFUNDS, both))[:2] == (404, "RESOURCE_NOT_EXISTS")
    del both["transaction_id"], both["out_trade_no"]
    assert refusal(merchant.send("POST", REFUNDS, both))[:2] == (400, "PARAM_ERROR")


def test_no_more_than_the_total_comes_back(merchant: Merchant) -> None:
    merchant.paid()
    assert merchant.refund(600, out_refund_no="R1").status == 200
    assert refusal(merchant.refund(391, out_refund_no="R2"))[:2] == (400, "INVALID_REQUEST")
    assert merchant.refund(390, out_refund_no="R3").status == 200


def test_a_closed_refund_frees_its_amount_an_abnormal_one_does_not(merchant: Merchant) -> None:
    merchant.paid()
    merchant.refund(990, out_refund_no="R1")
    merchant.emulator.settle_refund("R1", "ABNORMAL")
    assert merchant.refund(1, out_refund_no="R2").status == 400
    merchant.emulator.settle_refund("R1", "CLOSED")
    assert merchant.refund(1, out_refund_no="R2").status == 200
    with pytest.raises(ValueError, match="CLOSED"):
        merchant.emulator.settle_refund("R1", "SUCCESS")


@pytest.mark.parametrize(("change", "expected"), [
    ({"total": 991}, (400, "INVALID_REQUEST")),
    ({"out_trade_no": "ORDER9999"}, (404, "RESOURCE_NOT_EXISTS")),
    ({"out_refund_no": "a b"}, (400, "PARAM_ERROR")),
    ({"out_refund_no": "r" * 65}, (400, "PARAM_ERROR")),
    ({"reason": "x" * 81}, (400, "PARAM_ERROR")),
    ({"notify_url": "http://merchant.example/"}, (400, "PARAM_ERROR")),
    ({"funds_account": "MINE"}, (400, "PARAM_ERROR")),
    ({"amount": {"refund": 0, "total": 990, "currency": "CNY"}}, (400, "PARAM_ERROR")),
    ({"amount": {"refund": 1, "total": 990}}, (400, "PARAM_ERROR")),
    ({"mchid": "1900000000"}, (400, "PARAM_ERROR")),
])
def test_a_refund_outside_the_rules(
        merchant: Merchant, change: dict[str, Any], expected: tuple[int, str]) -> None:
    merchant.paid()
    assert refusal(merchant.refund(**change))[:2] == expected
    assert merchant.emulator.refunds == {}
    assert merchant.refund(out_refund_no="r_-|*@1", reason="x" * 80).status == 200


def test_an_unpaid_order_has_nothing_to_refund(merchant: Merchant) -> None:
    merchant.create()
    assert refusal(merchant.refund())[:2] == (404, "RESOURCE_NOT_EXISTS")


def test_fifty_partial_refunds_and_no_more(merchant: Merchant) -> None:
    merchant.paid()
    for number in range(50):
        assert merchant.refund(1, out_refund_no=f"R{number}").status == 200
    assert refusal(merchant.refund(1, out_refund_no="R50"))[:2] == (400, "INVALID_REQUEST")


def test_a_year_after_the_payment_is_too_late(merchant: Merchant, clock: Clock) -> None:
    merchant.paid()
    clock.now_s += 365 * 86400
    assert merchant.refund(1, out_refund_no="R1").status == 200
    clock.now_s += 1
    assert refusal(merchant.refund(1, out_refund_no="R2"))[:2] == (400, "INVALID_REQUEST")


def test_an_unknown_refund_does_not_exist(merchant: Merchant) -> None:
    assert refusal(merchant.send("GET", f"{REFUNDS}/NOTHING"))[:2] == (404, "RESOURCE_NOT_EXISTS")


@pytest.mark.parametrize("outcome", ["SUCCESS", "ABNORMAL", "CLOSED"])
def test_the_outcome_is_notified(merchant: Merchant, outcome: str) -> None:
    merchant.paid()
    merchant.emulator.deliver_due_notifies()
    merchant.refund(400, notify_url=REFUND_URL)
    merchant.emulator.settle_refund("REFUND0001", outcome)
    [attempt] = merchant.emulator.deliver_due_notifies()
    assert (attempt.url, attempt.event_type) == (REFUND_URL, f"REFUND.{outcome}")
    told = merchant.open_notify(attempt.headers, attempt.body)
    assert told["refund_status"] == outcome
    assert "status" not in told
    assert ("success_time" in told) is (outcome == "SUCCESS")
    assert told["amount"] == {"total": 990, "refund": 400, "payer_total": 990,
                              "payer_refund": 400}


def test_no_notify_url_no_notify(merchant: Merchant, clock: Clock) -> None:
    merchant.paid()
    merchant.emulator.deliver_due_notifies()
    merchant.refund()
    clock.now_s += 60
    assert merchant.emulator.deliver_due_notifies() == []
    assert status(merchant) == "SUCCESS"


def test_a_refused_call_does_not_undo_what_the_clock_did(
        merchant: Merchant, clock: Clock) -> None:
    merchant.paid()
    merchant.emulator.deliver_due_notifies()
    merchant.refund(notify_url=REFUND_URL)
    merchant.emulator.inject(Fault("lost", "notify"))
    clock.now_s += 60
    assert merchant.query("ORDER9999").status == 404
    assert merchant.emulator.refunds["REFUND0001"].status == "SUCCESS"
    assert merchant.emulator.deliver_due_notifies() == []


def test_a_coupon_is_given_back_in_proportion(merchant: Merchant) -> None:
    merchant.emulator.pay(merchant.code_url(), coupon_fen=99)
    amounts = document(merchant.refund(500))["amount"]
    assert (amounts["payer_total"], amounts["discount_refund"], amounts["payer_refund"]) == (
        891, 50, 450)


def test_the_portal_can_refund_what_is_left(merchant: Merchant, clock: Clock) -> None:
    merchant.paid()
    merchant.emulator.deliver_due_notifies()
    merchant.refund(400)
    refund = merchant.emulator.console_refund("ORDER0001")
    assert refund.refund_fen == 590
    clock.now_s += 60
    assert merchant.emulator.deliver_due_notifies() == []
    assert status(merchant, refund.out_refund_no) == "SUCCESS"
    with pytest.raises(ApiError):
        merchant.emulator.console_refund("ORDER0001", 1)


def test_an_empty_account_refunds_nothing_until_it_is_filled(merchant: Merchant) -> None:
    merchant.paid()
    merchant.emulator.set_balance(0)
    assert refusal(merchant.refund())[:2] == (403, "NOT_ENOUGH")
    assert merchant.emulator.refunds == {}
    assert document(merchant.query())["trade_state"] == "SUCCESS"
    merchant.emulator.set_balance(990)
    assert merchant.refund().status == 200


def test_a_full_refund_leaves_nothing_on_either_side(
        make_merchant: Callable[..., Merchant]) -> None:
    merchant = make_merchant(opening_balance_fen=5)
    merchant.paid()
    assert balance_fen(merchant.emulator.ctx) == 5 + 990 - 6
    merchant.refund()
    assert balance_fen(merchant.emulator.ctx) == 5


@given(total=st.integers(1, 5000), parts=st.lists(st.integers(1, 900), max_size=8))
@settings(deadline=None, max_examples=30)
def test_however_it_is_split_fees_and_refunds_add_up(
        account: Account, total: int, parts: list[int]) -> None:
    clock = Clock()
    with WeChatPayEmulator(account, clock) as emulator:
        merchant = Merchant(emulator, clock)
        merchant.paid(amount={"total": total, "currency": "CNY"})
        left = total
        for number, part in enumerate(parts):
            answer = merchant.refund(part, out_refund_no=f"R{number}", total=total)
            assert (answer.status == 200) is (part <= left)
            left -= part if answer.status == 200 else 0
            assert balance_fen(emulator.ctx) == sum(
                each.change_fen for each in ledger(emulator.ctx))
        if left:
            emulator.console_refund("ORDER0001", left)
        assert balance_fen(emulator.ctx) == 0
