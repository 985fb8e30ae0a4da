"""Complaints: each method is one request, `all` one for each page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.adapters.tablestore import complaint_rows
from shared.adapters.tablestore.cells import Bound, Expect, RowWrite
from shared.adapters.tablestore.tables import COMPLAINTS
from shared.errors import AlreadyExists, VersionConflict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.adapters.tablestore.cells import Key
    from shared.adapters.tablestore.row_store import RowStore
    from shared.domain.complaint import Complaint


class TablestoreComplaints:
    """`shared.ports.ComplaintRepository` over the table `complaints`; may raise CorruptRow."""

    def __init__(self, store: RowStore) -> None:
        self._store = store

    def load(self, provider: str, complaint_id: str) -> Complaint | None:
        """See the port."""
        key = complaint_rows.key_of(provider, complaint_id)
        columns = self._store.get(key)
        return None if columns is None else complaint_rows.read_complaint(key, columns)

    def create(self, complaint: Complaint) -> None:
        """See the port."""
        row = RowWrite(_key(complaint), complaint_rows.new_row(complaint), Expect.NO_ROW,
                       complaint.version)
        if not self._store.write(row):
            raise AlreadyExists(complaint.complaint_id)

    def save(self, complaint: Complaint) -> None:
        """See the port."""
        row = RowWrite(_key(complaint), complaint_rows.changes(complaint),
                       Expect.VERSION_BEFORE, complaint.version,
                       complaint_rows.removed(complaint))
        if not self._store.write(row):
            raise VersionConflict(complaint.complaint_id)

    def all(self) -> Iterator[Complaint]:
        """See the port."""
        table = COMPLAINTS
        for key, columns in self._store.rows(table, table.bound(), table.bound(Bound.HIGHEST)):
            yield complaint_rows.read_complaint(key, columns)


def _key(complaint: Complaint) -> Key:
    return complaint_rows.key_of(complaint.provider, complaint.complaint_id)
