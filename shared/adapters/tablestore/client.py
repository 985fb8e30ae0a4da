"""One attempt at a Tablestore call, and what became of it. The only importer of the SDK.

The SDK takes a quarter of a second and 50 MiB to import, so it is imported when a client is
made, not when this module is. Its Python codec is used everywhere (`enable_native=False`):
the wheel's native one exists for one version of Python only, and two codecs would need two
proofs.
"""

from __future__ import annotations

import logging
import warnings
from typing import TYPE_CHECKING, Any, NamedTuple

from shared.adapters.tablestore.cells import Bound, Cell, Expect, RowWrite, checked
from shared.adapters.tablestore.outcomes import (
    Answer,
    Outcome,
    StoreFailure,
    classify_answer,
    classify_break,
)
from shared.adapters.tablestore.wire import Connection, HttpConnection, Timeouts, Wire

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.adapters.tablestore.cells import Key, Table
    from shared.adapters.tablestore.credentials import Credentials
    from shared.deadline import Deadline

SDK_LOGGER = "tongbao.tablestore.sdk"
MOST_CONNECTIONS = 16

Columns = dict[str, Any]
End = tuple[tuple[str, "Cell | Bound"], ...]


class Instance(NamedTuple):
    """Where the tables are: `endpoint` is https://<instance>.<region>[.vpc].tablestore…"""

    endpoint: str
    name: str


class TableShape(NamedTuple):
    """A table as the service describes it."""

    key: tuple[tuple[str, str], ...]
    time_to_live_s: int
    max_versions: int
    allows_update: bool
    index_names: tuple[str, ...]


class Page(NamedTuple):
    """Rows of a range in key order, and where the next page starts (None: no more)."""

    rows: list[tuple[tuple[Cell, ...], Columns]]
    next_start: End | None


class TablestoreClient:
    """Each method is one request and raises StoreFailure when it did not plainly succeed.

    TypeError and ValueError mean that a column is none that can be stored: our mistake.
    """

    def __init__(self, instance: Instance, credentials: Credentials, deadline: Deadline, *,
                 timeouts: Timeouts | None = None,
                 connection: Connection | None = None) -> None:
        bounds = timeouts or Timeouts()
        self._sdk = _import_sdk()
        self._client = self._sdk.OTSClient(
            instance.endpoint, instance_name=instance.name,
            credentials_provider=_Provider(self._sdk, credentials),
            socket_timeout=bounds.within(bounds.connect_ms + bounds.read_ms),
            retry_policy=_NeverRetry(), max_connection=MOST_CONNECTIONS,
            logger_name=_silent_logger(), enable_native=False)
        own = self._client.connection
        self._pool = own.pool
        self._wire = Wire(connection or HttpConnection(
            own.pool, own.host + own.path, deadline, bounds))
        self._client.connection = self._wire

    def close(self) -> None:
        """Close idle connections; for tools and tests, an instance of a function just ends."""
        self._pool.clear()

    def get_row(self, key: Key, columns: Sequence[str] = ()) -> Columns | None:
        """The columns of a row (all, or those named); None where none of them is."""
        _, row, next_token = self._call(
            "get_row", key.table.name, key.pairs(), list(columns) or None, None, 1)
        if next_token:
            raise StoreFailure(Outcome.FATAL, "get_row", "row_too_wide")
        return None if row is None else _columns(row)

    def write(self, write: RowWrite) -> None:
        """Write one row."""
        name = write.key.table.name
        if write.expect is Expect.VERSION_BEFORE:
            self._call("update_row", name, *self._update(write))
        else:
            self._call("put_row", name, *self._put(write))

    def write_together(self, writes: Sequence[RowWrite]) -> list[StoreFailure | None]:
        """Create rows of different tables in one request, which is not atomic.

        Each row has its own result, None for success: a 200 says nothing about the rows.
        """
        sdk = self._sdk
        request = sdk.BatchWriteRowRequest()
        for write in writes:
            item = sdk.PutRowItem(*self._put(write))
            request.add(sdk.TableInBatchWriteRowItem(write.key.table.name, [item]))
        if len(request.items) != len(writes):
            raise ValueError("the rows of one request are of different tables")
        response = self._call("batch_write_row", request)
        return [_row_result(response.table_of_put.get(write.key.table.name))
                for write in writes]

    def delete_row(self, key: Key) -> None:
        """Remove a row, whether it is there or not."""
        sdk = self._sdk
        condition = sdk.Condition(sdk.RowExistenceExpectation.IGNORE)
        self._call("delete_row", key.table.name, sdk.Row(key.pairs()), condition)

    def get_range(self, table: Table, start: End, end: End, limit: int | None = None) -> Page:
        """Rows from `start` (inclusive) to `end` (exclusive), as many as one answer holds."""
        _, next_start, rows, _ = self._call(
            "get_range", table.name, self._sdk.Direction.FORWARD, self._end(start),
            self._end(end), None, limit, None, 1)
        found = [(tuple(value for _, value in row.primary_key), _columns(row)) for row in rows]
        following = None if not next_start else tuple((pk[0], pk[1]) for pk in next_start)
        return Page(found, following)

    def describe_table(self, table: Table) -> TableShape:
        """The table as it is; raises StoreFailure (FATAL, OTSObjectNotExist) without one."""
        answer = self._call("describe_table", table.name)
        options = answer.table_options
        return TableShape(
            key=tuple((part[0], part[1]) for part in answer.table_meta.schema_of_primary_key),
            time_to_live_s=options.time_to_live, max_versions=options.max_version,
            allows_update=options.allow_update is not False,
            index_names=tuple(index.index_name for index in answer.secondary_indexes))

    def create_table(self, table: Table, *, time_to_live_s: int, max_versions: int) -> None:
        """Create it, without reserved throughput."""
        sdk = self._sdk
        self._call("create_table", sdk.TableMeta(table.name, list(table.key)),
                   sdk.TableOptions(time_to_live_s, max_versions),
                   sdk.ReservedThroughput(sdk.CapacityUnit(0, 0)))

    def _put(self, write: RowWrite) -> tuple[Any, Any]:
        sdk = self._sdk
        expectation = (sdk.RowExistenceExpectation.EXPECT_NOT_EXIST
                       if write.expect is Expect.NO_ROW else sdk.RowExistenceExpectation.IGNORE)
        row = sdk.Row(write.key.pairs(), checked(write.columns))
        return row, sdk.Condition(expectation)

    def _update(self, write: RowWrite) -> tuple[Any, Any]:
        sdk = self._sdk
        changes: dict[str, list[Any]] = {"PUT": checked(write.columns)}
        if write.removed:
            changes["DELETE_ALL"] = list(write.removed)
        # By default the condition would hold on a row that has no such column.
        unchanged = sdk.SingleColumnCondition(
            "ver", write.version - 1, sdk.ComparatorType.EQUAL, pass_if_missing=False)
        condition = sdk.Condition(sdk.RowExistenceExpectation.EXPECT_EXIST, unchanged)
        return sdk.Row(write.key.pairs(), changes), condition

    def _end(self, end: End) -> list[tuple[str, Any]]:
        infinite = {Bound.LOWEST: self._sdk.INF_MIN, Bound.HIGHEST: self._sdk.INF_MAX}
        return [(name, infinite[value] if isinstance(value, Bound) else value)
                for name, value in end]

    def _call(self, api: str, *arguments: Any) -> Any:
        """One request. Whatever breaks, the outcome follows from the answer or the stage.

        The SDK raises its own errors, urllib3's, protobuf's and plain ones; after the request
        was sent they all mean the same. None is chained: their texts may hold a row.
        """
        self._wire.begin()
        try:
            return getattr(self._client, api)(*arguments)
        except self._sdk.OTSServiceError as error:
            answer = Answer(error.http_status, error.code, error.message)
            failure = StoreFailure(
                classify_answer(answer), api, answer.code, error.request_id)
        except Exception as error:
            stage = self._wire.stage
            failure = StoreFailure(
                classify_break(stage), api, f"{stage.value}:{type(error).__name__}")
        raise failure from None


class _NeverRetry:
    """The SDK's retry policy: ours is in attempts.py, where the deadline is known."""

    def should_retry(self, *_: object) -> bool:
        return False

    def get_retry_delay(self, *_: object) -> int:
        return 0


class _Provider:
    """The SDK asks this for a key once per request."""

    def __init__(self, sdk: Any, credentials: Credentials) -> None:
        self._sdk = sdk
        self._credentials = credentials

    def get_credentials(self) -> Any:
        key = self._credentials.current()
        return self._sdk.credentials.Credentials(
            key.key_id, key.key_secret, key.security_token)


def _import_sdk() -> Any:
    """Import the SDK without what it says where its native codec does not fit this Python."""
    logger = logging.getLogger("tablestore")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ImportWarning)
            import tablestore
            import tablestore.credentials
    finally:
        logger.setLevel(level)
    return tablestore


def _silent_logger() -> str:
    """Name of a logger that writes nothing.

    The SDK logs requests with their rows at DEBUG (which it takes an unset level for) and
    undecodable answers with their bytes at ERROR. Its failures reach us as exceptions anyway.
    """
    logging.getLogger(SDK_LOGGER).setLevel(logging.CRITICAL)
    return SDK_LOGGER


def _columns(row: Any) -> Columns:
    return {name: value for name, value, _ in row.attribute_columns}


def _row_result(items: Sequence[Any] | None) -> StoreFailure | None:
    if not items:
        return StoreFailure(Outcome.UNKNOWN, "batch_write_row", "row_missing_in_answer")
    item = items[0]
    if item.is_ok:
        return None
    answer = Answer(None, item.error_code, item.error_message)
    return StoreFailure(classify_answer(answer), "batch_write_row", answer.code)
