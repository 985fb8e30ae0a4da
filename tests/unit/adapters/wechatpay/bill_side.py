"""Trade bills as WeChat writes them, for tests: the columns of the real file, rows by default."""

from __future__ import annotations

import gzip
import hashlib
from decimal import Decimal
from typing import TYPE_CHECKING

from tests.unit.adapters.wechatpay import wechat_side as wechat

if TYPE_CHECKING:
    from collections.abc import Sequence

DAY = "2027-01-15"
COLUMNS = [
    "交易时间", "公众账号ID", "商户号", "特约商户号", "设备号", "微信订单号",
    "商户订单号", "用户标识", "交易类型", "交易状态", "付款银行", "货币种类",
    "应结订单金额", "代金券金额", "微信退款单号", "商户退款单号", "退款金额", "充值券退款金额",
    "退款类型", "退款状态", "商品名称", "商户数据包", "手续费", "费率",
    "订单金额", "申请退款金额", "费率备注"]
TOTAL_COLUMNS = ["总交易单数", "应结订单总金额", "退款总金额", "充值券退款总金额", "手续费总金额",
                 "订单总金额", "申请退款总金额"]
OPENID = "oTestVectorOpenidNobody00000"


def payment(n: int = 1, **cells: str) -> dict[str, str]:
    """The n-th payment, of 99.00 yuan with a coupon of 5.00."""
    return {
        **dict.fromkeys(COLUMNS, ""), "交易时间": "2027-01-15 15:59:55",
        "公众账号ID": wechat.APPID, "商户号": wechat.MCHID, "特约商户号": "0",
        "微信订单号": f"42000019682027011598765{n:05d}",
        "商户订单号": f"TB01ABCDEFGHJKMNPQRSTVWXYZ{n:05d}", "用户标识": OPENID,
        "交易类型": "NATIVE", "交易状态": "SUCCESS", "付款银行": "OTHERS", "货币种类": "CNY",
        "应结订单金额": "99.00", "代金券金额": "5.00", "微信退款单号": "0", "商户退款单号": "0",
        "退款金额": "0.00", "充值券退款金额": "0.00", "商品名称": "通宝 Pro · one year",
        "手续费": "0.59000", "费率": "0.60%", "订单金额": "99.00", "申请退款金额": "0.00", **cells}


def refund(n: int = 1, **cells: str) -> dict[str, str]:
    """A refund of 49.00 yuan of the n-th payment."""
    return {**payment(n), **{
        "交易状态": "REFUND", "应结订单金额": "0.00", "代金券金额": "0.00", "订单金额": "0.00",
        "微信退款单号": f"503000000120270115000{n:05d}",
        "商户退款单号": f"TB01RFNDRFNDRFNDRFNDRFNDRF{n:05d}", "退款金额": "46.53",
        "充值券退款金额": "2.47", "退款类型": "ORIGINAL", "退款状态": "SUCCESS",
        "手续费": "-0.29000", "申请退款金额": "49.00"}, **cells}


def totals(rows: Sequence[dict[str, str]], **cells: str) -> list[str]:
    """The last row for these rows; `cells` replaces some of it."""
    def added(column: str) -> str:
        return str(sum((Decimal(row[column]) for row in rows), Decimal("0.00")))
    values = [str(len(rows)), added("应结订单金额"), added("退款金额"), added("充值券退款金额"),
              added("手续费"), added("订单金额"), added("申请退款金额")]
    return [cells.get(name, value) for name, value in zip(TOTAL_COLUMNS, values, strict=True)]


def lines(rows: Sequence[dict[str, str]], **cells: str) -> list[str]:
    """The lines of the file, without their ends; `cells` replaces totals."""
    return [",".join(COLUMNS), *(line(list(row.values())) for row in rows),
            ",".join(TOTAL_COLUMNS), line(totals(rows, **cells))]


def line(cells: Sequence[str]) -> str:
    """One line of cells."""
    return ",".join("`" + cell for cell in cells)


def joined(all_lines: Sequence[str]) -> bytes:
    """Lines as a file."""
    return ("\ufeff" + "".join(f"{each}\r\n" for each in all_lines)).encode()


def file(*rows: dict[str, str], **cells: str) -> bytes:
    """A whole file of these rows."""
    return joined(lines(rows, **cells))


def packed(content: bytes) -> tuple[bytes, str]:
    """(the gzipped file, its SHA-1)."""
    return gzip.compress(content, mtime=0), hashlib.sha1(content).hexdigest()
