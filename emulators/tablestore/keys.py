"""Primary keys as bytes whose byte order is the service's key order.

The service sorts rows by the key columns in turn: integers by value, strings and binaries by their
bytes, INF_MIN before and INF_MAX after everything. SQLite then does ranges with plain comparisons.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from .plain_buffer import Marker, Value

if TYPE_CHECKING:
    from collections.abc import Iterable

_BOOLEAN, _INTEGER, _STRING, _BINARY = 0x08, 0x10, 0x20, 0x30
_INF_MIN, _INF_MAX = b"\x00", b"\xff"
_END, _ESCAPED_ZERO = b"\x00\x01", b"\x00\xff"
_UINT64 = struct.Struct(">Q")
_SIGN = 1 << 63


def _encode_one(value: Value) -> bytes:
    if value is Marker.INF_MIN:
        return _INF_MIN
    if value is Marker.INF_MAX:
        return _INF_MAX
    if isinstance(value, bool):
        return bytes((_BOOLEAN, value))
    if isinstance(value, int):
        return b"\x10" + _UINT64.pack(value + _SIGN)
    if isinstance(value, str):
        return b"\x20" + value.encode().replace(b"\x00", _ESCAPED_ZERO) + _END
    if isinstance(value, bytes):
        return b"\x30" + value.replace(b"\x00", _ESCAPED_ZERO) + _END
    raise TypeError(f"{type(value).__name__} cannot be a key")


def encode_key(values: Iterable[Value]) -> bytes:
    """The sortable bytes of a key's values, first column first."""
    return b"".join(map(_encode_one, values))


def _decode_bytes(key: bytes, at: int) -> tuple[bytes, int]:
    parts = []
    while True:
        zero = key.index(b"\x00", at)
        parts.append(key[at:zero])
        at = zero + 2
        if key[zero + 1] == _END[1]:
            return b"".join(parts), at
        parts.append(b"\x00")


def decode_key(key: bytes) -> list[Value]:
    """The values of a stored key (which holds no INF_MIN or INF_MAX)."""
    values: list[Value] = []
    at = 0
    while at < len(key):
        kind = key[at]
        at += 1
        if kind == _INTEGER:
            values.append(_UINT64.unpack_from(key, at)[0] - _SIGN)
            at += 8
        elif kind == _BOOLEAN:
            values.append(bool(key[at]))
            at += 1
        else:
            raw, at = _decode_bytes(key, at)
            values.append(raw.decode() if kind == _STRING else raw)
    return values
