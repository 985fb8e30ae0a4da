"""The ledger: one row for each movement of money, written once and never changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.adapters.tablestore.cells import Bound, Cell, Expect, RowReader, RowWrite
from shared.adapters.tablestore.tables import LEDGER
from shared.domain.bill import LedgerLine
from shared.domain.money import Money

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shared.adapters.tablestore.cells import Key
    from shared.adapters.tablestore.row_store import RowStore


class TablestoreLedger:
    """`shared.ports.Ledger` over the table `ledger`; may raise CorruptRow."""

    def __init__(self, store: RowStore) -> None:
        self._store = store

    def enter(self, line: LedgerLine) -> None:
        """See the port. A line that is there stays as it was first written."""
        self._store.write(RowWrite(key_of(line), new_row(line), Expect.NO_ROW, version=1))

    def lines(self, day: str) -> Iterator[LedgerLine]:
        """See the port."""
        highest = Bound.HIGHEST
        for key, columns in self._store.rows(
                LEDGER, LEDGER.bound(day), LEDGER.bound(day, highest, highest)):
            yield read_line(key, columns)


def key_of(line: LedgerLine) -> Key:
    """Where the line is."""
    return LEDGER.row(line.day, line.kind, line.number)


def new_row(line: LedgerLine) -> dict[str, Cell]:
    """All columns."""
    return {"order_id": line.order_id, "amount_minor": line.amount.amount_minor,
            "currency": line.amount.currency}


def read_line(key: Key, columns: Mapping[str, object]) -> LedgerLine:
    """The line of a row; raises CorruptRow for any row that we did not write."""
    reader = RowReader(key, columns)
    day, kind, number = (str(value) for value in key.values)
    try:
        amount = Money(reader.integer("amount_minor"), reader.text("currency"))
    except ValueError:
        raise reader.corrupt("a value out of its range") from None
    return LedgerLine(day, kind, number, reader.text("order_id"), amount)
