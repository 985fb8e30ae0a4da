"""Held payments: each method is one request, `all` one for each page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.adapters.tablestore import held_rows
from shared.adapters.tablestore.cells import Bound, Expect, RowWrite
from shared.adapters.tablestore.tables import HELD_PAYMENTS
from shared.errors import VersionConflict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.adapters.tablestore.row_store import RowStore
    from shared.domain.held import HeldPayment


class TablestoreHeldPayments:
    """`shared.ports.HeldPayments` over the table `held_payments`; may raise CorruptRow."""

    def __init__(self, store: RowStore) -> None:
        self._store = store

    def record_once(self, held: HeldPayment) -> bool:
        """See the port."""
        key = held_rows.key_of(held.provider, held.transaction_id)
        return self._store.write(
            RowWrite(key, held_rows.new_row(held), Expect.NO_ROW, held.version))

    def load(self, provider: str, transaction_id: str) -> HeldPayment | None:
        """See the port."""
        key = held_rows.key_of(provider, transaction_id)
        columns = self._store.get(key)
        return None if columns is None else held_rows.read_held(key, columns)

    def save(self, held: HeldPayment) -> None:
        """See the port."""
        row = RowWrite(held_rows.key_of(held.provider, held.transaction_id),
                       held_rows.changes(held), Expect.VERSION_BEFORE, held.version)
        if not self._store.write(row):
            raise VersionConflict(held.transaction_id)

    def all(self) -> Iterator[HeldPayment]:
        """See the port."""
        table = HELD_PAYMENTS
        for key, columns in self._store.rows(table, table.bound(), table.bound(Bound.HIGHEST)):
            yield held_rows.read_held(key, columns)
