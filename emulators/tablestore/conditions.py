"""Column conditions and filters: what a write requires of a row, what a read lets through.

Source: SingleColumnValueFilter, CompositeColumnValueFilter, ColumnPaginationFilter and
ValueTransferRule of the API reference. Two readings the reference leaves open: a value of another
type than the condition's makes every comparison false except NOT_EQUAL, and a text the regular
expression does not match counts as a missing column.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import Any

from google.protobuf.message import DecodeError

from . import limits
from .cells import Columns
from .errors import parameter_invalid
from .messages import filter_pb
from .plain_buffer import PlainBufferError, Value, decode_value
from .schema import type_name

_SINGLE, _COMPOSITE, _PAGINATION = 1, 2, 3
_NOT, _AND = 1, 2
_EQUAL, _NOT_EQUAL, _EXIST, _NOT_EXIST = 1, 2, 7, 8
_COMPARE: dict[int, Callable[[Any, Any], bool]] = {
    _EQUAL: operator.eq,
    _NOT_EQUAL: operator.ne,
    3: operator.gt,
    4: operator.ge,
    5: operator.lt,
    6: operator.le,
}

Condition = Callable[[Columns], bool]


def _parse(message: Any, data: bytes, what: str) -> Any:
    try:
        message.ParseFromString(data)
    except DecodeError:
        raise parameter_invalid(f"Deserialize {what} failed.") from None
    return message


def parse_condition(data: bytes) -> Condition:
    """The predicate a serialized `Filter` stands for; OTSParameterInvalid if it is malformed."""
    root = _parse(filter_pb.Filter(), data, "filter")
    return _build(root, _Counter())


def parse_pagination(data: bytes) -> tuple[int, int] | None:
    """(offset, limit) if the filter pages through a row's columns, else None."""
    root = _parse(filter_pb.Filter(), data, "filter")
    if root.type != _PAGINATION:
        return None
    page = _parse(filter_pb.ColumnPaginationFilter(), root.filter, "column pagination filter")
    if page.offset < 0:
        raise parameter_invalid(
            "Offset in ColumnPaginationFilter must be greater than or equal to 0."
        )
    if page.limit <= 0:
        raise parameter_invalid("Limit in ColumnPaginationFilter must be greater than 0.")
    return page.offset, page.limit


class _Counter:
    """Counts the single conditions of one filter."""

    def __init__(self) -> None:
        self.count = 0

    def add(self) -> None:
        self.count += 1
        if self.count > limits.MAX_CONDITIONS:
            raise parameter_invalid(f"The count of filter exceeds the max: {limits.MAX_CONDITIONS}")


def _build(node: Any, counter: _Counter) -> Condition:
    if node.type == _SINGLE:
        counter.add()
        single = _parse(filter_pb.SingleColumnValueFilter(), node.filter, "relation filter")
        return _build_single(single)
    if node.type == _COMPOSITE:
        many = _parse(filter_pb.CompositeColumnValueFilter(), node.filter, "composite filter")
        return _build_composite(many, counter)
    raise parameter_invalid(f"Invalid type of sub-filter: {node.type}.")


def _build_composite(node: Any, counter: _Counter) -> Condition:
    parts = [_build(sub, counter) for sub in node.sub_filters]
    if node.combinator == _NOT:
        if len(parts) != 1:
            raise parameter_invalid("Invalid NOT operator: the number of sub-filters must be 1.")
        return lambda columns: not parts[0](columns)
    if len(parts) < 2:
        raise parameter_invalid("Invalid AND/OR operator: the number of sub-filters must be 2.")
    every = all if node.combinator == _AND else any
    return lambda columns: every(part(columns) for part in parts)


def _build_single(node: Any) -> Condition:
    name = node.column_name
    transfer = _build_transfer(node) if node.HasField("value_trans_rule") else None
    latest_only = node.latest_version_only

    def values(columns: Columns) -> list[Value]:
        versions = columns.get(name, [])
        seen = versions[:1] if latest_only else versions
        if transfer is None:
            return [value for _, value in seen]
        return [found for _, value in seen if (found := transfer(value)) is not None]

    if node.comparator in (_EXIST, _NOT_EXIST):
        wanted = node.comparator == _EXIST
        return lambda columns: bool(values(columns)) is wanted
    return _build_comparison(node, values)


def _build_comparison(node: Any, values: Callable[[Columns], list[Value]]) -> Condition:
    expected = _decode(node.column_value)
    compare = _COMPARE[node.comparator]
    missing_passes: bool = not node.filter_if_missing

    def holds(columns: Columns) -> bool:
        present = values(columns)
        if not present:
            return missing_passes
        return any(_compare(compare, value, expected) for value in present)

    return holds


def _decode(data: bytes) -> Value:
    try:
        return decode_value(data)
    except PlainBufferError as error:
        raise parameter_invalid(str(error)) from None


def _compare(compare: Callable[[Any, Any], bool], value: Value, expected: Value) -> bool:
    if type_name(value) != type_name(expected):
        return compare is operator.ne
    return compare(value, expected)


def _build_transfer(node: Any) -> Callable[[Value], Value | None]:
    rule = node.value_trans_rule
    if len(rule.regex.encode()) > limits.MAX_REGEX_BYTES:
        raise parameter_invalid(f"The length of regex exceeds {limits.MAX_REGEX_BYTES}.")
    try:
        pattern = re.compile(rule.regex)
    except re.error:
        raise parameter_invalid(f"Invalid regex: {rule.regex}.") from None
    cast: Callable[[str], Value] = {0: int, 1: float}.get(rule.cast_type, str)

    def transfer(value: Value) -> Value | None:
        match = pattern.search(value) if isinstance(value, str) else None
        if match is None:
            return None
        try:
            return cast(match.group(1 if pattern.groups else 0) or "")
        except ValueError:
            return None

    return transfer
