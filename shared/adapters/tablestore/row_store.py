"""Rows with retry, within the deadline, and an honest answer to "was that write mine?".

Repositories call this. It raises StoreUnavailable when nothing was written, StoreUnknown when
that cannot be told in time, CorruptRow; a lost condition is a result, not an error.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from shared.adapters.tablestore.attempts import OUT_OF_TIME, Attempts
from shared.adapters.tablestore.cells import Expect, RowWrite
from shared.adapters.tablestore.outcomes import Outcome, StoreFailure
from shared.adapters.tablestore.writers import VERSION, Winner, find_winner, mark, slot
from shared.errors import StoreUnavailable, StoreUnknown, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from random import Random

    from shared.adapters.tablestore.cells import Key, Table
    from shared.adapters.tablestore.client import Columns, End, Page, TablestoreClient
    from shared.deadline import Deadline
    from shared.ports import Clock

T = TypeVar("T")
TOKEN_BITS = 80


@dataclass
class _Pending:
    """One row on its way: `applied` is None until it is known; `is_doubtful` once it may be."""

    write: RowWrite
    token: str
    applied: bool | None = None
    is_doubtful: bool = False

    def marked(self) -> RowWrite:
        """The write with its mark. The token stays the same over all attempts."""
        write = self.write
        if write.version == 0:
            return write
        columns = {**write.columns, **mark(write.version, self.token)}
        return RowWrite(write.key, columns, write.expect, write.version, write.removed)


class RowStore:
    """The rows of one instance. `random` yields tokens and jitter: SystemRandom in production."""

    def __init__(self, client: TablestoreClient, clock: Clock, deadline: Deadline,
                 random: Random) -> None:
        self._client = client
        self._attempts = Attempts(clock, deadline, random)
        self._random = random

    def get(self, key: Key, columns: tuple[str, ...] = ()) -> Columns | None:
        """The row (strongly consistent), None where there is none."""
        return self._read(lambda: self._client.get_row(key, columns))

    def write(self, write: RowWrite) -> bool:
        """Apply a conditional write; False when its condition does not hold, thanks to others."""
        return self._carry_out([self._pending(write)])

    def create_together(self, write: RowWrite, companion: RowWrite) -> bool:
        """Create a row, and put an unconditional companion, in one request.

        Returns what `write` would, and only when the companion is durable in any case.
        """
        return self._carry_out([self._pending(write), self._pending(companion)])

    def delete(self, key: Key) -> None:
        """Remove the row if it is there; repeating that is harmless."""
        is_doubtful, reason = False, OUT_OF_TIME
        for _ in self._attempts:
            try:
                return self._client.delete_row(key)
            except StoreFailure as failure:
                reason = failure.reason
                is_doubtful = is_doubtful or failure.outcome is Outcome.UNKNOWN
                if failure.outcome is Outcome.FATAL:
                    break
        raise _gave_up(is_doubtful, reason)

    def rows(self, table: Table, start: End, end: End, *,
             page: int | None = None) -> Iterator[tuple[Key, Columns]]:
        """Rows of a key range in order; CorruptRow for a key of another type.

        Each request asks for at most `page` rows (None: as many as an answer holds), and is
        sent when its first row is wanted.
        """
        following: End | None = start
        while following is not None:
            found = self._page(table, following, end, page)
            for values, columns in found.rows:
                yield table.found(values), columns
            following = found.next_start

    def _page(self, table: Table, start: End, end: End, limit: int | None) -> Page:
        return self._read(lambda: self._client.get_range(table, start, end, limit))

    def _read(self, read: Callable[[], T]) -> T:
        try:
            return self._attempts.until_answered(read)
        except StoreFailure as failure:
            raise StoreUnavailable(reason=failure.reason) from None

    def _pending(self, write: RowWrite) -> _Pending:
        return _Pending(write, f"{self._random.getrandbits(TOKEN_BITS):020x}")

    def _carry_out(self, rows: list[_Pending]) -> bool:
        """Try until every row is settled; the first one's result is the answer."""
        reason = OUT_OF_TIME
        for _ in self._attempts:
            pending = [row for row in rows if row.applied is None]
            for row, failure in zip(pending, self._send(pending), strict=True):
                if failure is None:
                    row.applied = True
                    continue
                reason = failure.reason
                if failure.outcome is Outcome.FATAL:
                    raise _gave_up(_is_any_doubtful(rows), reason)
                self._settle(row, failure)
            if all(row.applied is not None for row in rows):
                return rows[0].applied is True
        raise _gave_up(_is_any_doubtful(rows), reason)

    def _send(self, pending: list[_Pending]) -> list[StoreFailure | None]:
        try:
            if len(pending) > 1:
                return self._client.write_together([row.marked() for row in pending])
            self._client.write(pending[0].marked())
        except StoreFailure as failure:
            return [failure] * len(pending)
        return [None]

    def _settle(self, row: _Pending, failure: StoreFailure) -> None:
        """Decide what a failed attempt means for this row, reading it back when in doubt."""
        lost = failure.outcome is Outcome.CONDITION_FAILED
        if lost and not row.is_doubtful:
            row.applied = False
            return
        if failure.outcome is Outcome.UNKNOWN:
            row.is_doubtful = True
        if row.write.expect is Expect.NOTHING or not row.is_doubtful:
            return
        winner = self._read_back(row)
        if winner is Winner.US:
            row.applied = True
        elif winner is Winner.A_RIVAL or lost:
            row.applied = False

    def _read_back(self, row: _Pending) -> Winner:
        key, version = row.write.key, row.write.version
        try:
            columns = self.get(key, (VERSION, slot(version)))
        except Unavailable as error:
            raise StoreUnknown(reason=error.reason) from None
        winner = find_winner(key, columns, version, row.token)
        if winner is Winner.FORGOTTEN:
            raise StoreUnknown(reason="many versions have come since the write in doubt")
        return winner


def _is_any_doubtful(rows: list[_Pending]) -> bool:
    return any(row.is_doubtful or row.applied for row in rows)


def _gave_up(is_doubtful: bool, reason: str) -> Unavailable:
    return StoreUnknown(reason=reason) if is_doubtful else StoreUnavailable(reason=reason)
