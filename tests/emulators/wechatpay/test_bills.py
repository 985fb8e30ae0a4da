"""Bills: when they exist, how they are fetched, and what their files look like, byte by byte."""

from __future__ import annotations

import gzip
import hashlib
from typing import TYPE_CHECKING, Any

import pytest

from tests.emulators.wechatpay.merchant import Clock, Merchant, document, refusal

if TYPE_CHECKING:
    from collections.abc import Callable

DAY_S = 86400
NEXT_DAY_AT_TEN_S = 61_600  # from 16:53:20 in Beijing to 10:00:00 the next day
PREFIX = "https://api.mch.weixin.qq.com"


def apply(merchant: Merchant, path: str = "tradebill", **query: str) -> Any:
    given = {"bill_date": "2025-10-09", **query}
    listed = "&".join(f"{name}={value}" for name, value in given.items())
    return merchant.send("GET", f"/v3/bill/{path}?{listed}")


def fetch(merchant: Merchant, answer: Any) -> Any:
    url = document(answer)["download_url"]
    assert url.startswith(PREFIX + "/v3/billdownload/file?token=")
    return merchant.send("GET", url.removeprefix(PREFIX))


def text_of(merchant: Merchant, path: str = "tradebill", **query: str) -> str:
    """The bill's text; its hash must be true."""
    answer = apply(merchant, path, **query)
    assert answer.status == 200, answer.body
    content = fetch(merchant, answer).body
    assert document(answer)["hash_type"] == "SHA1"
    assert document(answer)["hash_value"] == hashlib.sha1(content).hexdigest()
    return str(content.decode("utf-8"))


def rows(text: str) -> list[dict[str, str]]:
    """The rows by column name, split as the documents say: on a comma and a back-tick."""
    lines = text.removeprefix("\ufeff").split("\r\n")
    names = lines[0].split(",")
    found = [dict(zip(names, line.removeprefix("`").split(",`"), strict=True))
             for line in lines[1:-3]]
    assert all(len(each) == len(names) for each in found)
    return found


@pytest.fixture
def sold(merchant: Merchant, clock: Clock) -> Merchant:
    """An order paid with a coupon, partly refunded; the next morning at ten."""
    merchant.emulator.pay(merchant.code_url(
        "BILL0001", description="许可, one year", attach="a`b",
        amount={"total": 1234, "currency": "CNY"}), payer_openid="oPayer", coupon_fen=34)
    clock.now_s += 60
    merchant.refund(234, out_trade_no="BILL0001", total=1234)
    merchant.create("UNPAID0001")
    clock.now_s += NEXT_DAY_AT_TEN_S - 60
    return merchant


def test_a_trade_bill_is_written_as_wechat_writes_it(sold: Merchant) -> None:
    text = text_of(sold)
    order = sold.emulator.orders["BILL0001"]
    refund = sold.emulator.refunds["REFUND0001"]
    account = sold.account
    assert text == (
        "\ufeff交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,"
        "交易状态,付款银行,货币种类,应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,"
        "充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,"
        "费率备注\r\n"
        f"`2025-10-09 16:54:20,`{account.appid},`{account.mchid},`0,`,`{order.transaction_id},"
        "`BILL0001,`oPayer,`NATIVE,`REFUND,`OTHERS,`CNY,`0.00,`0.00,"
        f"`{refund.refund_id},`REFUND0001,`2.34,`0.06,`ORIGINAL,`SUCCESS,`许可, one year,`a`b,"
        "`-0.01404,`0.60%,`0.00,`2.34,`\r\n"
        f"`2025-10-09 16:53:20,`{account.appid},`{account.mchid},`0,`,`{order.transaction_id},"
        "`BILL0001,`oPayer,`NATIVE,`SUCCESS,`OTHERS,`CNY,`12.34,`0.34,`0,`0,`0.00,`0.00,`,`,"
        "`许可, one year,`a`b,`0.07404,`0.60%,`12.34,`0.00,`\r\n"
        "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,"
        "申请退款总金额\r\n"
        "`2,`12.34,`2.34,`0.06,`0.06000,`12.34,`2.34\r\n")


def test_the_kinds_of_trade_bill_list_their_own_rows(sold: Merchant) -> None:
    assert [row["交易状态"] for row in rows(text_of(sold, bill_type="ALL"))] == [
        "REFUND", "SUCCESS"]
    [paid] = rows(text_of(sold, bill_type="SUCCESS"))
    assert (paid["交易状态"], paid["订单金额"]) == ("SUCCESS", "12.34")
    assert "退款金额" not in paid
    [refund] = rows(text_of(sold, bill_type="REFUND"))
    assert (refund["退款金额"], refund["退款申请时间"]) == ("2.34", "2025-10-09 16:54:20")
    assert refusal(apply(sold, bill_type="RECHARGE_REFUND"))[:2] == (400, "NO_STATEMENT_EXIST")


def test_a_fund_flow_bill_adds_up(sold: Merchant) -> None:
    found = rows(text_of(sold, "fundflowbill"))
    assert [(row["业务名称"], row["收支类型"], row["收支金额(元)"], row["账户结余(元)"])
            for row in found] == [("交易", "收入", "12.34", "12.34"),
                                  ("扣除交易手续费", "支出", "0.07", "12.27"),
                                  ("退款", "支出", "2.33", "9.94")]
    assert found[2]["备注"] == "退款总金额2.34元;含手续费0.01元"
    assert text_of(sold, "fundflowbill").endswith(
        "资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额\r\n`3,`1,`12.34,`2,`2.40\r\n")
    assert refusal(apply(sold, "fundflowbill", account_type="FEES"))[:2] == (
        400, "NO_STATEMENT_EXIST")


def test_the_hash_is_of_the_file_before_gzip(sold: Merchant) -> None:
    answer = apply(sold, tar_type="GZIP")
    packed = fetch(sold, answer)
    content = gzip.decompress(packed.body)
    assert packed.body != content
    assert hashlib.sha1(content).hexdigest() == document(answer)["hash_value"]


def test_the_download_is_unsigned_but_asks_for_a_signature(sold: Merchant) -> None:
    answer = apply(sold)
    assert sold.genuine(answer.headers, answer.body)
    download = fetch(sold, answer)
    assert not [name for name in download.headers if name.startswith("Wechatpay-")]
    target = document(answer)["download_url"].removeprefix(PREFIX)
    assert sold.send("GET", target, authorization=None).status == 401


def test_a_link_lasts_five_minutes(sold: Merchant, clock: Clock) -> None:
    answer = apply(sold)
    clock.now_s += 299
    assert fetch(sold, answer).status == 200
    clock.now_s += 1
    assert fetch(sold, answer).status == 400
    assert sold.send("GET", "/v3/billdownload/file?token=guess").status == 400


def test_a_frozen_bill_keeps_its_hash(sold: Merchant) -> None:
    answer = apply(sold, "fundflowbill")
    sold.emulator.set_balance(0)
    assert document(apply(sold, "fundflowbill"))["hash_value"] != document(answer)["hash_value"]
    content = fetch(sold, answer).body
    assert hashlib.sha1(content).hexdigest() == document(answer)["hash_value"]


def test_yesterdays_bill_appears_at_ten(sold: Merchant, clock: Clock) -> None:
    clock.now_s -= 1
    assert refusal(apply(sold))[:2] == (400, "STATEMENT_CREATING")
    clock.now_s += 1
    assert apply(sold).status == 200


def test_a_day_is_a_beijing_day(merchant: Merchant, clock: Clock) -> None:
    clock.now_s += 7 * 3600 + 6 * 60 + 39  # 23:59:59
    merchant.paid("LATE0001")
    clock.now_s += 1
    merchant.paid("EARLY0001")
    clock.now_s += 2 * DAY_S
    for day, number in (("2025-10-09", "LATE0001"), ("2025-10-10", "EARLY0001")):
        assert [row["商户订单号"] for row in rows(text_of(merchant, bill_date=day))] == [number]


def test_a_day_without_trade_has_no_bill(sold: Merchant) -> None:
    for path in ("tradebill", "fundflowbill"):
        assert refusal(apply(sold, path, bill_date="2025-10-08"))[:2] == (
            400, "NO_STATEMENT_EXIST")


@pytest.mark.parametrize("query", [
    {"bill_date": "2025-10-10"}, {"bill_date": "2025-10-11"}, {"bill_date": "2025-07-09"},
    {"bill_date": "20251009"}, {"bill_date": "2025-10-9"}, {"bill_date": ""},
    {"bill_type": "EVERYTHING"}, {"tar_type": "ZIP"}])
def test_a_query_outside_the_rules(sold: Merchant, query: dict[str, str]) -> None:
    assert refusal(apply(sold, **query))[:2] == (400, "PARAM_ERROR")


def test_the_link_names_the_address_it_is_served_on(
        sold: Merchant, make_merchant: Callable[..., Merchant]) -> None:
    with sold.emulator.serve() as serving:
        assert document(apply(sold))["download_url"].startswith(serving.base_url + "/v3/")
