"""Small records as canonical JSON in one column, read with exact types or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.adapters.tablestore.cells import RowReader

NONE = type(None)


def read_record(reader: RowReader, column: str,
                fields: Mapping[str, tuple[type, ...]]) -> dict[str, Any]:
    """The JSON object of a column; CorruptRow unless it has exactly these fields."""
    return check_record(reader, column, reader.json(column), fields)


def check_record(reader: RowReader, column: str, raw: Any,
                 fields: Mapping[str, tuple[type, ...]]) -> dict[str, Any]:
    """A part of a column's JSON as such an object. A bool is no int here, an int no bool."""
    if type(raw) is not dict or raw.keys() != fields.keys():
        raise reader.corrupt(column)
    if any(type(raw[name]) not in kinds for name, kinds in fields.items()):
        raise reader.corrupt(column)
    return raw


def read_list(reader: RowReader, column: str) -> list[Any]:
    """The JSON list of a column."""
    raw = reader.json(column)
    if type(raw) is not list:
        raise reader.corrupt(column)
    return raw


def check_names(reader: RowReader, column: str, raw: Any) -> tuple[str, ...]:
    """A part of a column's JSON as a list of texts."""
    if type(raw) is not list or not all(isinstance(name, str) for name in raw):
        raise reader.corrupt(column)
    return tuple(raw)
