"""SQLite under the emulator: one table per record type, columns taken from the dataclass."""

from __future__ import annotations

import json
import sqlite3
import threading
import typing
from contextlib import contextmanager
from dataclasses import fields
from typing import Any, Generic, TypeVar

from emulators.wechatpay.records import (
    BillFile,
    BurnedNumber,
    Complaint,
    ComplaintEntry,
    ComplaintUrl,
    Fact,
    Notify,
    NotifyAttempt,
    Order,
    Refund,
    RequestRecord,
)

if typing.TYPE_CHECKING:
    import os
    from collections.abc import Iterator

Row = TypeVar("Row")
SCHEMA_VERSION = 1
_SQL_TYPES = {int: "INTEGER", bool: "INTEGER", bytes: "BLOB"}


class Database:
    """One connection behind one lock; safe to share between threads."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.lock = threading.RLock()
        self._depth = 0
        self._connection = sqlite3.connect(
            path, check_same_thread=False, isolation_level=None)
        found = int(self.query("PRAGMA user_version")[0][0])
        if found not in (0, SCHEMA_VERSION):
            self._connection.close()
            raise ValueError(f"{path} has data version {found}, this emulator reads "
                             f"{SCHEMA_VERSION}")
        self.query(f"PRAGMA user_version = {SCHEMA_VERSION}")

    def query(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Run one statement and fetch what it yields."""
        with self.lock:
            return self._connection.execute(sql, values).fetchall()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; a transaction inside another joins it."""
        with self.lock:
            self._depth += 1
            try:
                if self._depth == 1:
                    self.query("BEGIN IMMEDIATE")
                yield
                if self._depth == 1:
                    self.query("COMMIT")
            except BaseException:
                if self._depth == 1:
                    self.query("ROLLBACK")
                raise
            finally:
                self._depth -= 1

    def close(self) -> None:
        """Close the connection; the database is of no use afterwards."""
        with self.lock:
            self._connection.close()


class Table(Generic[Row]):
    """The rows of one dataclass, in the order they were first put. ``indexed`` columns are
    those that a large table is searched by."""

    def __init__(self, database: Database, row_type: type[Row], name: str,
                 indexed: tuple[str, ...] = ()) -> None:
        self._database = database
        self._row_type = row_type
        self._name = name
        hints = typing.get_type_hints(row_type)
        self._columns = [each.name for each in fields(row_type)]  # type: ignore[arg-type]
        self._key = self._columns[0]
        self._json = {each for each in self._columns
                      if typing.get_origin(hints[each]) in (dict, list)}
        self._flags = {each for each in self._columns if hints[each] is bool}
        self._create(hints)
        for each in indexed:
            database.query(f"CREATE INDEX IF NOT EXISTS {name}_by_{each} ON {name} ({each})")

    def _create(self, hints: dict[str, Any]) -> None:
        columns = ", ".join(
            f"{each} {_SQL_TYPES.get(hints[each], '')}"
            + (" PRIMARY KEY" if each == self._key else "") for each in self._columns)
        self._database.query(f"CREATE TABLE IF NOT EXISTS {self._name} ({columns})")
        self._add_missing_columns(hints)

    def _add_missing_columns(self, hints: dict[str, Any]) -> None:
        """A file written before a column existed gains it, with the dataclass's default."""
        found = {row[1] for row in self._database.query(f"PRAGMA table_info({self._name})")}
        for each in fields(self._row_type):  # type: ignore[arg-type]
            if each.name not in found:
                text = str(each.default).replace("'", "''")
                self._database.query(
                    f"ALTER TABLE {self._name} ADD COLUMN {each.name} "
                    f"{_SQL_TYPES.get(hints[each.name], 'TEXT')} NOT NULL DEFAULT '{text}'")

    def put(self, row: Row) -> None:
        """Insert ``row``, or replace the one with its key."""
        marks = ", ".join("?" * len(self._columns))
        changes = ", ".join(f"{each} = excluded.{each}" for each in self._columns)
        self._database.query(
            f"INSERT INTO {self._name} ({', '.join(self._columns)}) VALUES ({marks}) "
            f"ON CONFLICT ({self._key}) DO UPDATE SET {changes}",
            *(self._encoded(each, getattr(row, each)) for each in self._columns))

    def next_seq(self) -> int:
        """The next key of a table that counts its rows."""
        return int(self._database.query(
            f"SELECT coalesce(max({self._key}), 0) + 1 FROM {self._name}")[0][0])

    def get(self, key: object) -> Row | None:
        """The row with this key."""
        found = self.where(**{self._key: key})
        return found[0] if found else None

    def where(self, **equal: object) -> list[Row]:
        """Every row whose columns equal these values."""
        return self._select(equal, "ORDER BY rowid")

    def _select(self, equal: dict[str, object], rest: str) -> list[Row]:
        test = " AND ".join(f"{each} = ?" for each in equal) or "1"
        rows = self._database.query(
            f"SELECT {', '.join(self._columns)} FROM {self._name} WHERE {test} {rest}",
            *equal.values())
        return [self._decoded(row) for row in rows]

    def first_by(self, *columns: str, **equal: object) -> Row | None:
        """The row that comes first in the order of ``columns``, of those that ``where`` finds."""
        found = self._select(equal, f"ORDER BY {', '.join((*columns, 'rowid'))} LIMIT 1")
        return found[0] if found else None

    def clear(self) -> None:
        """Forget every row."""
        self._database.query(f"DELETE FROM {self._name}")

    def _encoded(self, column: str, value: object) -> object:
        if column in self._json:
            return json.dumps(value, ensure_ascii=False)
        return value

    def _decoded(self, row: tuple[Any, ...]) -> Row:
        values = dict(zip(self._columns, row, strict=True))
        for column in self._json:
            values[column] = json.loads(values[column])
        for column in self._flags:
            values[column] = bool(values[column])
        return self._row_type(**values)


class Store:
    """Every table of the emulator, by name."""

    def __init__(self, path: str | os.PathLike[str] = ":memory:") -> None:
        self.database = Database(path)
        self.orders = Table(
            self.database, Order, "orders", ("code_url", "transaction_id"))
        self.burned = Table(self.database, BurnedNumber, "burned_numbers")
        self.refunds = Table(self.database, Refund, "refunds", ("out_trade_no", "status"))
        self.complaints = Table(
            self.database, Complaint, "complaints", ("out_trade_no",))
        self.complaint_entries = Table(
            self.database, ComplaintEntry, "complaint_entries", ("complaint_id",))
        self.complaint_urls = Table(self.database, ComplaintUrl, "complaint_urls")
        self.notifies = Table(self.database, Notify, "notifies", ("state",))
        self.attempts = Table(self.database, NotifyAttempt, "notify_attempts")
        self.requests = Table(self.database, RequestRecord, "requests")
        self.bills = Table(self.database, BillFile, "bill_files")
        self.facts = Table(self.database, Fact, "facts")

    def fact(self, name: str) -> int:
        """A remembered number, 0 when it was never set."""
        found = self.facts.get(name)
        return 0 if found is None else found.value

    def set_fact(self, name: str, value: int) -> None:
        """Remember a number."""
        self.facts.put(Fact(name, value))

    def reset(self) -> None:
        """Forget everything."""
        with self.database.transaction():
            for table in vars(self).values():
                if isinstance(table, Table):
                    table.clear()
