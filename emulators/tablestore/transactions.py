"""Local transactions: a lock on one partition key of one table, and writes kept aside until commit.

Rules: at most 60 s from start to commit and between two uses, at most 4 MB written, writes only
inside the partition key; other writers to it fail with OTSRowOperationConflict
(https://help.aliyun.com/zh/tablestore/developer-reference/local-transaction). Open transactions
live in memory: a restart drops them, as their expiry would.
"""

from __future__ import annotations

import heapq
import uuid
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

from . import limits
from .errors import TablestoreError, parameter_invalid
from .keys import encode_key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .cells import StoredRow
    from .plain_buffer import Value
    from .schema import Table
    from .storage import IndexChange, Store


class Transaction:
    """One open transaction, and the rows as it sees them (an implementation of `storage.Rows`)."""

    def __init__(self, store: Store, table: Table, partition: bytes, now_ms: int) -> None:
        self.id = uuid.uuid4().hex
        self.table = table
        self.partition = partition
        self.started_ms = now_ms
        self.used_ms = now_ms
        self.bytes_written = 0
        self._store = store
        self._writes: dict[tuple[int, bytes], tuple[Table, StoredRow | None]] = {}
        self._index_changes: list[IndexChange] = []

    def expired(self, now_ms: int) -> bool:
        """Whether the service has given up on this transaction."""
        last = limits.MAX_TRANSACTION_MS
        return now_ms - self.started_ms > last or now_ms - self.used_ms > last

    def charge(self, size: int) -> None:
        """Count `size` bytes of data; OTSOutOfTransactionDataSizeLimit beyond 4 MB."""
        if self.bytes_written + size > limits.MAX_TRANSACTION_BYTES:
            raise TablestoreError("OTSOutOfTransactionDataSizeLimit")
        self.bytes_written += size

    def atomic(self) -> AbstractContextManager[None]:
        """Nothing to do: the commit is the atomic step."""
        return nullcontext()

    def get(self, table: Table, key: bytes) -> StoredRow | None:
        """See storage.Rows."""
        found = self._writes.get((table.id, key))
        return self._store.get(table, key) if found is None else found[1]

    def put(self, table: Table, key: bytes, row: StoredRow | None) -> None:
        """See storage.Rows."""
        self._writes[table.id, key] = (table, row)

    def scan(
        self, table: Table, low: bytes, high: bytes, *, backward: bool
    ) -> Iterator[tuple[bytes, StoredRow]]:
        """See storage.Rows."""

        def inside(key: bytes) -> bool:
            return low < key <= high if backward else low <= key < high

        own = {
            key: row
            for (table_id, key), (_, row) in self._writes.items()
            if table_id == table.id and inside(key)
        }
        stored = (
            pair
            for pair in self._store.scan(table, low, high, backward=backward)
            if pair[0] not in own
        )
        written = ((key, own[key]) for key in sorted(own, reverse=backward))
        for key, row in heapq.merge(stored, written, key=lambda pair: pair[0], reverse=backward):
            if row is not None:
                yield key, row

    def apply(self, changes: list[IndexChange], due_ms: int | None) -> None:
        """See storage.Rows; local indexes are part of the transaction, global ones follow it."""
        for change in changes:
            if change.table.local:
                self.put(change.table, change.key, change.row)
            else:
                self._index_changes.append(change)

    def commit(self, due_ms: int | None) -> None:
        """Make every write visible at once."""
        with self._store.atomic():
            for (_, key), (table, row) in self._writes.items():
                if self._exists(table):
                    self._store.put(table, key, row)
            changes = [change for change in self._index_changes if self._exists(change.table)]
            self._store.apply(changes, due_ms)

    def _exists(self, table: Table) -> bool:
        """Whether the table was not dropped meanwhile."""
        return self._store.tables.get(table.name) is table


class Transactions:
    """The open transactions of one emulator and their locks."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._by_id: dict[str, Transaction] = {}
        self._locks: dict[tuple[int, bytes], Transaction] = {}

    def __len__(self) -> int:
        return len(self._by_id)

    def start(self, table: Table, partition_value: Value, now_ms: int) -> Transaction:
        """Lock the partition key; OTSRowOperationConflict if another transaction holds it."""
        partition = encode_key((partition_value,))
        self.check_writable(table, partition, None, now_ms)
        transaction = Transaction(self._store, table, partition, now_ms)
        self._by_id[transaction.id] = transaction
        self._locks[table.id, partition] = transaction
        return transaction

    def find(self, transaction_id: str, now_ms: int) -> Transaction:
        """The open transaction; OTSSessionNotExist if it ended or expired."""
        if not _well_formed(transaction_id):
            raise parameter_invalid("TransactionID is invalid.")
        transaction = self._by_id.get(transaction_id)
        if transaction is None or self._drop_expired(transaction, now_ms):
            raise TablestoreError("OTSSessionNotExist")
        transaction.used_ms = now_ms
        return transaction

    def _drop_expired(self, transaction: Transaction, now_ms: int) -> bool:
        if not transaction.expired(now_ms):
            return False
        self.end(transaction)
        return True

    def end(self, transaction: Transaction) -> None:
        """Forget the transaction and free its lock."""
        del self._by_id[transaction.id]
        del self._locks[transaction.table.id, transaction.partition]

    def check_writable(
        self, table: Table, partition: bytes, own: Transaction | None, now_ms: int
    ) -> None:
        """Refuse a write into a partition key that another transaction holds."""
        holder = self._locks.get((table.id, partition))
        if holder is None or holder is own or self._drop_expired(holder, now_ms):
            return
        raise TablestoreError("OTSRowOperationConflict")

    def clear(self) -> None:
        """Drop every transaction."""
        self._by_id.clear()
        self._locks.clear()


def _well_formed(transaction_id: str) -> bool:
    return len(transaction_id) == 32 and all(char in "0123456789abcdef" for char in transaction_id)
