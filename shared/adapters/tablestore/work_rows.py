"""A row of the work list `due`: its place says what and when, its columns who has it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.adapters.tablestore.cells import Cell, RowReader
from shared.adapters.tablestore.tables import DUE, bucket_of
from shared.adapters.tablestore.writers import VERSION
from shared.domain.due import Work

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.adapters.tablestore.cells import Key

LEASED_UNTIL = "leased_until_s"
FIRST_VERSION = 1


def key_of(work: Work, buckets: int) -> Key:
    """Where the row is, when subjects are spread over so many buckets."""
    return DUE.row(bucket_of(work.subject_id, buckets), work.due_at_s, ref_of(work))


def ref_of(work: Work) -> str:
    """What the row is about: "kind:subject_id"; a kind has no colon."""
    return f"{work.kind}:{work.subject_id}"


def new_row() -> dict[str, Cell]:
    """The columns of a row that nobody has taken yet."""
    return {LEASED_UNTIL: 0}


def read_work(key: Key, columns: Mapping[str, object]) -> Work:
    """The work of a row; raises CorruptRow for any row that we did not write."""
    reader = RowReader(key, columns)
    _, due_at_s, ref = key.values
    kind, colon, subject_id = str(ref).partition(":")
    if not (kind and colon and subject_id):
        raise reader.corrupt("ref")
    return Work(kind, subject_id, int(due_at_s), reader.integer(LEASED_UNTIL),
                reader.integer(VERSION))
