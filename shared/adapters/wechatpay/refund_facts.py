"""Reads WeChat's refund object into our words: API answers and notifies spell it differently.

Fields: 4012791862 (apply), 4012791863 (query), 4012791865 (notify). An answer has `status` and
does not name the merchant; a notify has `refund_status`, names it, and no currency.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from shared.adapters.wechatpay import rfc3339
from shared.adapters.wechatpay.facts import PROVIDER, identifier
from shared.adapters.wechatpay.reasons import Reason, Rejected
from shared.domain.money import Money
from shared.domain.refund import RefundFact, RefundState

if TYPE_CHECKING:
    from collections.abc import Mapping

REFUND_STATES = {
    "SUCCESS": RefundState.SUCCEEDED,
    "CLOSED": RefundState.CLOSED,
    "PROCESSING": RefundState.PROCESSING,
    "ABNORMAL": RefundState.ABNORMAL,
}
NOTIFY_CURRENCY = "CNY"
"""Only refunds in it exist at this gateway, and a notify does not repeat that."""

OUT_REFUND_NO = re.compile(r"[0-9A-Za-z_\-|*@]{1,64}")
REFUND_ID = re.compile(r"[0-9A-Za-z]{1,32}")


def answered_refund(refund: Mapping[str, Any], source: str, merchant_id: str) -> RefundFact:
    """What an answer to `place` or `query` states; raises Rejected."""
    return _refund(refund, source, merchant_id, refund.get("status"),
                   _amounts(refund, None))


def notified_refund(refund: Mapping[str, Any]) -> RefundFact:
    """What the decrypted part of a notify states; raises Rejected."""
    return _refund(refund, "notify", identifier(refund, "mchid"), refund.get("refund_status"),
                   _amounts(refund, NOTIFY_CURRENCY))


def _refund(refund: Mapping[str, Any], source: str, merchant_id: str, word: Any,
            amounts: tuple[Money, Money]) -> RefundFact:
    state = REFUND_STATES.get(word) if type(word) is str else None
    if state is None:
        raise Rejected(Reason.REFUND_STATUS_UNKNOWN)
    amount, total = amounts
    return RefundFact(
        PROVIDER, merchant_id, identifier(refund, "out_trade_no"),
        identifier(refund, "transaction_id"), _shaped(refund, "out_refund_no", OUT_REFUND_NO),
        _shaped(refund, "refund_id", REFUND_ID), state, amount, total, source,
        _settled_at_s(refund) if state is RefundState.SUCCEEDED else None)


def _shaped(refund: Mapping[str, Any], name: str, shape: re.Pattern[str]) -> str:
    value = refund.get(name)
    if type(value) is str and shape.fullmatch(value):
        return value
    raise Rejected(Reason.FACT_MALFORMED)


def _amounts(refund: Mapping[str, Any], currency: str | None) -> tuple[Money, Money]:
    """(what is given back, what the order had cost), in fen; coupons are in both."""
    amount = refund.get("amount")
    if type(amount) is not dict:
        raise Rejected(Reason.FACT_MALFORMED)
    stated: Any = amount.get("currency", currency)
    refund_fen: Any = amount.get("refund")
    total_fen: Any = amount.get("total")
    try:
        given_back, total = Money(refund_fen, stated), Money(total_fen, stated)
    except ValueError:
        raise Rejected(Reason.FACT_MALFORMED) from None
    if not 0 < given_back.amount_minor <= total.amount_minor:
        raise Rejected(Reason.FACT_MALFORMED)
    return given_back, total


def _settled_at_s(refund: Mapping[str, Any]) -> int:
    text = refund.get("success_time")
    try:
        return rfc3339.parse(text)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise Rejected(Reason.FACT_MALFORMED) from None
