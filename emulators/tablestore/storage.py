"""Rows, table metadata and the queue of index changes in SQLite, in memory or in a file.

A row is one SQLite row: the sortable key (`keys.py`) and its columns as JSON, so that a file can be
read with any SQLite tool. Callers hold the engine's lock; nothing here is thread-safe by itself.
"""

from __future__ import annotations

import sqlite3
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, NamedTuple, Protocol

from .cells import StoredRow, columns_from_json, columns_to_json
from .schema import Table

if TYPE_CHECKING:
    from collections.abc import Iterator

_SCHEMA = """
CREATE TABLE IF NOT EXISTS tables (id INTEGER PRIMARY KEY, name TEXT UNIQUE, meta TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS rows (
    table_id INTEGER, key BLOB, touched_ms INTEGER NOT NULL, columns TEXT NOT NULL,
    PRIMARY KEY (table_id, key)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS sequences (
    table_id INTEGER, partition BLOB, last INTEGER NOT NULL,
    PRIMARY KEY (table_id, partition)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS index_queue (
    seq INTEGER PRIMARY KEY, due_ms INTEGER NOT NULL, table_id INTEGER NOT NULL, key BLOB NOT NULL,
    touched_ms INTEGER, columns TEXT);
"""


class IndexChange(NamedTuple):
    """One write to an index table: `row` None deletes."""

    table: Table
    key: bytes
    row: StoredRow | None


class Rows(Protocol):
    """What the operations need of a set of rows: the store itself, or a transaction over it."""

    def atomic(self) -> AbstractContextManager[None]:
        """All writes inside happen, or none."""

    def get(self, table: Table, key: bytes) -> StoredRow | None:
        """The stored row, expired or not."""

    def put(self, table: Table, key: bytes, row: StoredRow | None) -> None:
        """Write the row, or delete it if it is None."""

    def scan(
        self, table: Table, low: bytes, high: bytes, *, backward: bool
    ) -> Iterator[tuple[bytes, StoredRow]]:
        """Rows from `low` to `high`, without the end the scan runs towards, in its direction."""

    def apply(self, changes: list[IndexChange], due_ms: int | None) -> None:
        """Write to index tables; to global ones not before `due_ms`, unless that is None."""


class Store:
    """The SQLite database of one emulator. `data` is ":memory:" or a file's path."""

    def __init__(self, data: str) -> None:
        self._db = sqlite3.connect(data, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA synchronous=OFF")
        if data != ":memory:":
            self._db.execute("PRAGMA journal_mode=WAL")
        self._db.executescript(_SCHEMA)
        self.tables: dict[str, Table] = {}
        for table_id, meta in self._db.execute("SELECT id, meta FROM tables ORDER BY id"):
            table = Table.from_json(meta)
            table.id = table_id
            self.tables[table.name] = table
        self._next_due_ms = self._queue_head()

    def close(self) -> None:
        """Close the database; the store cannot be used afterwards."""
        self._db.close()

    def clear(self) -> None:
        """Drop every table and row."""
        with self.atomic():
            for name in ("tables", "rows", "sequences", "index_queue"):
                self._db.execute(f"DELETE FROM {name}")
        self.tables.clear()
        self._next_due_ms = None

    @contextmanager
    def atomic(self) -> Iterator[None]:
        """All writes inside happen, or none."""
        self._db.execute("BEGIN")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def save_table(self, table: Table) -> None:
        """Create the table, or replace its metadata."""
        if not table.id:
            sql = "INSERT INTO tables (name, meta) VALUES (?, ?)"
            table.id = self._db.execute(sql, (table.name, table.to_json())).lastrowid or 0
        self._db.execute("UPDATE tables SET meta=? WHERE id=?", (table.to_json(), table.id))
        self.tables[table.name] = table

    def drop_table(self, table: Table) -> None:
        """Remove the table with its rows."""
        self._db.execute("DELETE FROM tables WHERE id=?", (table.id,))
        for name in ("rows", "sequences", "index_queue"):
            self._db.execute(f"DELETE FROM {name} WHERE table_id=?", (table.id,))
        del self.tables[table.name]
        self._next_due_ms = self._queue_head()

    def indexes_of(self, table: Table) -> list[Table]:
        """The index tables of a table, oldest first."""
        return [index for index in self.tables.values() if index.base == table.name]

    def get(self, table: Table, key: bytes) -> StoredRow | None:
        """See Rows."""
        found = self._db.execute(
            "SELECT touched_ms, columns FROM rows WHERE table_id=? AND key=?", (table.id, key)
        ).fetchone()
        return None if found is None else StoredRow(found[0], columns_from_json(found[1]))

    def put(self, table: Table, key: bytes, row: StoredRow | None) -> None:
        """See Rows."""
        if row is None:
            self._db.execute("DELETE FROM rows WHERE table_id=? AND key=?", (table.id, key))
            return
        self._db.execute(
            "INSERT OR REPLACE INTO rows (table_id, key, touched_ms, columns) VALUES (?, ?, ?, ?)",
            (table.id, key, row.touched_ms, columns_to_json(row.columns)),
        )

    def scan(
        self, table: Table, low: bytes, high: bytes, *, backward: bool
    ) -> Iterator[tuple[bytes, StoredRow]]:
        """See Rows."""
        bounds = "key > ? AND key <= ?" if backward else "key >= ? AND key < ?"
        order = "DESC" if backward else "ASC"
        cursor = self._db.execute(
            "SELECT key, touched_ms, columns FROM rows"
            f" WHERE table_id=? AND {bounds} ORDER BY key {order}",
            (table.id, low, high),
        )
        try:
            for key, touched_ms, columns in cursor:
                yield key, StoredRow(touched_ms, columns_from_json(columns))
        finally:
            cursor.close()

    def apply(self, changes: list[IndexChange], due_ms: int | None) -> None:
        """See Rows."""
        for change in changes:
            if change.table.local or due_ms is None:
                self.put(change.table, change.key, change.row)
            else:
                self._enqueue(change, due_ms)

    def _enqueue(self, change: IndexChange, due_ms: int) -> None:
        row = change.row
        self._db.execute(
            "INSERT INTO index_queue (due_ms, table_id, key, touched_ms, columns)"
            " VALUES (?, ?, ?, ?, ?)",
            (
                due_ms,
                change.table.id,
                change.key,
                None if row is None else row.touched_ms,
                None if row is None else columns_to_json(row.columns),
            ),
        )
        if self._next_due_ms is None:
            self._next_due_ms = due_ms

    def _queue_head(self) -> int | None:
        sql = "SELECT due_ms FROM index_queue ORDER BY seq LIMIT 1"
        head = self._db.execute(sql).fetchone()
        return None if head is None else head[0]

    def apply_due(self, now_ms: int) -> None:
        """Bring global indexes up to `now_ms`, in the order of the writes."""
        while self._next_due_ms is not None and self._next_due_ms <= now_ms:
            self._next_due_ms = self._queue_head()
            if self._next_due_ms is None or self._next_due_ms > now_ms:
                return
            with self.atomic():
                sql = "SELECT seq, table_id, key, touched_ms, columns FROM index_queue"
                head = self._db.execute(f"{sql} ORDER BY seq LIMIT 1").fetchone()
                self._apply_queued(*head)

    def _apply_queued(
        self, seq: int, table_id: int, key: bytes, touched_ms: int | None, columns: str | None
    ) -> None:
        table = next(table for table in self.tables.values() if table.id == table_id)
        row = None
        if touched_ms is not None and columns is not None:
            row = StoredRow(touched_ms, columns_from_json(columns))
        self.put(table, key, row)
        self._db.execute("DELETE FROM index_queue WHERE seq=?", (seq,))

    def next_in_sequence(self, table: Table, partition: bytes, at_least: int) -> int:
        """The next auto-increment value: above the last one, and `at_least`."""
        found = self._db.execute(
            "SELECT last FROM sequences WHERE table_id=? AND partition=?", (table.id, partition)
        ).fetchone()
        value = at_least if found is None else max(at_least, found[0] + 1)
        self._db.execute(
            "INSERT OR REPLACE INTO sequences (table_id, partition, last) VALUES (?, ?, ?)",
            (table.id, partition, value),
        )
        return value
