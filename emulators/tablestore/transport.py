"""The transport without a socket: what `OTSClient.connection` is replaced by."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from .errors import ConnectionLost

Answer = tuple[int, str, dict[str, str], bytes]
Handle = Callable[[str, Mapping[str, str], bytes], Answer]


class InProcessConnection:
    """Has the one method of the SDK's connection pool. Lost requests and answers surface as
    urllib3's own ProtocolError, as they do over a socket.
    """

    def __init__(self, handle: Handle) -> None:
        self._handle = handle

    def send_receive(
        self, url: str, request_headers: Mapping[str, str], request_body: bytes
    ) -> Answer:
        """One request: status, reason, headers, body."""
        try:
            return self._handle(url, request_headers, request_body)
        except ConnectionLost:
            import http.client

            import urllib3.exceptions

            reason = http.client.RemoteDisconnected("Remote end closed connection without response")
            raise urllib3.exceptions.ProtocolError("Connection aborted.", reason) from reason
