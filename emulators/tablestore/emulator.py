"""The emulator as an object: one instance of Tablestore, behind a socket or none.

emulator = TablestoreEmulator()
client = OTSClient("http://emulator", "test-key-id", "test-key-secret", "tongbao-test")
client.connection = emulator.connection            # no socket
with emulator.serve() as server:                   # or loopback HTTP
    client = OTSClient(server.endpoint, ...)
"""

from __future__ import annotations

import contextlib
import threading
import time
import uuid
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from google.protobuf.message import DecodeError

from .engine import Engine
from .errors import ConnectionLost, TablestoreError, parameter_invalid
from .faults import LOST_ANSWER, LOST_REQUEST, Fault, Faults, tables_of
from .limits import MAX_BODY_BYTES
from .messages import pb
from .operations import OPERATIONS, Operation
from .records import RequestRecord, Usage
from .signatures import Credentials, check_request, content_md5, sign_response
from .transport import Answer, InProcessConnection

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Mapping

    from .server import Serving

ACCESS_KEY_ID = "test-key-id"
ACCESS_KEY_SECRET = "test-key-secret"
INSTANCE = "tongbao-test"
MAX_RECORDS = 100_000


def wall_clock_ms() -> int:
    """The machine's time in milliseconds since 1970."""
    return time.time_ns() // 1_000_000


class TablestoreEmulator:
    """One emulated instance.

    `data` is ":memory:" or a file that outlives the emulator. `now_ms` is the clock of the data
    (versions, TTL, transactions, index delay); signatures and answers are dated by `wire_now_ms`,
    which has to be near the client's clock, so that tests can move the data's clock alone.
    `index_delay_ms` is how long global indexes lag; it can be changed at any time.
    Safe to use from several threads: requests run one after the other.
    """

    def __init__(
        self,
        data: str = ":memory:",
        now_ms: Callable[[], int] | None = None,
        index_delay_ms: int = 0,
        *,
        access_key_id: str = ACCESS_KEY_ID,
        access_key_secret: str = ACCESS_KEY_SECRET,
        instance: str = INSTANCE,
        wire_now_ms: Callable[[], int] | None = None,
    ) -> None:
        self.credentials = Credentials(access_key_id, access_key_secret, instance)
        self.connection = InProcessConnection(self.handle)
        self.requests: list[RequestRecord] = []
        self._engine = Engine(data, now_ms or wall_clock_ms, index_delay_ms)
        self._wire_now_ms = wire_now_ms or wall_clock_ms
        self._faults = Faults()
        self._lock = threading.Lock()

    def __enter__(self) -> TablestoreEmulator:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def index_delay_ms(self) -> int:
        """How long after a write global indexes show it; 0 is at once."""
        return self._engine.index_delay_ms

    @index_delay_ms.setter
    def index_delay_ms(self, delay_ms: int) -> None:
        with self._lock:
            self._engine.index_delay_ms = delay_ms

    def inject(self, fault: Fault) -> None:
        """Put a fault in force."""
        with self._lock:
            self._faults.inject(fault)

    @property
    def faults_in_force(self) -> int:
        """How many injected faults are not used up."""
        return len(self._faults)

    def clear_faults(self) -> None:
        """Lift all faults."""
        with self._lock:
            self._faults.clear()

    def clear_requests(self) -> None:
        """Forget the records so far."""
        with self._lock:
            self.requests.clear()

    def reset(self) -> None:
        """Drop all tables, rows, transactions, faults and records."""
        with self._lock:
            self._engine.store.clear()
            self._engine.transactions.clear()
            self._faults.clear()
            self.requests.clear()

    def serve(self, port: int | socket.socket = 0, host: str = "127.0.0.1") -> Serving:
        """A context manager: serves HTTP meanwhile, yields an object with `endpoint`, `port`.

        Port 0 picks a free one; a listener is served, and closed at the end.
        """
        from .server import Serving

        return Serving(self, port, host)

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            self._engine.close()

    def handle(self, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """One request of the wire protocol: (status, reason, headers, body) of its answer.

        Raises ConnectionLost where an injected fault drops the connection.
        """
        lower = {name.lower(): value for name, value in headers.items()}
        with self._lock:
            record = RequestRecord(api=path.lstrip("/"), request_bytes=len(body))
            record.request_id = str(uuid.uuid4())
            self._remember(record)
            key: bytes | None = None
            try:
                key = self._check(path, lower, body)
                status, answer = 200, self._execute(record, body)
            except ConnectionLost as lost:
                record.outcome = LOST_ANSWER if lost.applied else LOST_REQUEST
                record.status = 0
                raise
            except TablestoreError as error:
                status, record.outcome = error.status, error.code
                answer = pb.Error(code=error.code, message=error.message).SerializeToString()
            record.status, record.response_bytes = status, len(answer)
            return status, _REASONS[status], self._headers(path, answer, key, record), answer

    def _remember(self, record: RequestRecord) -> None:
        """Keep the record; of a server that runs for days only the latest."""
        if len(self.requests) >= MAX_RECORDS:
            del self.requests[: MAX_RECORDS // 2]
        self.requests.append(record)

    def _check(self, path: str, headers: Mapping[str, str], body: bytes) -> bytes:
        if len(body) > MAX_BODY_BYTES:
            raise TablestoreError("OTSRequestBodyTooLarge")
        now_ms = self._wire_now_ms()
        return check_request(path, headers, body, credentials=self.credentials, now_ms=now_ms)

    def _execute(self, record: RequestRecord, body: bytes) -> bytes:
        request_type, operation = _find(record.api)
        request = request_type()
        try:
            request.ParseFromString(body)
        except DecodeError:
            raise parameter_invalid("Parse PBMessage from RawString failed.") from None
        record.tables = tuple(tables_of(request))
        fault = self._faults.take(record.api, record.tables, request, body)
        if fault is not None and fault.row is None:
            return self._fail(fault, record, operation, request)
        usage = Usage()
        if fault is not None and fault.row is not None:
            usage.row_faults[fault.row] = fault.error()
        return self._run(record, operation, request, usage)

    def _fail(
        self, fault: Fault, record: RequestRecord, operation: Operation, request: Any
    ) -> bytes:
        if fault.kind == LOST_REQUEST:
            raise ConnectionLost(applied=False)
        if fault.kind == LOST_ANSWER or fault.applied:
            with contextlib.suppress(TablestoreError):  # even a refusal gets lost
                self._run(record, operation, request, Usage())
        if fault.kind == LOST_ANSWER:
            raise ConnectionLost(applied=True)
        raise fault.error()

    def _run(
        self, record: RequestRecord, operation: Operation, request: Any, usage: Usage
    ) -> bytes:
        self._engine.begin_request()
        try:
            answer: bytes = operation(self._engine, request, usage).SerializeToString()
            return answer
        finally:
            record.tables = tuple(usage.tables)
            record.rows = usage.rows
            record.read_cu, record.write_cu = usage.capacity
            record.index_read_cu, record.index_write_cu = usage.index_capacity
            record.row_errors = tuple(usage.row_errors)

    def _headers(
        self, path: str, answer: bytes, key: bytes | None, record: RequestRecord
    ) -> dict[str, str]:
        now = datetime.fromtimestamp(self._wire_now_ms() / 1000, timezone.utc)
        headers = {
            "x-ots-contentmd5": content_md5(answer),
            "x-ots-contenttype": "protocol buffer",
            "x-ots-date": now.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "x-ots-requestid": record.request_id,
        }
        if key is None:
            return headers
        return sign_response(path, headers, key=key, access_key_id=self.credentials.access_key_id)


_REASONS = {
    200: "OK",
    400: "Bad Request",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    409: "Conflict",
    413: "Payload Too Large",
    500: "Internal Server Error",
    503: "Service Unavailable",
}


def _find(api: str) -> tuple[Any, Operation]:
    found = OPERATIONS.get(api)
    if found is None:
        raise parameter_invalid(f"Unsupported operation: {api}.")
    return found
