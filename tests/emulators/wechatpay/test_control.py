"""The control API and the phone page, without sockets."""

from __future__ import annotations

import html
import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

import pytest

from emulators.wechatpay.phone_texts import TEXTS
from tests.emulators.wechatpay.merchant import Clock, Merchant, document

if TYPE_CHECKING:
    from collections.abc import Callable

HOUR = 3600


def control(merchant: Merchant, method: str, name: str, **body: Any) -> tuple[int, Any]:
    answer = merchant.emulator.handle(method, f"/_emulator/{name}", {},
                                      json.dumps(body).encode() if body else b"")
    return answer.status, json.loads(answer.body)


def test_pay_by_code_with_a_coupon(merchant: Merchant) -> None:
    code_url = merchant.code_url()
    status, answer = control(merchant, "POST", "pay", code_url=code_url, payer_openid="oX",
                             coupon_fen=90)
    assert status == 200
    paid = document(merchant.query())
    assert paid["transaction_id"] == answer["transaction_id"]
    assert (paid["payer"]["openid"], paid["amount"]["payer_total"]) == ("oX", 900)


def test_scan_then_pay_as_another(merchant: Merchant) -> None:
    code_url = merchant.code_url()
    assert control(merchant, "POST", "scan", code_url=code_url, payer_openid="oA")[0] == 200
    assert control(merchant, "POST", "pay", code_url=code_url, payer_openid="oB") == (
        409, {"error": "scanned_by_another"})


@pytest.mark.parametrize(("method", "name", "body", "status"), [
    ("POST", "pay", {}, 400),
    ("POST", "pay", {"code_url": "x", "out_trade_no": "y"}, 400),
    ("POST", "pay", {"code_url": 5}, 400),
    ("POST", "pay", {"out_trade_no": "ORDER9999"}, 404),
    ("POST", "pay", {"code_url": "weixin://wxpay/bizpayurl?pr=guess"}, 409),
    ("POST", "faults", {"kind": "nothing"}, 400),
    ("POST", "faults", {"times": 1}, 400),
    ("POST", "settle-refund", {"out_refund_no": "R"}, 404),
    ("POST", "refund", {"out_trade_no": "ORDER9999"}, 404),
    ("POST", "advance", {"seconds": "1"}, 400),
    ("POST", "time-scale", {"factor": 0}, 400),
    ("POST", "time-scale", {"factor": "fast"}, 400),
    ("GET", "orders/ORDER9999", {}, 404),
    ("GET", "nothing", {}, 404),
    ("DELETE", "orders", {}, 404),
])
def test_a_call_that_makes_no_sense(
        merchant: Merchant, method: str, name: str, body: dict[str, Any], status: int) -> None:
    got, answer = control(merchant, method, name, **body)
    assert (got, "error" in answer) == (status, True)


def test_a_body_that_is_no_object(merchant: Merchant) -> None:
    for body in (b"{", b"[]"):
        assert merchant.emulator.handle("POST", "/_emulator/pay", {}, body).status == 400


def test_faults_are_set_listed_and_cleared(merchant: Merchant) -> None:
    fault = {"kind": "tampered_amount", "endpoint": "notify", "times": 2,
             "changes": {"amount.total": 7}}
    assert control(merchant, "POST", "faults", **fault) == (200, fault)
    control(merchant, "POST", "faults", kind="unsigned", endpoint="query", times=None)
    assert len(control(merchant, "GET", "faults")[1]) == 2
    control(merchant, "DELETE", "faults?kind=unsigned")
    assert control(merchant, "GET", "faults")[1] == [fault]
    merchant.paid()
    [attempt] = control(merchant, "POST", "deliver")[1]
    assert attempt["faults"] == ["tampered_amount"]
    [(_, headers, body)] = merchant.receiver.received
    assert merchant.open_notify(headers, body)["amount"]["total"] == 7


def test_the_journals_are_shown(merchant: Merchant) -> None:
    merchant.paid()
    merchant.emulator.deliver_due_notifies()
    assert [each["endpoint"] for each in control(merchant, "GET", "requests")[1]] == ["native"]
    [attempt] = control(merchant, "GET", "notifies")[1]
    assert json.loads(attempt["body"])["event_type"] == "TRANSACTION.SUCCESS"
    assert control(merchant, "GET", "orders")[1][0]["trade_state"] == "SUCCESS"
    assert control(merchant, "GET", "orders/ORDER0001")[1]["total_fen"] == 990


def test_a_person_refunds_and_settles_as_far_as_the_balance_goes(merchant: Merchant) -> None:
    merchant.paid()
    refund = control(merchant, "POST", "refund", out_trade_no="ORDER0001", refund_fen=5)[1]
    number = refund["out_refund_no"]
    assert control(merchant, "POST", "settle-refund", out_refund_no=number,
                   status="ABNORMAL")[1]["status"] == "ABNORMAL"
    control(merchant, "POST", "balance", amount_fen=0)
    assert control(merchant, "POST", "refund", out_trade_no="ORDER0001")[1]["error"] == (
        "NOT_ENOUGH")
    assert [each["out_refund_no"] for each in control(merchant, "GET", "refunds")[1]] == [number]


def test_time_moves_on_command_and_a_reset_forgets_time_and_orders(
        merchant: Merchant, clock: Clock) -> None:
    merchant.create()
    assert control(merchant, "POST", "advance", seconds=HOUR)[1]["now_s"] == clock.now_s + HOUR
    assert control(merchant, "GET", "clock")[1]["advanced_s"] == HOUR
    control(merchant, "POST", "reset")
    assert merchant.emulator.orders == {}
    assert control(merchant, "GET", "clock")[1]["advanced_s"] == 0


def page(merchant: Merchant, code_url: str = "", language: str = "en") -> str:
    query = urlencode({"code_url": code_url, "lang": language})
    answer = merchant.emulator.handle("GET", f"/_emulator/phone?{query}", {})
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    return html.unescape(answer.body.decode())


def post(merchant: Merchant, action: str, **form: str) -> str:
    """Post a form; the page it leads to."""
    answer = merchant.emulator.handle("POST", f"/_emulator/phone/{action}", {},
                                      urlencode(form).encode())
    assert answer.status == 303
    where = urlsplit(answer.headers["Location"])
    shown = merchant.emulator.handle("GET", f"{where.path}?{where.query}", {})
    return html.unescape(shown.body.decode())


def test_a_person_pays_on_the_phone_page(make_merchant: Callable[..., Merchant]) -> None:
    merchant = make_merchant(merchant_name="<Shop & Co>")
    assert TEXTS["en"]["ask_note"] in page(merchant)
    code_url = merchant.code_url(description="<b>One year</b>")
    shown = page(merchant, code_url)
    for text in ("模拟器", "¥</span>9.90", "<b>One year</b>", "<Shop & Co>", "ORDER0001"):
        assert text in shown
    paid = post(merchant, "pay", code_url=code_url, lang="en", coupon="0.90")
    assert TEXTS["en"]["done"] in paid
    assert "¥</span>9.00" in paid
    assert document(merchant.query())["amount"]["payer_total"] == 900
    assert TEXTS["en"]["done"] in page(merchant, code_url)


def test_what_the_merchant_writes_stays_text(merchant: Merchant) -> None:
    code_url = merchant.code_url(description="<script>alert(1)</script>")
    query = urlencode({"code_url": code_url})
    answer = merchant.emulator.handle("GET", f"/_emulator/phone?{query}", {})
    assert b"<script" not in answer.body
    assert b"&lt;script&gt;" in answer.body
    guess = urlencode({"code_url": '"><script>', "lang": '"><script>'})
    assert b"<script" not in merchant.emulator.handle("GET", f"/_emulator/phone?{guess}", {}).body


def test_somebody_else_scans_first(merchant: Merchant) -> None:
    code_url = merchant.code_url()
    assert TEXTS["en"]["scanned_by_another"] in post(
        merchant, "other-scan", code_url=code_url, lang="en")
    assert TEXTS["en"]["scanned_by_another"] in post(
        merchant, "pay", code_url=code_url, lang="en")
    assert document(merchant.query())["trade_state"] == "NOTPAY"


def test_the_page_says_why_it_cannot_pay(merchant: Merchant, clock: Clock) -> None:
    assert TEXTS["en"]["code_unknown"] in page(merchant, "weixin://wxpay/bizpayurl?pr=guess")
    closed = merchant.code_url("CLOSED0001")
    merchant.close("CLOSED0001")
    assert TEXTS["en"]["closed"] in page(merchant, closed)
    code_url = merchant.code_url()
    clock.now_s += 2 * HOUR
    assert TEXTS["en"]["code_expired"] in page(merchant, code_url)
    clock.now_s += 7 * 24 * HOUR
    assert TEXTS["en"]["order_expired"] in page(merchant, code_url)


@pytest.mark.parametrize("coupon", ["9.90", "-1", "0.001", "many", "NaN", "1e9"])
def test_an_impossible_coupon_pays_nothing(merchant: Merchant, coupon: str) -> None:
    code_url = merchant.code_url()
    assert TEXTS["en"]["bad_coupon"] in post(
        merchant, "pay", code_url=code_url, lang="en", coupon=coupon)
    assert document(merchant.query())["trade_state"] == "NOTPAY"


def test_the_page_speaks_the_readers_language(merchant: Merchant) -> None:
    def heading(target: str, accepted: str) -> str:
        answer = merchant.emulator.handle("GET", target, {"Accept-Language": accepted})
        found = re.search("<h1>(.*)</h1>", answer.body.decode())
        assert found is not None
        return found[1]

    zh, en = TEXTS["zh"]["ask_heading"], TEXTS["en"]["ask_heading"]
    assert heading("/", "zh-CN,zh;q=0.9") == zh
    assert heading("/_emulator/phone", "en-GB,en;q=0.8") == en
    assert heading("/_emulator/phone?lang=zh", "en") == zh
    assert TEXTS["zh"].keys() == TEXTS["en"].keys()


def test_the_style_sheet_is_served(merchant: Merchant) -> None:
    answer = merchant.emulator.handle("GET", "/_emulator/phone.css", {})
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/css")
    assert b"prefers-color-scheme: dark" in answer.body
