"""The state behind the operations: tables, rows, open transactions and the clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .errors import TablestoreError, parameter_invalid
from .limits import check_table_name
from .storage import Rows, Store
from .transactions import Transaction, Transactions

if TYPE_CHECKING:
    from collections.abc import Callable

    from .schema import Table


class Engine:
    """One emulated instance. `now_ms` is the data's clock; callers serialize access."""

    def __init__(self, data: str, clock: Callable[[], int], index_delay_ms: int) -> None:
        self.store = Store(data)
        self.transactions = Transactions(self.store)
        self.clock = clock
        self.index_delay_ms = index_delay_ms
        self.now_ms = clock()

    def begin_request(self) -> None:
        """Take the time of this request and bring global indexes up to it."""
        self.now_ms = self.clock()
        self.store.apply_due(self.now_ms)

    def index_due_ms(self) -> int | None:
        """When a write of this request reaches global indexes; None means at once."""
        return self.now_ms + self.index_delay_ms if self.index_delay_ms > 0 else None

    def table(self, name: str) -> Table:
        """A table for a table operation: 404 OTSObjectNotExist if there is none."""
        check_table_name(name)
        table = self.store.tables.get(name)
        if table is None:
            raise TablestoreError("OTSObjectNotExist")
        return table

    def data_table(self, name: str) -> Table:
        """A table for a row operation: the service answers 400 if there is none."""
        check_table_name(name)
        table = self.store.tables.get(name)
        if table is None:
            raise parameter_invalid("Request table not exist")
        if table.building_until_ms > self.now_ms:
            text = "Disallow read index table in building base state"
            raise TablestoreError("OTSTableNotReady", text)
        return table

    def transaction(self, request: object) -> Transaction | None:
        """The transaction a request names, if it names one."""
        if not request.HasField("transaction_id"):  # type: ignore[attr-defined]
            return None
        return self.transactions.find(
            request.transaction_id,  # type: ignore[attr-defined]
            self.now_ms,
        )

    def rows(self, transaction: Transaction | None, table: Table) -> Rows:
        """The rows as the request sees them; a transaction covers its own table only."""
        if transaction is None:
            return self.store
        if transaction.table is not table:
            raise TablestoreError("OTSDataOutOfRange")
        return transaction

    def close(self) -> None:
        """Close the store."""
        self.store.close()
