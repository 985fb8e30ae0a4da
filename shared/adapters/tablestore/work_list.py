"""The work list: rows in buckets by time, taken by whoever raises their version."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from shared.adapters.tablestore import work_rows
from shared.adapters.tablestore.cells import CorruptRow, Expect, Key, RowWrite
from shared.adapters.tablestore.tables import (
    DUE,
    MOST_BUCKETS,
    bucket_names,
    bucket_of,
    checked_buckets,
)
from shared.domain.due import UNREADABLE, Work

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from shared.adapters.tablestore.row_store import RowStore

LEAST_PAGE = 50
"""Rows asked for at once at least: those in front may all be leased."""


class TablestoreWorkList:
    """`shared.ports.WorkList` over the table `due`. A corrupt row is work of kind UNREADABLE.

    Rows are spread over `buckets` (1 to 16), each of which `list` asks. Change the number at
    any time: rows that lie where another number had put them are moved as they are found, and
    a list made with `every_bucket` finds them all.
    """

    def __init__(self, store: RowStore, *, buckets: int = MOST_BUCKETS,
                 every_bucket: bool = False) -> None:
        self._store = store
        self._buckets = checked_buckets(buckets)
        self._read = bucket_names(MOST_BUCKETS if every_bucket else buckets)

    def add(self, work: Work) -> None:
        """See the port. A row that is there stays as it is, and so does its lease."""
        self._store.write(RowWrite(self._key(work), work_rows.new_row(), Expect.NO_ROW,
                                   work_rows.FIRST_VERSION))

    def list(self, now_s: int, limit: int) -> Sequence[Work]:
        """See the port. Oldest first over all buckets, so that none can starve another."""
        found = [(bucket, work) for bucket in self._read
                 for work in islice(self._free(bucket, now_s, limit), limit)]
        found.sort(key=lambda each: (each[1].due_at_s, work_rows.ref_of(each[1])))
        placed = {self._key(work): self._placed(bucket, work) for bucket, work in found[:limit]}
        return list(placed.values())

    def lease(self, work: Work, until_s: int) -> Work | None:
        """See the port. Of two callers with the same row, one wins the write."""
        taken = work._replace(leased_until_s=until_s, version=work.version + 1)
        is_ours = self._store.write(RowWrite(
            self._key(work), {work_rows.LEASED_UNTIL: until_s}, Expect.VERSION_BEFORE,
            taken.version))
        return taken if is_ours else None

    def remove(self, work: Work) -> None:
        """See the port."""
        self._store.delete(self._key(work))

    def count(self, now_s: int) -> int:
        """See the port."""
        return sum(1 for bucket in self._read for _ in self._due(bucket, now_s))

    def _key(self, work: Work) -> Key:
        return work_rows.key_of(work, self._buckets)

    def _free(self, bucket: str, now_s: int, limit: int) -> Iterator[Work]:
        return (work for work in self._due(bucket, now_s, max(limit, LEAST_PAGE))
                if work.leased_until_s <= now_s)

    def _due(self, bucket: str, now_s: int, page: int | None = None) -> Iterator[Work]:
        rows = self._store.rows(DUE, DUE.bound(bucket), DUE.bound(bucket, now_s + 1), page=page)
        return (_read(key, columns) for key, columns in rows)

    def _placed(self, bucket: str, work: Work) -> Work:
        """The work where its bucket is now: first put there, then removed from where it was."""
        if work.kind == UNREADABLE or bucket == bucket_of(work.subject_id, self._buckets):
            return work
        moved = work._replace(leased_until_s=0, version=work_rows.FIRST_VERSION)
        self.add(moved)
        self._store.delete(DUE.row(bucket, work.due_at_s, work_rows.ref_of(work)))
        return moved


def _read(key: Key, columns: Mapping[str, object]) -> Work:
    try:
        return work_rows.read_work(key, columns)
    except CorruptRow:
        bucket, due_at_s, _ = key.values
        return Work(UNREADABLE, str(bucket), int(due_at_s))
