"""Data in a file outlives the emulator."""

from __future__ import annotations

from typing import TYPE_CHECKING

import tablestore as ots

from emulators.tablestore import TablestoreEmulator

from .support import DAY_MS, Clock, connect, create_table, get, put, scan
from .test_indexes import DEFINED, GLOBAL
from .test_tables import refused

if TYPE_CHECKING:
    from pathlib import Path


def test_tables_rows_and_indexes_survive_a_restart(tmp_path: Path) -> None:
    data = str(tmp_path / "data.sqlite")
    columns = {"state": "NEW", "due": 1, "raw": bytearray(b"\x00\xff"), "d": 0.1, "t": True}
    with TablestoreEmulator(data) as emulator:
        client = connect(emulator)
        create_table(client, defined=DEFINED, indexes=(GLOBAL,), max_time_deviation=77)
        put(client, "1", columns)
    with TablestoreEmulator(data) as emulator:
        client = connect(emulator)
        assert client.list_table() == ("orders",)
        assert client.describe_table("orders").table_options.max_time_deviation == 77
        assert get(client, "1") == columns
        assert [row.primary_key[0] for row in scan(client, "by_state")] == [("state", "NEW")]
        put(client, "2", {"state": "PAID", "due": 2})
        assert len(scan(client, "by_state")) == 2


def test_what_was_dropped_stays_dropped(tmp_path: Path) -> None:
    data = str(tmp_path / "data.sqlite")
    with TablestoreEmulator(data) as emulator:
        client = connect(emulator)
        create_table(client)
        create_table(client, "others")
        client.delete_table("orders")
        emulator.reset()
        create_table(client, "last")
    with TablestoreEmulator(data) as emulator:
        assert connect(emulator).list_table() == ("last",)


def test_index_changes_under_way_survive_a_restart(tmp_path: Path) -> None:
    data, clock = str(tmp_path / "data.sqlite"), Clock()
    with TablestoreEmulator(data, clock, index_delay_ms=100) as emulator:
        client = connect(emulator)
        create_table(client, defined=DEFINED, indexes=(GLOBAL,))
        put(client, "1", {"state": "NEW", "due": 1})
    with TablestoreEmulator(data, clock, index_delay_ms=100) as emulator:
        client = connect(emulator)
        assert scan(client, "by_state") == []
        clock.advance(100)
        assert len(scan(client, "by_state")) == 1


def test_auto_increment_goes_on_after_a_restart(tmp_path: Path) -> None:
    data, clock, numbers = str(tmp_path / "data.sqlite"), Clock(), []
    for _ in range(2):
        with TablestoreEmulator(data, clock) as emulator:
            client = connect(emulator)
            if not numbers:
                create_table(client, key=(("p", "STRING"), ("n", "INTEGER", ots.PK_AUTO_INCR)))
            key = [("p", "x"), ("n", ots.PK_AUTO_INCR)]
            for _ in range(2):
                _, row = put(client, key, return_type="RT_PK")
                numbers.append(row.primary_key[1][1])
    assert numbers == sorted(set(numbers))


def test_an_open_transaction_is_lost_with_its_writes(tmp_path: Path) -> None:
    data = str(tmp_path / "data.sqlite")
    with TablestoreEmulator(data) as emulator:
        client = connect(emulator)
        create_table(client)
        transaction_id = client.start_local_transaction("orders", [("id", "1")])
        put(client, "1", transaction_id=transaction_id)
    with TablestoreEmulator(data) as emulator:
        client = connect(emulator)
        assert get(client, "1") is None
        refused("OTSSessionNotExist", 404, client.commit_transaction, transaction_id)
        put(client, "1")


def test_rows_expire_across_a_restart(tmp_path: Path) -> None:
    data, clock = str(tmp_path / "data.sqlite"), Clock()
    with TablestoreEmulator(data, clock) as emulator:
        client = connect(emulator)
        create_table(client, time_to_live=86_400)
        put(client, "1")
    clock.advance(DAY_MS + 1000)
    with TablestoreEmulator(data, clock) as emulator:
        assert get(connect(emulator), "1") is None
