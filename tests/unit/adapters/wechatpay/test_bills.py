"""Bills: how one is asked for, what its rows become, and which are not believed."""

from __future__ import annotations

import gzip
import hashlib
from typing import Any

import pytest

from shared.adapters.wechatpay.bills import WeChatBills
from shared.adapters.wechatpay.payer import payer_hasher
from shared.domain.bill import Bill, BillLine
from shared.domain.money import Money
from shared.domain.payment import Payee, PaymentFact, TradeState
from shared.domain.refund import RefundFact, RefundState
from shared.errors import BillNotReady, ProviderUnavailable, TongbaoError, UntrustedBill
from tests.unit.adapters.wechatpay import bill_side as bill
from tests.unit.adapters.wechatpay.bill_side import DAY, payment, refund
from tests.unit.adapters.wechatpay.exchanges import is_signed
from tests.unit.adapters.wechatpay.scripted_wechat import (
    DROP,
    Received,
    Reply,
    ScriptedWeChat,
    failed,
    signed,
)
from tests.unit.adapters.wechatpay.wiring import PAYEE, wired

PEPPER = b"TestPepperOfTongbao0123456789"
GOOD = bill.file(payment(1), refund(1))
GZIP = {"Content-Type": "application/octet-stream"}


def fetch(*script: Any, hasher: Any = None) -> tuple[Any, ScriptedWeChat]:
    """The bill, or the error instead of it; and what the server received."""
    with ScriptedWeChat(*script) as server, wired(server.base_url, read_ms=500) as ours:
        source = WeChatBills(ours.transport, payee=PAYEE, payer_hasher=hasher)
        try:
            found: Any = source.fetch(DAY)
        except TongbaoError as error:
            assert error.__cause__ is None
            found = error
        assert bill.OPENID not in f"{found!r}{ours.log.text()}"
        return found, server


def offer(content: bytes = GOOD, url: str = "{base}/v3/billdownload/file?token=abc", *,
          replies: dict[str, Any] | None = None) -> Any:
    """The signed answer that says where the file is, and what its hash is."""
    def answer(received: Received) -> Reply:
        base = f"http://{received.headers['host']}"
        return signed(200, {"hash_type": "SHA1", "hash_value": hashlib.sha1(content).hexdigest(),
                            "download_url": url.replace("{base}", base), **(replies or {})})
    return answer


def whole(content: bytes = GOOD) -> list[Any]:
    return [offer(content), Reply(200, gzip.compress(content), dict(GZIP))]


def refused(*rows: dict[str, str]) -> str | None:
    """Why the bill of these rows is not believed."""
    error, _ = fetch(*whole(bill.file(*rows)))
    assert isinstance(error, UntrustedBill), error
    return error.reason


# asking for it

def test_a_bill_becomes_lines_of_facts() -> None:
    found, server = fetch(*whole())
    assert found == Bill(DAY, (
        BillLine(2, PaymentFact(
            "wechatpay", Payee(PAYEE.merchant_id, PAYEE.app_id), "TB01ABCDEFGHJKMNPQRSTVWXYZ00001",
            TradeState.PAID, "bill", "4200001968202701159876500001", Money(9900, "CNY"),
            1_799_999_995), None),
        BillLine(3, None, RefundFact(
            "wechatpay", PAYEE.merchant_id, "TB01ABCDEFGHJKMNPQRSTVWXYZ00001",
            "4200001968202701159876500001", "TB01RFNDRFNDRFNDRFNDRFNDRF00001",
            "50300000012027011500000001", RefundState.SUCCEEDED, Money(4900, "CNY"), None,
            "bill", settled_at_s=1_799_999_995, billed_on=DAY))), hashlib.sha1(GOOD).hexdigest())
    applied, downloaded = server.received
    assert applied.target == f"/v3/bill/tradebill?bill_date={DAY}&bill_type=ALL&tar_type=GZIP"
    assert downloaded.target == "/v3/billdownload/file?token=abc"
    assert is_signed(applied)
    assert is_signed(downloaded)


@pytest.mark.parametrize("code", ["NO_STATEMENT_EXIST", "NOSTATEMENTEXIST"])
def test_a_day_without_trade_is_an_empty_bill(code: str) -> None:
    assert fetch(failed(400, code))[0] == Bill(DAY, (), "")


@pytest.mark.parametrize("code", ["STATEMENT_CREATING", "STATEMENTCREATING"])
def test_a_bill_being_made_is_not_ready(code: str) -> None:
    error, _ = fetch(failed(400, code))
    assert type(error) is BillNotReady
    assert error.reason == code


@pytest.mark.parametrize("code", ["PARAM_ERROR", "NO_AUTH", "NEW_IN_2030", "INVALID_REQUEST"])
def test_other_refusals_are_no_empty_day(code: str) -> None:
    error, server = fetch(failed(400, code))
    assert type(error) is ProviderUnavailable
    assert error.reason == code
    assert len(server.received) == 1


@pytest.mark.parametrize("script", [
    [DROP] * 3, [Reply(400, b'{"code":"NO_STATEMENT_EXIST"}')] * 3,
    [Reply(200, b'{"hash_type":"SHA1"}')] * 3, [failed(500, "SYSTEM_ERROR")] * 3])
def test_what_nobody_signed_is_no_answer(script: list[Any]) -> None:
    error, _ = fetch(*script)
    assert type(error) is ProviderUnavailable


@pytest.mark.parametrize("replies", [
    {"hash_value": None}, {"hash_value": "abc"}, {"hash_value": 1}, {"hash_value": "g" * 40},
    {"download_url": None}, {"download_url": 1}])
def test_an_offer_that_cannot_be_read(replies: dict[str, Any]) -> None:
    error, server = fetch(offer(replies=replies))
    assert type(error) is ProviderUnavailable
    assert error.reason == "answer_malformed"
    assert len(server.received) == 1


def test_a_hash_in_capitals_is_the_same_hash() -> None:
    sha1 = hashlib.sha1(GOOD).hexdigest().upper()
    found, _ = fetch(offer(replies={"hash_value": sha1}),
                     Reply(200, gzip.compress(GOOD), dict(GZIP)))
    assert found == fetch(*whole())[0]


def test_a_hash_of_another_kind_is_not_believed() -> None:
    error, server = fetch(offer(replies={"hash_type": "SHA256"}))
    assert (type(error), error.reason) == (UntrustedBill, "hash_type_unknown")
    assert len(server.received) == 1


@pytest.mark.parametrize("url", [
    "https://bills.attacker.example/v3/billdownload/file?token=abc",
    "{base}.attacker.example/v3/billdownload/file?token=abc", "{base}@x/v3/billdownload/file?a=b",
    "{base}/v3/billdownload/file", "{base}/v3/billdownload/file?token=",
    "{base}/v3/billdownload/file?token=a b", "{base}/v3/billdownload/file?token=a\n",
    "{base}/v3/billdownload/file?token=%2f", "{base}/v3/billdownload/file?token=../x",
    "{base}/v3/billdownload/file?token=a#b", "{base}/v3/billdownload/../certificates?token=a",
    "{base}/v3/billdownload/file?x=1&token=abc", "/v3/billdownload/file?token=abc",
    "{base}//v3/billdownload/file?token=abc", "{base}/v3/certificates?token=abc",
    "{base}/V3/billdownload/file?token=abc"])
def test_no_other_place_is_asked_for_the_file(url: str) -> None:
    error, server = fetch(offer(url=url), Reply(200, gzip.compress(GOOD), dict(GZIP)))
    assert (type(error), error.reason) == (UntrustedBill, "download_url_foreign")
    assert len(server.received) == 1


@pytest.mark.parametrize("token", ["a", "6XIv5TUPto7pByrTQKhd6kwvyKLG2uY2wMMR8cNXqaA_Cv-", "a%2Fb",
                                   "abc&tartype=gzip", "a=="])
def test_tokens_of_every_usual_kind_are_sent_as_they_are(token: str) -> None:
    found, server = fetch(offer(url="{base}/v3/billdownload/file?token=" + token),
                          Reply(200, gzip.compress(GOOD), dict(GZIP)))
    assert isinstance(found, Bill)
    assert server.received[1].target == f"/v3/billdownload/file?token={token}"


def test_a_redirect_of_the_download_is_not_followed() -> None:
    away = Reply(302, b"", {"Location": "https://attacker.example/"})
    error, server = fetch(offer(), *[away] * 3)
    assert type(error) is ProviderUnavailable
    assert len(server.received) == 4


def test_a_link_that_died_is_tried_another_time() -> None:
    error, _ = fetch(offer(), failed(400, "PARAM_ERROR"))
    assert (type(error), error.reason) == (ProviderUnavailable, "PARAM_ERROR")


@pytest.mark.parametrize(("reply", "reason"), [
    (Reply(200, gzip.compress(GOOD + b"x"), dict(GZIP)), "hash_wrong"),
    (Reply(200, gzip.compress(bill.file(payment(1))), dict(GZIP)), "hash_wrong"),
    (Reply(200, GOOD, dict(GZIP)), "not_gzip"),
    (Reply(200, gzip.compress(GOOD)[:-9], dict(GZIP)), "file_truncated"),
    (Reply(200, b"", dict(GZIP)), "file_truncated"),
    (Reply(200, b"<html>502</html>", {"Content-Type": "text/html"}), "not_gzip"),
    (Reply(200, b"\xff\xfe", {"Content-Type": "application/json"}), "not_gzip")])
def test_a_file_that_is_not_the_one_that_was_promised(reply: Reply, reason: str) -> None:
    error, _ = fetch(offer(), reply)
    assert (type(error), error.reason) == (UntrustedBill, reason)


def test_whatever_its_headers_say_the_bytes_are_what_counts() -> None:
    found, _ = fetch(offer(), Reply(200, gzip.compress(GOOD),
                                    {"Content-Type": "application/json"}))
    assert isinstance(found, Bill)


@pytest.mark.parametrize("day", ["2027-1-15", "2027-02-30", "today", "", "2027-01-15&x=1"])
def test_what_is_no_day_is_not_asked_for(day: str) -> None:
    with ScriptedWeChat() as server, wired(server.base_url) as ours:
        with pytest.raises(ValueError, match=r"day|data"):
            WeChatBills(ours.transport, payee=PAYEE).fetch(day)
        assert server.received == []


# rows

def lines(*rows: dict[str, str], hasher: Any = None) -> tuple[BillLine, ...]:
    found, _ = fetch(*whole(bill.file(*rows)), hasher=hasher)
    assert isinstance(found, Bill), found
    return found.lines


def test_what_was_owed_counts_and_not_what_was_left_after_coupons() -> None:
    (line,) = lines(payment(1, 应结订单金额="94.00", 订单金额="99.00"))
    assert line.payment is not None
    assert line.payment.amount == Money(9900, "CNY")


@pytest.mark.parametrize(("word", "state"), [
    ("SUCCESS", RefundState.SUCCEEDED), ("PROCESSING", RefundState.PROCESSING),
    ("CLOSED", RefundState.CLOSED), ("ABNORMAL", RefundState.ABNORMAL),
    ("FAIL", RefundState.ABNORMAL), ("CHANGE", RefundState.ABNORMAL)])
def test_every_word_for_a_refund_is_known(word: str, state: RefundState) -> None:
    (line,) = lines(refund(1, 退款状态=word))
    assert line.refund is not None
    assert line.refund.state is state


@pytest.mark.parametrize(("time", "settled_at_s"), [
    ("2027-01-15 00:00:00", 1_799_942_400), ("2027-01-15 23:59:59", 1_800_028_799),
    ("2026-12-31 10:00:00", 1_799_942_400), ("2027-01-16 00:00:00", 1_800_028_799)])
def test_a_refund_succeeded_on_the_day_whose_bill_lists_it(time: str, settled_at_s: int) -> None:
    done, under_way = lines(refund(1, 交易时间=time), refund(2, 退款状态="PROCESSING"))
    assert done.refund is not None
    assert under_way.refund is not None
    assert (done.refund.settled_at_s, done.refund.billed_on) == (settled_at_s, DAY)
    assert under_way.refund.settled_at_s is None


def test_rows_of_other_shops_on_the_same_number_are_lines_too() -> None:
    found = lines(payment(1, 商户订单号="20270115_shop|7*", 公众账号ID="wx0000000000000000"),
                  refund(2, 商户退款单号="1900000001|portal*@x"), payment(3, 公众账号ID=""))
    assert [line.out_trade_no for line in found] == [
        "20270115_shop|7*", "TB01ABCDEFGHJKMNPQRSTVWXYZ00002", "TB01ABCDEFGHJKMNPQRSTVWXYZ00003"]


def test_a_row_twice_is_two_lines_for_whoever_compares() -> None:
    first, second = lines(payment(1), payment(1))
    assert first.payment == second.payment
    assert (first.line, second.line) == (2, 3)


def test_a_revoked_row_is_counted_and_gives_no_line() -> None:
    assert [line.line for line in lines(payment(1), payment(2, 交易状态="REVOKED"),
                                        refund(1))] == [2, 4]


def test_a_payer_is_named_by_hash_alone() -> None:
    hasher = payer_hasher(PEPPER)
    first, nobody = lines(payment(1), payment(2, 用户标识=""), hasher=hasher)
    assert first.payment is not None
    assert nobody.payment is not None
    assert first.payment.payer_hash == hasher(bill.OPENID)
    assert nobody.payment.payer_hash is None


@pytest.mark.parametrize("time", ["2027-01-14 00:00:00", "2027-01-16 23:59:59"])
def test_a_payment_of_a_neighboring_day_may_be_there(time: str) -> None:
    assert len(lines(payment(1, 交易时间=time))) == 1


@pytest.mark.parametrize("cells", [
    {"交易时间": "2027-01-13 23:59:59"}, {"交易时间": "2027-01-17 00:00:00"},
    {"交易时间": "2027-01-15T15:59:55"}, {"交易时间": "2027-02-30 00:00:00"}, {"交易时间": ""},
    {"交易时间": "2027-01-15 15:59:55 "}, {"交易时间": "2027-01-15"},
    {"商户号": "1900000002"}, {"商户号": ""}, {"公众账号ID": "wx'--"}, {"公众账号ID": "x" * 33},
    {"微信订单号": ""}, {"微信订单号": "4200 1"}, {"微信订单号": "4" * 33}, {"微信订单号": "４２"},
    {"商户订单号": ""}, {"商户订单号": "x" * 33}, {"商户订单号": "a/b"}, {"商户订单号": "宝"},
    {"商户订单号": "a\nb"}, {"货币种类": "cny"}, {"货币种类": ""}, {"货币种类": "CN¥"},
    {"交易状态": ""}, {"交易状态": "success"}, {"交易状态": "SUCCESS "}, {"交易状态": "NOTPAY"}])
def test_a_payment_row_that_cannot_be_names_its_line(cells: dict[str, str]) -> None:
    assert refused(refund(1), payment(1, **cells)) == "row_malformed_at_line_3"


@pytest.mark.parametrize("cells", [
    {"商户退款单号": ""}, {"商户退款单号": "x" * 65}, {"商户退款单号": "a b"},
    {"微信退款单号": ""}, {"微信退款单号": "5" * 33}, {"退款状态": ""}, {"退款状态": "REFUNDED"},
    {"申请退款金额": "0.00"}, {"商户订单号": ""}, {"微信订单号": ""}, {"商户号": "1900000002"},
    {"货币种类": "???"}, {"交易时间": ""}, {"交易时间": "2027-01-15"}])
def test_a_refund_row_that_cannot_be_names_its_line(cells: dict[str, str]) -> None:
    assert refused(payment(1), refund(1, **cells)) == "row_malformed_at_line_3"


def test_a_payers_name_that_cannot_be_names_its_line() -> None:
    error, _ = fetch(*whole(bill.file(payment(1, 用户标识="a b"))),
                     hasher=payer_hasher(PEPPER))
    assert (type(error), error.reason) == (UntrustedBill, "row_malformed_at_line_2")
    assert len(lines(payment(1, 用户标识="a b"))) == 1
