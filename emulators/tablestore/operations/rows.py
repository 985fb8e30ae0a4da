"""GetRow, PutRow, UpdateRow, DeleteRow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..capacity import FAILED_READ, Capacity, units
from ..errors import TablestoreError
from ..messages import pb
from ..plain_buffer import encode_row
from ..row_changes import DELETE, PUT, UPDATE, parse_change
from ..row_keys import read_key
from ..row_reads import parse_selection, read_row
from ..row_writes import Write, failed_capacity

if TYPE_CHECKING:
    from ..engine import Engine
    from ..records import Usage


def fill_consumed(message: Any, capacity: Capacity) -> None:
    """Write capacity units into a response's `consumed`."""
    message.capacity_unit.read = capacity.read
    message.capacity_unit.write = capacity.write


def get_row(engine: Engine, request: Any, usage: Usage) -> Any:
    """Read one row; a missing row is an empty answer."""
    usage.tables.append(request.table_name)
    try:
        return _get_row(engine, request, usage)
    except TablestoreError:
        usage.add(FAILED_READ)
        raise


def _get_row(engine: Engine, request: Any, usage: Usage) -> Any:
    table = engine.data_table(request.table_name)
    transaction = engine.transaction(request)
    rows = engine.rows(transaction, table)
    key, stored_key = read_key(table, request.primary_key)
    selection = parse_selection(table, request)
    if request.token:
        selection.first_column = request.token.decode()
    read = read_row(table, key, rows.get(table, stored_key), selection, now_ms=engine.now_ms)
    capacity = Capacity(units(read.size), 0)
    usage.add(capacity, 1)
    response = pb.GetRowResponse()
    fill_consumed(response.consumed, capacity)
    response.row = b"" if read.row is None else encode_row(read.row)
    if read.next_column is not None:
        response.next_token = read.next_column.encode()
    return response


def put_row(engine: Engine, request: Any, usage: Usage) -> Any:
    """Write one whole row."""
    return _write(engine, request, usage, (PUT, request.row, pb.PutRowResponse()))


def update_row(engine: Engine, request: Any, usage: Usage) -> Any:
    """Put, delete or increment columns of one row."""
    return _write(engine, request, usage, (UPDATE, request.row_change, pb.UpdateRowResponse()))


def delete_row(engine: Engine, request: Any, usage: Usage) -> Any:
    """Delete one row; a missing row is no error."""
    return _write(engine, request, usage, (DELETE, request.primary_key, pb.DeleteRowResponse()))


def _write(engine: Engine, request: Any, usage: Usage, what: tuple[int, bytes, Any]) -> Any:
    kind, data, response = what
    usage.tables.append(request.table_name)
    try:
        table = engine.data_table(request.table_name)
        change = parse_change(kind, data, request)
        transaction = engine.transaction(request)
        capacity, row = Write(engine, table, change, transaction, usage).run()
    except TablestoreError as error:
        usage.add(failed_capacity(error))
        raise
    usage.add(capacity, 1)
    fill_consumed(response.consumed, capacity)
    if row is not None:
        response.row = encode_row(row)
    return response
