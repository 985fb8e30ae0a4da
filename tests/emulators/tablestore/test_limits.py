"""Names, sizes and counts: the last one that is allowed, and the first that is not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import tablestore as ots

from .support import create_table, get, put, update
from .test_tables import refused

if TYPE_CHECKING:
    from emulators.tablestore import TablestoreEmulator


@pytest.mark.parametrize("name", ["#", "1a", "a b", "a.b", "a" * 256])
def test_column_names_are_checked(orders: ots.OTSClient, name: str) -> None:
    wanted = f"Invalid column name: '{name}'."
    assert refused("OTSParameterInvalid", 400, put, orders, "1", {name: 1}) == wanted
    change = {"PUT": [(name, 1)]}
    assert refused("OTSParameterInvalid", 400, update, orders, "1", change) == wanted
    assert refused("OTSParameterInvalid", 400, get, orders, "1", columns_to_get=[name]) == wanted


def test_long_names_are_allowed(orders: ots.OTSClient) -> None:
    put(orders, "1", {"a" * 255: 1})
    assert get(orders, "1") == {"a" * 255: 1}


def test_a_key_string_holds_1_kb(orders: ots.OTSClient) -> None:
    put(orders, "x" * 1024)
    message = refused("OTSParameterInvalid", 400, put, orders, "x" * 1025)
    assert message == (
        "The length of primary key column: 'id' exceeds the MaxLength:1024 with CurrentLength:1025."
    )
    refused("OTSParameterInvalid", 400, put, orders, "é" * 513)
    put(orders, "é" * 512)


def test_a_key_binary_holds_1_kb(client: ots.OTSClient) -> None:
    create_table(client, key=(("id", "BINARY"),))
    put(client, bytearray(1024))
    refused("OTSParameterInvalid", 400, put, client, bytearray(1025))


@pytest.mark.parametrize("kind", [str, bytearray])
def test_a_value_holds_2_mb(orders: ots.OTSClient, kind: Any) -> None:
    full = "x" * 2_097_152 if kind is str else bytearray(2_097_152)
    put(orders, "1", {"a": full})
    more = full + ("x" if kind is str else bytearray(1))
    message = refused("OTSParameterInvalid", 400, put, orders, "1", {"a": more})
    assert message == (
        "The length of attribute column: 'a' exceeds the MaxLength:2097152 "
        "with CurrentLength:2097153."
    )


def test_a_row_may_be_written_with_1024_columns(orders: ots.OTSClient) -> None:
    columns = {f"c{n}": n for n in range(1025)}
    message = refused("OTSParameterInvalid", 400, put, orders, "1", columns)
    assert message.endswith("limit count: 1024, column count: 1025.")
    columns.popitem()
    put(orders, "1", columns)
    assert len(get(orders, "1") or ()) == 1024


def test_a_read_may_name_128_columns(orders: ots.OTSClient) -> None:
    put(orders, "1", {"c0": 1})
    names = [f"c{n}" for n in range(129)]
    refused("OTSParameterInvalid", 400, get, orders, "1", columns_to_get=names)
    assert get(orders, "1", columns_to_get=names[:128]) == {"c0": 1}


@pytest.mark.parametrize(
    ("value", "name"),
    [(float("nan"), "NaN"), (float("inf"), "Infinity"), (-float("inf"), "Infinity")],
)
def test_doubles_are_finite(orders: ots.OTSClient, value: float, name: str) -> None:
    message = refused("OTSParameterInvalid", 400, put, orders, "1", {"a": value})
    assert message == f"{name} can't be set to double value."


def test_a_request_holds_5_mb(orders: ots.OTSClient) -> None:
    parts = dict.fromkeys("abc", "x" * 2000000)
    message = refused("OTSRequestBodyTooLarge", 413, put, orders, "1", parts)
    assert message == "The size of POST data is too large."


def test_a_key_has_at_most_4_columns(orders: ots.OTSClient) -> None:
    key = [(f"k{n}", "x") for n in range(5)]
    message = refused("OTSParameterInvalid", 400, get, orders, key)
    assert message == "The number of primary key columns must be in range: [1, 4]."


def consumed(emulator: TablestoreEmulator) -> tuple[int, int]:
    record = emulator.requests[-1]
    return record.read_cu, record.write_cu


def units(answer: Any) -> tuple[int, int]:
    return answer[0].read, answer[0].write


def test_capacity_units_of_writes(orders: ots.OTSClient, emulator: TablestoreEmulator) -> None:
    """4 KB a unit, names and values counted; conditions add a read of the key."""
    assert units(put(orders, "1", {"a": "x" * (4096 - 4)})) == (0, 1)
    assert units(put(orders, "1", {"a": "x" * (4096 - 3)})) == (0, 2)
    assert units(put(orders, "2", expect="EXPECT_NOT_EXIST")) == (1, 1)
    assert units(update(orders, "1", {"PUT": [("b", 1)]})) == (0, 1)
    assert units(update(orders, "1", {"DELETE_ALL": ["a"]}, expect="EXPECT_EXIST")) == (1, 1)
    assert consumed(emulator) == (1, 1)


def test_capacity_units_of_reads(orders: ots.OTSClient, emulator: TablestoreEmulator) -> None:
    put(orders, "1", {"a": "x" * 5000, "b": 1})
    answer = orders.get_row("orders", [("id", "1")], max_version=1)
    assert units(answer) == (2, 0)
    answer = orders.get_row("orders", [("id", "1")], ["b"], max_version=1)
    assert units(answer) == (1, 0)
    assert units(orders.get_row("orders", [("id", "9")], max_version=1)) == (1, 0)
    assert consumed(emulator) == (1, 0)


def test_a_range_rounds_up_once(orders: ots.OTSClient) -> None:
    for n in range(10):
        put(orders, str(n), {"a": "x" * 400})
    bounds = ("orders", "FORWARD", [("id", ots.INF_MIN)], [("id", ots.INF_MAX)])
    assert units(orders.get_range(*bounds, max_version=1)) == (1, 0)


def test_a_failed_condition_costs_a_read_and_a_write(
    orders: ots.OTSClient, emulator: TablestoreEmulator
) -> None:
    refused("OTSConditionCheckFail", 403, put, orders, "1", expect="EXPECT_EXIST")
    assert consumed(emulator) == (1, 1)
