"""The codec of rows: round trips, against the SDK's own encoder and decoder, and on garbage."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
import tablestore as ots
from hypothesis import example, given
from hypothesis import strategies as st
from tablestore.plainbuffer.plain_buffer_builder import PlainBufferBuilder
from tablestore.plainbuffer.plain_buffer_coded_stream import PlainBufferCodedInputStream
from tablestore.plainbuffer.plain_buffer_stream import PlainBufferInputStream

from emulators.tablestore.keys import decode_key, encode_key
from emulators.tablestore.plain_buffer import (
    Cell,
    Marker,
    Op,
    PlainBufferError,
    Row,
    decode_row,
    decode_rows,
    decode_value,
    encode_row,
    encode_rows,
    encode_value,
)

from .support import unhurried

int64 = st.integers(-(2**63), 2**63 - 1)
text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
names = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,10}", fullmatch=True)
key_values = st.one_of(int64, text, st.binary(max_size=20), st.booleans())
values = st.one_of(key_values, st.floats(allow_nan=False))
versions = st.none() | st.integers(0, 2**62)
keys = st.lists(st.tuples(names, key_values | st.sampled_from(Marker)), min_size=1, max_size=4)
cells = st.one_of(
    st.builds(Cell, names, values, versions),
    st.builds(Cell, names, int64, st.none(), st.just(Op.INCREMENT)),
    st.builds(Cell, names, st.none(), st.none(), st.just(Op.DELETE_ALL_VERSIONS)),
    st.builds(Cell, names, st.none(), st.integers(0, 2**62), st.just(Op.DELETE_ONE_VERSION)),
)
rows = st.builds(Row, keys.map(tuple), st.lists(cells, max_size=5).map(tuple), st.booleans())


def for_sdk(value: Any) -> Any:
    return bytearray(value) if isinstance(value, bytes) else value


@unhurried
@given(st.lists(rows, min_size=1, max_size=4))
def test_rows_survive_a_round_trip(many: list[Row]) -> None:
    assert decode_rows(encode_rows(many)) == many


@unhurried
@given(rows, st.integers(0, 40))
def test_zero_padding_after_the_last_row_is_ignored(row: Row, padding: int) -> None:
    assert decode_row(encode_row(row) + bytes(padding)) == row


@unhurried
@given(values)
def test_lone_values_survive_a_round_trip(value: Any) -> None:
    decoded = decode_value(encode_value(value))
    assert decoded == value
    assert type(decoded) is type(value)


@unhurried
@given(
    st.lists(st.tuples(names, st.one_of(int64, text, st.binary())), min_size=1, max_size=4),
    st.lists(st.tuples(names, values, versions), max_size=5),
)
def test_put_rows_are_encoded_as_the_sdk_encodes_them(key: Any, columns: Any) -> None:
    theirs = PlainBufferBuilder.serialize_for_put_row(
        [(name, for_sdk(value)) for name, value in key],
        [(name, for_sdk(value), version) for name, value, version in columns],
    )
    ours = Row(tuple(key), tuple(Cell(*column) for column in columns))
    assert encode_row(ours) == bytes(theirs)
    assert decode_row(bytes(theirs)) == ours


@unhurried
@given(st.lists(st.tuples(names, values), max_size=3), st.lists(names, max_size=2))
def test_updates_are_read_as_the_sdk_writes_them(puts: Any, deletions: Any) -> None:
    theirs = PlainBufferBuilder.serialize_for_update_row(
        [("id", ots.PK_AUTO_INCR)],
        {
            "PUT": [(name, for_sdk(value)) for name, value in puts],
            "DELETE": [("one", None, 1_700_000_000_000)],
            "DELETE_ALL": deletions,
            "INCREMENT": [("n", -1)],
        },
    )
    row = decode_row(bytes(theirs))
    assert row.key == (("id", Marker.AUTO_INCREMENT),)
    assert row.cells == (
        *(Cell(name, value) for name, value in puts),
        Cell("one", None, 1_700_000_000_000, Op.DELETE_ONE_VERSION),
        *(Cell(name, op=Op.DELETE_ALL_VERSIONS) for name in deletions),
        Cell("n", -1, op=Op.INCREMENT),
    )


@unhurried
@given(st.lists(st.tuples(names, values, st.integers(0, 2**62)), max_size=5))
def test_the_sdk_reads_rows_as_they_are_written(columns: Any) -> None:
    raw = encode_row(Row((("id", "x"),), tuple(Cell(*column) for column in columns)))
    stream = PlainBufferCodedInputStream(PlainBufferInputStream(raw))
    assert stream.read_row() == ([("id", "x")], columns)


def test_a_delete_marker_is_read_as_the_sdk_writes_it() -> None:
    raw = PlainBufferBuilder.serialize_for_delete_row([("id", ots.INF_MIN), ("n", ots.INF_MAX)])
    row = decode_row(bytes(raw))
    assert row == Row((("id", Marker.INF_MIN), ("n", Marker.INF_MAX)), (), deleted=True)


def decodes_or_refuses(decode: Any, data: bytes) -> None:
    with contextlib.suppress(PlainBufferError):
        decode(data)


@unhurried
@given(st.binary(max_size=200))
@example(b"")
@example(b"\x75\x00\x00\x00")
@example(b"\x75\x00\x00\x00\x01\x03\x04\xff\xff\xff\x7f")
@example(b"\x75\x00\x00\x00\x01\x03\x04\xff\xff\xff\xff")
def test_garbage_raises_nothing_but_the_codecs_error(data: bytes) -> None:
    decodes_or_refuses(decode_rows, data)
    decodes_or_refuses(decode_rows, b"\x75\x00\x00\x00\x01" + data)
    decodes_or_refuses(decode_row, data)
    decodes_or_refuses(decode_value, data)


@unhurried
@given(rows, st.data())
def test_a_damaged_row_raises_nothing_but_the_codecs_error(row: Row, data: st.DataObject) -> None:
    raw = bytearray(encode_row(row))
    at = data.draw(st.integers(0, len(raw) - 1))
    raw[at] ^= data.draw(st.integers(1, 255))
    decodes_or_refuses(decode_rows, bytes(raw))
    decodes_or_refuses(decode_rows, bytes(raw[:at]))


def test_a_flipped_bit_in_a_value_is_caught_by_the_checksum() -> None:
    raw = encode_row(Row((("id", "abc"),)))
    with pytest.raises(PlainBufferError, match="checksum is mismatch, name: id"):
        decode_row(raw.replace(b"abc", b"abd"))
    with pytest.raises(PlainBufferError, match="row checksum is mismatch"):
        decode_row(raw[:-1] + bytes((raw[-1] ^ 1,)))


ordered = st.tuples(int64, text, st.binary(max_size=6), st.booleans())


@unhurried
@given(ordered, ordered)
def test_stored_keys_sort_as_the_service_sorts(a: Any, b: Any) -> None:
    def order(key: Any) -> Any:
        return (key[0], key[1].encode(), key[2], key[3])

    assert (encode_key(a) < encode_key(b)) == (order(a) < order(b))
    assert decode_key(encode_key(a)) == list(a)
    assert encode_key([Marker.INF_MIN]) < encode_key(a) < encode_key([Marker.INF_MAX])
