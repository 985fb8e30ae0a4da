"""Create, query, close and pay: what the answers say, in every state of an order."""

from __future__ import annotations

import json
import re

import pytest

from emulators.wechatpay import PaymentRefused
from tests.emulators.wechatpay.merchant import Clock, Merchant, document, refusal

TWO_HOURS_S = 7200


def test_create_answers_a_code_url(merchant: Merchant) -> None:
    answer = merchant.create()
    assert answer.status == 200
    assert re.fullmatch(r"weixin://wxpay/bizpayurl\?pr=\w+", document(answer)["code_url"])
    assert answer.headers["Request-Id"].endswith("-0")


def test_an_unpaid_order_answers_little_more_than_its_state(merchant: Merchant) -> None:
    merchant.create(attach="hint")
    assert document(merchant.query()) == {
        "appid": merchant.account.appid, "mchid": merchant.account.mchid,
        "out_trade_no": "ORDER0001", "trade_state": "NOTPAY", "trade_state_desc": "订单未支付"}


def test_a_paid_order_answers_everything(merchant: Merchant) -> None:
    transaction_id = merchant.emulator.pay(
        merchant.code_url(attach="hint"), payer_openid="oPayer", coupon_fen=90)
    paid = document(merchant.query())
    assert paid["trade_state"] == "SUCCESS"
    assert paid["trade_type"] == "NATIVE"
    assert paid["transaction_id"] == transaction_id
    assert re.fullmatch(r"4200\d{24}", transaction_id)
    assert paid["payer"] == {"openid": "oPayer"}
    assert paid["amount"] == {"total": 990, "payer_total": 900, "currency": "CNY",
                              "payer_currency": "CNY"}
    assert paid["promotion_detail"][0]["amount"] == 90
    assert paid["attach"] == "hint"
    assert paid["success_time"] == "2025-10-09T16:53:20+08:00"


def test_a_paid_order_is_found_by_transaction_id(merchant: Merchant) -> None:
    transaction_id = merchant.paid()
    target = f"/v3/pay/transactions/id/{transaction_id}?mchid={merchant.account.mchid}"
    assert document(merchant.send("GET", target)) == document(merchant.query())
    unknown = f"/v3/pay/transactions/id/4200?mchid={merchant.account.mchid}"
    assert refusal(merchant.send("GET", unknown)) == (404, "ORDER_NOT_EXIST", "268512771")


def test_a_query_needs_the_merchant_number(merchant: Merchant) -> None:
    merchant.create()
    path = "/v3/pay/transactions/out-trade-no/ORDER0001"
    assert refusal(merchant.send("GET", path))[:2] == (400, "PARAM_ERROR")
    assert refusal(merchant.send("GET", f"{path}?mchid=1900000000")) == (
        400, "INVALID_REQUEST", "268447843")
    twice = f"{path}?mchid={merchant.account.mchid}&mchid={merchant.account.mchid}"
    assert refusal(merchant.send("GET", twice))[:2] == (400, "PARAM_ERROR")


def test_an_unknown_order_does_not_exist(merchant: Merchant) -> None:
    assert refusal(merchant.query("ORDER9999")) == (404, "ORDER_NOT_EXIST", "268512771")


def test_the_same_params_get_a_fresh_code_and_the_old_one_dies(merchant: Merchant) -> None:
    old = merchant.code_url()
    new = merchant.code_url()
    assert new != old
    with pytest.raises(PaymentRefused) as refused:
        merchant.emulator.pay(old)
    assert refused.value.reason == "code_unknown"
    merchant.emulator.pay(new)
    assert list(merchant.emulator.orders) == ["ORDER0001"]


@pytest.mark.parametrize("change", [
    {"description": "something else"},
    {"amount": {"total": 991, "currency": "CNY"}},
    {"amount": {"total": 990}},
    {"attach": "new"},
    {"time_expire": "2025-10-10T16:53:20+08:00"},
])
def test_other_params_for_a_known_number_are_refused(
        merchant: Merchant, change: dict[str, object]) -> None:
    merchant.create()
    assert refusal(merchant.create(**change)) == (400, "INVALID_REQUEST", "268498688")


def test_creating_again_in_a_final_state_is_refused(merchant: Merchant) -> None:
    merchant.paid("PAID0001")
    assert refusal(merchant.create("PAID0001")) == (400, "ORDERPAID", "268498689")
    merchant.create("CLOSED0001")
    merchant.close("CLOSED0001")
    assert refusal(merchant.create("CLOSED0001"))[:2] == (400, "ORDER_CLOSED")
    merchant.refund(out_trade_no="PAID0001")
    assert refusal(merchant.create("PAID0001"))[:2] == (403, "OUT_TRADE_NO_USED")


def test_a_code_lasts_two_hours_and_can_be_renewed(merchant: Merchant, clock: Clock) -> None:
    code_url = merchant.code_url()
    clock.now_s += TWO_HOURS_S
    with pytest.raises(PaymentRefused) as refused:
        merchant.emulator.pay(code_url)
    assert refused.value.reason == "code_expired"
    merchant.emulator.pay(merchant.code_url())


def test_a_code_is_paid_in_its_last_second(merchant: Merchant, clock: Clock) -> None:
    code_url = merchant.code_url()
    clock.now_s += TWO_HOURS_S - 1
    merchant.emulator.pay(code_url)
    assert merchant.emulator.orders["ORDER0001"].trade_state == "SUCCESS"


def test_nobody_pays_after_time_expire(merchant: Merchant, clock: Clock) -> None:
    code_url = merchant.code_url(time_expire="2025-10-09T17:03:20+08:00")
    clock.now_s += 600
    with pytest.raises(PaymentRefused) as refused:
        merchant.emulator.pay(code_url)
    assert refused.value.reason == "order_expired"
    assert refusal(merchant.create(time_expire="2025-10-09T17:03:20+08:00")) == (
        400, "INVALID_REQUEST", "268447914")
    assert document(merchant.query())["trade_state"] == "NOTPAY"


def test_closing_answers_204_as_often_as_wanted(merchant: Merchant) -> None:
    code_url = merchant.code_url()
    for _ in range(2):
        answer = merchant.close()
        assert (answer.status, answer.body) == (204, b"")
        assert merchant.genuine(answer.headers, b"")
    assert document(merchant.query())["trade_state"] == "CLOSED"
    with pytest.raises(PaymentRefused) as refused:
        merchant.emulator.pay(code_url)
    assert refused.value.reason == "closed"


def test_closing_a_paid_order_says_so(merchant: Merchant) -> None:
    merchant.paid()
    assert refusal(merchant.close()) == (400, "ORDERPAID", "268449538")
    assert document(merchant.query())["trade_state"] == "SUCCESS"


def test_closing_a_number_never_created_burns_it(merchant: Merchant) -> None:
    assert merchant.close("GHOST0001").status == 204
    assert refusal(merchant.create("GHOST0001")) == (400, "INVALID_REQUEST", "268498688")
    assert refusal(merchant.query("GHOST0001"))[0] == 404


def test_closing_a_number_never_created_can_be_refused(make_merchant) -> None:  # type: ignore[no-untyped-def]
    merchant = make_merchant(unknown_close_burns=False)
    assert refusal(merchant.close("GHOST0001"))[:2] == (404, "ORDER_NOT_EXIST")
    assert merchant.create("GHOST0001").status == 200


def test_a_scanned_order_belongs_to_who_scanned_it(merchant: Merchant) -> None:
    code_url = merchant.code_url()
    merchant.emulator.scan(code_url, "oFirst")
    with pytest.raises(PaymentRefused) as refused:
        merchant.emulator.pay(code_url, payer_openid="oSecond")
    assert refused.value.reason == "scanned_by_another"
    merchant.emulator.pay(code_url)
    assert merchant.emulator.orders["ORDER0001"].payer_openid == "oFirst"


def test_a_renewed_code_belongs_to_nobody(merchant: Merchant) -> None:
    merchant.emulator.scan(merchant.code_url(), "oFirst")
    merchant.emulator.pay(merchant.code_url(), payer_openid="oSecond")
    assert merchant.emulator.orders["ORDER0001"].payer_openid == "oSecond"


def test_an_order_is_paid_once(merchant: Merchant) -> None:
    code_url = merchant.code_url()
    merchant.emulator.pay(code_url)
    with pytest.raises(PaymentRefused) as refused:
        merchant.emulator.pay(out_trade_no="ORDER0001")
    assert refused.value.reason == "already_paid"
    assert len(merchant.emulator.deliver_due_notifies()) == 1


@pytest.mark.parametrize("coupon_fen", [-1, 990])
def test_a_coupon_never_covers_all(merchant: Merchant, coupon_fen: int) -> None:
    code_url = merchant.code_url()
    with pytest.raises(ValueError, match="coupon_fen"):
        merchant.emulator.pay(code_url, coupon_fen=coupon_fen)
    assert merchant.emulator.orders["ORDER0001"].trade_state == "NOTPAY"


def test_a_percent_encoded_number_is_the_same_number(merchant: Merchant) -> None:
    merchant.create("A|B*C-D_1")
    path = "/v3/pay/transactions/out-trade-no/A%7CB%2AC-D_1?mchid="
    answer = merchant.send("GET", path + merchant.account.mchid)
    assert json.loads(answer.body)["out_trade_no"] == "A|B*C-D_1"
