"""BatchGetRow and BatchWriteRow: each row its own result, nothing atomic."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import tablestore as ots

from .support import connect, create_table, get, put, where
from .test_tables import refused

if TYPE_CHECKING:
    from emulators.tablestore import TablestoreEmulator


def put_item(key: str, columns: Any = None, expect: str = "IGNORE", when: Any = None) -> Any:
    row = ots.Row([("id", key)], [("a", 1)] if columns is None else columns)
    return ots.PutRowItem(row, ots.Condition(expect, when))


def update_item(key: str, changes: Any, expect: str = "IGNORE") -> Any:
    return ots.UpdateRowItem(ots.Row([("id", key)], changes), ots.Condition(expect))


def delete_item(key: str, expect: str = "IGNORE") -> Any:
    return ots.DeleteRowItem(ots.Row([("id", key)]), ots.Condition(expect))


def write(client: ots.OTSClient, items: list[Any], **others: list[Any]) -> Any:
    request = ots.BatchWriteRowRequest()
    request.add(ots.TableInBatchWriteRowItem("orders", items))
    for table, more in others.items():
        request.add(ots.TableInBatchWriteRowItem(table, more))
    return client.batch_write_row(request)


def results(response: Any) -> list[str]:
    """One word for each row, puts before updates before deletes as the SDK groups them."""
    return [
        "ok" if item.is_ok else item.error_code
        for table in (response.table_of_put, response.table_of_update, response.table_of_delete)
        for items in table.values()
        for item in items
    ]


def read(client: ots.OTSClient, keys: list[str], **options: Any) -> Any:
    request = ots.BatchGetRowRequest()
    pks = [[("id", key)] for key in keys]
    columns = options.pop("columns_to_get", [])
    column_filter = options.pop("column_filter", None)
    request.add(ots.TableInBatchGetRowItem("orders", pks, columns, column_filter, 1))
    return client.batch_get_row(request).get_result_by_table("orders")


def test_rows_of_several_tables_are_written_and_read(orders: ots.OTSClient) -> None:
    create_table(orders, "licenses")
    write(orders, [put_item("1"), put_item("2")], licenses=[put_item("3")])
    assert [get(orders, "1"), get(orders, "2")] == [{"a": 1}, {"a": 1}]
    request = ots.BatchGetRowRequest()
    request.add(ots.TableInBatchGetRowItem("orders", [[("id", "2")], [("id", "9")]], [], None, 1))
    request.add(ots.TableInBatchGetRowItem("licenses", [[("id", "3")]], [], None, 1))
    response = orders.batch_get_row(request)
    assert response.is_all_succeed()
    found = response.get_result_by_table("orders")
    assert [None if item.row is None else item.row.primary_key for item in found] == [
        [("id", "2")],
        None,
    ]
    assert response.get_result_by_table("licenses")[0].row.primary_key == [("id", "3")]


def test_a_failed_row_leaves_the_others_written(
    orders: ots.OTSClient, emulator: TablestoreEmulator
) -> None:
    put(orders, "2", {"a": 0})
    response = write(
        orders,
        [
            put_item("1", expect="EXPECT_NOT_EXIST"),
            put_item("2", expect="EXPECT_NOT_EXIST"),
            put_item("3", expect="EXPECT_NOT_EXIST"),
        ],
    )
    assert results(response) == ["ok", "OTSConditionCheckFail", "ok"]
    assert [get(orders, key) for key in "123"] == [{"a": 1}, {"a": 0}, {"a": 1}]
    record = [record for record in emulator.requests if record.api == "BatchWriteRow"][-1]
    assert (record.outcome, record.rows) == ("OK", 2)
    assert record.row_errors == ("OTSConditionCheckFail",)


def test_writes_of_all_kinds_go_together(orders: ots.OTSClient) -> None:
    put(orders, "2", {"a": 1})
    put(orders, "3")
    response = write(
        orders, [put_item("1"), update_item("2", {"INCREMENT": [("a", 4)]}), delete_item("3")]
    )
    assert results(response) == ["ok", "ok", "ok"]
    assert [get(orders, key) for key in "123"] == [{"a": 1}, {"a": 5}, None]


def test_one_row_may_be_written_twice_without_conditions(orders: ots.OTSClient) -> None:
    write(orders, [put_item("1", [("a", 1)]), update_item("1", {"PUT": [("b", 2)]})])
    assert get(orders, "1") == {"a": 1, "b": 2}


def test_one_row_may_not_be_written_twice_under_a_condition(orders: ots.OTSClient) -> None:
    twice = [put_item("1"), put_item("1", expect="EXPECT_NOT_EXIST")]
    message = refused("OTSParameterInvalid", 400, write, orders, twice)
    assert message == ("Repeated rows do not support row exist expectation check in BatchModify.")
    twice = [put_item("1"), put_item("1", when=where("a", 1))]
    message = refused("OTSParameterInvalid", 400, write, orders, twice)
    assert message == "Repeated rows do not support row condition check in BatchModify."
    assert get(orders, "1") is None


def test_one_row_may_not_be_written_twice_beside_an_index(client: ots.OTSClient) -> None:
    index = ots.SecondaryIndexMeta("by_a", ["a"], [])
    create_table(client, defined=(("a", "INTEGER"),), indexes=(index,))
    message = refused("OTSParameterInvalid", 400, write, client, [put_item("1"), put_item("1")])
    assert message == "Duplicate rows detected in MultiPut."


def test_a_wrong_key_or_table_fails_its_rows_only(orders: ots.OTSClient) -> None:
    wrong = ots.PutRowItem(ots.Row([("x", "1")], [("a", 1)]), ots.Condition("IGNORE"))
    response = write(orders, [put_item("1"), wrong], missing=[put_item("1")])
    assert sorted(results(response)) == ["OTSInvalidPK", "OTSParameterInvalid", "ok"]
    request = ots.BatchGetRowRequest()
    request.add(ots.TableInBatchGetRowItem("orders", [[("x", "1")], [("id", "1")]], [], None, 1))
    found = orders.batch_get_row(request).get_result_by_table("orders")
    assert [item.error_code for item in found] == ["OTSInvalidPK", None]


def test_the_returned_key_of_each_row_is_its_own(client: ots.OTSClient) -> None:
    create_table(client, key=(("id", "STRING"), ("n", "INTEGER", ots.PK_AUTO_INCR)))
    key = [("id", "1"), ("n", ots.PK_AUTO_INCR)]
    items = [
        ots.PutRowItem(ots.Row(key, [("a", 1)]), ots.Condition("IGNORE"), ots.ReturnType.RT_PK)
        for _ in range(2)
    ]
    response = write(client, items)
    first, second = (item.row.primary_key[1][1] for item in response.get_put()[0])
    assert first < second


def test_reads_take_columns_and_a_filter(orders: ots.OTSClient) -> None:
    for number in range(3):
        put(orders, str(number), {"a": number, "b": 7})
    found = read(orders, ["0", "1", "2"], columns_to_get=["a"], column_filter=where("a", 1))
    assert [None if item.row is None else item.row.attribute_columns[0][:2] for item in found] == [
        None,
        ("a", 1),
        None,
    ]


def test_a_row_may_be_read_twice(orders: ots.OTSClient) -> None:
    put(orders, "1")
    assert [item.is_ok for item in read(orders, ["1", "1"])] == [True, True]


def test_the_number_of_rows_is_limited(orders: ots.OTSClient) -> None:
    assert len(read(orders, [str(n) for n in range(100)])) == 100
    message = refused("OTSParameterInvalid", 400, read, orders, [str(n) for n in range(101)])
    assert message == "Rows count exceeds the upper limit: 100."
    items = [put_item(str(n)) for n in range(201)]
    assert results(write(orders, items[:200])) == ["ok"] * 200
    message = refused("OTSParameterInvalid", 400, write, orders, items)
    assert message == "Rows count exceeds the upper limit: 200."


def test_the_size_of_a_batch_is_limited(orders: ots.OTSClient) -> None:
    big = [("a", "x" * 1_400_000)]
    items = [put_item(str(n), big) for n in range(3)]
    message = refused("OTSParameterInvalid", 400, write, orders, items)
    assert message.startswith("The total data size of BatchWriteRow request exceeds the limit")
    assert results(write(orders, items[:2])) == ["ok", "ok"]


def test_an_empty_batch_is_refused(orders: ots.OTSClient) -> None:
    message = refused("OTSParameterInvalid", 400, write, orders, [])
    assert message == "No operation is specified for table: 'orders'."
    call = orders.batch_write_row
    message = refused("OTSParameterInvalid", 400, call, ots.BatchWriteRowRequest())
    assert message == "No row is specified in BatchWriteRow."
    message = refused("OTSParameterInvalid", 400, orders.batch_get_row, ots.BatchGetRowRequest())
    assert message == "No row specified in the request of BatchGetRow."


def test_a_locked_row_fails_alone(orders: ots.OTSClient, emulator: TablestoreEmulator) -> None:
    connect(emulator).start_local_transaction("orders", [("id", "1")])
    response = write(orders, [put_item("1"), put_item("2")])
    assert results(response) == ["OTSRowOperationConflict", "ok"]


@pytest.mark.parametrize("bad", [("#", 1), ("a", float("nan"))])
def test_a_malformed_row_fails_the_whole_request(orders: ots.OTSClient, bad: Any) -> None:
    refused("OTSParameterInvalid", 400, write, orders, [put_item("1"), put_item("2", [bad])])
    assert get(orders, "1") is None
