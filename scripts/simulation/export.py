"""A world in memory as the rows that Tablestore would hold, by the product's own row codecs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared.adapters.tablestore import (
    complaint_rows,
    held_rows,
    ledger,
    license_rows,
    order_rows,
    reconciliations,
    work_rows,
)
from shared.adapters.tablestore.writers import mark

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.adapters.tablestore.cells import Key
    from tests.unit.use_cases.world import World

Row = dict[str, Any]
BUCKETS = 16


def tables(world: World) -> dict[str, list[Row]]:
    """Every table, each row as its key and its columns in one dict."""
    held, complaints = world.held.rows(), world.complaints.rows()
    return {
        "orders": [_row(order_rows.key_of(one.order_id), order_rows.new_row(one), one.version)
                   for one in world.orders.all()],
        "licenses": [_row(license_rows.key_of(one.license_id), license_rows.new_row(one),
                          one.version) for one in world.licenses.all()],
        "held_payments": [_row(held_rows.key_of(one.provider, one.transaction_id),
                               held_rows.new_row(one), one.version) for one in held],
        "complaints": [_row(complaint_rows.key_of(one.provider, one.complaint_id),
                            complaint_rows.new_row(one), one.version) for one in complaints],
        "due": [_row(work_rows.key_of(one, BUCKETS),
                     {work_rows.LEASED_UNTIL: one.leased_until_s}, one.version)
                for one in world.work.rows()],
        "ledger": [_row(ledger.key_of(one), ledger.new_row(one), 1)
                   for one in world.ledger.rows()],
        "payer_refunds": [{"payer_hash": payer, "refund_id": refund_id, "ver": 1}
                          for payer, refund_id in sorted(world.payers.rows())],
        "reconciliations": [_row(reconciliations.key_of(one.day),
                                 reconciliations.all_columns(one), one.version)
                            for one in world.days.rows()]}


def _row(key: Key, columns: Mapping[str, Any], version: int) -> Row:
    return {**dict(key.pairs()), **columns, **mark(version, f"{0:020x}")}
