"""Local transactions: one partition key, locked, isolated, short."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import tablestore as ots

from .support import create_table, delete, get, put, scan, update
from .test_batches import put_item, results
from .test_tables import refused

if TYPE_CHECKING:
    from emulators.tablestore import TablestoreEmulator

    from .support import Clock

KEY = (("p", "STRING"), ("n", "INTEGER"))


def key(n: Any, p: Any = "x") -> list[tuple[str, Any]]:
    return [("p", p), ("n", n)]


@pytest.fixture
def table(client: ots.OTSClient) -> ots.OTSClient:
    """`orders` with the key (p STRING, n INTEGER) and the row ("x", 0)."""
    create_table(client, key=KEY)
    put(client, key(0), {"a": 0})
    return client


def start(client: ots.OTSClient, p: str = "x", name: str = "orders") -> str:
    transaction_id: str = client.start_local_transaction(name, [("p", p)])
    return transaction_id


def test_writes_are_seen_inside_at_once_and_outside_after_the_commit(table: ots.OTSClient) -> None:
    inside = {"transaction_id": start(table)}
    put(table, key(1), {"a": 1}, **inside)
    update(table, key(0), {"PUT": [("b", 2)]}, **inside)
    assert get(table, key(1), **inside) == {"a": 1}
    assert get(table, key(0), **inside) == {"a": 0, "b": 2}
    assert get(table, key(1)) is None
    assert get(table, key(0)) == {"a": 0}
    table.commit_transaction(inside["transaction_id"])
    assert get(table, key(1)) == {"a": 1}
    assert get(table, key(0)) == {"a": 0, "b": 2}


def test_an_abort_leaves_nothing(table: ots.OTSClient) -> None:
    inside = {"transaction_id": start(table)}
    put(table, key(1), **inside)
    delete(table, key(0), **inside)
    table.abort_transaction(inside["transaction_id"])
    assert get(table, key(1)) is None
    assert get(table, key(0)) == {"a": 0}


def test_ranges_inside_see_its_own_writes_in_order(table: ots.OTSClient) -> None:
    put(table, key(2), {"a": 2})
    inside = {"transaction_id": start(table)}
    put(table, key(1), {"a": 1}, **inside)
    put(table, key(3), {"a": 3}, **inside)
    delete(table, key(2), **inside)
    found = [row.primary_key[1][1] for row in scan(table, **inside)]
    assert found == [0, 1, 3]
    found = [row.primary_key[1][1] for row in scan(table, direction="BACKWARD", **inside)]
    assert found == [3, 1, 0]
    assert [row.primary_key[1][1] for row in scan(table)] == [0, 2]


def test_others_cannot_write_to_the_locked_partition_key(table: ots.OTSClient) -> None:
    transaction_id = start(table)
    for call, arguments in [
        (put, (key(9), {"a": 1})),
        (update, (key(0), {"PUT": [("a", 1)]})),
        (delete, (key(0),)),
        (start, ()),
    ]:
        message = refused("OTSRowOperationConflict", 409, call, table, *arguments)
        assert message == "Data is being modified by the other request."
    put(table, key(0, "y"))
    assert get(table, key(0)) == {"a": 0}
    table.commit_transaction(transaction_id)
    put(table, key(9))


def test_conditions_inside_see_its_own_writes(table: ots.OTSClient) -> None:
    inside = {"transaction_id": start(table)}
    put(table, key(1), expect="EXPECT_NOT_EXIST", **inside)
    refused("OTSConditionCheckFail", 403, put, table, key(1), expect="EXPECT_NOT_EXIST", **inside)
    table.commit_transaction(inside["transaction_id"])
    assert get(table, key(1)) == {"a": 1}


def test_writes_outside_the_partition_key_are_refused(table: ots.OTSClient) -> None:
    inside = {"transaction_id": start(table)}
    refused("OTSDataOutOfRange", 400, put, table, key(1, "y"), **inside)
    create_table(table, "others", KEY)
    refused("OTSDataOutOfRange", 400, put, table, key(1), table="others", **inside)


def test_a_batch_can_be_part_of_a_transaction(table: ots.OTSClient) -> None:
    transaction_id = start(table)
    request = ots.BatchWriteRowRequest()
    rows = [ots.PutRowItem(ots.Row(key(n), [("a", n)]), ots.Condition("IGNORE")) for n in (1, 2)]
    request.add(ots.TableInBatchWriteRowItem("orders", rows))
    request.set_transaction_id(transaction_id)
    assert results(table.batch_write_row(request)) == ["ok", "ok"]
    assert get(table, key(1)) is None
    table.commit_transaction(transaction_id)
    assert get(table, key(2)) == {"a": 2}


def test_a_batch_of_a_transaction_touches_its_table_only(table: ots.OTSClient) -> None:
    create_table(table, "others")
    request = ots.BatchWriteRowRequest()
    request.add(ots.TableInBatchWriteRowItem("others", [put_item("1")]))
    request.set_transaction_id(start(table))
    refused("OTSDataOutOfRange", 400, table.batch_write_row, request)


def test_an_ended_transaction_is_unknown(table: ots.OTSClient) -> None:
    for end in (table.commit_transaction, table.abort_transaction):
        transaction_id = start(table)
        end(transaction_id)
        message = refused("OTSSessionNotExist", 404, end, transaction_id)
        assert message == "Session not exist or may be timeout."
        refused("OTSSessionNotExist", 404, put, table, key(1), transaction_id=transaction_id)


@pytest.mark.parametrize("transaction_id", ["", "x", "f" * 31])
def test_what_is_no_transaction_id_is_refused(table: ots.OTSClient, transaction_id: str) -> None:
    message = refused("OTSParameterInvalid", 400, table.commit_transaction, transaction_id)
    assert message == "TransactionID is invalid."


def test_a_transaction_expires_60_seconds_after_its_start(
    table: ots.OTSClient, clock: Clock
) -> None:
    transaction_id = start(table)
    clock.advance(30_000)
    put(table, key(1), transaction_id=transaction_id)
    clock.advance(30_000)
    assert get(table, key(1), transaction_id=transaction_id) == {"a": 1}
    clock.advance(1)
    refused("OTSSessionNotExist", 404, table.commit_transaction, transaction_id)
    assert get(table, key(1)) is None


def test_an_expired_transaction_frees_its_lock(table: ots.OTSClient, clock: Clock) -> None:
    start(table)
    clock.advance(60_001)
    put(table, key(1))
    start(table)


def test_a_transaction_writes_at_most_4_mb(table: ots.OTSClient) -> None:
    transaction_id = start(table)
    half = {"a": "x" * 2_000_000}
    for n in range(2):
        put(table, key(n), half, transaction_id=transaction_id)
        options = {"expect": "EXPECT_NOT_EXIST", "transaction_id": transaction_id}
        refused("OTSConditionCheckFail", 403, put, table, key(n), half, **options)
    refused(
        "OTSOutOfTransactionDataSizeLimit",
        400,
        put,
        table,
        key(2),
        {"a": "x" * 200_000},
        transaction_id=transaction_id,
    )
    table.commit_transaction(transaction_id)
    assert len(scan(table)) == 2


def test_it_starts_on_the_first_key_column_alone(table: ots.OTSClient) -> None:
    call = table.start_local_transaction
    message = refused("OTSParameterInvalid", 400, call, "orders", key(1))
    assert message == "StartLocalTransaction support only one primary key."
    refused("OTSInvalidPK", 400, call, "orders", [("p", 1)])
    refused("OTSParameterInvalid", 400, call, "missing", [("p", "x")])


def test_a_version_is_that_of_the_write_and_not_of_the_commit(
    table: ots.OTSClient, clock: Clock
) -> None:
    transaction_id = start(table)
    written_ms = clock()
    put(table, key(1), transaction_id=transaction_id)
    clock.advance(5000)
    table.commit_transaction(transaction_id)
    _, row, _ = table.get_row("orders", key(1), max_version=1)
    assert row.attribute_columns == [("a", 1, written_ms)]


def test_indexes_follow_the_commit(client: ots.OTSClient, emulator: TablestoreEmulator) -> None:
    local = ots.SecondaryIndexMeta("near", ["p", "a"], [], ots.SecondaryIndexType.LOCAL_INDEX)
    far = ots.SecondaryIndexMeta("far", ["a"], [])
    create_table(client, key=KEY, defined=(("a", "INTEGER"),), indexes=(local, far))
    transaction_id = start(client)
    put(client, key(1), {"a": 1}, transaction_id=transaction_id)
    put(client, key(1), {"a": 2}, transaction_id=transaction_id)
    assert scan(client, "near") == scan(client, "far") == []
    client.commit_transaction(transaction_id)
    assert [row.primary_key[1] for row in scan(client, "near")] == [("a", 2)]
    assert [row.primary_key[0] for row in scan(client, "far")] == [("a", 2)]


def test_auto_increment_tables_take_no_part(client: ots.OTSClient) -> None:
    create_table(client, key=(("p", "STRING"), ("n", "INTEGER", ots.PK_AUTO_INCR)))
    transaction_id = start(client)
    row = key(ots.PK_AUTO_INCR)
    refused("OTSParameterInvalid", 400, put, client, row, transaction_id=transaction_id)


def test_a_commit_after_the_table_was_dropped_finds_nothing(table: ots.OTSClient) -> None:
    transaction_id = start(table)
    put(table, key(1), transaction_id=transaction_id)
    table.delete_table("orders")
    create_table(table, key=KEY)
    refused("OTSSessionNotExist", 404, table.commit_transaction, transaction_id)
    assert scan(table) == []


def test_each_step_costs_one_write_unit(table: ots.OTSClient, emulator: TablestoreEmulator) -> None:
    emulator.clear_requests()
    table.commit_transaction(start(table))
    table.abort_transaction(start(table))
    assert [(record.read_cu, record.write_cu) for record in emulator.requests] == [(0, 1)] * 4
