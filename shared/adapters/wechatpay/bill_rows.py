"""Reads one row of a trade bill into the same facts that a notify or a query would state.

Columns: 4012791872. 交易状态 is SUCCESS (a payment), REFUND (a refund, with the columns of its
order beside its own) or REVOKED. A revoked row takes back a payment by payment code at a till;
this shop sells by Native orders, which cannot be revoked, so such rows belong to other shops of
the merchant: they are counted in the totals and give no line.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from shared.adapters.wechatpay import rfc3339
from shared.adapters.wechatpay.bill_file import (
    ORDER_AMOUNT,
    REFUND_AMOUNT,
    minor_units,
    untrusted_row,
)
from shared.adapters.wechatpay.facts import PROVIDER
from shared.adapters.wechatpay.refund_facts import OUT_REFUND_NO, REFUND_ID
from shared.domain.bill import BillLine
from shared.domain.calendar import DAY_S, start_of
from shared.domain.money import Money
from shared.domain.payment import Payee, PaymentFact, TradeState
from shared.domain.refund import RefundFact, RefundState

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.adapters.wechatpay.bill_file import Row

TIME, STATE, CURRENCY = "交易时间", "交易状态", "货币种类"
APP_ID, MERCHANT_ID, PAYER = "公众账号ID", "商户号", "用户标识"
TRANSACTION_ID, OUT_TRADE_NO = "微信订单号", "商户订单号"
REFUND_NUMBER, OUR_REFUND_NUMBER, REFUND_STATE = "微信退款单号", "商户退款单号", "退款状态"
COLUMNS = (TIME, STATE, CURRENCY, APP_ID, MERCHANT_ID, PAYER, TRANSACTION_ID, OUT_TRADE_NO,
           REFUND_NUMBER, OUR_REFUND_NUMBER, REFUND_STATE, ORDER_AMOUNT, REFUND_AMOUNT)
"""What is read of a row; bills have more, and may get more."""

REFUND_STATES = {
    "SUCCESS": RefundState.SUCCEEDED,
    "PROCESSING": RefundState.PROCESSING,
    "CLOSED": RefundState.CLOSED,
    "ABNORMAL": RefundState.ABNORMAL,
    "CHANGE": RefundState.ABNORMAL,
    "FAIL": RefundState.ABNORMAL,
}
"""Bills still use words of the older API. FAIL may mean closed or abnormal: taken as the one that
keeps the amount reserved and a person looking; asking WeChat tells."""

_TIME = re.compile(r"[0-9\-]{10} [0-9:]{8}")
_APP_ID = re.compile(r"[0-9A-Za-z]{0,32}")
_TRANSACTION_ID = re.compile(r"[0-9A-Za-z]{1,32}")
_OUT_TRADE_NO = re.compile(r"[0-9A-Za-z_\-|*@]{1,32}")
_OPENID = re.compile(r"[!-~]{1,128}")


class RowReader:
    """Reads the rows of one day's bill of one merchant."""

    def __init__(self, *, day: str, merchant_id: str,
                 payer_hasher: Callable[[str], str] | None) -> None:
        self._day = day
        self._merchant_id = merchant_id
        self._payer_hasher = payer_hasher
        self._began_s = start_of(day)
        self._ended_s = self._began_s + DAY_S

    def line(self, row: Row) -> BillLine | None:
        """The line, None for a revoked row; raises UntrustedBill naming the row's line."""
        try:
            state = row.cells[STATE]
            if row.cells[MERCHANT_ID] != self._merchant_id:
                raise ValueError("another merchant's row")
            if state == "SUCCESS":
                return BillLine(row.line, self._payment(row), None)
            if state == "REFUND":
                return BillLine(row.line, None, self._refund(row))
            if state == "REVOKED":
                return None
            raise ValueError("a state nobody knows")
        except ValueError:
            raise untrusted_row(row.line) from None

    def _payment(self, row: Row) -> PaymentFact:
        cells = row.cells
        paid_at_s = _time_s(cells[TIME])
        if not self._began_s - DAY_S <= paid_at_s < self._ended_s + DAY_S:
            raise ValueError("a row of another day")  # a neighbor's at most: clocks differ
        return PaymentFact(
            PROVIDER, Payee(self._merchant_id, _shaped(cells[APP_ID], _APP_ID)),
            _shaped(cells[OUT_TRADE_NO], _OUT_TRADE_NO), TradeState.PAID, "bill",
            _shaped(cells[TRANSACTION_ID], _TRANSACTION_ID),
            Money(minor_units(cells[ORDER_AMOUNT]), cells[CURRENCY]), paid_at_s,
            self._payer_hash(cells[PAYER]))

    def _refund(self, row: Row) -> RefundFact:
        """A bill does not say what the order had cost, and when a refund succeeded only nearly.

        It lists the refund under its day; the row's time may be that of the application, or of
        the order. So the time counts as far as it lies within the day.
        """
        cells = row.cells
        state = REFUND_STATES.get(cells[REFUND_STATE])
        amount = Money(minor_units(cells[REFUND_AMOUNT]), cells[CURRENCY])
        if state is None or amount.amount_minor == 0:
            raise ValueError("no refund")
        time_s = min(max(_time_s(cells[TIME]), self._began_s), self._ended_s - 1)
        return RefundFact(
            PROVIDER, self._merchant_id, _shaped(cells[OUT_TRADE_NO], _OUT_TRADE_NO),
            _shaped(cells[TRANSACTION_ID], _TRANSACTION_ID),
            _shaped(cells[OUR_REFUND_NUMBER], OUT_REFUND_NO),
            _shaped(cells[REFUND_NUMBER], REFUND_ID), state, amount, None, "bill",
            settled_at_s=time_s if state is RefundState.SUCCEEDED else None,
            billed_on=self._day)

    def _payer_hash(self, openid: str) -> str | None:
        if self._payer_hasher is None or openid == "":
            return None
        return self._payer_hasher(_shaped(openid, _OPENID))


def _time_s(cell: str) -> int:
    day, time = _shaped(cell, _TIME).split(" ")
    return rfc3339.parse(f"{day}T{time}+08:00")


def _shaped(cell: str, shape: re.Pattern[str]) -> str:
    if shape.fullmatch(cell) is None:
        raise ValueError("not the shape of this column")
    return cell
