"""The last step under the SDK: one POST, bounded by the time left, never repeated.

The SDK's own pool waits up to 50 seconds and opens a connection up to four times. It calls
`connection.send_receive`, so that is the seam where the deadline gets in.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import urllib3
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from shared.adapters.tablestore.outcomes import Stage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.deadline import Deadline

Reply = tuple[int, str, dict[str, Any], bytes]


class Connection(Protocol):
    """What the SDK needs of a connection: signed bytes in, signed bytes out."""

    def send_receive(self, url: str, request_headers: Mapping[str, str],
                     request_body: bytes) -> Reply:
        """One exchange; `url` is the path of the API."""


class Timeouts(NamedTuple):
    """Upper bounds of one attempt. Both are cut to the time left.

    `read_ms` is far above the few milliseconds that Tablestore takes, and low enough that a
    write whose answer is lost can still be read back within one notify.
    """

    connect_ms: int = 500
    read_ms: int = 1200

    def within(self, remaining_ms: int) -> urllib3.Timeout:
        """For urllib3, in seconds; never zero, which would mean "do not wait at all"."""
        return urllib3.Timeout(connect=max(1, min(self.connect_ms, remaining_ms)) / 1000,
                               read=max(1, min(self.read_ms, remaining_ms)) / 1000)


class HttpConnection:
    """Exchanges over the SDK's urllib3 pool (certificates checked), without its retries."""

    def __init__(self, pool: urllib3.PoolManager, base_url: str, deadline: Deadline,
                 timeouts: Timeouts) -> None:
        self._pool = pool
        self._base_url = base_url
        self._deadline = deadline
        self._timeouts = timeouts

    def send_receive(self, url: str, request_headers: Mapping[str, str],
                     request_body: bytes) -> Reply:
        """See `Connection`; raises what urllib3 raises."""
        response = self._pool.urlopen(
            "POST", self._base_url + url, body=request_body, headers=request_headers,
            redirect=False, assert_same_host=False, retries=False,
            timeout=self._timeouts.within(self._deadline.remaining_ms()))
        return response.status, response.reason or "", dict(response.headers), response.data


class Wire:
    """A connection that remembers, per thread, how far the current attempt got."""

    def __init__(self, inner: Connection) -> None:
        self._inner = inner
        self._local = threading.local()

    @property
    def stage(self) -> Stage:
        """How far this thread's attempt got."""
        stage: Stage = getattr(self._local, "stage", Stage.PREPARING)
        return stage

    def begin(self) -> None:
        """A new attempt starts."""
        self._local.stage = Stage.PREPARING

    def send_receive(self, url: str, request_headers: Mapping[str, str],
                     request_body: bytes) -> Reply:
        """See `Connection`. Only a connection never opened proves that nothing was sent."""
        self._local.stage = Stage.SENT
        try:
            return self._inner.send_receive(url, request_headers, request_body)
        except (NewConnectionError, ConnectTimeoutError):
            self._local.stage = Stage.CONNECTING
            raise
