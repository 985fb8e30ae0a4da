"""Reads the file of a trade bill: gzip, its hash, its table, and whether the table is whole.

Format (4012791874): UTF-8 with a byte order mark, CRLF, a header, rows whose every cell follows a
back-tick, nothing quoted, then a header and a row of totals. Cells hold what strangers typed, so
columns are found by name, a cell is used only if it has its shape, and a row that does not fit
makes all of the file untrusted: nobody can tell what else moved.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import zlib
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from shared.errors import UntrustedBill

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

LARGEST_FILE = 32 * 1024 * 1024
"""Uncompressed; some eighty thousand rows."""
_CHUNK = 64 * 1024
_GZIP = 31  # zlib's number for: a gzip header, the largest window

ORDER_AMOUNT, REFUND_AMOUNT = "订单金额", "申请退款金额"
"""What the API calls amount.total and amount.refund: before coupons, as we booked it."""

ROW_COUNT = "总交易单数"
TOTALS = {"订单总金额": ORDER_AMOUNT, "申请退款总金额": REFUND_AMOUNT}
"""Each total with the column that it adds up."""

_YUAN = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,5})?")
_COUNT = re.compile(r"[0-9]{1,9}")


class Row(NamedTuple):
    """One row: its line in the file (the header is line 1), and its cells by column."""

    line: int
    cells: Mapping[str, str]


def unpacked(packed: bytes, sha1: str) -> bytes:
    """The uncompressed file; raises UntrustedBill when it is too large or not what `sha1` says.

    Hashed in a first pass that keeps nothing, so a bomb costs time for its first bytes alone.
    """
    digest = hashlib.sha1(usedforsecurity=False)
    for chunk in _inflated(packed):
        digest.update(chunk)
    if not hmac.compare_digest(digest.hexdigest(), sha1.lower()):
        raise UntrustedBill(reason="hash_wrong")
    return b"".join(_inflated(packed))


def rows(content: bytes, columns: Iterable[str]) -> list[Row]:
    """Every row, each with at least `columns`; raises UntrustedBill.

    Their number and the sums of their amounts are what the last line of the file says.
    """
    lines = _lines(content)
    header = _header(lines[0], {*columns, *TOTALS.values()})
    ends = next((at for at, line in enumerate(lines) if at > 0 and not line.startswith("`")),
                len(lines))
    found = [_row(at + 1, lines[at], header) for at in range(1, ends)]
    _check_totals(lines[ends:], found)
    return found


def minor_units(yuan: str) -> int:
    """`12.30` as 1230, exactly; raises ValueError for anything but whole fen."""
    if _YUAN.fullmatch(yuan) is None:
        raise ValueError("not an amount in yuan")
    fen = Decimal(yuan) * 100
    if fen != int(fen):
        raise ValueError("not whole fen")
    return int(fen)


def untrusted_row(line: int) -> UntrustedBill:
    """The error for a row that cannot be: it names the line, never what is in it."""
    return UntrustedBill(reason=f"row_malformed_at_line_{line}")


def _inflated(packed: bytes) -> Iterator[bytes]:
    """The uncompressed file in pieces of bounded size; raises UntrustedBill."""
    inflater, size = zlib.decompressobj(_GZIP), 0
    pieces = (packed[at:at + _CHUNK] for at in range(0, len(packed), _CHUNK))
    while not inflater.eof:
        rest = inflater.unconsumed_tail or next(pieces, b"")
        try:
            chunk = inflater.decompress(rest, _CHUNK)
        except zlib.error:
            raise UntrustedBill(reason="not_gzip") from None
        if not chunk and not rest:
            raise UntrustedBill(reason="file_truncated")
        size += len(chunk)
        if size > LARGEST_FILE:
            raise UntrustedBill(reason="file_too_large")
        yield chunk
    if inflater.unused_data or next(pieces, b""):
        raise UntrustedBill(reason="not_gzip")


def _lines(content: bytes) -> list[str]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UntrustedBill(reason="not_utf8") from None
    # Not splitlines: it knows a dozen line ends that a product's name may contain.
    lines = text.split("\r\n" if "\r\n" in text else "\n")
    if lines[-1] == "":
        lines.pop()
    if not lines:
        raise UntrustedBill(reason="file_empty")
    return lines


def _header(line: str, columns: set[str]) -> list[str]:
    header = [name.strip().lstrip("`") for name in line.split(",")]
    if len(set(header)) != len(header):
        raise UntrustedBill(reason="header_malformed")
    if not columns <= set(header):
        raise UntrustedBill(reason="column_missing")
    return header


def _row(line: int, text: str, header: Sequence[str]) -> Row:
    cells = text[1:].split(",`")
    if len(cells) != len(header):
        raise untrusted_row(line)
    return Row(line, dict(zip(header, cells, strict=True)))


def _check_totals(tail: Sequence[str], found: Sequence[Row]) -> None:
    """Raises UntrustedBill unless `tail` is the totals of these rows, and nothing more."""
    if len(tail) != 2 or not tail[1].startswith("`"):
        raise UntrustedBill(reason="file_truncated" if len(tail) < 2 else "file_malformed")
    header = _header(tail[0], {ROW_COUNT, *TOTALS})
    cells = tail[1][1:].split(",`")
    if len(cells) != len(header):
        raise UntrustedBill(reason="totals_malformed")
    totals = dict(zip(header, cells, strict=True))
    if not _COUNT.fullmatch(totals[ROW_COUNT]) or int(totals[ROW_COUNT]) != len(found):
        raise UntrustedBill(reason="row_count_wrong")
    for total, column in TOTALS.items():
        if _amount(totals[total]) != sum(_amount(row.cells[column], row.line) for row in found):
            raise UntrustedBill(reason="totals_wrong")


def _amount(yuan: str, line: int | None = None) -> int:
    try:
        return minor_units(yuan)
    except ValueError:
        if line is None:
            raise UntrustedBill(reason="totals_malformed") from None
        raise untrusted_row(line) from None
