"""The merchant's side of consumer complaints, for the tests of both calls and notifies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.emulators.wechatpay.merchant import document

if TYPE_CHECKING:
    from emulators.wechatpay import Answer
    from tests.emulators.wechatpay.merchant import Merchant

COMPLAINTS = "/v3/merchant-service/complaints-v2"
URLS = "/v3/merchant-service/complaint-notifications"
COMPLAINT_URL = "https://merchant.example/complaints"


def complained(merchant: Merchant, out_trade_no: str = "ORDER0001", **filing: Any) -> str:
    """Pay an order and complain about it; the complaint_id."""
    merchant.paid(out_trade_no)
    return merchant.emulator.complain(out_trade_no=out_trade_no, **filing).complaint_id


def register(merchant: Merchant, url: str = COMPLAINT_URL) -> Answer:
    return merchant.send("POST", URLS, {"url": url})


def detail(merchant: Merchant, complaint_id: str) -> dict[str, Any]:
    answer = merchant.send("GET", f"{COMPLAINTS}/{complaint_id}")
    assert answer.status == 200, answer.body
    return document(answer)


def listed(merchant: Merchant, first: str = "2025-10-01", last: str = "2025-10-30",
           more: str = "") -> Answer:
    return merchant.send("GET", f"{COMPLAINTS}?begin_date={first}&end_date={last}{more}")


def respond(merchant: Merchant, complaint_id: str, **changes: Any) -> Answer:
    return merchant.send("POST", f"{COMPLAINTS}/{complaint_id}/response", {
        "complainted_mchid": merchant.account.mchid, "response_content": "已退款", **changes})


def complete(merchant: Merchant, complaint_id: str, **changes: Any) -> Answer:
    return merchant.send("POST", f"{COMPLAINTS}/{complaint_id}/complete", {
        "complainted_mchid": merchant.account.mchid, **changes})


def decide(merchant: Merchant, complaint_id: str, **body: Any) -> Answer:
    return merchant.send(
        "POST", f"{COMPLAINTS}/{complaint_id}/update-refund-progress",
        body or {"action": "APPROVE", "launch_refund_day": 0})


def history(merchant: Merchant, complaint_id: str, query: str = "") -> dict[str, Any]:
    answer = merchant.send("GET", f"{COMPLAINTS}/{complaint_id}/negotiation-historys{query}")
    assert answer.status == 200, answer.body
    return document(answer)


def steps(merchant: Merchant, complaint_id: str) -> list[str]:
    """The operate_types of the history, oldest first."""
    return [each["operate_type"] for each in history(merchant, complaint_id)["data"]][::-1]
