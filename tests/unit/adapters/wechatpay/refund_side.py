"""WeChat's refund objects and their notifies, for tests."""

from __future__ import annotations

from typing import Any

from tests.unit.adapters.wechatpay import wechat_side as wechat
from tests.unit.adapters.wechatpay.wechat_side import Notify, dumps, seal

NUMBER = "TB01ABCDEFGHJKMNPQRSTVWXYZ01234"
TRANSACTION = "4200001968202701159876543210"
OUT_REFUND_NO = "TB01RFNDRFNDRFNDRFNDRFNDRFND000"
REFUND_ID = "50300000012027011500000000001"
SETTLED = "2027-01-15T15:59:55+08:00"
SETTLED_AT_S = 1_799_999_995


def answered(**changes: Any) -> dict[str, Any]:
    """A refund as apply and query show it; a change to None leaves the field out."""
    return _changed({
        "refund_id": REFUND_ID, "out_refund_no": OUT_REFUND_NO, "transaction_id": TRANSACTION,
        "out_trade_no": NUMBER, "channel": "ORIGINAL", "user_received_account": "支付用户零钱",
        "create_time": "2027-01-15T15:58:55+08:00", "status": "PROCESSING",
        "funds_account": "AVAILABLE",
        "amount": {"total": 9900, "refund": 4900, "from": [], "payer_total": 9400,
                   "payer_refund": 4653, "settlement_total": 9900, "settlement_refund": 4900,
                   "discount_refund": 247, "currency": "CNY", "refund_fee": 0},
        "promotion_detail": []}, changes)


def notified(status: str = "SUCCESS", **changes: Any) -> dict[str, Any]:
    """A refund as its notify tells it."""
    times = {"success_time": SETTLED} if status == "SUCCESS" else {}
    return _changed({
        "mchid": wechat.MCHID, "out_trade_no": NUMBER, "transaction_id": TRANSACTION,
        "out_refund_no": OUT_REFUND_NO, "refund_id": REFUND_ID, "refund_status": status,
        "user_received_account": "支付用户零钱",
        "amount": {"total": 9900, "refund": 4900, "payer_total": 9400, "payer_refund": 4653},
        **times}, changes)


def refund_notify(event_type: str = "REFUND.SUCCESS", plaintext: dict[str, Any] | None = None,
                  **resource: Any) -> Notify:
    """The notify of a refund, before it is signed."""
    told = notified(event_type.partition(".")[2]) if plaintext is None else plaintext
    return other_notify("refund", event_type, dumps(told), **resource)


def other_notify(kind: str, event_type: str, plaintext: bytes, **resource: Any) -> Notify:
    """A notify about a `kind` (its original_type and associated data)."""
    return Notify(envelope={"event_type": event_type}, resource={
        "original_type": kind, "associated_data": kind,
        "ciphertext": seal(plaintext, associated=resource.get("associated_data", kind) or ""),
        **resource})


def _changed(fields: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**fields, **changes}.items() if value is not None}
