"""Column conditions: every comparator, NOT/AND/OR, regular expressions, versions, limits."""

from __future__ import annotations

from typing import Any

import pytest
import tablestore as ots
from tablestore.protobuf import table_store_filter_pb2 as filter_pb

from emulators.tablestore import TablestoreError
from emulators.tablestore.conditions import parse_condition, parse_pagination

from .support import Clock, create_table, get, put, where
from .test_rows import check_failed
from .test_tables import refused

EQ, NE, GT, GE, LT, LE = (
    ots.ComparatorType.EQUAL,
    ots.ComparatorType.NOT_EQUAL,
    ots.ComparatorType.GREATER_THAN,
    ots.ComparatorType.GREATER_EQUAL,
    ots.ComparatorType.LESS_THAN,
    ots.ComparatorType.LESS_EQUAL,
)


def holds(client: ots.OTSClient, condition: Any) -> bool:
    """Whether the condition lets a write through; checked against a read with the same filter."""
    seen = get(client, "1", column_filter=condition) is not None
    try:
        put_again = ots.Row([("id", "1")], {"PUT": [("touched", 1)]})
        client.update_row("orders", put_again, ots.Condition("IGNORE", condition))
    except ots.OTSServiceError as error:
        assert error.code == "OTSConditionCheckFail"
        assert not seen
        return False
    assert seen
    return True


@pytest.mark.parametrize(
    ("comparator", "outcomes"),
    [
        (EQ, (False, True, False)),
        (NE, (True, False, True)),
        (GT, (True, False, False)),
        (GE, (True, True, False)),
        (LT, (False, False, True)),
        (LE, (False, True, True)),
    ],
)
@pytest.mark.parametrize(
    ("value", "others"),
    [
        (5, (4, 5, 6)),
        ("m", ("a", "m", "z")),
        (0.5, (0.25, 0.5, 0.75)),
        (bytearray(b"m"), (bytearray(b"a"), bytearray(b"m"), bytearray(b"z"))),
    ],
)
def test_a_comparator_orders_values_as_their_type_does(
    orders: ots.OTSClient, value: Any, others: Any, comparator: int, outcomes: Any
) -> None:
    put(orders, "1", {"a": value})
    assert tuple(holds(orders, where("a", other, comparator)) for other in others) == outcomes


def test_a_missing_column_passes_or_fails_as_the_condition_says(orders: ots.OTSClient) -> None:
    put(orders, "1", {"b": 1})
    assert not holds(orders, where("a", 1, pass_if_missing=False))
    assert holds(orders, where("a", 1, pass_if_missing=True))
    assert holds(orders, where("b", 1, pass_if_missing=True))
    assert not holds(orders, where("b", 2, pass_if_missing=True))


def test_values_of_different_types_are_different(orders: ots.OTSClient) -> None:
    put(orders, "1", {"a": 1})
    assert not holds(orders, where("a", "1"))
    assert not holds(orders, where("a", 1.0))
    assert not holds(orders, where("a", True))
    assert holds(orders, where("a", "1", NE))


def composite(combinator: int, *parts: Any) -> Any:
    condition = ots.CompositeColumnCondition(combinator)
    for part in parts:
        condition.add_sub_condition(part)
    return condition


AND, OR, NOT = ots.LogicalOperator.AND, ots.LogicalOperator.OR, ots.LogicalOperator.NOT


def test_conditions_combine(orders: ots.OTSClient) -> None:
    put(orders, "1", {"a": 1, "b": 2})
    yes, no = where("a", 1), where("b", 1)
    assert [holds(orders, composite(AND, *parts)) for parts in ((yes, yes), (yes, no))] == [
        True,
        False,
    ]
    assert [holds(orders, composite(OR, *parts)) for parts in ((no, yes), (no, no))] == [
        True,
        False,
    ]
    assert [holds(orders, composite(NOT, part)) for part in (no, yes)] == [True, False]
    nested = composite(AND, composite(NOT, no), composite(OR, no, yes))
    assert holds(orders, nested)


def test_combinators_take_the_right_number_of_parts(orders: ots.OTSClient) -> None:
    one = where("a", 1)
    for condition in (composite(NOT, one, one), composite(AND, one), composite(OR)):
        refused("OTSParameterInvalid", 400, put, orders, "1", when=condition)


def test_ten_conditions_are_allowed_and_eleven_are_not(orders: ots.OTSClient) -> None:
    parts = [where("a", n, NE, pass_if_missing=True) for n in range(11)]
    put(orders, "1", when=composite(AND, *parts[:10]))
    message = refused("OTSParameterInvalid", 400, put, orders, "1", when=composite(AND, *parts))
    assert message == "The count of filter exceeds the max: 10"


def regex(pattern: str, cast: Any, value: Any, comparator: int = EQ, **options: Any) -> Any:
    """The SDK makes every such condition fail on a missing column."""
    rule = ots.RegexRule(pattern, cast)
    return ots.SingleColumnRegexCondition("a", comparator, value, rule, **options)


def test_a_regular_expression_takes_a_part_and_casts_it(orders: ots.OTSClient) -> None:
    put(orders, "1", {"a": "{name:x1,at:12345}"})
    assert holds(orders, regex("at:([0-9]+)}", ots.CastType.VT_INTEGER, 12345))
    assert holds(orders, regex("at:([0-9]+)}", ots.CastType.VT_INTEGER, 9, GT))
    assert not holds(orders, regex("at:([0-9]+)}", ots.CastType.VT_INTEGER, 99999, GT))
    assert holds(orders, regex("x[0-9]", ots.CastType.VT_STRING, "x1"))
    assert holds(orders, regex("([0-9]+)}", ots.CastType.VT_DOUBLE, 12345.0))


def test_a_regular_expression_without_a_match_counts_as_missing(orders: ots.OTSClient) -> None:
    put(orders, "1", {"a": "abc"})
    number = ("([0-9]+)", ots.CastType.VT_INTEGER)
    assert not holds(orders, regex(*number, 7, NE))
    assert not holds(orders, regex("[a-z]+", ots.CastType.VT_INTEGER, 7, NE))
    put(orders, "1", {"a": 7})
    assert not holds(orders, regex(*number, 7))


def test_existence_of_a_match_is_a_condition(orders: ots.OTSClient) -> None:
    put(orders, "1", {"a": "abc"})
    number = ("([0-9]+)", ots.CastType.VT_INTEGER, None)
    assert not holds(orders, regex(*number, ots.ComparatorType.EXIST))
    assert holds(orders, regex(*number, ots.ComparatorType.NOT_EXIST))
    put(orders, "1", {"a": "abc1"})
    assert holds(orders, regex(*number, ots.ComparatorType.EXIST))
    assert not holds(orders, regex(*number, ots.ComparatorType.NOT_EXIST))


def test_a_broken_or_long_regular_expression_is_refused(orders: ots.OTSClient) -> None:
    for pattern in ("(", "x" * 257):
        condition = regex(pattern, ots.CastType.VT_STRING, "x")
        refused("OTSParameterInvalid", 400, put, orders, "1", when=condition)


def test_a_condition_looks_at_the_latest_or_at_any_version(
    client: ots.OTSClient, clock: Clock
) -> None:
    create_table(client, max_version=3)
    for value in (1, 2):
        client.update_row(
            "orders", ots.Row([("id", "1")], {"PUT": [("a", value)]}), ots.Condition("IGNORE")
        )
        clock.advance(1)
    check_failed(put, client, "1", when=where("a", 1, latest_version_only=True))
    put(client, "1", {"b": 1}, when=where("a", 1, latest_version_only=False))
    assert get(client, "1") == {"b": 1}


def wire_filter(kind: int, message: Any) -> bytes:
    raw: bytes = filter_pb.Filter(
        type=kind, filter=message.SerializePartialToString()
    ).SerializeToString()
    return raw


@pytest.mark.parametrize(("comparator", "outcome"), [(7, True), (8, False)])
def test_existence_of_a_column_is_a_condition(comparator: int, outcome: bool) -> None:
    message = filter_pb.SingleColumnValueFilter(
        comparator=comparator,
        column_name="a",
        column_value=b"",
        filter_if_missing=True,
        latest_version_only=True,
    )
    condition = parse_condition(wire_filter(1, message))
    assert condition({"a": [(1, 1)]}) is outcome
    assert condition({"b": [(1, 1)]}) is not outcome


@pytest.mark.parametrize(("offset", "limit"), [(-1, 1), (0, 0)])
def test_a_page_of_columns_is_checked(offset: int, limit: int) -> None:
    message = filter_pb.ColumnPaginationFilter(offset=offset, limit=limit)
    with pytest.raises(TablestoreError, match="ColumnPaginationFilter"):
        parse_pagination(wire_filter(3, message))


def test_a_page_of_columns_is_no_condition() -> None:
    message = filter_pb.ColumnPaginationFilter(offset=0, limit=1)
    assert parse_pagination(wire_filter(3, message)) == (0, 1)
    with pytest.raises(TablestoreError, match="Invalid type of sub-filter"):
        parse_condition(wire_filter(3, message))


@pytest.mark.parametrize("data", [b"\xff", b"\x08\x01\x12\x01\xff", b"\x08\x02\x12\x01\xff"])
def test_a_broken_filter_is_refused(data: bytes) -> None:
    with pytest.raises(TablestoreError, match="Deserialize"):
        parse_condition(data)
