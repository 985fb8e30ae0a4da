"""Native orders: create, query, close, and the payer's side of them (scan, pay)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulators.wechatpay import notifies
from emulators.wechatpay.errors import (
    CLOSE_PAID,
    MCHID_MISMATCH,
    ORDER_CLOSED,
    ORDER_EXPIRED,
    ORDER_NOT_EXIST,
    ORDER_PAID,
    OUT_TRADE_NO_USED,
    PARAMS_DIFFER,
    ApiError,
    Problem,
)
from emulators.wechatpay.order_rules import OUT_TRADE_NO, expiry_s, read_native_body
from emulators.wechatpay.records import BurnedNumber, JsonObject, Order
from emulators.wechatpay.times import rfc3339
from emulators.wechatpay.validation import Fields, Text, read_body

if TYPE_CHECKING:
    from emulators.wechatpay.context import Context

CODE_URL_LIFE_S = 2 * 3600
CLOSE_BODY = Fields({"mchid": Text(32, required=True, shortest=1)})
STATE_TEXTS = {"NOTPAY": "订单未支付", "SUCCESS": "支付成功", "CLOSED": "订单已关闭",
               "REFUND": "订单发生过退款，退款详情请查询退款单"}
_CREATE_REFUSALS: dict[str, Problem] = {
    "SUCCESS": ORDER_PAID, "CLOSED": ORDER_CLOSED, "REFUND": OUT_TRADE_NO_USED}


class PaymentRefused(Exception):
    """The wallet will not pay. ``reason``: code_unknown, code_expired, order_expired,
    already_paid, closed or scanned_by_another."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def create_native(ctx: Context, body: bytes) -> JsonObject:
    """POST /v3/pay/transactions/native; the same number again follows the re-create rule."""
    request = read_native_body(ctx, body)
    out_trade_no = str(request["out_trade_no"])
    now_s = ctx.clock.now_s()
    order = ctx.store.orders.get(out_trade_no)
    if order is None:
        if ctx.store.burned.get(out_trade_no) is not None:
            raise ApiError(PARAMS_DIFFER)
        order = _new_order(ctx, request, now_s)
    else:
        _check_recreate(order, request, now_s)
        order.code_url = ctx.ids.code_url()
        order.code_url_made_at_s = now_s
        order.scanned_by = None
    ctx.store.orders.put(order)
    return {"code_url": order.code_url}


def _new_order(ctx: Context, request: JsonObject, now_s: int) -> Order:
    amount = request["amount"]
    assert isinstance(amount, dict)
    return Order(
        out_trade_no=str(request["out_trade_no"]),
        request=request,
        total_fen=int(amount["total"]),
        notify_url=str(request["notify_url"]),
        code_url=ctx.ids.code_url(),
        code_url_made_at_s=now_s,
        created_at_s=now_s,
        expires_at_s=expiry_s(request, now_s),
    )


def _check_recreate(order: Order, request: JsonObject, now_s: int) -> None:
    refusal = _CREATE_REFUSALS.get(order.trade_state)
    if refusal is not None:
        raise ApiError(refusal)
    if request != order.request:
        raise ApiError(PARAMS_DIFFER)
    if now_s >= order.expires_at_s:
        raise ApiError(ORDER_EXPIRED)


def query_by_out_trade_no(ctx: Context, out_trade_no: str, mchid: str) -> JsonObject:
    """GET /v3/pay/transactions/out-trade-no/{out_trade_no}?mchid=."""
    return transaction_document(ctx, _order_of(ctx, out_trade_no, mchid))


def query_by_transaction_id(ctx: Context, transaction_id: str, mchid: str) -> JsonObject:
    """GET /v3/pay/transactions/id/{transaction_id}?mchid=."""
    _check_mchid(ctx, mchid)
    found = ctx.store.orders.where(transaction_id=transaction_id)
    if not found:
        raise ApiError(ORDER_NOT_EXIST)
    return transaction_document(ctx, found[0])


def close(ctx: Context, out_trade_no: str, body: bytes) -> None:
    """POST …/close. Closing twice is fine; closing a paid order is not."""
    _check_mchid(ctx, str(read_body(body, CLOSE_BODY)["mchid"]))
    order = ctx.store.orders.get(out_trade_no)
    if order is None:
        _close_unknown(ctx, out_trade_no)
        return
    if order.trade_state in ("SUCCESS", "REFUND"):
        raise ApiError(CLOSE_PAID)
    order.trade_state = "CLOSED"
    ctx.store.orders.put(order)


def _close_unknown(ctx: Context, out_trade_no: str) -> None:
    if not ctx.settings.unknown_close_burns or not OUT_TRADE_NO.fullmatch(out_trade_no):
        raise ApiError(ORDER_NOT_EXIST)
    ctx.store.burned.put(BurnedNumber(out_trade_no, ctx.clock.now_s()))


def find_by_code(ctx: Context, code_url: str) -> Order:
    """The order a code belongs to. Raises PaymentRefused for a code that was replaced."""
    found = ctx.store.orders.where(code_url=code_url.strip())
    if not found:
        raise PaymentRefused("code_unknown")
    return found[0]


def scan(ctx: Context, order: Order, openid: str) -> None:
    """A payer opens the order; from then on nobody else can pay it. Raises PaymentRefused."""
    check_payable(ctx, order, openid)
    order.scanned_by = openid
    ctx.store.orders.put(order)


def pay(ctx: Context, order: Order, *, payer_openid: str | None, coupon_fen: int) -> str:
    """Pay an order and schedule its notify; the transaction_id. Raises PaymentRefused."""
    if not 0 <= coupon_fen < order.total_fen:
        raise ValueError("coupon_fen is at least 0 and less than the total")
    openid = payer_openid or order.scanned_by or ctx.ids.openid()
    check_payable(ctx, order, openid)
    now_s = ctx.clock.now_s()
    order.trade_state = "SUCCESS"
    order.paid_at_s = now_s
    order.payer_openid = openid
    order.coupon_fen = coupon_fen
    order.transaction_id = ctx.ids.transaction_id(now_s)
    ctx.store.orders.put(order)
    notifies.schedule(ctx, notifies.News(
        "TRANSACTION.SUCCESS", order.out_trade_no, order.notify_url,
        transaction_document(ctx, order)))
    return order.transaction_id


def check_payable(ctx: Context, order: Order, openid: str) -> None:
    """Raise PaymentRefused when this payer cannot pay this order now."""
    now_s = ctx.clock.now_s()
    refusal = {"SUCCESS": "already_paid", "REFUND": "already_paid", "CLOSED": "closed"}
    if order.trade_state in refusal:
        raise PaymentRefused(refusal[order.trade_state])
    if now_s >= order.expires_at_s:
        raise PaymentRefused("order_expired")
    if now_s >= order.code_url_made_at_s + CODE_URL_LIFE_S:
        raise PaymentRefused("code_expired")
    if order.scanned_by not in (None, openid):
        raise PaymentRefused("scanned_by_another")


def _order_of(ctx: Context, out_trade_no: str, mchid: str) -> Order:
    _check_mchid(ctx, mchid)
    order = ctx.store.orders.get(out_trade_no)
    if order is None:
        raise ApiError(ORDER_NOT_EXIST)
    return order


def _check_mchid(ctx: Context, mchid: str) -> None:
    if mchid != ctx.account.mchid:
        raise ApiError(MCHID_MISMATCH)


def transaction_document(ctx: Context, order: Order) -> JsonObject:
    """The order as queries and notifies show it; an unpaid one is little more than its state."""
    document: JsonObject = {
        "appid": ctx.account.appid,
        "mchid": ctx.account.mchid,
        "out_trade_no": order.out_trade_no,
        "trade_state": order.trade_state,
        "trade_state_desc": STATE_TEXTS[order.trade_state],
    }
    if order.paid_at_s is None:
        return document
    document.update(
        transaction_id=order.transaction_id,
        trade_type="NATIVE",
        bank_type="OTHERS",
        attach=order.text("attach"),
        success_time=rfc3339(order.paid_at_s),
        payer={"openid": order.payer_openid},
        amount={"total": order.total_fen, "payer_total": order.payer_total_fen,
                "currency": "CNY", "payer_currency": "CNY"},
        promotion_detail=_promotions(order),
    )
    return document


def _promotions(order: Order) -> list[JsonObject]:
    if not order.coupon_fen:
        return []
    return [{"coupon_id": f"C{order.transaction_id}", "name": "emulated coupon",
             "scope": "GLOBAL", "type": "CASH", "amount": order.coupon_fen, "currency": "CNY",
             "wechatpay_contribute": order.coupon_fen, "merchant_contribute": 0,
             "other_contribute": 0}]
