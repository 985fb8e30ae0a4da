"""What came of reconciling each day: one row a day, each run a version."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.adapters.tablestore.cells import (
    Cell,
    Expect,
    RowReader,
    RowWrite,
    canonical_json,
)
from shared.adapters.tablestore.json_columns import check_record, read_list
from shared.adapters.tablestore.tables import RECONCILIATIONS
from shared.adapters.tablestore.writers import VERSION
from shared.domain.bill import DayState, Difference, Discrepancy, Progress, Reconciliation
from shared.errors import VersionConflict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.adapters.tablestore.cells import Key
    from shared.adapters.tablestore.row_store import RowStore

SCHEMA = 1
DISCREPANCIES = "discrepancies"
FIELDS = {"difference": (str,), "kind": (str,), "order_id": (str,), "line": (int,),
          "detail": (str,), "refund_id": (str,)}


class TablestoreReconciliations:
    """`shared.ports.Reconciliations` over the table `reconciliations`; may raise CorruptRow."""

    def __init__(self, store: RowStore) -> None:
        self._store = store

    def load(self, day: str) -> Reconciliation | None:
        """See the port."""
        key = key_of(day)
        columns = self._store.get(key)
        return None if columns is None else read_result(day, columns)

    def save(self, result: Reconciliation) -> None:
        """See the port."""
        expect = Expect.NO_ROW if result.version == 1 else Expect.VERSION_BEFORE
        if not self._store.write(RowWrite(
                key_of(result.day), all_columns(result.shortened()), expect, result.version)):
            raise VersionConflict(result.day)


def key_of(day: str) -> Key:
    """Where the day is."""
    return RECONCILIATIONS.row(day)


def all_columns(result: Reconciliation) -> dict[str, Cell]:
    """All columns; every run writes all of them."""
    return {
        "schema": SCHEMA, "state": result.state.value, "run_at_s": result.run_at_s,
        "actor": result.actor, "digest": result.digest, "payments": result.payments,
        "refunds": result.refunds, "foreign": result.foreign, "reason": result.reason,
        "left_out": result.left_out, "lines_told": result.progress.lines,
        "refund_sought": result.progress.sought,
        DISCREPANCIES: canonical_json([found._asdict() for found in result.discrepancies])}


def read_result(day: str, columns: Mapping[str, object]) -> Reconciliation:
    """The result of a row; raises CorruptRow for any row that we did not write."""
    reader = RowReader(key_of(day), columns)
    if reader.integer("schema") != SCHEMA:
        raise reader.corrupt("schema")
    try:
        return _result(reader, day)
    except ValueError:
        raise reader.corrupt("a value out of its range") from None


def _result(reader: RowReader, day: str) -> Reconciliation:
    text, integer = reader.text, reader.integer
    return Reconciliation(
        day=day, state=DayState(text("state")), run_at_s=integer("run_at_s"),
        actor=text("actor"), digest=text("digest"), payments=integer("payments"),
        refunds=integer("refunds"), foreign=integer("foreign"),
        discrepancies=tuple(_discrepancy(reader, raw)
                            for raw in read_list(reader, DISCREPANCIES)),
        reason=text("reason"), left_out=integer("left_out"), version=integer(VERSION),
        progress=Progress(integer("lines_told"), text("refund_sought")))


def _discrepancy(reader: RowReader, raw: object) -> Discrepancy:
    found = check_record(reader, DISCREPANCIES, raw, FIELDS)
    return Discrepancy(Difference(found.pop("difference")), **found)
