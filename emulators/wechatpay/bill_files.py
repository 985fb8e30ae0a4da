"""Writes bill files as WeChat does: UTF-8 with BOM, CRLF, a back-tick before every cell, yuan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from emulators.wechatpay import funds
from emulators.wechatpay.times import beijing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from emulators.wechatpay.context import Context
    from emulators.wechatpay.records import Order, Refund

BOM = "\ufeff"
_ORDER_COLUMNS = ("交易时间", "公众账号ID", "商户号", "特约商户号", "设备号", "微信订单号",
                  "商户订单号", "用户标识", "交易类型", "交易状态", "付款银行", "货币种类",
                  "应结订单金额", "代金券金额")
_REFUND_TIMES = ("退款申请时间", "退款成功时间")
_REFUND_COLUMNS = ("微信退款单号", "商户退款单号", "退款金额", "充值券退款金额", "退款类型",
                   "退款状态")
_GOODS_COLUMNS = ("商品名称", "商户数据包", "手续费", "费率", "订单金额")
TRADE_COLUMNS = {
    "ALL": (*_ORDER_COLUMNS, *_REFUND_COLUMNS, *_GOODS_COLUMNS, "申请退款金额", "费率备注"),
    "SUCCESS": (*_ORDER_COLUMNS, *_GOODS_COLUMNS, "费率备注"),
    "REFUND": (*_ORDER_COLUMNS, *_REFUND_TIMES, *_REFUND_COLUMNS, *_GOODS_COLUMNS,
               "申请退款金额", "费率备注"),
}
TRADE_SUMMARY = ("总交易单数", "应结订单总金额", "退款总金额", "充值券退款总金额", "手续费总金额",
                 "订单总金额", "申请退款总金额")
FUND_COLUMNS = ("记账时间", "微信支付业务单号", "资金流水单号", "业务名称", "业务类型", "收支类型",
                "收支金额(元)", "账户结余(元)", "资金变更提交申请人", "备注", "业务凭证号")
FUND_SUMMARY = ("资金流水总笔数", "收入笔数", "收入金额", "支出笔数", "支出金额")


@dataclass(frozen=True)
class TradeRow:
    """A payment, or with ``refund`` one refund of it."""

    at_s: int
    order: Order
    refund: Refund | None = None


def trade_bill(ctx: Context, day: date, kind: str) -> bytes | None:
    """The trade bill of a day; None when nothing happened that this kind lists."""
    if kind not in TRADE_COLUMNS:
        return None
    rows = [row for row in _trade_rows(ctx)
            if beijing(row.at_s).date() == day
            and kind in ("ALL", "SUCCESS" if row.refund is None else "REFUND")]
    if not rows:
        return None
    columns = TRADE_COLUMNS[kind]
    cells = [_trade_cells(ctx, row) for row in rows]
    return _file(columns, [[each[name] for name in columns] for each in cells],
                 TRADE_SUMMARY, _trade_summary(ctx, rows))


def _trade_rows(ctx: Context) -> list[TradeRow]:
    rows = []
    for order in ctx.store.orders.where():
        if order.paid_at_s is not None:
            rows.append(TradeRow(order.paid_at_s, order))
            rows += [TradeRow(refund.created_at_s, order, refund)
                     for refund in ctx.store.refunds.where(out_trade_no=order.out_trade_no)]
    return sorted(rows, key=lambda row: row.at_s, reverse=True)


def _trade_cells(ctx: Context, row: TradeRow) -> dict[str, str]:
    order, refund = row.order, row.refund
    paid_here = refund is None
    return {
        "交易时间": _time(row.at_s), "公众账号ID": ctx.account.appid,
        "商户号": ctx.account.mchid, "特约商户号": "0", "设备号": "",
        "微信订单号": order.transaction_id or "", "商户订单号": order.out_trade_no,
        "用户标识": order.payer_openid or "", "交易类型": "NATIVE",
        "交易状态": "SUCCESS" if paid_here else "REFUND", "付款银行": "OTHERS",
        "货币种类": "CNY",
        "应结订单金额": yuan(order.total_fen if paid_here else 0),
        "代金券金额": yuan(order.coupon_fen if paid_here else 0),
        **_refund_cells(order, refund),
        "商品名称": order.text("description"), "商户数据包": order.text("attach"),
        "手续费": _fee_text(ctx, row),
        "费率": f"{ctx.settings.fee_per_ten_thousand / 100:.2f}%",
        "订单金额": yuan(order.total_fen if paid_here else 0), "费率备注": "",
    }


def _refund_cells(order: Order, refund: Refund | None) -> dict[str, str]:
    if refund is None:
        return {"微信退款单号": "0", "商户退款单号": "0", "退款金额": "0.00",
                "充值券退款金额": "0.00", "退款类型": "", "退款状态": "",
                "申请退款金额": "0.00"}
    done_at_s = refund.success_at_s
    return {
        "退款申请时间": _time(refund.created_at_s),
        "退款成功时间": "" if done_at_s is None else _time(done_at_s),
        "微信退款单号": refund.refund_id, "商户退款单号": refund.out_refund_no,
        "退款金额": yuan(refund.refund_fen),
        "充值券退款金额": yuan(order.coupon_fen * refund.refund_fen // order.total_fen),
        "退款类型": refund.channel, "退款状态": refund.status,
        "申请退款金额": yuan(refund.refund_fen),
    }


def _trade_summary(ctx: Context, rows: Sequence[TradeRow]) -> list[str]:
    paid = [row.order for row in rows if row.refund is None]
    refunds = [(row.order, row.refund) for row in rows if row.refund is not None]
    total = sum(order.total_fen for order in paid)
    refunded = sum(refund.refund_fen for _, refund in refunds)
    coupons = sum(order.coupon_fen * refund.refund_fen // order.total_fen
                  for order, refund in refunds)
    fees = sum(_exact_fee(ctx, row) for row in rows)
    return [str(len(rows)), yuan(total), yuan(refunded), yuan(coupons), _five_places(fees),
            yuan(total), yuan(refunded)]


def _exact_fee(ctx: Context, row: TradeRow) -> int:
    """The fee in millionths of a yuan, negative when it is given back."""
    if row.refund is None:
        return row.order.total_fen * ctx.settings.fee_per_ten_thousand
    return -row.refund.refund_fen * ctx.settings.fee_per_ten_thousand


def _fee_text(ctx: Context, row: TradeRow) -> str:
    return _five_places(_exact_fee(ctx, row))


def _five_places(millionths: int) -> str:
    whole, rest = divmod(abs(millionths) // 10, 100_000)
    return f"{'-' if millionths < 0 else ''}{whole}.{rest:05d}"


def fund_flow_bill(ctx: Context, day: date) -> bytes | None:
    """The fund flow bill of the basic account; None when nothing moved that day."""
    balance = funds.opening_fen(ctx)
    rows: list[list[str]] = []
    changes: list[int] = []
    for entry in funds.ledger(ctx):
        balance += entry.change_fen
        if beijing(entry.at_s).date() == day:
            rows.append(_fund_cells(ctx, entry, balance))
            changes.append(entry.change_fen)
    if not rows:
        return None
    income = [each for each in changes if each >= 0]
    expense = [-each for each in changes if each < 0]
    summary = [str(len(rows)), str(len(income)), yuan(sum(income)), str(len(expense)),
               yuan(sum(expense))]
    return _file(FUND_COLUMNS, rows, FUND_SUMMARY, summary)


def _fund_cells(ctx: Context, entry: funds.Entry, balance_fen: int) -> list[str]:
    order, refund = entry.order, entry.refund
    number = order.transaction_id or ""
    name = {"payment": "交易", "fee": "扣除交易手续费", "refund": "退款"}[entry.kind]
    remark = f"结算总金额 {yuan(order.total_fen)} 元"
    if refund is not None:
        remark = f"退款总金额{yuan(refund.refund_fen)}元;含手续费{yuan(entry.fee_fen)}元"
    return [
        _time(entry.at_s), number if refund is None else refund.refund_id, number,
        name, "退款" if refund is not None else name,
        "收入" if entry.change_fen >= 0 else "支出", yuan(abs(entry.change_fen)),
        yuan(balance_fen), "system" if refund is None else f"{ctx.account.mchid}API", remark,
        order.out_trade_no if refund is None else refund.out_refund_no,
    ]


def _file(columns: Sequence[str], rows: Sequence[Sequence[str]], summary_columns: Sequence[str],
          summary: Sequence[str]) -> bytes:
    lines = [",".join(columns), *(_line(row) for row in rows), ",".join(summary_columns),
             _line(summary)]
    return (BOM + "".join(f"{line}\r\n" for line in lines)).encode()


def _line(cells: Sequence[str]) -> str:
    """Cells are never quoted; a line break inside one would shift the file, so it is a space."""
    return ",".join("`" + cell.replace("\r", " ").replace("\n", " ") for cell in cells)


def yuan(amount_fen: int) -> str:
    """``123`` fen as ``1.23``."""
    sign = "-" if amount_fen < 0 else ""
    return f"{sign}{abs(amount_fen) // 100}.{abs(amount_fen) % 100:02d}"


def _time(at_s: int) -> str:
    return beijing(at_s).strftime("%Y-%m-%d %H:%M:%S")
