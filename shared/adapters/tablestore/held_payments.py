"""Held payments: each method is one request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.adapters.tablestore import held_rows
from shared.adapters.tablestore.cells import Expect, RowWrite

if TYPE_CHECKING:
    from shared.adapters.tablestore.row_store import RowStore
    from shared.domain.payment import HeldPayment


class TablestoreHeldPayments:
    """`shared.ports.HeldPayments` over the table `held_payments`; may raise CorruptRow."""

    def __init__(self, store: RowStore) -> None:
        self._store = store

    def record_once(self, held: HeldPayment) -> bool:
        """See the port."""
        key = held_rows.key_of(held.provider, held.transaction_id)
        return self._store.write(
            RowWrite(key, held_rows.new_row(held), Expect.NO_ROW, version=1))

    def load(self, provider: str, transaction_id: str) -> HeldPayment | None:
        """See the port."""
        key = held_rows.key_of(provider, transaction_id)
        columns = self._store.get(key)
        return None if columns is None else held_rows.read_held(key, columns)
