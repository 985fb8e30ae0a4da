"""PlainBuffer: the byte format of rows inside Tablestore's protobuf messages, both directions.

Format: https://help.aliyun.com/zh/tablestore/developer-reference/plainbuffer. Every cell ends in a
CRC-8 (polynomial 0x07) over name, value, version and operation, in this order, though the operation
is sent before the version; every row ends in a CRC-8 over its cells' checksums.
Used by the operations; `PlainBufferError` is the only exception decoding raises.
"""

from __future__ import annotations

import enum
import struct
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from .crc8 import TABLE as _CRC
from .crc8 import crc8

if TYPE_CHECKING:
    from collections.abc import Iterable

HEADER = 0x75

_ROW_KEY, _ROW_DATA, _CELL, _CELL_NAME, _CELL_VALUE = 1, 2, 3, 4, 5
_CELL_OP, _CELL_VERSION, _DELETE_MARKER, _ROW_CHECKSUM, _CELL_CHECKSUM = 6, 7, 8, 9, 10

_INTEGER, _DOUBLE, _BOOLEAN, _STRING, _BINARY = 0, 1, 2, 3, 7

_TAGS = [bytes((tag,)) for tag in range(_CELL_CHECKSUM + 1)]

_INT32 = struct.Struct("<i")
_INT64 = struct.Struct("<q")
_FLOAT64 = struct.Struct("<d")


class PlainBufferError(ValueError):
    """The bytes are no PlainBuffer."""


class Marker(enum.IntEnum):
    """Key values that stand for no value; the number is the type byte."""

    INF_MIN = 0x09
    INF_MAX = 0x0A
    AUTO_INCREMENT = 0x0B


class Op(enum.IntEnum):
    """What a cell of UpdateRow does, if it does not put a value."""

    DELETE_ALL_VERSIONS = 1
    DELETE_ONE_VERSION = 3
    INCREMENT = 4


Value = int | float | bool | str | bytes | Marker


class Cell(NamedTuple):
    """One column of a row; `value` is None in deletions, `version_ms` if the client set none."""

    name: str
    value: Value | None = None
    version_ms: int | None = None
    op: Op | None = None


class Row(NamedTuple):
    """A row as it stands on the wire; `deleted` is the delete marker."""

    key: tuple[tuple[str, Value], ...]
    cells: tuple[Cell, ...] = ()
    deleted: bool = False


@lru_cache(maxsize=4096)
def _name(name: str) -> tuple[bytes, int]:
    raw = name.encode()
    return b"\x03\x04" + _INT32.pack(len(raw)) + raw, crc8(raw)


def encode_value(value: Value) -> bytes:
    """Type byte and payload, as in filters and in checksums."""
    if isinstance(value, Marker):
        return bytes((value,))
    if isinstance(value, bool):
        return bytes((_BOOLEAN, value))
    if isinstance(value, int):
        return b"\x00" + _INT64.pack(value)
    if isinstance(value, float):
        return b"\x01" + _FLOAT64.pack(value)
    if isinstance(value, str):
        raw = value.encode()
        return b"\x03" + _INT32.pack(len(raw)) + raw
    return b"\x07" + _INT32.pack(len(value)) + value


def _encode_cell(cell: Cell, out: bytearray) -> int:
    head, crc = _name(cell.name)
    out += head
    if cell.value is not None:
        raw = encode_value(cell.value)
        out.append(_CELL_VALUE)
        out += _INT32.pack(len(raw))
        out += raw
        crc = crc8(raw, crc)
    if cell.op is not None:
        out += bytes((_CELL_OP, cell.op))
    if cell.version_ms is not None:
        raw = _INT64.pack(cell.version_ms)
        out.append(_CELL_VERSION)
        out += raw
        crc = crc8(raw, crc)
    if cell.op is not None:
        crc = _CRC[crc ^ cell.op]
    out += bytes((_CELL_CHECKSUM, crc))
    return crc


def _encode_row(row: Row, out: bytearray) -> None:
    crc = 0
    out.append(_ROW_KEY)
    for name, value in row.key:
        crc = _CRC[crc ^ _encode_cell(Cell(name, value), out)]
    if row.cells:
        out.append(_ROW_DATA)
        for cell in row.cells:
            crc = _CRC[crc ^ _encode_cell(cell, out)]
    if row.deleted:
        out.append(_DELETE_MARKER)
    out += bytes((_ROW_CHECKSUM, _CRC[crc ^ row.deleted]))


def encode_rows(rows: Iterable[Row]) -> bytes:
    """A header and the rows; empty bytes if there is no row, as the SDKs expect."""
    out = bytearray(_INT32.pack(HEADER))
    for row in rows:
        _encode_row(row, out)
    return bytes(out) if len(out) > _INT32.size else b""


def encode_row(row: Row) -> bytes:
    """A header and one row."""
    return encode_rows((row,))


class _Reader:
    """A cursor over the bytes; each step checks that there is something to read."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def next_is(self, tag: int) -> bool:
        return self.data[self.at : self.at + 1] == _TAGS[tag]

    def skip(self, tag: int) -> bool:
        if self.data[self.at : self.at + 1] != _TAGS[tag]:
            return False
        self.at += 1
        return True

    def expect(self, tag: int) -> None:
        if not self.skip(tag):
            actual = self.data[self.at : self.at + 1].hex() or "end of data"
            raise PlainBufferError(
                f"Cell data broken, mismatch tag, actual tag({actual}), expect({tag})."
            )

    def take(self, size: int) -> bytes:
        raw = self.data[self.at : self.at + size]
        if size < 0 or len(raw) < size:
            raise PlainBufferError("Input encoded PK broken, length is shorter than expect.")
        self.at += size
        return raw

    def byte(self) -> int:
        return self.take(1)[0]

    def number(self, layout: struct.Struct) -> Any:
        return layout.unpack(self.take(layout.size))[0]

    def text(self) -> str:
        try:
            return self.take(self.number(_INT32)).decode()
        except UnicodeDecodeError:
            raise PlainBufferError("Value of column must be UTF8 encoding.") from None


def _read_value(reader: _Reader) -> Value:
    kind = reader.byte()
    if kind == _INTEGER:
        number: int = reader.number(_INT64)
        return number
    if kind == _STRING:
        return reader.text()
    if kind == _BINARY:
        return reader.take(reader.number(_INT32))
    if kind == _DOUBLE:
        double: float = reader.number(_FLOAT64)
        return double
    if kind == _BOOLEAN:
        return bool(reader.byte())
    if kind in (Marker.INF_MIN, Marker.INF_MAX, Marker.AUTO_INCREMENT):
        return Marker(kind)
    raise PlainBufferError("data format is invalid, unknown variant type occured.")


def _read_cell(reader: _Reader) -> tuple[Cell, int]:
    reader.expect(_CELL)
    reader.expect(_CELL_NAME)
    name = reader.text()
    crc = _name(name)[1]
    data = reader.data
    value: Value | None = None
    if reader.skip(_CELL_VALUE):
        reader.take(_INT32.size)  # the value's length says nothing its type does not say
        start = reader.at
        value = _read_value(reader)
        crc = crc8(data[start : reader.at], crc)
    op = reader.byte() if reader.skip(_CELL_OP) else None
    version_ms: int | None = None
    if reader.skip(_CELL_VERSION):
        version_ms = reader.number(_INT64)
        crc = crc8(data[reader.at - _INT64.size : reader.at], crc)
    if op is not None:
        crc = _CRC[crc ^ op]
    reader.expect(_CELL_CHECKSUM)
    if reader.byte() != crc:
        raise PlainBufferError(f"Cell data broken, checksum is mismatch, name: {name}.")
    return Cell(name, value, version_ms, None if op is None else _op(op)), crc


def _op(number: int) -> Op:
    try:
        return Op(number)
    except ValueError:
        raise PlainBufferError(f"Invalid op type of cell: {number}.") from None


def _read_row(reader: _Reader) -> Row:
    crc = 0
    key: list[tuple[str, Value]] = []
    cells: list[Cell] = []
    reader.expect(_ROW_KEY)
    while reader.next_is(_CELL):
        cell, checksum = _read_cell(reader)
        if cell.value is None or cell.op is not None or cell.version_ms is not None:
            raise PlainBufferError(f"Unknown or unsupported CellType in primary key: {cell.name}.")
        key.append((cell.name, cell.value))
        crc = _CRC[crc ^ checksum]
    if reader.skip(_ROW_DATA):
        while reader.next_is(_CELL):
            cell, checksum = _read_cell(reader)
            cells.append(cell)
            crc = _CRC[crc ^ checksum]
    deleted = reader.skip(_DELETE_MARKER)
    reader.expect(_ROW_CHECKSUM)
    if reader.byte() != _CRC[crc ^ deleted]:
        raise PlainBufferError("Cell data broken, row checksum is mismatch.")
    return Row(tuple(key), tuple(cells), deleted)


def decode_rows(data: bytes) -> list[Row]:
    """All rows in `data`. Zero bytes after the last row are the Node SDK's padding."""
    reader = _Reader(data)
    header = reader.number(_INT32)
    if header != HEADER:
        raise PlainBufferError(
            f"Cell data broken, mismatch header, actual: {header}, expect: {HEADER}."
        )
    rows: list[Row] = []
    while reader.at < len(data):
        if rows and not any(data[reader.at :]):
            break
        rows.append(_read_row(reader))
    return rows


def decode_row(data: bytes) -> Row:
    """The one row in `data`."""
    rows = decode_rows(data)
    if len(rows) != 1:
        raise PlainBufferError(f"Cell data broken, {len(rows)} rows where one is expected.")
    return rows[0]


def decode_value(data: bytes) -> Value:
    """A lone value (type byte and payload), as filters carry it."""
    return _read_value(_Reader(data))
