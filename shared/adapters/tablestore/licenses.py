"""The license repository: each method is one request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.adapters.tablestore import license_rows
from shared.adapters.tablestore.cells import Expect, RowWrite
from shared.errors import AlreadyExists, VersionConflict

if TYPE_CHECKING:
    from shared.adapters.tablestore.row_store import RowStore
    from shared.domain.license import License


class TablestoreLicenses:
    """`shared.ports.LicenseRepository` over the table `licenses`; may raise CorruptRow."""

    def __init__(self, store: RowStore) -> None:
        self._store = store

    def load(self, license_id: str) -> License | None:
        """See the port."""
        columns = self._store.get(license_rows.key_of(license_id))
        return None if columns is None else license_rows.read_license(license_id, columns)

    def create(self, license_: License) -> None:
        """See the port."""
        row = RowWrite(license_rows.key_of(license_.license_id),
                       license_rows.new_row(license_), Expect.NO_ROW, license_.version)
        if not self._store.write(row):
            raise AlreadyExists(license_.license_id)

    def save(self, license_: License) -> None:
        """See the port."""
        row = RowWrite(license_rows.key_of(license_.license_id),
                       license_rows.changes(license_), Expect.VERSION_BEFORE,
                       license_.version)
        if not self._store.write(row):
            raise VersionConflict(license_.license_id)
