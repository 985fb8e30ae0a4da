"""BatchGetRow, BatchWriteRow: many rows in one request, each with its own result.

Neither is atomic. What is wrong with the request fails it as a whole; what is wrong with a row
(its key, its condition, a lock, its table) fails that row in an answer of status 200.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import limits
from ..capacity import FAILED_READ, Capacity, units
from ..errors import TablestoreError, parameter_invalid
from ..messages import pb
from ..plain_buffer import Marker, encode_row
from ..row_changes import RowChange, parse_change
from ..row_keys import Key, read_key
from ..row_reads import Selection, parse_selection, read_row
from ..row_writes import Write, failed_capacity
from .rows import fill_consumed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..engine import Engine
    from ..records import Usage
    from ..schema import Table


def _check_table_names(request: Any) -> None:
    names = [item.table_name for item in request.tables]
    for name in names:
        if names.count(name) > 1:
            raise parameter_invalid(f"Duplicated table name: '{name}'.")


def _fail(result: Any, usage: Usage, error: TablestoreError, capacity: Capacity) -> None:
    result.is_ok = False
    result.error.code = error.code
    result.error.message = error.message
    fill_consumed(result.consumed, capacity)
    usage.row_errors.append(error.code)
    usage.add(capacity)


def _injected(usage: Usage, position: int) -> None:
    """Raise what a row-level fault put at this row of the request."""
    error = usage.row_faults.get(position)
    if error is not None:
        raise error


def batch_get_row(engine: Engine, request: Any, usage: Usage) -> Any:
    """Read up to 100 rows of several tables."""
    total = sum(len(item.primary_key) for item in request.tables)
    if not request.tables:
        raise parameter_invalid("No row specified in the request of BatchGetRow.")
    if total > limits.MAX_BATCH_GET_ROWS:
        raise parameter_invalid(f"Rows count exceeds the upper limit: {limits.MAX_BATCH_GET_ROWS}.")
    _check_table_names(request)
    usage.tables += [item.table_name for item in request.tables]
    response = pb.BatchGetRowResponse()
    position = 0
    for item in request.tables:
        results = response.tables.add(table_name=item.table_name).rows
        for at, key in enumerate(item.primary_key):
            token = item.token[at].decode() if at < len(item.token) else ""
            result = results.add()
            try:
                _injected(usage, position)
                _get_one(engine, item, (key, token), usage, result)
            except TablestoreError as error:
                _fail(result, usage, error, FAILED_READ)
            position += 1
    return response


def _get_one(
    engine: Engine, item: Any, key_and_token: tuple[bytes, str], usage: Usage, result: Any
) -> None:
    table = engine.data_table(item.table_name)
    selection: Selection = parse_selection(table, item)
    data, token = key_and_token
    selection.first_column = token or selection.first_column
    key, stored_key = read_key(table, data)
    stored = engine.store.get(table, stored_key)
    read = read_row(table, key, stored, selection, now_ms=engine.now_ms)
    capacity = Capacity(units(read.size), 0)
    usage.add(capacity, 1)
    result.is_ok = True
    fill_consumed(result.consumed, capacity)
    result.row = b"" if read.row is None else encode_row(read.row)
    if read.next_column is not None:
        result.next_token = read.next_column.encode()


def batch_write_row(engine: Engine, request: Any, usage: Usage) -> Any:
    """Write up to 200 rows of several tables, in the request's order."""
    _check_batch_write(request)
    usage.tables += [item.table_name for item in request.tables]
    changes = {
        item.table_name: [parse_change(row.type, row.row_change, row) for row in item.rows]
        for item in request.tables
    }
    size = sum(change.size for rows in changes.values() for change in rows)
    if size > limits.MAX_BATCH_WRITE_BYTES:
        raise parameter_invalid(
            "The total data size of BatchWriteRow request exceeds the limit, limit size: "
            f"{limits.MAX_BATCH_WRITE_BYTES}, data size: {size}."
        )
    for name, rows in changes.items():
        _check_repeated(engine, engine.store.tables.get(name), rows)
    transaction = engine.transaction(request)
    if transaction is not None and list(changes) != [transaction.table.name]:
        raise TablestoreError("OTSDataOutOfRange")
    response = pb.BatchWriteRowResponse()
    for position, (name, change) in enumerate(_flat(changes)):
        if not response.tables or response.tables[-1].table_name != name:
            response.tables.add(table_name=name)
        result = response.tables[-1].rows.add()
        try:
            _injected(usage, position)
            write = Write(engine, engine.data_table(name), change, transaction, usage)
            _write_one(write, result)
        except TablestoreError as error:
            _fail(result, usage, error, failed_capacity(error))
    return response


def _check_batch_write(request: Any) -> None:
    total = sum(len(item.rows) for item in request.tables)
    if not request.tables:
        raise parameter_invalid("No row is specified in BatchWriteRow.")
    for item in request.tables:
        if not item.rows:
            raise parameter_invalid(f"No operation is specified for table: '{item.table_name}'.")
    if total > limits.MAX_BATCH_WRITE_ROWS:
        limit = limits.MAX_BATCH_WRITE_ROWS
        raise parameter_invalid(f"Rows count exceeds the upper limit: {limit}.")
    _check_table_names(request)


def _flat(changes: dict[str, list[RowChange]]) -> Iterator[tuple[str, RowChange]]:
    for name, rows in changes.items():
        for change in rows:
            yield name, change


def _write_one(write: Write, result: Any) -> None:
    capacity, row = write.run()
    write.usage.add(capacity, 1)
    result.is_ok = True
    fill_consumed(result.consumed, capacity)
    if row is not None:
        result.row = encode_row(row)


def _check_repeated(engine: Engine, table: Table | None, changes: list[RowChange]) -> None:
    """A row may be written twice in one batch, but not under conditions, nor beside an index."""
    by_key: dict[Key, list[RowChange]] = {}
    for change in changes:
        if all(value is not Marker.AUTO_INCREMENT for _, value in change.row.key):
            by_key.setdefault(change.row.key, []).append(change)
    for repeated in by_key.values():
        if len(repeated) == 1:
            continue
        if any(change.condition is not None for change in repeated):
            raise parameter_invalid(
                "Repeated rows do not support row condition check in BatchModify."
            )
        if any(change.is_conditional for change in repeated):
            raise parameter_invalid(
                "Repeated rows do not support row exist expectation check in BatchModify."
            )
        if table is not None and engine.store.indexes_of(table):
            raise parameter_invalid("Duplicate rows detected in MultiPut.")
