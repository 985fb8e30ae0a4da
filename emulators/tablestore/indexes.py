"""Secondary indexes: the index row a row stands for, and what a write changes in each index.

An index's key is its own columns, then the base key's columns it lacks. A row without a value in
one of the index columns has no index row (sparse index). Capacity units follow "metering of
secondary indexes": https://help.aliyun.com/zh/tablestore/product-overview/billing-of-indexes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import limits
from .capacity import Capacity, columns_size, key_size, units
from .cells import StoredRow
from .errors import parameter_invalid
from .keys import encode_key
from .schema import BINARY, INTEGER, STRING, KeyColumn, Table
from .storage import IndexChange

if TYPE_CHECKING:
    from .plain_buffer import Value


def build_index(base: Table, meta: object, *, local: bool, existing: int) -> Table:
    """The index table an `IndexMeta` message asks for; OTSParameterInvalid if it cannot be."""
    name: str = meta.name  # type: ignore[attr-defined]
    wanted = list(meta.primary_key)  # type: ignore[attr-defined]
    columns = list(meta.defined_column)  # type: ignore[attr-defined]
    limits.check_table_name(name)
    _check_base(base, existing)
    _check_columns(base, wanted, columns, local=local)
    types = {column.name: column.type for column in base.key} | base.defined
    full = wanted + [column for column in base.key_names if column not in wanted]
    return Table(
        name=name,
        key=[KeyColumn(column, types[column]) for column in full],
        defined={column: types[column] for column in columns},
        options=base.options,
        base=base.name,
        local=local,
        index_key=wanted,
        columns=columns,
    )


def _check_base(base: Table, existing: int) -> None:
    if base.base is not None:
        raise parameter_invalid("Can't create index on index table.")
    if existing >= limits.MAX_INDEXES:
        raise parameter_invalid(
            f"Number of index per table exceeds the quota:{limits.MAX_INDEXES}."
        )
    if base.options.max_versions != 1:
        raise parameter_invalid("Max versions of a table with index must be 1.")
    if base.options.ttl_s != -1 and base.options.allow_update:
        raise parameter_invalid("Time-to-live of a table with index needs allow_update=false.")


def _check_columns(base: Table, wanted: list[str], columns: list[str], *, local: bool) -> None:
    if not 1 <= len(wanted) <= limits.MAX_KEY_COLUMNS:
        raise parameter_invalid(
            "The number of primary key columns must be in range: "
            f"[1, {limits.MAX_KEY_COLUMNS}] in index."
        )
    for name in (*wanted, *columns):
        if (*wanted, *columns).count(name) > 1:
            raise parameter_invalid(f"Duplicated column name in index: '{name}'.")
    for name in wanted:
        if name not in base.key_names and base.defined.get(name) not in (STRING, INTEGER, BINARY):
            raise parameter_invalid(f"Column does not exist: {name}.")
    for name in columns:
        if name not in base.defined:
            raise parameter_invalid(f"Column does not exist: {name}.")
    if local and wanted[0] != base.key[0].name:
        raise parameter_invalid("First column of a local index must be the first primary key.")
    auto_increment = base.auto_increment_at
    if auto_increment is not None and wanted[0] == base.key[auto_increment].name:
        raise parameter_invalid("First column of an index can't be auto increment.")


def index_row(
    index: Table, base: Table, key: list[Value], row: StoredRow | None
) -> tuple[list[Value], StoredRow] | None:
    """The index's key values and row for one base row, or None if it has no index row."""
    if row is None:
        return None
    values = dict(zip(base.key_names, key, strict=True))
    for name in index.index_key:
        if name not in values:
            versions = row.columns.get(name)
            if not versions:
                return None
            values[name] = versions[0][1]
    copied = {name: row.columns[name] for name in index.columns if name in row.columns}
    return [values[name] for name in index.key_names], StoredRow(row.touched_ms, copied)


class IndexUpdate:
    """What one write to a base row does to its indexes, and what this costs."""

    def __init__(self, base: Table, key: list[Value]) -> None:
        self.base = base
        self.key = key
        self.changes: list[IndexChange] = []
        self.capacity = Capacity()

    def add(self, index: Table, before: StoredRow | None, after: StoredRow | None) -> None:
        """Compare the index's row before and after the write."""
        old = index_row(index, self.base, self.key, before)
        new = index_row(index, self.base, self.key, after)
        old_key = None if old is None else encode_key(old[0])
        new_key = None if new is None else encode_key(new[0])
        if old is not None and old_key is not None and old_key != new_key:
            self.changes.append(IndexChange(index, old_key, None))
            self._cost(units(_key_bytes(index, old[0])))
        if new is None or new_key is None:
            return
        self.changes.append(IndexChange(index, new_key, new[1]))
        if old is None or old_key != new_key or _values(old[1]) != _values(new[1]):
            self._cost(units(_key_bytes(index, new[0]) + columns_size(new[1].columns)))

    def _cost(self, write: int) -> None:
        self.capacity = self.capacity.plus(Capacity(0, write))

    def charge_read(self, indexes: list[Table], before: StoredRow | None, names: set[str]) -> None:
        """Add the read of the old index columns, if the written `names` concern any index."""
        own = set(self.base.key_names)
        concerned = {name for index in indexes for name in (*index.index_key, *index.columns)}
        if not (concerned - own) & names:
            return
        size = 0
        if before is not None:
            keys = {name for index in indexes for name in index.index_key}
            old = {name: before.columns[name] for name in keys if name in before.columns}
            size = columns_size(old)
        self.capacity = self.capacity.plus(Capacity(units(size), 0))


def _key_bytes(index: Table, key: list[Value]) -> int:
    return key_size(zip(index.key_names, key, strict=True))


def _values(row: StoredRow) -> dict[str, list[Value]]:
    return {name: [value for _, value in versions] for name, versions in row.columns.items()}
