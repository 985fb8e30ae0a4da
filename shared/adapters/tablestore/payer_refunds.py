"""Refunds by payer: rows that are written once and hold nothing besides their key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.adapters.tablestore.cells import Bound, Expect, RowWrite
from shared.adapters.tablestore.tables import PAYER_REFUNDS

if TYPE_CHECKING:
    from shared.adapters.tablestore.row_store import RowStore


class TablestorePayerRefunds:
    """`shared.ports.PayerRefunds` over the table `payer_refunds`; may raise CorruptRow."""

    def __init__(self, store: RowStore) -> None:
        self._store = store

    def list(self, payer_hash: str) -> frozenset[str]:
        """See the port; a strongly consistent read of the payer's rows."""
        rows = self._store.rows(PAYER_REFUNDS, PAYER_REFUNDS.bound(payer_hash),
                                PAYER_REFUNDS.bound(payer_hash, Bound.HIGHEST))
        return frozenset(str(key.values[1]) for key, _ in rows)

    def note(self, payer_hash: str, refund_id: str) -> None:
        """See the port. Its mark is the column that a row needs besides its key."""
        self._store.write(RowWrite(
            PAYER_REFUNDS.row(payer_hash, refund_id), {}, Expect.NO_ROW, version=1))

    def forget(self, payer_hash: str, refund_id: str) -> None:
        """See the port."""
        self._store.delete(PAYER_REFUNDS.row(payer_hash, refund_id))

