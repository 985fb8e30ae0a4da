"""What the emulator's tests share: the unmodified SDK's client, tables, a clock to move."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import tablestore as ots
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from emulators.tablestore import TablestoreEmulator

START_MS = 1_800_000_000_000
DAY_MS = 86_400_000

# A property holds or does not, however busy the machine is.
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

IGNORE = "IGNORE"
EXPECT_EXIST = "EXPECT_EXIST"
EXPECT_NOT_EXIST = "EXPECT_NOT_EXIST"


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now_ms = START_MS

    def __call__(self) -> int:
        return self.now_ms

    def advance(self, ms: int) -> None:
        """Move forward."""
        self.now_ms += ms


def connect(
    emulator: TablestoreEmulator, endpoint: str = "http://emulator", **options: Any
) -> ots.OTSClient:
    """An SDK client; without an endpoint it reaches the emulator in process."""
    arguments = {
        "access_key_id": emulator.credentials.access_key_id,
        "access_key_secret": emulator.credentials.access_key_secret,
        "instance_name": emulator.credentials.instance,
        "retry_policy": ots.retry.NoRetryPolicy(),
    }
    client = ots.OTSClient(endpoint, **{**arguments, **options})
    if endpoint == "http://emulator":
        client.connection = emulator.connection
    return client


@contextmanager
def connected(emulator: TablestoreEmulator, endpoint: str, **options: Any) -> Iterator[Any]:
    """An SDK client over HTTP whose sockets are closed in the end."""
    client = connect(emulator, endpoint, **options)
    try:
        yield client
    finally:
        client.connection.pool.clear()


def create_table(
    client: ots.OTSClient,
    name: str = "orders",
    key: tuple[tuple[str, ...], ...] = (("id", "STRING"),),
    *,
    defined: tuple[tuple[str, str], ...] = (),
    indexes: tuple[ots.SecondaryIndexMeta, ...] = (),
    **options: Any,
) -> None:
    """Create a table; `options` are those of ots.TableOptions."""
    client.create_table(
        ots.TableMeta(name, list(key), list(defined)),
        ots.TableOptions(**options),
        ots.ReservedThroughput(ots.CapacityUnit(0, 0)),
        list(indexes),
    )


def put(client: ots.OTSClient, key: Any, columns: Any = None, **options: Any) -> Any:
    """PutRow into `orders`; `columns` a dict, `expect` and `when` the condition."""
    table, condition, rest = _split(options)
    given = {"a": 1} if columns is None else columns
    cells = [
        (name, *value) if isinstance(value, tuple) else (name, value)
        for name, value in given.items()
    ]
    return client.put_row(table, ots.Row(_key(key), cells), condition, **rest)


def update(client: ots.OTSClient, key: Any, changes: Any, **options: Any) -> Any:
    """UpdateRow in `orders`; `changes` as the SDK takes them ({"PUT": [...], ...})."""
    table, condition, rest = _split(options)
    return client.update_row(table, ots.Row(_key(key), changes), condition, **rest)


def delete(client: ots.OTSClient, key: Any, **options: Any) -> Any:
    """DeleteRow from `orders`."""
    table, condition, rest = _split(options)
    return client.delete_row(table, _key(key), condition, **rest)


def get(client: ots.OTSClient, key: Any, **options: Any) -> dict[str, Any] | None:
    """GetRow from `orders`: the newest values by column, or None."""
    table = options.pop("table", "orders")
    _, row, _ = client.get_row(table, _key(key), **{"max_version": 1, **options})
    return None if row is None else {name: value for name, value, _ in row.attribute_columns}


def _split(options: dict[str, Any]) -> tuple[str, ots.Condition, dict[str, Any]]:
    rest = dict(options)
    table = rest.pop("table", "orders")
    condition = ots.Condition(rest.pop("expect", IGNORE), rest.pop("when", None))
    return table, condition, rest


def _key(key: Any) -> list[tuple[str, Any]]:
    return key if isinstance(key, list) else [("id", key)]


def where(
    column: str, value: Any, comparator: int = ots.ComparatorType.EQUAL, **options: Any
) -> Any:
    """A single column condition that a missing column fails."""
    return ots.SingleColumnCondition(
        column, value, comparator, **{"pass_if_missing": False, **options}
    )


def scan(client: ots.OTSClient, table: str = "orders", **options: Any) -> list[Any]:
    """All rows of a table, following next_start_primary_key."""
    meta = client.describe_table(table).table_meta
    names = [column[0] for column in meta.schema_of_primary_key]
    direction = options.pop("direction", "FORWARD")
    low = [(name, ots.INF_MIN) for name in names]
    high = [(name, ots.INF_MAX) for name in names]
    start, end = (low, high) if direction == "FORWARD" else (high, low)
    rows: list[Any] = []
    while start is not None:
        _, start, page, _ = client.get_range(
            table, direction, start, end, **{"max_version": 1, **options}
        )
        rows += page
    return rows
