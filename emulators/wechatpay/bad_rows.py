"""Rewrites the rows of a finished trade bill: one twice, one gone, one with another amount."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from emulators.wechatpay.bill_files import BOM

if TYPE_CHECKING:
    from emulators.wechatpay.faults import Fault

AMOUNT_COLUMNS = {"SUCCESS": ("应结订单金额", "订单金额"), "REFUND": ("退款金额", "申请退款金额")}
_SUMMED = ("应结订单金额", "退款金额", "充值券退款金额", "手续费", "订单金额", "申请退款金额")
KINDS = ("bill_changed_amount", "bill_duplicated_row", "bill_missing_row")


@dataclass
class _Bill:
    """A trade bill taken apart; ``rows`` are cells without their back-ticks."""

    columns: list[str]
    rows: list[list[str]]
    summary_columns: str
    summary: str


def rewritten(content: bytes, fault: Fault) -> bytes:
    """The bill as this fault leaves it: its summary as it was, or true to the new rows."""
    bill = _apart(content)
    chosen = min(int(fault.number("row", 0)), len(bill.rows) - 1)
    if chosen >= 0:
        _rewrite(bill, chosen, fault)
    if fault.flag("true_summary"):
        bill.summary = _line(_summary(bill))
    return _together(bill)


def _rewrite(bill: _Bill, chosen: int, fault: Fault) -> None:
    if fault.kind == "bill_duplicated_row":
        bill.rows.insert(chosen, list(bill.rows[chosen]))
    elif fault.kind == "bill_missing_row":
        del bill.rows[chosen]
    else:
        _add(bill, chosen, int(fault.number("add_fen", 1)))


def _add(bill: _Bill, chosen: int, add_fen: int) -> None:
    row = bill.rows[chosen]
    state = row[bill.columns.index("交易状态")]
    for name in AMOUNT_COLUMNS[state]:
        if name in bill.columns:
            index = bill.columns.index(name)
            row[index] = f"{Decimal(row[index]) + Decimal(add_fen) / 100:.2f}"


def _summary(bill: _Bill) -> list[str]:
    cells = [str(len(bill.rows))]
    for name in _SUMMED:
        index = bill.columns.index(name) if name in bill.columns else None
        total = sum((Decimal(row[index]) for row in bill.rows), Decimal(0)) if (
            index is not None) else Decimal(0)
        cells.append(f"{total:.5f}" if name == "手续费" else f"{total:.2f}")
    return cells


def _apart(content: bytes) -> _Bill:
    head, *lines = content.decode().removeprefix(BOM).split("\r\n")
    rows = [line.removeprefix("`").split(",`") for line in lines[:-3]]
    return _Bill(head.split(","), rows, lines[-3], lines[-2])


def _together(bill: _Bill) -> bytes:
    lines = [",".join(bill.columns), *map(_line, bill.rows), bill.summary_columns, bill.summary]
    return (BOM + "".join(f"{line}\r\n" for line in lines)).encode()


def _line(cells: list[str]) -> str:
    return ",".join(f"`{cell}" for cell in cells)
