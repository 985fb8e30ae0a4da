"""Secondary indexes: what is in them, when, and what writes to them cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import tablestore as ots

from .support import DAY_MS, EXPECT_EXIST, create_table, delete, get, put, scan, update, where
from .test_rows import check_failed
from .test_tables import refused

if TYPE_CHECKING:
    from emulators.tablestore import RequestRecord, TablestoreEmulator

    from .support import Clock

DEFINED = (("state", "STRING"), ("due", "INTEGER"), ("note", "STRING"), ("raw", "BINARY"))
GLOBAL = ots.SecondaryIndexMeta("by_state", ["state", "due"], ["note"])
LOCAL = ots.SecondaryIndexMeta("by_due", ["p", "due"], ["note"], ots.SecondaryIndexType.LOCAL_INDEX)


@pytest.fixture
def indexed(client: ots.OTSClient) -> ots.OTSClient:
    """`orders` with a global index on (state, due) that copies `note`."""
    create_table(client, defined=DEFINED, indexes=(GLOBAL,))
    return client


def content(client: ots.OTSClient, index: str = "by_state") -> list[Any]:
    """Keys and columns of an index, in its order."""
    return [
        (
            *(value for _, value in row.primary_key),
            {name: value for name, value, _ in row.attribute_columns},
        )
        for row in scan(client, index)
    ]


def test_a_row_is_found_by_its_index(indexed: ots.OTSClient) -> None:
    put(indexed, "2", {"state": "NEW", "due": 5, "note": "n", "x": 1})
    put(indexed, "1", {"state": "NEW", "due": 7})
    put(indexed, "3", {"state": "DONE", "due": 9})
    assert content(indexed) == [
        ("DONE", 9, "3", {}),
        ("NEW", 5, "2", {"note": "n"}),
        ("NEW", 7, "1", {}),
    ]
    key = [("state", "NEW"), ("due", 5), ("id", "2")]
    assert get(indexed, key, table="by_state") == {"note": "n"}


def test_a_row_without_an_index_column_is_not_in_the_index(indexed: ots.OTSClient) -> None:
    put(indexed, "1", {"state": "NEW", "note": "n"})
    assert content(indexed) == []
    update(indexed, "1", {"PUT": [("due", 1)]})
    assert content(indexed) == [("NEW", 1, "1", {"note": "n"})]
    update(indexed, "1", {"DELETE_ALL": ["state"]})
    assert content(indexed) == []


def test_an_index_follows_updates_puts_and_deletes(indexed: ots.OTSClient) -> None:
    put(indexed, "1", {"state": "NEW", "due": 1, "note": "n"})
    update(indexed, "1", {"PUT": [("state", "PAID")]})
    assert content(indexed) == [("PAID", 1, "1", {"note": "n"})]
    update(indexed, "1", {"PUT": [("note", "m")]})
    assert content(indexed) == [("PAID", 1, "1", {"note": "m"})]
    update(indexed, "1", {"INCREMENT": [("due", 1)]})
    assert content(indexed) == [("PAID", 2, "1", {"note": "m"})]
    put(indexed, "1", {"state": "NEW", "due": 3})
    assert content(indexed) == [("NEW", 3, "1", {})]
    delete(indexed, "1")
    assert content(indexed) == []


def test_a_refused_write_leaves_the_index_alone(indexed: ots.OTSClient) -> None:
    put(indexed, "1", {"state": "NEW", "due": 1})
    check_failed(update, indexed, "1", {"PUT": [("state", "PAID")]}, when=where("due", 2))
    assert content(indexed) == [("NEW", 1, "1", {})]


def test_a_global_index_lags_by_its_delay(
    indexed: ots.OTSClient, emulator: TablestoreEmulator, clock: Clock
) -> None:
    emulator.index_delay_ms = 100
    put(indexed, "1", {"state": "NEW", "due": 1})
    clock.advance(60)
    update(indexed, "1", {"PUT": [("state", "PAID")]})
    assert content(indexed) == []
    clock.advance(40)
    assert content(indexed) == [("NEW", 1, "1", {})]
    assert get(indexed, "1") == {"state": "PAID", "due": 1}
    clock.advance(60)
    assert content(indexed) == [("PAID", 1, "1", {})]


def test_a_local_index_never_lags(client: ots.OTSClient, emulator: TablestoreEmulator) -> None:
    create_table(client, key=(("p", "STRING"), ("id", "STRING")), defined=DEFINED, indexes=(LOCAL,))
    emulator.index_delay_ms = 100
    put(client, [("p", "x"), ("id", "1")], {"due": 2})
    put(client, [("p", "x"), ("id", "2")], {"due": 1})
    assert content(client, "by_due") == [("x", 1, "2", {}), ("x", 2, "1", {})]


def test_an_index_can_take_in_the_rows_that_are_there(client: ots.OTSClient) -> None:
    create_table(client, defined=DEFINED)
    put(client, "1", {"state": "NEW", "due": 1})
    put(client, "2", {"state": "NEW"})
    client.create_secondary_index("orders", GLOBAL, True)
    assert content(client) == [("NEW", 1, "1", {})]


def test_an_index_can_begin_empty(client: ots.OTSClient) -> None:
    create_table(client, defined=DEFINED)
    put(client, "1", {"state": "NEW", "due": 1})
    client.create_secondary_index("orders", GLOBAL, False)
    assert content(client) == []
    put(client, "2", {"state": "NEW", "due": 2})
    assert content(client) == [("NEW", 2, "2", {})]


def test_an_index_being_built_cannot_be_read(
    client: ots.OTSClient, emulator: TablestoreEmulator, clock: Clock
) -> None:
    create_table(client, defined=DEFINED)
    put(client, "1", {"state": "NEW", "due": 1})
    emulator.index_delay_ms = 100
    client.create_secondary_index("orders", GLOBAL, True)
    message = refused("OTSTableNotReady", 404, scan, client, "by_state")
    assert message == "Disallow read index table in building base state"
    clock.advance(100)
    assert content(client) == [("NEW", 1, "1", {})]


def test_an_index_is_described_with_its_table_and_by_itself(indexed: ots.OTSClient) -> None:
    (described,) = indexed.describe_table("orders").secondary_indexes
    assert (described.index_name, described.index_type) == ("by_state", 0)
    assert described.primary_key_names == ["state", "due"]
    assert described.defined_column_names == ["note"]
    meta = indexed.describe_table("by_state").table_meta
    assert meta.schema_of_primary_key == [
        ("state", "STRING"),
        ("due", "INTEGER"),
        ("id", "STRING"),
    ]
    assert indexed.list_table() == ("orders",)


def test_a_dropped_index_is_gone(indexed: ots.OTSClient) -> None:
    put(indexed, "1", {"state": "NEW", "due": 1})
    indexed.delete_secondary_index("orders", "by_state")
    assert indexed.describe_table("orders").secondary_indexes == []
    refused("OTSObjectNotExist", 404, indexed.describe_table, "by_state")
    refused("OTSObjectNotExist", 404, indexed.delete_secondary_index, "orders", "by_state")
    put(indexed, "1", {"state": "PAID", "due": 1})


def test_a_deleted_table_takes_its_indexes_with_it(indexed: ots.OTSClient) -> None:
    indexed.delete_table("orders")
    create_table(indexed, "by_state")
    assert indexed.list_table() == ("by_state",)


def test_an_index_is_read_only(indexed: ots.OTSClient) -> None:
    key = [("state", "NEW"), ("due", 1), ("id", "1")]
    for call in (put, delete):
        message = refused("OTSParameterInvalid", 400, call, indexed, key, table="by_state")
        assert message == "Can't write index table directly"
    refused("OTSParameterInvalid", 400, indexed.delete_table, "by_state")


def test_an_indexed_table_takes_no_versions_from_clients(
    indexed: ots.OTSClient, clock: Clock
) -> None:
    refused("OTSParameterInvalid", 400, put, indexed, "1", {"state": ("NEW", clock())})


def test_a_predefined_column_keeps_its_type(indexed: ots.OTSClient) -> None:
    message = refused("OTSParameterInvalid", 400, put, indexed, "1", {"due": "soon"})
    assert message == "Invalid column type for column due expect VT_INTEGER actual VT_STRING"


def meta(name: str = "i", key: Any = ("state",), columns: Any = (), kind: int = 0) -> Any:
    return ots.SecondaryIndexMeta(name, list(key), list(columns), ots.SecondaryIndexType(kind))


@pytest.mark.parametrize(
    "index",
    [
        meta(key=()),
        meta(key=("state", "due", "note", "raw", "id")),
        meta(key=("unknown",)),
        meta(key=("state", "state")),
        meta(columns=("unknown",)),
        meta(columns=("state",)),
        meta(key=("double",)),
        meta(kind=1),
        meta(name="1"),
    ],
)
def test_a_wrong_index_is_refused(client: ots.OTSClient, index: Any) -> None:
    create_table(client, defined=(*DEFINED, ("double", "DOUBLE")))
    refused("OTSParameterInvalid", 400, client.create_secondary_index, "orders", index, False)
    assert client.describe_table("orders").secondary_indexes == []


def test_a_table_has_at_most_five_indexes(client: ots.OTSClient) -> None:
    create_table(client, defined=DEFINED)
    for number in range(5):
        client.create_secondary_index("orders", meta(f"i{number}"), False)
    call = client.create_secondary_index
    message = refused("OTSParameterInvalid", 400, call, "orders", meta("i5"), False)
    assert message == "Number of index per table exceeds the quota:5."


def test_an_index_needs_single_versions_and_rows_that_do_not_expire_in_parts(
    client: ots.OTSClient,
) -> None:
    for options in ({"max_version": 2}, {"time_to_live": 86_400}):
        refused(
            "OTSParameterInvalid",
            400,
            create_table,
            client,
            defined=DEFINED,
            indexes=(GLOBAL,),
            **options,
        )
    create_table(
        client, defined=DEFINED, indexes=(GLOBAL,), time_to_live=86_400, allow_update=False
    )
    call = client.update_table
    for options in ({"max_version": 2}, {"allow_update": True}):
        table_options = ots.TableOptions(None, None, None)
        vars(table_options).update(options)
        refused("OTSParameterInvalid", 400, call, "orders", table_options)


def test_index_rows_expire_with_their_rows(client: ots.OTSClient, clock: Clock) -> None:
    create_table(
        client, defined=DEFINED, indexes=(GLOBAL,), time_to_live=86_400, allow_update=False
    )
    put(client, "1", {"state": "NEW", "due": 1, "note": "n"})
    put(client, "2", {"state": "NEW", "due": 1})
    clock.advance(DAY_MS)
    assert len(content(client)) == 2
    clock.advance(1000)
    assert content(client) == []
    assert scan(client) == []


def costs(record: RequestRecord) -> tuple[int, int]:
    return record.index_read_cu, record.index_write_cu


def test_index_capacity_follows_the_metering_rules(
    indexed: ots.OTSClient, emulator: TablestoreEmulator
) -> None:
    def cost_of(call: Any, *arguments: Any, **options: Any) -> tuple[int, int]:
        call(indexed, *arguments, **options)
        return costs(emulator.requests[-1])

    assert cost_of(update, "1", {"PUT": [("x", 1)]}) == (0, 0)
    assert cost_of(update, "1", {"PUT": [("state", "NEW")]}) == (1, 0)
    assert cost_of(update, "1", {"PUT": [("due", 1)]}) == (1, 1)
    assert cost_of(update, "1", {"PUT": [("x", 2)]}) == (0, 0)
    assert cost_of(update, "1", {"PUT": [("note", "n")]}) == (1, 1)
    assert cost_of(update, "1", {"PUT": [("state", "PAID")]}, expect=EXPECT_EXIST) == (1, 2)
    assert cost_of(delete, "1") == (1, 1)
    assert cost_of(put, "2", {"x": 1}) == (1, 0)
    assert cost_of(put, "3", {"state": "NEW", "due": 1, "note": "n" * 5000}) == (1, 2)
