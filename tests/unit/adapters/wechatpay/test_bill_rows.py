"""Whatever stands in the cells of a bill, a row is a line, no line, or names its line."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.adapters.wechatpay.bill_file import Row
from shared.adapters.wechatpay.bill_rows import COLUMNS, RowReader
from shared.adapters.wechatpay.payer import payer_hasher
from shared.domain.bill import BillLine
from shared.errors import UntrustedBill
from tests.unit.adapters.wechatpay import bill_side as bill
from tests.unit.adapters.wechatpay import wechat_side as wechat
from tests.unit.adapters.wechatpay.bill_side import payment, refund

READER = RowReader(day=bill.DAY, merchant_id=wechat.MCHID,
                   payer_hasher=payer_hasher(b"TestPepperOfTongbao0123456789"))
CALM = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=200)
CELL = st.text(max_size=40) | st.sampled_from([
    "0", "0.01", "1.005", "１.00", "-1", "SUCCESS", "REFUND", "REVOKED", "CLOSED", "USD", "cny",
    "2027-01-15 00:00:00", "2027-01-15 24:00:00", "9999-12-31 23:59:59", "=1+1", "x" * 33])


def read(cells: dict[str, str]) -> BillLine | str | None:
    """The line, or why there is none."""
    try:
        return READER.line(Row(7, cells))
    except UntrustedBill as error:
        assert error.__cause__ is None
        return str(error.reason)


@given(st.sampled_from([payment, refund]),
       st.dictionaries(st.sampled_from(COLUMNS), CELL, min_size=1, max_size=3))
@CALM
def test_any_text_in_any_cell_gives_a_line_or_its_number(make: Any,
                                                         cells: dict[str, str]) -> None:
    line = read(make(1, **cells))
    if not isinstance(line, BillLine):
        assert line in (None, "row_malformed_at_line_7")
        assert line is not None or cells["交易状态"] == "REVOKED"
        return
    fact = line.payment or line.refund
    assert fact is not None
    assert (line.payment is None) != (line.refund is None)
    assert fact.amount is not None
    assert type(fact.amount.amount_minor) is int
    assert 0 < len(fact.out_trade_no) <= 32
    assert fact.source == "bill"


@given(st.integers(0, 86_399), st.integers(1, 10**9), st.integers(1, 99_999))
@CALM
def test_times_and_amounts_arrive_exactly(second: int, fen: int, n: int) -> None:
    time = f"{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}"
    line = read(payment(n, 交易时间=f"{bill.DAY} {time}",
                        订单金额=f"{fen // 100}.{fen % 100:02d}"))
    assert isinstance(line, BillLine)
    assert line.payment is not None
    assert line.payment.paid_at_s == 1_799_942_400 + second
    assert line.payment.amount is not None
    assert line.payment.amount.amount_minor == fen
