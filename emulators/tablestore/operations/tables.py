"""CreateTable, ListTable, DescribeTable, UpdateTable, DeleteTable."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .. import limits
from ..errors import TablestoreError, parameter_invalid
from ..indexes import build_index
from ..messages import pb
from ..schema import COLUMN_TYPES, INTEGER, KEY_TYPES, KeyColumn, Options, Table

if TYPE_CHECKING:
    from ..engine import Engine
    from ..records import Usage

_KEY_NUMBERS = {name: number for number, name in KEY_TYPES.items()}
_COLUMN_NUMBERS = {name: number for number, name in COLUMN_TYPES.items()}


def create_table(engine: Engine, request: Any, usage: Usage) -> Any:
    """Create a table, and the indexes given with it."""
    meta = request.table_meta
    usage.tables.append(meta.table_name)
    limits.check_table_name(meta.table_name)
    if meta.table_name in engine.store.tables:
        raise TablestoreError("OTSObjectAlreadyExist")
    capacity = request.reserved_throughput.capacity_unit
    table = Table(
        name=meta.table_name,
        key=_key_columns(meta),
        defined=_defined_columns(meta),
        options=_options(Options(), request.table_options),
        capacity_changed_s=engine.now_ms // 1000,
    )
    _set_capacity(table, capacity)
    indexes: list[Table] = []
    for index_meta in request.index_metas:
        local = index_meta.index_type == pb.IT_LOCAL_INDEX
        indexes.append(build_index(table, index_meta, local=local, existing=len(indexes)))
    check_new_tables(engine, [table, *indexes])
    with engine.store.atomic():
        for new in [table, *indexes]:
            engine.store.save_table(new)
    return pb.CreateTableResponse()


def check_new_tables(engine: Engine, tables: list[Table]) -> None:
    """Refuse names that are taken, and more tables than an instance may hold."""
    names = [table.name for table in tables]
    if len(set(names)) < len(names) or any(name in engine.store.tables for name in names):
        raise TablestoreError("OTSObjectAlreadyExist")
    if len(engine.store.tables) + len(tables) > limits.MAX_TABLES:
        text = f"Number of tables exceeds the quota:{limits.MAX_TABLES}."
        raise TablestoreError("OTSQuotaExhausted", text)


def _key_columns(meta: Any) -> list[KeyColumn]:
    if not 1 <= len(meta.primary_key) <= limits.MAX_KEY_COLUMNS:
        raise parameter_invalid(
            f"The number of primary key columns must be in range: [1, {limits.MAX_KEY_COLUMNS}]."
        )
    columns: list[KeyColumn] = []
    for position, column in enumerate(meta.primary_key):
        limits.check_column_name(column.name)
        if any(column.name == other.name for other in columns):
            raise parameter_invalid(f"Duplicated primary key name: '{column.name}'.")
        auto_increment = column.HasField("option")
        kind = KEY_TYPES[column.type]
        if auto_increment and position == 0:
            raise parameter_invalid("PkAutoIncr cannot be set as first pk column")
        if auto_increment and kind != INTEGER:
            raise parameter_invalid("AUTO_INCREMENT primary key must be integer.")
        columns.append(KeyColumn(column.name, kind, auto_increment))
    if sum(column.auto_increment for column in columns) > 1:
        raise parameter_invalid("AUTO_INCREMENT primary key count must <= 1.")
    return columns


def _defined_columns(meta: Any) -> dict[str, str]:
    if len(meta.defined_column) > limits.MAX_DEFINED_COLUMNS:
        raise parameter_invalid(
            f"The number of defined columns must be in range: [0, {limits.MAX_DEFINED_COLUMNS}]."
        )
    keys = {column.name for column in meta.primary_key}
    defined: dict[str, str] = {}
    for column in meta.defined_column:
        limits.check_column_name(column.name)
        if column.name in defined or column.name in keys:
            raise parameter_invalid(f"Duplicated defined column name: '{column.name}'.")
        defined[column.name] = COLUMN_TYPES[column.type]
    return defined


def _options(old: Options, given: Any) -> Options:
    new = replace(old)
    if given.HasField("time_to_live"):
        new.ttl_s = given.time_to_live
    if given.HasField("max_versions"):
        new.max_versions = given.max_versions
    if given.HasField("deviation_cell_version_in_sec"):
        new.max_deviation_s = given.deviation_cell_version_in_sec
    if given.HasField("allow_update"):
        new.allow_update = given.allow_update
    if new.ttl_s == 0 or new.ttl_s < -1:
        raise parameter_invalid("TimeToLive cannot be 0 or less than -1.")
    if 0 < new.ttl_s < limits.MIN_TTL_S:
        raise parameter_invalid(f"TimeToLive cannot be less than {limits.MIN_TTL_S}.")
    if new.max_versions <= 0:
        raise parameter_invalid("The maximum versions cannot be less than or equal to 0")
    if new.max_deviation_s <= 0:
        raise parameter_invalid("The maximum deviation must be in range [0, INT64_MAX/1000000].")
    return new


def _set_capacity(table: Table, capacity: Any) -> None:
    if capacity.HasField("read"):
        table.read_capacity = capacity.read
    if capacity.HasField("write"):
        table.write_capacity = capacity.write
    for units in (table.read_capacity, table.write_capacity):
        if not 0 <= units <= limits.MAX_CAPACITY_UNITS:
            raise parameter_invalid(
                f"Invalid Capacity Unit:{units}. Capacity Unit must be nonnegative."
            )


def list_table(engine: Engine, request: Any, usage: Usage) -> Any:
    """The names of all tables but index tables."""
    del request, usage
    tables = engine.store.tables.values()
    names = sorted(table.name for table in tables if table.base is None)
    return pb.ListTableResponse(table_names=names)


def describe_table(engine: Engine, request: Any, usage: Usage) -> Any:
    """Everything CreateTable, CreateIndex and UpdateTable set."""
    usage.tables.append(request.table_name)
    table = engine.table(request.table_name)
    response = pb.DescribeTableResponse()
    response.table_meta.table_name = table.name
    for column in table.key:
        part = response.table_meta.primary_key.add(name=column.name, type=_KEY_NUMBERS[column.type])
        if column.auto_increment:
            part.option = pb.AUTO_INCREMENT
    for name, kind in table.defined.items():
        response.table_meta.defined_column.add(name=name, type=_COLUMN_NUMBERS[kind])
    for index in engine.store.indexes_of(table):
        response.index_metas.add(
            name=index.name,
            primary_key=index.index_key,
            defined_column=index.columns,
            index_update_mode=pb.IUM_SYNC_INDEX if index.local else pb.IUM_ASYNC_INDEX,
            index_type=pb.IT_LOCAL_INDEX if index.local else pb.IT_GLOBAL_INDEX,
        )
    _fill_throughput(response.reserved_throughput_details, table)
    _fill_options(response.table_options, table.options)
    response.stream_details.enable_stream = False
    response.sse_details.enable = False
    return response


def _fill_throughput(details: Any, table: Table) -> None:
    details.capacity_unit.read = table.read_capacity
    details.capacity_unit.write = table.write_capacity
    details.last_increase_time = table.capacity_changed_s


def _fill_options(message: Any, options: Options) -> None:
    message.time_to_live = options.ttl_s
    message.max_versions = options.max_versions
    message.deviation_cell_version_in_sec = options.max_deviation_s
    message.allow_update = options.allow_update


def update_table(engine: Engine, request: Any, usage: Usage) -> Any:
    """Change reserved throughput or options; indexes follow their table's TTL."""
    usage.tables.append(request.table_name)
    table = engine.table(request.table_name)
    if not request.HasField("table_options") and not request.HasField("reserved_throughput"):
        raise parameter_invalid("No parameter is specified in table options.")
    options = _options(table.options, request.table_options)
    indexes = engine.store.indexes_of(table)
    if indexes and options.max_versions != 1:
        raise parameter_invalid("Max versions of a table with index must be 1.")
    if indexes and options.ttl_s != -1 and options.allow_update:
        raise parameter_invalid("Time-to-live of a table with index needs allow_update=false.")
    if request.HasField("reserved_throughput"):
        _set_capacity(table, request.reserved_throughput.capacity_unit)
        table.capacity_changed_s = engine.now_ms // 1000
    with engine.store.atomic():
        for one in [table, *indexes]:
            one.options = options
            engine.store.save_table(one)
    response = pb.UpdateTableResponse()
    _fill_throughput(response.reserved_throughput_details, table)
    _fill_options(response.table_options, options)
    return response


def delete_table(engine: Engine, request: Any, usage: Usage) -> Any:
    """Delete a table with its rows and its indexes."""
    usage.tables.append(request.table_name)
    table = engine.table(request.table_name)
    if table.base is not None:
        raise parameter_invalid("Index table can't be deleted by DeleteTable.")
    indexes = engine.store.indexes_of(table)
    with engine.store.atomic():
        for one in [*indexes, table]:
            engine.store.drop_table(one)
    return pb.DeleteTableResponse()
