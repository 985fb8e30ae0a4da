"""The order repository: create 1 request, load 1, save 1; the sweeper's list one per bucket."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from shared.adapters.tablestore import order_rows
from shared.adapters.tablestore.cells import CorruptRow, Expect, RowWrite
from shared.adapters.tablestore.tables import DUE, all_buckets, bucket_of
from shared.errors import AlreadyExists, VersionConflict
from shared.ports import DueOrder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.adapters.tablestore.cells import Key
    from shared.adapters.tablestore.row_store import RowStore
    from shared.domain.order import Order


class TablestoreOrders:
    """`shared.ports.OrderRepository` over the tables `orders` and `due`.

    Methods raise, besides what the port says, CorruptRow.
    """

    def __init__(self, store: RowStore) -> None:
        self._store = store

    def load(self, order_id: str) -> Order | None:
        """See the port."""
        columns = self._store.get(order_rows.key_of(order_id))
        return None if columns is None else order_rows.read_order(order_id, columns)

    def create(self, order: Order, due_at_s: int) -> None:
        """See the port."""
        row = RowWrite(order_rows.key_of(order.order_id), order_rows.new_row(order),
                       Expect.NO_ROW, order.version)
        # A row needs a column besides its key.
        due = RowWrite(_due_key(DueOrder(order.order_id, due_at_s)),
                       {"created_at_s": order.created_at_s}, Expect.NOTHING)
        if not self._store.create_together(row, due):
            raise AlreadyExists(order.order_id)

    def save(self, order: Order) -> None:
        """See the port."""
        row = RowWrite(order_rows.key_of(order.order_id), order_rows.changes(order),
                       Expect.VERSION_BEFORE, order.version, order_rows.removed(order))
        if not self._store.write(row):
            raise VersionConflict(order.order_id)

    def list_due(self, now_s: int, limit: int) -> list[DueOrder]:
        """See the port. Oldest first over all buckets, so that none can starve another."""
        found = chain.from_iterable(
            self._due(bucket, now_s, limit) for bucket in all_buckets())
        return sorted(found, key=lambda due: (due.due_at_s, due.order_id))[:limit]

    def count_due(self, now_s: int) -> int:
        """See the port."""
        return sum(1 for bucket in all_buckets() for _ in self._due(bucket, now_s, None))

    def forget_due(self, due: DueOrder) -> None:
        """See the port."""
        self._store.delete(_due_key(due))

    def _due(self, bucket: str, now_s: int, limit: int | None) -> Iterator[DueOrder]:
        rows = self._store.scan(
            DUE, DUE.bound(bucket), DUE.bound(bucket, now_s + 1), limit)
        for (_, due_at_s, order_id), _columns in rows:
            if type(due_at_s) is not int or not isinstance(order_id, str):
                raise CorruptRow(reason="corrupt row in due: key")
            yield DueOrder(order_id, due_at_s)


def _due_key(due: DueOrder) -> Key:
    return DUE.row(bucket_of(due.order_id), due.due_at_s, due.order_id)
