"""GetRange."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import limits
from ..capacity import FAILED_READ, Capacity, units
from ..errors import TablestoreError, parameter_invalid
from ..keys import decode_key, encode_key
from ..messages import pb
from ..plain_buffer import Marker, Row, encode_row, encode_rows
from ..row_keys import check_key, named_key, parse_row
from ..row_reads import parse_selection, read_row
from .rows import fill_consumed

if TYPE_CHECKING:
    from ..engine import Engine
    from ..records import Usage
    from ..schema import Table


def get_range(engine: Engine, request: Any, usage: Usage) -> Any:
    """Rows between two keys in either direction, at most 5000 rows or 4 MB scanned at once."""
    usage.tables.append(request.table_name)
    try:
        return _get_range(engine, request, usage)
    except TablestoreError:
        usage.add(FAILED_READ)
        raise


def _get_range(engine: Engine, request: Any, usage: Usage) -> Any:
    table = engine.data_table(request.table_name)
    if request.HasField("limit") and request.limit <= 0:
        raise parameter_invalid("The limit must be greater than 0.")
    start = _bound(table, request.inclusive_start_primary_key)
    end = _bound(table, request.exclusive_end_primary_key)
    backward = request.direction == pb.BACKWARD
    if backward and start <= end:
        raise parameter_invalid("Begin key must more than end key in BACKWARD")
    if not backward and start >= end:
        raise parameter_invalid("Begin key must less than end key in FORWARD")
    rows = engine.rows(engine.transaction(request), table)
    scan = _Scan(engine, table, request)
    low, high = (end, start) if backward else (start, end)
    pairs = rows.scan(table, low, high, backward=backward)
    for key, stored in pairs:
        if scan.full:
            scan.next_key = key
            break
        scan.add(key, stored)
        if scan.next_column is not None:
            scan.next_key = key
            break
    pairs.close()  # type: ignore[attr-defined]
    usage.add(Capacity(units(scan.size), 0), len(scan.rows))
    return scan.response()


def _bound(table: Table, data: bytes) -> bytes:
    row = parse_row(data)
    return encode_key(check_key(table, row.key, (Marker.INF_MIN, Marker.INF_MAX)))


class _Scan:
    """The rows gathered so far, and whether there is room for more."""

    def __init__(self, engine: Engine, table: Table, request: Any) -> None:
        self.table = table
        self.selection = parse_selection(table, request)
        self.limit = request.limit if request.HasField("limit") else limits.MAX_RANGE_ROWS
        self.token = request.token.decode() if request.token else None
        self.now_ms = engine.now_ms
        self.rows: list[Row] = []
        self.size = 0
        self.scanned = 0
        self.next_key: bytes | None = None
        self.next_column: str | None = None

    @property
    def full(self) -> bool:
        """Whether the answer may not grow: by its limit, or by what one scan may read."""
        return (
            len(self.rows) >= self.limit
            or self.scanned >= limits.MAX_RANGE_ROWS
            or self.size >= limits.MAX_RANGE_BYTES
        )

    def add(self, stored_key: bytes, stored: Any) -> None:
        """Read one more row. A token applies to the first row only."""
        key = named_key(self.table, decode_key(stored_key))
        own_start = self.selection.first_column
        if self.token is not None:
            self.selection.first_column, self.token = self.token, None
        read = read_row(self.table, key, stored, self.selection, now_ms=self.now_ms)
        self.selection.first_column = own_start
        self.size += read.size
        self.scanned += 1
        self.next_column = read.next_column
        if read.row is not None:
            self.rows.append(read.row)

    def response(self) -> Any:
        """The answer; without a next key the range is exhausted."""
        response = pb.GetRangeResponse()
        fill_consumed(response.consumed, Capacity(units(self.size), 0))
        response.rows = encode_rows(self.rows)
        if self.next_key is not None:
            next_row = Row(named_key(self.table, decode_key(self.next_key)))
            response.next_start_primary_key = encode_row(next_row)
        if self.next_column is not None:
            response.next_token = self.next_column.encode()
        return response
