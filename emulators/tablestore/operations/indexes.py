"""CreateIndex, DropIndex."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import TablestoreError
from ..indexes import build_index, index_row
from ..keys import decode_key, encode_key
from ..messages import pb
from ..storage import IndexChange
from .tables import check_new_tables

if TYPE_CHECKING:
    from ..engine import Engine
    from ..records import Usage
    from ..schema import Table


def create_index(engine: Engine, request: Any, usage: Usage) -> Any:
    """Add an index; `include_base_data` indexes the rows that are already there, during which a
    global index cannot be read.
    """
    meta = request.index_meta
    usage.tables += [request.main_table_name, meta.name]
    base = engine.table(request.main_table_name)
    local = meta.index_type == pb.IT_LOCAL_INDEX
    existing = len(engine.store.indexes_of(base))
    index = build_index(base, meta, local=local, existing=existing)
    if request.include_base_data and not local:
        index.building_until_ms = engine.now_ms + engine.index_delay_ms
    check_new_tables(engine, [index])
    with engine.store.atomic():
        engine.store.save_table(index)
        if request.include_base_data:
            engine.store.apply(_base_data(engine, base, index), None)
    return pb.CreateIndexResponse()


def _base_data(engine: Engine, base: Table, index: Table) -> list[IndexChange]:
    changes: list[IndexChange] = []
    for key, row in engine.store.scan(base, b"", b"\xff", backward=False):
        indexed = index_row(index, base, decode_key(key), row)
        if indexed is not None:
            changes.append(IndexChange(index, encode_key(indexed[0]), indexed[1]))
    return changes


def drop_index(engine: Engine, request: Any, usage: Usage) -> Any:
    """Remove an index with its rows."""
    usage.tables += [request.main_table_name, request.index_name]
    base = engine.table(request.main_table_name)
    index = engine.store.tables.get(request.index_name)
    if index is None or index.base != base.name:
        raise TablestoreError("OTSObjectNotExist", "Requested index does not exist.")
    with engine.store.atomic():
        engine.store.drop_table(index)
    return pb.DropIndexResponse()
