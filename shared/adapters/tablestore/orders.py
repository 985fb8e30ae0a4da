"""The order repository: create, load and save are one request each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.adapters.tablestore import order_rows, work_rows
from shared.adapters.tablestore.cells import Expect, RowWrite
from shared.adapters.tablestore.tables import MOST_BUCKETS, checked_buckets
from shared.domain import order as orders
from shared.domain.due import Work
from shared.errors import AlreadyExists, VersionConflict

if TYPE_CHECKING:
    from shared.adapters.tablestore.row_store import RowStore
    from shared.domain.order import Order


class TablestoreOrders:
    """`shared.ports.OrderRepository` over the tables `orders` and `due`.

    `buckets` is that of the work list. Methods raise, besides what the port says, CorruptRow.
    """

    def __init__(self, store: RowStore, *, buckets: int = MOST_BUCKETS) -> None:
        self._store = store
        self._buckets = checked_buckets(buckets)

    def load(self, order_id: str) -> Order | None:
        """See the port."""
        columns = self._store.get(order_rows.key_of(order_id))
        return None if columns is None else order_rows.read_order(order_id, columns)

    def create(self, order: Order, due_at_s: int) -> None:
        """See the port."""
        row = RowWrite(order_rows.key_of(order.order_id), order_rows.new_row(order),
                       Expect.NO_ROW, order.version)
        if not self._store.create_together(row, self._due(order, due_at_s)):
            raise AlreadyExists(order.order_id)

    def save(self, order: Order) -> None:
        """See the port."""
        row = RowWrite(order_rows.key_of(order.order_id), order_rows.changes(order),
                       Expect.VERSION_BEFORE, order.version, order_rows.removed(order))
        if not self._store.write(row):
            raise VersionConflict(order.order_id)

    def _due(self, order: Order, due_at_s: int) -> RowWrite:
        """The row in the work list, put whatever is there: that makes it durable in any case.

        Put again by a late retry it ends the lease of whoever looks at the order at that
        moment. Two may look then, which does no harm: the order itself is what they write.
        """
        work = Work(orders.KIND, order.order_id, due_at_s)
        return RowWrite(work_rows.key_of(work, self._buckets), work_rows.new_row(),
                        Expect.NOTHING, work_rows.FIRST_VERSION)
