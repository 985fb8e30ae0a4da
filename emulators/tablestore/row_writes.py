"""One row written: PutRow, UpdateRow, DeleteRow, and each row of BatchWriteRow.

`row_changes.parse_change` has checked the request by itself; `Write` checks what depends on the
table and the row. The caller decides whether an error fails a request or a row.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .capacity import FAILED_CONDITION, FAILED_WRITE, Capacity, key_size, units
from .cells import StoredRow, alive, put_version, trim
from .errors import TablestoreError, parameter_invalid
from .indexes import IndexUpdate
from .keys import encode_key
from .plain_buffer import Cell, Marker, Op, Row, Value
from .row_changes import (
    DELETE,
    EXPECT_EXIST,
    EXPECT_NOT_EXIST,
    IGNORE,
    RETURN_AFTER_MODIFY,
    RETURN_KEY,
    UPDATE,
    RowChange,
)
from .row_keys import Key, check_key, named_key, wire_type
from .schema import INTEGER, Table, type_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from .engine import Engine
    from .records import Usage
    from .transactions import Transaction

_INT64 = range(-(1 << 63), 1 << 63)


@dataclass
class Write:
    """One write in progress: what is needed from check to commit."""

    engine: Engine
    table: Table
    change: RowChange
    transaction: Transaction | None
    usage: Usage

    def run(self) -> tuple[Capacity, Row | None]:
        """Do it: the capacity consumed and the row to return, if one was asked for."""
        table, change = self.table, self.change
        if table.base is not None:
            raise parameter_invalid("Can't write index table directly")
        if change.kind == UPDATE and not table.options.allow_update:
            raise parameter_invalid("UpdateRow is forbidden: allow_update of the table is false.")
        rows = self.engine.rows(self.transaction, table)
        given = check_key(table, change.row.key, (Marker.AUTO_INCREMENT,))
        self._check_auto_increment(given)
        self._check_cells()
        partition = encode_key(given[:1])
        self._check_transaction(partition)
        with rows.atomic():
            values = self._assign(given, partition)
            key = encode_key(values)
            before = rows.get(table, key)
            visible = alive(before, table.options, self.engine.now_ms)
            self._check_condition(visible)
            after = self._apply(visible)
            if self.transaction is not None:
                self.transaction.charge(change.size)
            rows.put(table, key, after)
            self._update_indexes(rows.apply, values, before, after)
        return self._consumed(), self._returned(named_key(table, values), after)

    def _check_transaction(self, partition: bytes) -> None:
        own = self.transaction
        if own is not None and own.partition != partition:
            raise TablestoreError("OTSDataOutOfRange")
        self.engine.transactions.check_writable(self.table, partition, own, self.engine.now_ms)

    def _check_auto_increment(self, given: list[Value]) -> None:
        at, change = self.table.auto_increment_at, self.change
        markers = [i for i, value in enumerate(given) if value is Marker.AUTO_INCREMENT]
        if markers and markers != [at]:
            raise parameter_invalid("PKAutoIncr cannot be set for this primary key column.")
        if at is None:
            return
        if self.transaction is not None:
            raise parameter_invalid("Local transaction does not support auto increment.")
        if markers and change.kind == DELETE:
            raise parameter_invalid("Invalid row to delete which with pk auto increment")
        if markers and change.condition is not None:
            raise parameter_invalid("Can't set condition when modify row with pk auto increment")
        wanted = {IGNORE} if markers else {EXPECT_EXIST}
        if change.kind == DELETE:
            wanted.add(IGNORE)
        if change.expectation not in wanted:
            name = ("IGNORE", "EXPECT_EXIST", "EXPECT_NOT_EXIST")[change.expectation]
            text = f"Invalid expect: {name} when modify row with pk auto increment"
            raise parameter_invalid(text)

    def _assign(self, given: list[Value], partition: bytes) -> list[Value]:
        if Marker.AUTO_INCREMENT not in given:
            return given
        value = self.engine.store.next_in_sequence(self.table, partition, self.engine.now_ms * 1000)
        return [value if part is Marker.AUTO_INCREMENT else part for part in given]

    def _check_cells(self) -> None:
        options, now_s = self.table.options, self.engine.now_ms // 1000
        indexed = bool(self.engine.store.indexes_of(self.table))
        for cell in self.change.row.cells:
            wanted = self.table.defined.get(cell.name)
            if wanted is not None and cell.value is not None and type_name(cell.value) != wanted:
                raise parameter_invalid(
                    f"Invalid column type for column {cell.name} expect "
                    f"{wire_type(wanted)} actual {wire_type(type_name(cell.value))}"
                )
            if cell.version_ms is None:
                continue
            if indexed:
                raise parameter_invalid("Timestamp cannot be given for a table with index.")
            if cell.op is None and not (
                now_s - options.max_deviation_s
                <= cell.version_ms // 1000
                < now_s + options.max_deviation_s
            ):
                raise parameter_invalid(f"Invalid timestamp. Cell:{cell.name}.")

    def _check_condition(self, row: StoredRow | None) -> None:
        expectation = self.change.expectation
        wrong = (expectation == EXPECT_EXIST and row is None) or (
            expectation == EXPECT_NOT_EXIST and row is not None
        )
        if not wrong and self.change.condition is not None:
            wrong = not self.change.condition({} if row is None else row.columns)
        if wrong:
            raise TablestoreError("OTSConditionCheckFail")

    def _apply(self, row: StoredRow | None) -> StoredRow | None:
        change, now_ms = self.change, self.engine.now_ms
        if change.kind == DELETE:
            return None
        kept = row if change.kind == UPDATE else None
        after = StoredRow(now_ms) if kept is None else kept.copy()
        for cell in change.row.cells:
            _apply_cell(after, cell, now_ms)
        trim(after.columns, self.table.options.max_versions)
        if row is None and change.kind == UPDATE and _only_deletes(change.row.cells):
            return None
        after.touched_ms = now_ms
        return after

    def _update_indexes(
        self,
        apply: Callable[[Any, int | None], None],
        values: list[Value],
        before: StoredRow | None,
        after: StoredRow | None,
    ) -> None:
        indexes = self.engine.store.indexes_of(self.table)
        if not indexes:
            return
        update = IndexUpdate(self.table, values)
        for index in indexes:
            update.add(index, before, after)
        if self.change.kind == UPDATE:
            names = {cell.name for cell in self.change.row.cells}
        else:
            names = set(self.table.defined)
        if Marker.AUTO_INCREMENT not in (value for _, value in self.change.row.key):
            update.charge_read(indexes, before, names)
        apply(update.changes, self.engine.index_due_ms())
        self.usage.add_index(update.capacity)

    def _consumed(self) -> Capacity:
        read = units(key_size(self.change.row.key)) if self.change.is_conditional else 0
        return Capacity(read, units(self.change.size))

    def _returned(self, key: Key, after: StoredRow | None) -> Row | None:
        if self.change.return_type == RETURN_KEY:
            return Row(key)
        if self.change.return_type != RETURN_AFTER_MODIFY or after is None:
            return None
        cells = []
        for name in self.change.return_columns:
            for version_ms, value in after.columns.get(name, [])[:1]:
                cells.append(Cell(name, value, version_ms))
        return Row(key, tuple(cells))


def _only_deletes(cells: tuple[Cell, ...]) -> bool:
    return all(cell.op in (Op.DELETE_ALL_VERSIONS, Op.DELETE_ONE_VERSION) for cell in cells)


def _apply_cell(row: StoredRow, cell: Cell, now_ms: int) -> None:
    columns = row.columns
    if cell.op is Op.DELETE_ALL_VERSIONS:
        columns.pop(cell.name, None)
    elif cell.op is Op.DELETE_ONE_VERSION:
        versions = columns.get(cell.name, [])
        columns[cell.name] = [pair for pair in versions if pair[0] != cell.version_ms]
    elif cell.op is Op.INCREMENT:
        put_version(columns, cell.name, now_ms, _incremented(row, cell))
    elif cell.value is not None:
        version_ms = now_ms if cell.version_ms is None else cell.version_ms
        put_version(columns, cell.name, version_ms, cell.value)


def _incremented(row: StoredRow, cell: Cell) -> int:
    versions = row.columns.get(cell.name)
    old = versions[0][1] if versions else 0
    step = cell.value
    if type_name(old) != INTEGER or not isinstance(old, int) or not isinstance(step, int):
        raise parameter_invalid(f"Column: {cell.name} is not integer, can't be increased.")
    if old + step not in _INT64:
        raise parameter_invalid(f"Column: {cell.name} overflows when increased.")
    return old + step


def failed_capacity(error: TablestoreError) -> Capacity:
    """What a refused write costs: nothing on 5xx, a read and a write on a failed condition."""
    if error.status >= 500:
        return Capacity()
    return FAILED_CONDITION if error.code == "OTSConditionCheckFail" else FAILED_WRITE
