"""What the provider says that it took and gave back: its bills, or the emulator's own journal."""

from __future__ import annotations

import gzip
import json
import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.request import urlopen

from scripts.auditing.days import BEIJING, day_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

STATES = {"SUCCESS": "succeeded", "PROCESSING": "processing", "CLOSED": "closed",
          "ABNORMAL": "abnormal", "CHANGE": "abnormal"}
BILL_TIME, BILL_TRANSACTION, BILL_ORDER = "交易时间", "微信订单号", "商户订单号"
BILL_STATE, BILL_CURRENCY, BILL_AMOUNT = "交易状态", "货币种类", "订单金额"
BILL_REFUND, BILL_REFUND_AMOUNT, BILL_REFUND_STATE = "商户退款单号", "申请退款金额", "退款状态"


class Paid(NamedTuple):
    """One payment that the provider took."""

    out_trade_no: str
    transaction_id: str
    minor: int
    currency: str
    paid_at_s: int


class Returned(NamedTuple):
    """One refund, under the Beijing day on which it was applied for."""

    out_refund_no: str
    out_trade_no: str
    minor: int
    state: str
    day: str


class Accepted(NamedTuple):
    """One notify that was answered with success: payment, refund. `number` may be empty."""

    kind: str
    out_trade_no: str
    number: str = ""


@dataclass(frozen=True)
class Journal:
    """`days` are those that it covers; None: all there ever were."""

    payments: list[Paid] = field(default_factory=list)
    refunds: list[Returned] = field(default_factory=list)
    accepted: list[Accepted] = field(default_factory=list)
    days: frozenset[str] | None = None

    def covers(self, day: str) -> bool:
        """Whether a movement of that day must be here."""
        return self.days is None or day in self.days


class UnreadableJournal(Exception):
    """A file is not a bill, or an address no emulator."""


def from_bills(files: Sequence[Path]) -> Journal:
    """The trade bills (ALL) of some days, plain or gzipped; the name has the day: …2026-11-23…"""
    journal = Journal(days=frozenset(_day_in(path) for path in files))
    for path in files:
        raw = path.read_bytes()
        if raw[:2] == b"\x1f\x8b":
            raw = gzip.decompress(raw)
        read_bill(raw.decode("utf-8-sig"), _day_in(path), journal)
    return journal


def read_bill(text: str, day: str, journal: Journal) -> None:
    """Add the lines of one bill; raises UnreadableJournal."""
    lines = text.splitlines()
    end = next((place for place, line in enumerate(lines) if line.startswith("总交易单数")), None)
    columns = lines[0].split(",") if lines else []
    if BILL_TRANSACTION not in columns or end is None:
        raise UnreadableJournal(f"the bill of {day} is not whole")
    for line in lines[1:end]:
        try:
            # A comma inside a cell is no border: that is a comma before a back-tick.
            cells = line.removeprefix("`").split(",`")
            _add_line(dict(zip(columns, cells, strict=True)), day, journal)
        except (KeyError, ValueError):
            raise UnreadableJournal(f"the bill of {day} has an odd line") from None


def _add_line(cells: dict[str, str], day: str, journal: Journal) -> None:
    if cells[BILL_STATE] == "SUCCESS":
        at = datetime.strptime(cells[BILL_TIME], "%Y-%m-%d %H:%M:%S").replace(tzinfo=BEIJING)
        journal.payments.append(Paid(
            cells[BILL_ORDER], cells[BILL_TRANSACTION], _minor(cells[BILL_AMOUNT]),
            cells[BILL_CURRENCY], int(at.timestamp())))
    else:
        journal.refunds.append(Returned(
            cells[BILL_REFUND], cells[BILL_ORDER], _minor(cells[BILL_REFUND_AMOUNT]),
            STATES[cells[BILL_REFUND_STATE]], day))


def _minor(yuan: str) -> int:
    found = re.fullmatch(r"(\d+)(?:\.(\d{1,2}))?", yuan)
    if found is None:
        raise ValueError("an amount")
    return int(found[1]) * 100 + int((found[2] or "").ljust(2, "0"))


def _day_in(path: Path) -> str:
    found = re.search(r"\d{4}-\d{2}-\d{2}", path.name)
    if found is None:
        raise UnreadableJournal(f"{path.name}: its name must have the day, as 2026-11-23")
    return found[0]


def from_emulator(base_url: str) -> Journal:
    """Everything that a WeChat Pay emulator remembers."""
    def get(name: str) -> list[dict[str, Any]]:
        with urlopen(f"{base_url.rstrip('/')}/_emulator/{name}", timeout=30) as answer:
            found = json.load(answer)
        if not isinstance(found, list):
            raise UnreadableJournal("that address is no emulator")
        return found

    return from_records(get("orders"), get("refunds"), get("notifies"))


def from_records(orders: Iterable[dict[str, Any]], refunds: Iterable[dict[str, Any]],
                 attempts: Iterable[dict[str, Any]]) -> Journal:
    """The same from the emulator's records as its control API shows them."""
    kinds = {"TRANSACTION.SUCCESS": "payment", "REFUND.SUCCESS": "refund"}
    return Journal(
        [Paid(one["out_trade_no"], one["transaction_id"], one["total_fen"], "CNY",
              one["paid_at_s"]) for one in orders if one["transaction_id"] is not None],
        [Returned(one["out_refund_no"], one["out_trade_no"], one["refund_fen"],
                  STATES[one["status"]], day_of(one["created_at_s"])) for one in refunds],
        [Accepted(kinds[one["event_type"]], one["out_trade_no"]) for one in attempts
         if one["status"] in (200, 204) and one["event_type"] in kinds and not one["faults"]])
