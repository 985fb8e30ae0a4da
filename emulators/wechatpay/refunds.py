"""Refunds: apply, query, settle by clock or by hand, and the notifies that follow.

Documents 4012791862 (apply), 4012791863 (query), 4012791865 (notify).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from emulators.wechatpay import complaints, funds, notifies
from emulators.wechatpay.errors import (
    NOT_ENOUGH,
    REFUND_NOT_EXIST,
    REFUND_ORDER_NOT_EXIST,
    REFUND_PARAMS_DIFFER,
    REFUND_TOO_LATE,
    REFUND_TOO_MANY,
    REFUND_TOO_MUCH,
    ApiError,
    param_error,
)
from emulators.wechatpay.order_rules import check_notify_url
from emulators.wechatpay.records import JsonObject, Order, Refund
from emulators.wechatpay.times import DAY_S, rfc3339
from emulators.wechatpay.validation import Choice, Fields, ListOf, Text, Whole, read_body

if TYPE_CHECKING:
    from emulators.wechatpay.context import Context

MOST_REFUNDS = 50
REFUND_LIFE_S = 365 * DAY_S
OUT_REFUND_NO = re.compile(r"[0-9A-Za-z_\-|*@]+", re.ASCII)
FINAL = ("SUCCESS", "CLOSED", "ABNORMAL")
_CNY = Choice(frozenset({"CNY"}), required=True)
_ACCOUNTS = frozenset({"AVAILABLE", "UNSETTLED"})
REFUND_BODY = Fields({
    "transaction_id": Text(32),
    "out_trade_no": Text(32),
    "out_refund_no": Text(64, required=True, shortest=1, pattern=OUT_REFUND_NO),
    "reason": Text(80),
    "notify_url": Text(256),
    "funds_account": Choice(_ACCOUNTS),
    "amount": Fields({
        "refund": Whole(required=True, least=1),
        "total": Whole(required=True, least=1),
        "currency": _CNY,
        "from": ListOf(Fields({
            "account": Choice(_ACCOUNTS, required=True),
            "amount": Whole(required=True, least=1),
        })),
    }, required=True),
    "goods_detail": ListOf(Fields({
        "merchant_goods_id": Text(32, required=True, shortest=1),
        "wechatpay_goods_id": Text(32),
        "goods_name": Text(256),
        "unit_price": Whole(required=True),
        "refund_amount": Whole(required=True),
        "refund_quantity": Whole(required=True, least=1),
    })),
})


def apply(ctx: Context, body: bytes) -> JsonObject:
    """POST /v3/refund/domestic/refunds. 200 means accepted, not done."""
    request = read_body(body, REFUND_BODY)
    if "notify_url" in request:
        check_notify_url(ctx, str(request["notify_url"]))
    order = _order_of(ctx, request)
    existing = ctx.store.refunds.get(request["out_refund_no"])
    if existing is not None:
        if existing.request != request:
            raise ApiError(REFUND_PARAMS_DIFFER)
        return refund_document(order, existing)
    amount = request["amount"]
    assert isinstance(amount, dict)
    if amount["total"] != order.total_fen:
        raise ApiError(REFUND_PARAMS_DIFFER)
    return refund_document(order, accept(ctx, order, request, refund_fen=int(amount["refund"])))


def accept(ctx: Context, order: Order, request: JsonObject, *, refund_fen: int) -> Refund:
    """Take a new refund when order, sum, count, age and balance allow it. Raises ApiError."""
    now_s = ctx.clock.now_s()
    counted = funds.counted_refunds(ctx, order)
    if order.paid_at_s is None or order.trade_state not in ("SUCCESS", "REFUND"):
        raise ApiError(REFUND_ORDER_NOT_EXIST)
    if now_s > order.paid_at_s + REFUND_LIFE_S:
        raise ApiError(REFUND_TOO_LATE)
    if len(counted) >= MOST_REFUNDS:
        raise ApiError(REFUND_TOO_MANY)
    if sum(each.refund_fen for each in counted) + refund_fen > order.total_fen:
        raise ApiError(REFUND_TOO_MUCH)
    if funds.cost_of_refund(ctx, order, refund_fen) > funds.balance_fen(ctx):
        raise ApiError(NOT_ENOUGH)
    refund = Refund(
        out_refund_no=str(request["out_refund_no"]),
        refund_id=ctx.ids.refund_id(now_s),
        out_trade_no=order.out_trade_no,
        request=request,
        refund_fen=refund_fen,
        notify_url=str(request.get("notify_url", "")),
        created_at_s=now_s,
        settles_at_ms=ctx.clock.now_ms() + ctx.clock.wait_ms(ctx.settings.refund_settle_s),
    )
    ctx.store.refunds.put(refund)
    order.trade_state = "REFUND"
    ctx.store.orders.put(order)
    complaints.on_refund_accepted(ctx, order)
    return refund


def query(ctx: Context, out_refund_no: str) -> JsonObject:
    """GET /v3/refund/domestic/refunds/{out_refund_no}."""
    refund = ctx.store.refunds.get(out_refund_no)
    if refund is None:
        raise ApiError(REFUND_NOT_EXIST)
    return refund_document(_stored_order(ctx, refund), refund)


def settle_due(ctx: Context) -> None:
    """Finish every refund whose time has come."""
    now_ms = ctx.clock.now_ms()
    for refund in ctx.store.refunds.where(status="PROCESSING"):
        if refund.settles_at_ms <= now_ms:
            settle(ctx, refund, "SUCCESS")


def settle(ctx: Context, refund: Refund, status: str) -> None:
    """Give a refund its outcome and schedule the notify. Raises ValueError when it has one.

    An ABNORMAL refund may still become SUCCESS or CLOSED, as after the merchant's handling.
    """
    if status not in FINAL or refund.status in ("SUCCESS", "CLOSED"):
        raise ValueError(f"a refund that is {refund.status} cannot become {status}")
    refund.status = status
    refund.success_at_s = ctx.clock.now_s() if status == "SUCCESS" else None
    ctx.store.refunds.put(refund)
    order = _stored_order(ctx, refund)
    if refund.notify_url:
        notifies.schedule(ctx, notifies.News(
            f"REFUND.{status}", order.out_trade_no, refund.notify_url,
            notify_plaintext(ctx, order, refund)))
    if status == "SUCCESS":
        complaints.on_refund_success(ctx, order)


def next_settle_ms(ctx: Context) -> int | None:
    """When the next refund settles, in business milliseconds."""
    return min((each.settles_at_ms for each in ctx.store.refunds.where(status="PROCESSING")),
               default=None)


def refund_document(order: Order, refund: Refund) -> JsonObject:
    """The refund as apply and query show it."""
    document: JsonObject = {
        "refund_id": refund.refund_id,
        "out_refund_no": refund.out_refund_no,
        "transaction_id": order.transaction_id,
        "out_trade_no": order.out_trade_no,
        "channel": refund.channel,
        "user_received_account": refund.received_account,
        "create_time": rfc3339(refund.created_at_s),
        "status": refund.status,
        "funds_account": refund.request.get("funds_account", "AVAILABLE"),
        "amount": _amounts(order, refund),
        "promotion_detail": [],
    }
    if refund.success_at_s is not None:
        document["success_time"] = rfc3339(refund.success_at_s)
    return document


def notify_plaintext(ctx: Context, order: Order, refund: Refund) -> JsonObject:
    """The refund as its notify tells it; here the status is called ``refund_status``."""
    document: JsonObject = {
        "mchid": ctx.account.mchid,
        "out_trade_no": order.out_trade_no,
        "transaction_id": order.transaction_id,
        "out_refund_no": refund.out_refund_no,
        "refund_id": refund.refund_id,
        "refund_status": refund.status,
        "user_received_account": refund.received_account,
        "amount": {name: _amounts(order, refund)[name]
                   for name in ("total", "refund", "payer_total", "payer_refund")},
    }
    if refund.success_at_s is not None:
        document["success_time"] = rfc3339(refund.success_at_s)
    return document


def _amounts(order: Order, refund: Refund) -> JsonObject:
    """A coupon is given back in the proportion it was used."""
    coupon_refund = order.coupon_fen * refund.refund_fen // order.total_fen
    payer_refund = refund.refund_fen - coupon_refund
    return {
        "total": order.total_fen, "refund": refund.refund_fen, "from": [],
        "payer_total": order.payer_total_fen, "payer_refund": payer_refund,
        "settlement_total": order.total_fen, "settlement_refund": refund.refund_fen,
        "discount_refund": coupon_refund, "currency": "CNY", "refund_fee": 0,
    }


def _order_of(ctx: Context, request: JsonObject) -> Order:
    """The order both given numbers mean. Raises ApiError."""
    given = {name: request[name] for name in ("out_trade_no", "transaction_id")
             if name in request}
    if not given:
        raise param_error("/transaction_id", "or /out_trade_no is missing")
    found = ctx.store.orders.where(**given)
    if not found:
        raise ApiError(REFUND_ORDER_NOT_EXIST)
    return found[0]


def _stored_order(ctx: Context, refund: Refund) -> Order:
    order = ctx.store.orders.get(refund.out_trade_no)
    assert order is not None
    return order
