"""CreateTable, ListTable, DescribeTable, UpdateTable, DeleteTable."""

from __future__ import annotations

from typing import Any

import pytest
import tablestore as ots

from .support import create_table, get, put


def refused(code: str, status: int, call: Any, *arguments: Any, **options: Any) -> str:
    with pytest.raises(ots.OTSServiceError) as caught:
        call(*arguments, **options)
    assert (caught.value.code, caught.value.http_status) == (code, status)
    message: str = caught.value.message
    return message


def test_a_created_table_is_listed_and_described_as_given(client: ots.OTSClient) -> None:
    create_table(
        client,
        key=(
            ("a", "STRING"),
            ("b", "INTEGER"),
            ("c", "BINARY"),
            ("d", "INTEGER", ots.PK_AUTO_INCR),
        ),
        defined=(("s", "STRING"), ("i", "INTEGER"), ("d8", "DOUBLE"), ("t", "BOOLEAN")),
        time_to_live=86_400,
        max_version=3,
        max_time_deviation=100,
        allow_update=False,
    )
    assert client.list_table() == ("orders",)
    described = client.describe_table("orders")
    assert described.table_meta.schema_of_primary_key == [
        ("a", "STRING"),
        ("b", "INTEGER"),
        ("c", "BINARY"),
        ("d", "INTEGER", ots.PK_AUTO_INCR),
    ]
    assert described.table_meta.defined_columns == [
        ("s", "STRING"),
        ("i", "INTEGER"),
        ("d8", "DOUBLE"),
        ("t", "BOOLEAN"),
    ]
    options = described.table_options
    assert (options.time_to_live, options.max_version) == (86_400, 3)
    assert (options.max_time_deviation, options.allow_update) == (100, False)
    assert described.secondary_indexes == []


def test_a_table_is_created_once(orders: ots.OTSClient) -> None:
    refused("OTSObjectAlreadyExist", 409, create_table, orders)


def test_what_does_not_exist_is_404_to_table_operations(client: ots.OTSClient) -> None:
    refused("OTSObjectNotExist", 404, client.describe_table, "orders")
    refused("OTSObjectNotExist", 404, client.delete_table, "orders")
    refused("OTSObjectNotExist", 404, client.update_table, "orders", ots.TableOptions())
    refused("OTSObjectNotExist", 404, client.delete_secondary_index, "orders", "by_state")


def test_what_does_not_exist_is_400_to_row_operations(client: ots.OTSClient) -> None:
    assert refused("OTSParameterInvalid", 400, put, client, "1") == "Request table not exist"
    assert refused("OTSParameterInvalid", 400, get, client, "1") == "Request table not exist"


def test_a_deleted_table_takes_its_rows_with_it(orders: ots.OTSClient) -> None:
    put(orders, "1")
    orders.delete_table("orders")
    assert orders.list_table() == ()
    create_table(orders)
    assert get(orders, "1") is None


def test_options_are_updated_one_by_one(orders: ots.OTSClient) -> None:
    answer = orders.update_table("orders", ots.TableOptions(90_000, None, None))
    assert answer.table_options.time_to_live == 90_000
    answer = orders.update_table("orders", ots.TableOptions(None, 2, None))
    described = orders.describe_table("orders").table_options
    assert (described.time_to_live, described.max_version) == (90_000, 2)


def test_throughput_is_updated(orders: ots.OTSClient) -> None:
    throughput = ots.ReservedThroughput(ots.CapacityUnit(3, None))
    orders.update_table("orders", reserved_throughput=throughput)
    units = orders.describe_table("orders").reserved_throughput_details.capacity_unit
    assert (units.read, units.write) == (3, 0)


@pytest.mark.parametrize("name", ["", "1a", "a-b", "a b", "é", "a" * 256])
def test_table_names_are_checked(client: ots.OTSClient, name: str) -> None:
    message = refused("OTSParameterInvalid", 400, create_table, client, name)
    assert message == f"Invalid table name: '{name}'."


@pytest.mark.parametrize("name", ["a", "_", "A1_b", "a" * 255])
def test_good_table_names_are_accepted(client: ots.OTSClient, name: str) -> None:
    create_table(client, name)
    assert client.list_table() == (name,)


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ((), "The number of primary key columns must be in range: [1, 4]."),
        (
            tuple((f"k{n}", "STRING") for n in range(5)),
            "The number of primary key columns must be in range: [1, 4].",
        ),
        ((("a", "STRING"), ("a", "STRING")), "Duplicated primary key name: 'a'."),
        ((("#", "STRING"),), "Invalid column name: '#'."),
        (
            (("a", "INTEGER", ots.PK_AUTO_INCR),),
            "PkAutoIncr cannot be set as first pk column",
        ),
        (
            (("a", "STRING"), ("b", "STRING", ots.PK_AUTO_INCR)),
            "AUTO_INCREMENT primary key must be integer.",
        ),
        (
            (
                ("a", "STRING"),
                ("b", "INTEGER", ots.PK_AUTO_INCR),
                ("c", "INTEGER", ots.PK_AUTO_INCR),
            ),
            "AUTO_INCREMENT primary key count must <= 1.",
        ),
    ],
)
def test_primary_keys_are_checked(client: ots.OTSClient, key: Any, message: str) -> None:
    assert refused("OTSParameterInvalid", 400, create_table, client, "orders", key) == message


@pytest.mark.parametrize(
    "options",
    [
        {"time_to_live": 0},
        {"time_to_live": -2},
        {"time_to_live": 86_399},
        {"max_version": 0},
        {"max_time_deviation": 0},
    ],
)
def test_table_options_are_checked(client: ots.OTSClient, options: dict[str, int]) -> None:
    refused("OTSParameterInvalid", 400, create_table, client, **options)


def test_an_instance_holds_64_tables(client: ots.OTSClient) -> None:
    for number in range(64):
        create_table(client, f"t{number}")
    message = refused("OTSQuotaExhausted", 403, create_table, client, "t64")
    assert message == "Number of tables exceeds the quota:64."


def test_a_table_predefines_32_columns(client: ots.OTSClient) -> None:
    columns = tuple((f"c{number}", "STRING") for number in range(33))
    create_table(client, "enough", defined=columns[:32])
    refused("OTSParameterInvalid", 400, create_table, client, "too_many", defined=columns)
