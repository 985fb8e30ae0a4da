"""The rules of request bodies: each refused body differs from an accepted one in one field."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulators.wechatpay import Account, WeChatPayEmulator
from tests.emulators.wechatpay.merchant import Clock, Merchant, document, refusal

if TYPE_CHECKING:
    from collections.abc import Callable

NATIVE = "/v3/pay/transactions/native"
BAD_PARAM = (400, "PARAM_ERROR", "268435461")
FOUR_BYTES = "license 🎉"


@pytest.mark.parametrize("change", [
    {},
    {"description": "x" * 127},
    {"description": "许" * 127},
    {"out_trade_no": "a_-|*Z"},
    {"out_trade_no": "a" * 32},
    {"notify_url": "http://127.0.0.1:9000/notify"},
    {"notify_url": "http://localhost/notify"},
    {"notify_url": "http://[::1]:9000/notify"},
    {"notify_url": "https://a.example/" + "n" * 237},
    {"amount": {"total": 1}},
    {"attach": "x" * 128},
    {"time_expire": "2025-10-09T16:55:20+08:00"},
    {"time_expire": "2025-10-09T08:55:20Z"},
    {"time_expire": "2025-10-09T08:55:20.5Z"},
    {"support_fapiao": True},
    {"goods_tag": "TAG"},
    {"settle_info": {"profit_sharing": False}},
    {"scene_info": {"payer_client_ip": "203.0.113.7", "store_info": {"id": "1"}}},
    {"detail": {"cost_price": 990, "goods_detail": [
        {"merchant_goods_id": "year", "quantity": 1, "unit_price": 990}]}},
])
def test_a_body_within_the_rules_is_accepted(merchant: Merchant, change: dict[str, Any]) -> None:
    assert merchant.create(**change).status == 200


@pytest.mark.parametrize(("change", "field"), [
    ({"description": ""}, "/description"),
    ({"description": "x" * 128}, "/description"),
    ({"description": FOUR_BYTES}, "/description"),
    ({"description": None}, "/description"),
    ({"description": 5}, "/description"),
    ({"out_trade_no": "a" * 5}, "/out_trade_no"),
    ({"out_trade_no": "a" * 33}, "/out_trade_no"),
    ({"out_trade_no": "order 1"}, "/out_trade_no"),
    ({"out_trade_no": "order/1"}, "/out_trade_no"),
    ({"out_trade_no": "订单000001"}, "/out_trade_no"),
    ({"out_trade_no": "ORDER１２３"}, "/out_trade_no"),
    ({"notify_url": "http://merchant.example/notify"}, "/notify_url"),
    ({"notify_url": "https://merchant.example/notify?a=1"}, "/notify_url"),
    ({"notify_url": "https://merchant.example/notify?"}, "/notify_url"),
    ({"notify_url": "https://merchant.example/notify#a"}, "/notify_url"),
    ({"notify_url": "https://user@merchant.example/notify"}, "/notify_url"),
    ({"notify_url": "merchant.example/notify"}, "/notify_url"),
    ({"notify_url": "https:///notify"}, "/notify_url"),
    ({"notify_url": "https://[::1/notify"}, "/notify_url"),
    ({"notify_url": "https://merchant.example:port/notify"}, "/notify_url"),
    ({"notify_url": "https://merchant.example/not ify"}, "/notify_url"),
    ({"notify_url": "https://merchant.example/" + "n" * 231}, "/notify_url"),
    ({"amount": {"total": 0}}, "/amount/total"),
    ({"amount": {"total": 9.9}}, "/amount/total"),
    ({"amount": {"total": 990.0}}, "/amount/total"),
    ({"amount": {"total": "990"}}, "/amount/total"),
    ({"amount": {"total": True}}, "/amount/total"),
    ({"amount": {"total": 2**63}}, "/amount/total"),
    ({"amount": {}}, "/amount/total"),
    ({"amount": 990}, "/amount"),
    ({"amount": {"total": 990, "currency": "USD"}}, "/amount/currency"),
    ({"attach": "x" * 129}, "/attach"),
    ({"time_expire": "2025-10-09 16:55:20"}, "/time_expire"),
    ({"time_expire": "2025-10-09T16:55:20"}, "/time_expire"),
    ({"time_expire": "2025-13-09T16:55:20+08:00"}, "/time_expire"),
    ({"support_fapiao": "true"}, "/support_fapiao"),
    ({"scene_info": {"device_id": "1"}}, "/scene_info/payer_client_ip"),
    ({"detail": {"goods_detail": {}}}, "/detail/goods_detail"),
    ({"detail": {"goods_detail": [{"quantity": 1, "unit_price": 1}]}},
     "/detail/goods_detail/0/merchant_goods_id"),
])
def test_a_field_outside_the_rules_is_named(
        merchant: Merchant, change: dict[str, Any], field: str) -> None:
    answer = merchant.create(**change)
    assert refusal(answer) == BAD_PARAM
    assert document(answer)["detail"]["field"] == field
    assert merchant.emulator.orders == {}


@pytest.mark.parametrize("missing", ["appid", "mchid", "description", "out_trade_no",
                                     "notify_url", "amount"])
def test_a_missing_field_is_named(merchant: Merchant, missing: str) -> None:
    body = merchant.order()
    del body[missing]
    answer = merchant.send("POST", NATIVE, body)
    assert refusal(answer) == BAD_PARAM
    assert document(answer)["detail"]["field"] == f"/{missing}"


@pytest.mark.parametrize("change", [
    {"sub_mchid": "1"}, {"payer": {"openid": "o"}}, {"amount": {"total": 1, "payer_total": 1}}])
def test_an_undocumented_field_is_refused(merchant: Merchant, change: dict[str, Any]) -> None:
    assert refusal(merchant.create(**change)) == (400, "PARAM_ERROR", "270924358")


def test_appid_and_mchid_must_be_the_accounts(merchant: Merchant) -> None:
    assert refusal(merchant.create(appid="wx0000000000000000")) == (
        400, "APPID_MCHID_NOT_MATCH", "268445527")
    assert refusal(merchant.create(mchid="1900000000"))[2] == "268447843"


def test_more_hosts_may_be_notified_over_http(make_merchant: Callable[..., Merchant]) -> None:
    merchant = make_merchant(http_notify_hosts=frozenset({"shop"}))
    assert merchant.create(notify_url="http://shop:8000/notify").status == 200
    assert merchant.create("ORDER0002", notify_url="http://other:8000/notify").status == 400


@pytest.mark.parametrize(("time_expire", "lives_s"), [
    ("2025-10-09T16:53:21+08:00", 60),
    ("2025-10-09T16:54:20+08:00", 60),
    ("2025-10-09T16:54:21+08:00", 61),
    ("2026-10-09T16:53:20+08:00", 90 * 86400),
])
def test_the_deadline_is_raised_to_a_minute_and_cut_to_ninety_days(
        merchant: Merchant, clock: Clock, time_expire: str, lives_s: int) -> None:
    merchant.create(time_expire=time_expire)
    assert merchant.emulator.orders["ORDER0001"].expires_at_s == clock.now_s + lives_s


def test_the_deadline_is_seven_days_when_none_is_given(merchant: Merchant, clock: Clock) -> None:
    merchant.create()
    assert merchant.emulator.orders["ORDER0001"].expires_at_s == clock.now_s + 7 * 86400


def test_a_deadline_already_over_is_refused(merchant: Merchant) -> None:
    assert refusal(merchant.create(time_expire="2025-10-09T16:53:20+08:00")) == (
        400, "INVALID_REQUEST", "268447914")


@pytest.mark.parametrize("body", [
    b"", b"{", b"[]", b"null", b"\xff", b'{"total": NaN}', b"[" * 100_000])
def test_a_body_that_is_no_json_object_is_a_param_error(
        merchant: Merchant, body: bytes) -> None:
    answer = merchant.emulator.handle("POST", NATIVE, merchant.headers("POST", NATIVE, body), body)
    assert refusal(answer)[:2] == (400, "PARAM_ERROR")


JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False)
                    | st.text(), lambda inner: st.lists(inner, max_size=3)
                    | st.dictionaries(st.text(max_size=5), inner, max_size=3), max_leaves=5)


@given(name=st.sampled_from(["appid", "mchid", "description", "out_trade_no", "time_expire",
                             "attach", "notify_url", "amount", "detail", "scene_info"]),
       value=JSON)
@settings(deadline=None)
def test_any_value_in_any_field_is_accepted_or_refused(
        account: Account, name: str, value: object) -> None:
    clock = Clock()
    with WeChatPayEmulator(account, clock) as emulator:
        merchant = Merchant(emulator, clock)
        body = json.dumps({**merchant.order(), name: value}).encode()
        answer = emulator.handle("POST", NATIVE, merchant.headers("POST", NATIVE, body), body)
    assert answer.status in (200, 400)
