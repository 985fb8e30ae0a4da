"""Refunds that bounced: sending an ABNORMAL one to a bank card instead (document 4012810603)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulators.wechatpay import refunds
from emulators.wechatpay.errors import (
    REFUND_NOT_ABNORMAL,
    REFUND_NOT_EXIST,
    REFUND_PARAMS_DIFFER,
    ApiError,
    param_error,
)
from emulators.wechatpay.signing import unseal
from emulators.wechatpay.validation import Choice, Fields, Text, read_body

if TYPE_CHECKING:
    from emulators.wechatpay.context import Context
    from emulators.wechatpay.records import JsonObject, Refund

BANKS = {"CMB_DEBIT": "招商银行", "COMM_DEBIT": "交通银行", "ABC_DEBIT": "农业银行",
         "CCB_DEBIT": "建设银行", "ICBC_DEBIT": "工商银行", "BOC_DEBIT": "中国银行",
         "PAB_DEBIT": "平安银行", "SPDB_DEBIT": "浦发银行", "CITIC_DEBIT": "中信银行",
         "CEB_DEBIT": "光大银行", "CMBC_DEBIT": "民生银行", "CIB_DEBIT": "兴业银行",
         "GDB_DEBIT": "广发银行", "PSBC_DEBIT": "邮储银行", "NBCB_DEBIT": "宁波银行"}
CHANNEL = "OTHER_BANKCARD"
MERCHANT_CARD = "商户结算银行卡"
BODY = Fields({
    "out_refund_no": Text(64, required=True, shortest=1, pattern=refunds.OUT_REFUND_NO),
    "type": Choice(frozenset({"USER_BANK_CARD", "MERCHANT_BANK_CARD"}), required=True),
    "bank_type": Choice(frozenset(BANKS)),
    "bank_account": Text(1024, shortest=1),
    "real_name": Text(1024, shortest=1),
})


def apply(ctx: Context, refund_id: str, body: bytes) -> JsonObject:
    """POST …/{refund_id}/apply-abnormal-refund: PROCESSING again, with another receiver.

    The same request again is answered alike; what is encrypted in it differs every time.
    """
    request = read_body(body, BODY)
    found = ctx.store.refunds.where(refund_id=refund_id)
    if not found:
        raise ApiError(REFUND_NOT_EXIST)
    refund = found[0]
    if request["out_refund_no"] != refund.out_refund_no:
        raise ApiError(REFUND_PARAMS_DIFFER)
    receiver = _receiver(ctx, request)
    if refund.status == "ABNORMAL":
        _send_on(ctx, refund, receiver)
    elif refund.channel != CHANNEL:
        raise ApiError(REFUND_NOT_ABNORMAL)
    elif refund.received_account != receiver:
        raise ApiError(REFUND_PARAMS_DIFFER)
    return refunds.query(ctx, refund.out_refund_no)


def _send_on(ctx: Context, refund: Refund, receiver: str) -> None:
    refund.status, refund.channel, refund.received_account = "PROCESSING", CHANNEL, receiver
    refund.settles_at_ms = ctx.clock.now_ms() + ctx.clock.wait_ms(ctx.settings.refund_settle_s)
    ctx.store.refunds.put(refund)


def _receiver(ctx: Context, request: JsonObject) -> str:
    """Who gets the money, as queries show it; of a card number only the last four digits."""
    if request["type"] == "MERCHANT_BANK_CARD":
        return MERCHANT_CARD
    for name in ("bank_type", "bank_account", "real_name"):
        if name not in request:
            raise param_error(f"/{name}", "is missing")
    card = _opened(ctx, request, "bank_account")
    _opened(ctx, request, "real_name")
    if not (card.isascii() and card.isdigit()):
        raise param_error("/bank_account", "is not a card number")
    return f"{BANKS[str(request['bank_type'])]}借记卡{card[-4:]}"


def _opened(ctx: Context, request: JsonObject, name: str) -> str:
    """A field encrypted with either of WeChat's keys. Raises ApiError."""
    for key in (ctx.account.public_key, ctx.account.platform):
        text = unseal(key.private_key, str(request[name]))
        if text:
            return text
    raise param_error(f"/{name}", "is not encrypted with WeChat Pay's key")
