"""GetRange: order, bounds, limit, going on, filters, pages of wide rows, capacity."""

from __future__ import annotations

from typing import Any

import pytest
import tablestore as ots
from hypothesis import given
from hypothesis import strategies as st

from emulators.tablestore import TablestoreEmulator

from .support import connect, create_table, put, scan, unhurried, where
from .test_tables import refused

MIN, MAX = ots.INF_MIN, ots.INF_MAX
KEY = (("p", "STRING"), ("n", "INTEGER"))


def key(p: Any, n: Any) -> list[tuple[str, Any]]:
    return [("p", p), ("n", n)]


@pytest.fixture
def grid(client: ots.OTSClient) -> ots.OTSClient:
    """A table of the rows (a..c) x (-1..2)."""
    create_table(client, key=KEY)
    for p in "abc":
        for n in range(-1, 3):
            put(client, key(p, n), {"a": n})
    return client


def keys_of(rows: list[Any]) -> list[tuple[Any, ...]]:
    return [tuple(value for _, value in row.primary_key) for row in rows]


def page(client: ots.OTSClient, start: Any, end: Any, **options: Any) -> tuple[Any, Any]:
    """Keys of one page and the key to go on with."""
    direction = options.pop("direction", "FORWARD")
    _, following, rows, _ = client.get_range(
        "orders", direction, start, end, **{"max_version": 1, **options}
    )
    after = None if following is None else tuple(value for _, value in following)
    return keys_of(rows), after


def test_rows_come_in_key_order_from_start_to_before_end(grid: ots.OTSClient) -> None:
    assert page(grid, key("a", 1), key("b", 1)) == (
        [("a", 1), ("a", 2), ("b", -1), ("b", 0)],
        None,
    )


def test_backward_includes_the_start_and_not_the_end(grid: ots.OTSClient) -> None:
    assert page(grid, key("b", 1), key("a", 1), direction="BACKWARD") == (
        [("b", 1), ("b", 0), ("b", -1), ("a", 2)],
        None,
    )


def test_infinities_bound_any_column(grid: ots.OTSClient) -> None:
    found, _ = page(grid, key("b", MIN), key("b", MAX))
    assert found == [("b", -1), ("b", 0), ("b", 1), ("b", 2)]
    assert len(page(grid, key(MIN, MIN), key(MAX, MAX))[0]) == 12
    assert len(page(grid, key(MAX, MAX), key(MIN, MIN), direction="BACKWARD")[0]) == 12


@pytest.mark.parametrize("direction", ["FORWARD", "BACKWARD"])
def test_a_limited_range_goes_on_where_it_stopped(grid: ots.OTSClient, direction: str) -> None:
    found = keys_of(scan(grid, limit=5, direction=direction))
    assert len(found) == 12
    assert found == sorted(found, reverse=direction == "BACKWARD")


def test_an_exhausted_range_names_no_next_key(grid: ots.OTSClient) -> None:
    assert page(grid, key("c", 1), key(MAX, MAX), limit=2) == ([("c", 1), ("c", 2)], None)
    assert page(grid, key("c", 1), key(MAX, MAX), limit=1) == ([("c", 1)], ("c", 2))
    assert page(grid, key("x", 1), key(MAX, MAX)) == ([], None)


def test_an_empty_or_reversed_range_is_refused(grid: ots.OTSClient) -> None:
    call = grid.get_range
    for start, end in [(key("a", 1), key("a", 1)), (key("b", 1), key("a", 1))]:
        message = refused("OTSParameterInvalid", 400, call, "orders", "FORWARD", start, end)
        assert message == "Begin key must less than end key in FORWARD"
        message = refused("OTSParameterInvalid", 400, call, "orders", "BACKWARD", end, start)
        assert message == "Begin key must more than end key in BACKWARD"


@pytest.mark.parametrize("limit", [0, -1])
def test_a_limit_is_positive(grid: ots.OTSClient, limit: int) -> None:
    arguments = ("orders", "FORWARD", key(MIN, MIN), key(MAX, MAX), None, limit)
    message = refused("OTSParameterInvalid", 400, grid.get_range, *arguments)
    assert message == "The limit must be greater than 0."


def test_bounds_are_checked_against_the_table(grid: ots.OTSClient) -> None:
    arguments = ("orders", "FORWARD", [("p", MIN)], [("p", MAX)])
    message = refused("OTSInvalidPK", 400, grid.get_range, *arguments)
    assert message == "Validate PK size fail. Input: 1, Meta: 2."


def test_a_filter_keeps_rows_out_of_the_answer_but_in_its_cost(
    grid: ots.OTSClient, emulator: TablestoreEmulator
) -> None:
    rows = scan(grid, column_filter=where("a", 2))
    assert keys_of(rows) == [("a", 2), ("b", 2), ("c", 2)]
    assert emulator.requests[-1].rows == 3
    put(grid, key("d", 0), {"a": 0, "big": "x" * 5000})
    scan(grid, column_filter=where("a", 2))
    assert emulator.requests[-1].read_cu == 2


def test_a_limit_counts_rows_that_pass_the_filter(grid: ots.OTSClient) -> None:
    found = page(grid, key(MIN, MIN), key(MAX, MAX), limit=2, column_filter=where("a", 2))
    assert found == ([("a", 2), ("b", 2)], ("c", -1))


def test_rows_without_the_wanted_columns_are_left_out(grid: ots.OTSClient) -> None:
    put(grid, key("b", 7), {"z": 1})
    assert keys_of(scan(grid, columns_to_get=["z"])) == [("b", 7)]


def test_one_answer_scans_at_most_5000_rows(client: ots.OTSClient) -> None:
    create_table(client, key=KEY)
    for batch in range(26):
        request = ots.BatchWriteRowRequest()
        rows = [
            ots.PutRowItem(ots.Row(key("a", batch * 200 + n), [("a", 1)]), ots.Condition("IGNORE"))
            for n in range(200)
        ]
        request.add(ots.TableInBatchWriteRowItem("orders", rows))
        client.batch_write_row(request)
    bounds = (key(MIN, MIN), key(MAX, MAX))
    assert page(client, *bounds, column_filter=where("a", 2)) == ([], ("a", 5000))
    found, following = page(client, *bounds, columns_to_get=["a"])
    assert (len(found), following) == (5000, ("a", 5000))


def test_one_answer_holds_at_most_4_mb(client: ots.OTSClient) -> None:
    create_table(client, key=KEY)
    for n in range(5):
        put(client, key("a", n), {"a": "x" * 1_500_000})
    found, following = page(client, key(MIN, MIN), key(MAX, MAX))
    assert (len(found), following) == (3, ("a", 3))
    assert len(scan(client)) == 5


def wide(client: ots.OTSClient) -> None:
    create_table(client, key=KEY)
    put(client, key("a", 0), {"c1": "x" * 2_000_000, "c2": "y" * 2_000_000})
    client.update_row(
        "orders",
        ots.Row(key("a", 0), {"PUT": [("c3", "z" * 2_000_000)]}),
        ots.Condition("IGNORE"),
    )
    put(client, key("a", 1), {"c1": 1})


def test_a_row_too_wide_for_one_answer_is_read_in_parts(client: ots.OTSClient) -> None:
    wide(client)
    _, row, token = client.get_row("orders", key("a", 0), max_version=1)
    assert [name for name, _, _ in row.attribute_columns] == ["c1", "c2"]
    _, row, token = client.get_row("orders", key("a", 0), max_version=1, token=token)
    assert [name for name, _, _ in row.attribute_columns] == ["c3"]
    assert not token


def test_a_range_stops_inside_a_row_too_wide_and_goes_on(client: ots.OTSClient) -> None:
    wide(client)
    bounds = ("orders", "FORWARD", key(MIN, MIN), key(MAX, MAX))
    _, following, rows, token = client.get_range(*bounds, max_version=1)
    assert keys_of(rows) == [("a", 0)]
    assert token
    assert following == key("a", 0)
    _, following, rows, token = client.get_range(
        "orders", "FORWARD", following, key(MAX, MAX), max_version=1, token=token
    )
    assert keys_of(rows) == [("a", 0), ("a", 1)]
    assert [name for name, _, _ in rows[0].attribute_columns] == ["c3"]
    assert (following, bool(token)) == (None, False)


keys = st.tuples(st.text(st.characters(exclude_categories=["Cs"]), max_size=4), st.integers(-3, 3))


@unhurried
@given(st.sets(keys, min_size=1, max_size=12), keys, keys, st.integers(1, 4), st.booleans())
def test_any_range_is_the_sorted_slice(
    stored: set[Any], low: Any, high: Any, limit: int, backward: bool
) -> None:
    def order(pair: Any) -> Any:
        return (pair[0].encode(), pair[1])

    low, high = sorted((low, high), key=order)
    if low == high:
        return
    with TablestoreEmulator() as emulator:
        client = connect(emulator)
        create_table(client, key=KEY)
        for pair in stored:
            put(client, key(*pair))
        start, end = (high, low) if backward else (low, high)
        found: list[Any] = []
        following: Any = start
        while following is not None:
            direction = "BACKWARD" if backward else "FORWARD"
            part, following = page(
                client, key(*following), key(*end), direction=direction, limit=limit
            )
            found += part
    inside = [
        pair
        for pair in stored
        if (
            order(low) < order(pair) <= order(high)
            if backward
            else order(low) <= order(pair) < order(high)
        )
    ]
    assert found == sorted(inside, key=order, reverse=backward)
