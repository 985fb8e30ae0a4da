"""What a write asks for, and what can be wrong with it by itself, whatever the table holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from . import limits
from .capacity import cells_size, key_size
from .conditions import Condition, parse_condition
from .errors import parameter_invalid
from .plain_buffer import Cell, Marker, Op, Row
from .row_keys import parse_row
from .schema import INTEGER, type_name

PUT, UPDATE, DELETE = 1, 2, 3
IGNORE, EXPECT_EXIST, EXPECT_NOT_EXIST = 0, 1, 2
RETURN_KEY, RETURN_AFTER_MODIFY = 1, 2


@dataclass
class RowChange:
    """One requested write; `kind` and the enums are the protobuf's numbers."""

    kind: int
    row: Row
    expectation: int
    condition: Condition | None
    return_type: int
    return_columns: list[str]

    @property
    def is_conditional(self) -> bool:
        """Whether the write requires anything of the row."""
        return self.expectation != IGNORE or self.condition is not None

    @property
    def size(self) -> int:
        """Bytes of the write, as limits and capacity units count them."""
        return key_size(self.row.key) + cells_size(self.row.cells)


def parse_change(kind: int, data: bytes, message: Any) -> RowChange:
    """The write in `data` under the condition in `message`, if it is well formed."""
    row = parse_row(data)
    condition = None
    if message.condition.HasField("column_condition"):
        condition = parse_condition(message.condition.column_condition)
    change = RowChange(
        kind,
        row,
        message.condition.row_existence,
        condition,
        message.return_content.return_type,
        list(message.return_content.return_column_names),
    )
    _check_shape(change)
    return change


def _check_shape(change: RowChange) -> None:
    row = change.row
    if change.kind == DELETE:
        if not row.deleted:
            raise parameter_invalid("Invalid request of delete row: missing RowDeleteMarker.")
        if row.cells:
            raise parameter_invalid("Invalid delete row request: unexpected cells in request")
    elif row.deleted:
        raise parameter_invalid("Delete marker cannot be given.")
    if change.kind == UPDATE and not row.cells:
        raise parameter_invalid("Invalid update row request: missing cells in request")
    if len(row.cells) > limits.MAX_COLUMNS_WRITTEN:
        raise parameter_invalid(
            "The number of attribute columns exceeds the limit, limit count: "
            f"{limits.MAX_COLUMNS_WRITTEN}, column count: {len(row.cells)}."
        )
    key_names = {name for name, _ in row.key}
    for cell in row.cells:
        if cell.name in key_names:
            raise parameter_invalid(
                f"Duplicated attribute column name with primary key column: '{cell.name}'."
            )
        _check_cell(cell, change.kind)
    _check_increments(row.cells)
    _check_return(change)


def _check_cell(cell: Cell, kind: int) -> None:
    limits.check_column_name(cell.name)
    if cell.op is not None and kind == PUT:
        raise parameter_invalid(f"OpType cannot be given for column name: {cell.name} in PutRow.")
    if cell.op in (Op.DELETE_ALL_VERSIONS, Op.DELETE_ONE_VERSION):
        _check_deletion(cell)
    elif cell.value is None:
        raise parameter_invalid(f"No value is given for column name: {cell.name}.")
    elif isinstance(cell.value, Marker):
        raise parameter_invalid(f"Invalid column type: {cell.value.name}.")
    else:
        limits.check_column_value(cell.name, cell.value)
    if cell.op is Op.INCREMENT and type_name(cell.value or 0) != INTEGER:
        raise parameter_invalid(f"Column: {cell.name} is not integer, can't be increased.")


def _check_deletion(cell: Cell) -> None:
    if cell.value is not None:
        raise parameter_invalid(
            "Column value cannot be given when type is DELETE_ONE_VERSION,DELETE_ALL_VERSION."
        )
    if (cell.op is Op.DELETE_ONE_VERSION) != (cell.version_ms is not None):
        must = "must" if cell.op is Op.DELETE_ONE_VERSION else "cannot"
        name = "ONE" if cell.op is Op.DELETE_ONE_VERSION else "ALL"
        raise parameter_invalid(f"Timestamp {must} be given when type is DELETE_{name}_VERSION.")


def _check_increments(cells: tuple[Cell, ...]) -> None:
    counters = {cell.name for cell in cells if cell.op is Op.INCREMENT}
    for name in counters:
        if sum(cell.name == name for cell in cells) > 1:
            raise parameter_invalid(f"Column: {name} is increased and changed in one request.")
    if any(cell.op is Op.INCREMENT and cell.version_ms is not None for cell in cells):
        raise parameter_invalid("Timestamp cannot be given when type is INCREMENT.")


def _check_return(change: RowChange) -> None:
    """Only counters can be returned, and only on RT_AFTER_MODIFY."""
    counters = {cell.name for cell in change.row.cells if cell.op is Op.INCREMENT}
    after_modify = change.return_type == RETURN_AFTER_MODIFY
    for name in change.return_columns:
        if not after_modify or name not in counters:
            raise parameter_invalid(f"Invalid return column: '{name}'.")
