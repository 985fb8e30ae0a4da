"""Primary keys in requests, checked against the table's schema.

The texts of OTSInvalidPK are the service's own, as the SDKs' tests and clients' logs quote them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .errors import TablestoreError, parameter_invalid
from .keys import encode_key
from .limits import MAX_KEY_COLUMNS, check_key_value
from .plain_buffer import Marker, PlainBufferError, Row, Value, decode_row
from .schema import Table, type_name

if TYPE_CHECKING:
    from collections.abc import Sequence

_WIRE_TYPES = {"BINARY": "VT_BLOB"}

Key = tuple[tuple[str, Value], ...]


def parse_row(data: bytes) -> Row:
    """One PlainBuffer row; OTSParameterInvalid if it is broken."""
    try:
        return decode_row(data)
    except PlainBufferError as error:
        raise parameter_invalid(str(error)) from None


def wire_type(name: str) -> str:
    """A type's name as errors spell it."""
    return _WIRE_TYPES.get(name, f"VT_{name}")


def check_key(table: Table, key: Key, allowed: Sequence[Marker] = ()) -> list[Value]:
    """The key's values, if names, types and sizes fit the table; `allowed` markers fit any type."""
    if not 1 <= len(key) <= MAX_KEY_COLUMNS:
        raise parameter_invalid(
            f"The number of primary key columns must be in range: [1, {MAX_KEY_COLUMNS}]."
        )
    if len(key) != len(table.key):
        text = f"Validate PK size fail. Input: {len(key)}, Meta: {len(table.key)}."
        raise TablestoreError("OTSInvalidPK", text)
    values: list[Value] = []
    for (name, value), column in zip(key, table.key, strict=True):
        if name != column.name:
            text = f"Validate PK name fail. Input: {name}, Meta: {column.name}."
            raise TablestoreError("OTSInvalidPK", text)
        _check_type(value, column.type, allowed)
        if not isinstance(value, Marker):
            check_key_value(name, value)
        values.append(value)
    return values


def _check_type(value: Value, wanted: str, allowed: Sequence[Marker]) -> None:
    if isinstance(value, Marker):
        if value in allowed:
            return
        if value is Marker.AUTO_INCREMENT:
            raise parameter_invalid("PKAutoIncr can't be used for read operations.")
        raise parameter_invalid(f"VT_{value.name} is an invalid type for the primary key.")
    if type_name(value) == wanted:
        return
    text = f"Validate PK type fail. Input: {wire_type(type_name(value))}, "
    raise TablestoreError("OTSInvalidPK", text + f"Meta: {wire_type(wanted)}.")


def read_key(table: Table, data: bytes) -> tuple[Key, bytes]:
    """A complete key in a read: as sent, and as stored."""
    row = parse_row(data)
    if row.cells:
        raise parameter_invalid("Attribute column cannot be given while reading data.")
    return row.key, encode_key(check_key(table, row.key))


def named_key(table: Table, values: Sequence[Value]) -> Key:
    """Names and values together."""
    return tuple(zip(table.key_names, values, strict=True))
