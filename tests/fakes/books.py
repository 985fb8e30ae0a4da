"""The books in memory: who was refunded, what moved on each day, and each day's reconciliation.

`script`, `calls` and `rows` are as in `tests.fakes.stores`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.errors import VersionConflict
from tests.fakes.memory import Fake, Rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.domain.bill import LedgerLine, Reconciliation


class MemoryPayerRefunds(Fake):
    """A `PayerRefunds`."""

    def __init__(self) -> None:
        super().__init__()
        self._noted: set[tuple[str, str]] = set()

    def list(self, payer_hash: str) -> frozenset[str]:
        """See the port."""
        with self._call("list"):
            found = frozenset(refund_id for payer, refund_id in self.rows()
                              if payer == payer_hash)
        return found

    def note(self, payer_hash: str, refund_id: str) -> None:
        """See the port."""
        with self._call("note"):
            self._noted.add((payer_hash, refund_id))

    def forget(self, payer_hash: str, refund_id: str) -> None:
        """See the port."""
        with self._call("forget"):
            self._noted.discard((payer_hash, refund_id))

    def rows(self) -> frozenset[tuple[str, str]]:
        """Every (payer hash, refund id), for assertions."""
        return frozenset(self._noted)


class MemoryLedger(Fake):
    """A `Ledger`."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: dict[tuple[str, str, str], LedgerLine] = {}

    def enter(self, line: LedgerLine) -> None:
        """See the port."""
        with self._call("enter"):
            self._lines.setdefault((line.day, line.kind, line.number), line)

    def lines(self, day: str) -> Iterator[LedgerLine]:
        """See the port."""
        with self._call("lines"):
            found = [line for line in self.rows() if line.day == day]
        return iter(found)

    def rows(self) -> list[LedgerLine]:
        """Every line by day, kind and number, for assertions."""
        return [line for _, line in sorted(self._lines.items())]


class MemoryReconciliations(Fake):
    """A `Reconciliations`."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: Rows[Reconciliation] = Rows()

    def load(self, day: str) -> Reconciliation | None:
        """See the port."""
        with self._call("load"):
            result = self._rows.get(day)
        return result

    def save(self, result: Reconciliation) -> None:
        """See the port."""
        with self._call("save"):
            write = self._rows.insert if result.version == 1 else self._rows.replace
            if not write(result.day, result.shortened()):
                raise VersionConflict(result.day)

    def rows(self) -> list[Reconciliation]:
        """The result of every day, for assertions."""
        return self._rows.all()
