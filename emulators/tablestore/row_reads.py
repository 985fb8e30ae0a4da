"""One row read: which columns and versions of it a request sees, and what reading costs.

Used by GetRow, BatchGetRow and GetRange. Order of the service: columns, versions and the page of
columns are chosen first; the filter then sees only these.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import limits
from .capacity import cells_size, key_size
from .cells import Columns, StoredRow, alive
from .conditions import Condition, parse_condition, parse_pagination
from .errors import parameter_invalid
from .plain_buffer import Cell, Row

if TYPE_CHECKING:
    from .row_keys import Key
    from .schema import Table


@dataclass
class Selection:
    """What a read request selects of each row."""

    names: frozenset[str]
    key_wanted: bool
    since_ms: int
    until_ms: int
    max_versions: int
    first_column: str
    end_column: str
    page: tuple[int, int] | None
    condition: Condition | None


@dataclass
class ReadRow:
    """A row as read: `row` is None if nothing of it is to be returned.

    `size` counts what was read, filtered away or not; `next_column` is set if the row was too big.
    """

    row: Row | None
    size: int
    next_column: str | None = None


def parse_selection(table: Table, request: Any) -> Selection:
    """The selection of a GetRow or GetRange request, or of one table of BatchGetRow."""
    names = frozenset(request.columns_to_get)
    if len(names) > limits.MAX_COLUMNS_TO_GET:
        raise parameter_invalid(
            "The number of columns from the request exceeds the limit, limit count: "
            f"{limits.MAX_COLUMNS_TO_GET}, column count: {len(names)}."
        )
    for name in names:
        limits.check_column_name(name)
    since_ms, until_ms = _time_range(request)
    page = condition = None
    if request.HasField("filter"):
        page = parse_pagination(request.filter)
        condition = parse_condition(request.filter) if page is None else None
    return Selection(
        names=names,
        key_wanted=not names or bool(names & set(table.key_names)),
        since_ms=since_ms,
        until_ms=until_ms,
        max_versions=_max_versions(request, table),
        first_column=request.start_column,
        end_column=request.end_column,
        page=page,
        condition=condition,
    )


def _max_versions(request: Any, table: Table) -> int:
    if not request.HasField("max_versions"):
        return table.options.max_versions
    if request.max_versions <= 0:
        raise parameter_invalid(
            f"Invalid max versions: {request.max_versions}. Reason: Max versions must be positive."
        )
    return int(request.max_versions)


def _time_range(request: Any) -> tuple[int, int]:
    """The versions wanted, as a half-open interval of milliseconds."""
    forever = (0, 1 << 63)
    if not request.HasField("time_range"):
        if not request.HasField("max_versions"):
            raise parameter_invalid("No version condition is specified while querying row.")
        return forever
    wanted = request.time_range
    if wanted.HasField("specific_time"):
        if wanted.HasField("start_time") or wanted.HasField("end_time"):
            raise parameter_invalid(
                "Specific tiemstamp and time range cannot be given at the same time."
            )
        if wanted.specific_time < 0:
            raise parameter_invalid("Specific timestamp cannot be less than 0.")
        return wanted.specific_time, wanted.specific_time + 1
    if wanted.HasField("start_time") != wanted.HasField("end_time"):
        raise parameter_invalid("Start and end time must be given at the same time.")
    return (wanted.start_time, wanted.end_time) if wanted.HasField("start_time") else forever


def read_row(
    table: Table, key: Key, stored: StoredRow | None, selection: Selection, *, now_ms: int
) -> ReadRow:
    """What `selection` gets of a stored row; a missing or expired row reads as nothing."""
    row = alive(stored, table.options, now_ms)
    if row is None:
        return ReadRow(None, 0)
    columns = _select(row.columns, selection)
    cells, next_column = _cells(columns)
    size = key_size(key) + cells_size(cells)
    if next_column is not None:
        columns = {name: columns[name] for name in columns if name < next_column}
    if selection.condition is not None and not selection.condition(columns):
        return ReadRow(None, size)
    empty_row = not row.columns and not selection.names
    if not cells and not empty_row and not (selection.names and selection.key_wanted):
        return ReadRow(None, size)
    return ReadRow(Row(key, cells), size, next_column)


def _select(columns: Columns, selection: Selection) -> Columns:
    selected: Columns = {}
    for name in sorted(columns):
        if selection.names and name not in selection.names:
            continue
        if name < selection.first_column or (selection.end_column and name >= selection.end_column):
            continue
        versions = [
            pair for pair in columns[name] if selection.since_ms <= pair[0] < selection.until_ms
        ][: selection.max_versions]
        if versions:
            selected[name] = versions
    if selection.page is None:
        return selected
    offset, limit = selection.page
    return dict(list(selected.items())[offset : offset + limit])


def _cells(columns: Columns) -> tuple[tuple[Cell, ...], str | None]:
    """The columns as cells, up to what one answer holds, and the first column left out."""
    cells: list[Cell] = []
    size = 0
    for name, versions in columns.items():
        column = [Cell(name, value, version_ms) for version_ms, value in versions]
        size += cells_size(column)
        if cells and size > limits.MAX_RANGE_BYTES:
            return tuple(cells), name
        cells += column
    return tuple(cells), None
