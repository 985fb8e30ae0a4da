"""Reads WeChat's complaint object (投诉 2.0) and its notify into our words, without the person.

Fields: https://pay.weixin.qq.com/wiki/doc/apiv3/apis/chapter10_2_9.shtml … 16. The buyer's words,
phone number and openid are not read at all.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from shared.adapters.wechatpay import rfc3339
from shared.adapters.wechatpay.facts import PROVIDER, identifier
from shared.adapters.wechatpay.reasons import Reason, Rejected
from shared.domain.complaint import ComplaintFact, ComplaintNotice, ComplaintState
from shared.domain.money import Money

if TYPE_CHECKING:
    from collections.abc import Mapping

COMPLAINT_STATES = {
    "PENDING": ComplaintState.PENDING,
    "PROCESSING": ComplaintState.PROCESSING,
    "PROCESSED": ComplaintState.PROCESSED,
}
COMPLAINT_ID = re.compile(r"[0-9A-Za-z_\-]{1,64}")
WORD = re.compile(r"[A-Z][A-Z0-9_]{0,63}")
"""Problem types and actions; both lists are open."""

MOST_ORDERS = 100
_FRACTION = re.compile(r"\.[0-9]{1,9}(?=Z|[+-])")


def complaint_notice(notice: Mapping[str, Any]) -> ComplaintNotice:
    """Which complaint a notify is about; raises Rejected. What it says of it is not relied on."""
    return ComplaintNotice(PROVIDER, _shaped(notice, "complaint_id", COMPLAINT_ID),
                           _shaped(notice, "action_type", WORD))


def complaint_fact(complaint: Mapping[str, Any]) -> ComplaintFact:
    """What WeChat knows of a complaint (an entry of the list, or the detail); raises Rejected."""
    state = COMPLAINT_STATES.get(_shaped(complaint, "complaint_state", WORD))
    if state is None:
        raise Rejected(Reason.FACT_MALFORMED)
    return ComplaintFact(
        PROVIDER, _shaped(complaint, "complaint_id", COMPLAINT_ID), state, _orders(complaint),
        _complained_at_s(complaint), _problem_type(complaint),
        _count(complaint, "user_complaint_times"),
        _flag(complaint, "complaint_full_refunded"), _asked_refund(complaint))


def _shaped(fields: Mapping[str, Any], name: str, shape: re.Pattern[str]) -> str:
    value = fields.get(name)
    if type(value) is str and shape.fullmatch(value):
        return value
    raise Rejected(Reason.FACT_MALFORMED)


def _orders(complaint: Mapping[str, Any]) -> tuple[str, ...]:
    """Each order once. Complaints about other products of WeChat name none here, or one that has
    no number of a merchant's making: such an order is none of ours.
    """
    entries = complaint.get("complaint_order_info", [])
    if type(entries) is not list or len(entries) > MOST_ORDERS:
        raise Rejected(Reason.FACT_MALFORMED)
    if not all(type(entry) is dict for entry in entries):
        raise Rejected(Reason.FACT_MALFORMED)
    return tuple(dict.fromkeys(identifier(entry, "out_trade_no") for entry in entries
                               if entry.get("out_trade_no") not in (None, "")))


def _complained_at_s(complaint: Mapping[str, Any]) -> int:
    text = complaint.get("complaint_time")
    if type(text) is not str:
        raise Rejected(Reason.FACT_MALFORMED)
    try:
        # WeChat's own examples have milliseconds here, and only here.
        return rfc3339.parse(_FRACTION.sub("", text, count=1))
    except ValueError:
        raise Rejected(Reason.FACT_MALFORMED) from None


def _problem_type(complaint: Mapping[str, Any]) -> str:
    """Older complaints have none."""
    if complaint.get("problem_type") in (None, ""):
        return ""
    return _shaped(complaint, "problem_type", WORD)


def _count(complaint: Mapping[str, Any], name: str) -> int:
    value = complaint.get(name)
    if type(value) is int and 0 <= value <= 1_000_000:
        return value
    raise Rejected(Reason.FACT_MALFORMED)


def _flag(complaint: Mapping[str, Any], name: str) -> bool:
    value = complaint.get(name)
    if type(value) is bool:
        return value
    raise Rejected(Reason.FACT_MALFORMED)


def _asked_refund(complaint: Mapping[str, Any]) -> Money | None:
    asked: Any = complaint.get("apply_refund_amount")
    if asked is None:
        return None
    try:
        return Money(asked, "CNY")
    except ValueError:
        raise Rejected(Reason.FACT_MALFORMED) from None
