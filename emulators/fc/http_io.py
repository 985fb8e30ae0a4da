"""A small threaded HTTP/1.1 server on loopback: bytes in, `Request`; `Response`, bytes out."""

from __future__ import annotations

import contextlib
import socket
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, ClassVar

from emulators.fc.responses import Response
from emulators.listening import ListeningServer

if TYPE_CHECKING:
    from collections.abc import Callable

# A little above the platform's 32 MB, so that the platform's own error can be given.
_READ_LIMIT_BYTES = 33 * 1024 * 1024
_NO_BODY = frozenset({204, 304})


@dataclass(frozen=True)
class Request:
    """One HTTP request; header values as text (UTF-8 where they are), `target` still encoded."""

    method: str
    target: str
    headers: list[tuple[str, str]]
    body: bytes
    client_ip: str

    @property
    def path(self) -> str:
        """The encoded path without the query."""
        return self.target.partition("?")[0]

    def header(self, name: str) -> str | None:
        """The first value of a header, whatever its case."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


class _UnreadableBodyError(Exception):
    """The body's framing is wrong, or it is far too large."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    app: ClassVar[Callable[[Request], Response]]

    def _serve(self) -> None:
        try:
            body = self._read_body()
        except _UnreadableBodyError as error:
            self.close_connection = True
            self._send(Response(400, [("Content-Type", "text/plain")], str(error).encode()))
            return
        headers = [(name, _as_text(value)) for name, value in self.headers.items()]
        request = Request(self.command, self.path, headers, body, self.client_address[0])
        self._send(type(self).app(request))

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = _serve  # noqa: N815

    def _read_body(self) -> bytes:
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            return self._read_chunks()
        length = self.headers.get("Content-Length", "0")
        if not length.isascii() or not length.isdigit():
            raise _UnreadableBodyError("Content-Length is not a number")
        if int(length) > _READ_LIMIT_BYTES:
            raise _UnreadableBodyError("the body is too large")
        return self._read_exactly(int(length))

    def _read_chunks(self) -> bytes:
        body = b""
        while True:
            try:
                size = int(self.rfile.readline(1024).partition(b";")[0], 16)
            except ValueError:
                raise _UnreadableBodyError("a chunk has no size") from None
            if not 0 <= size <= _READ_LIMIT_BYTES - len(body):
                raise _UnreadableBodyError("the body is too large")
            body += self._read_exactly(size)
            if size == 0:
                while self.rfile.readline(1024).strip():
                    pass
                return body
            self.rfile.readline(8)

    def _read_exactly(self, size: int) -> bytes:
        data = self.rfile.read(size)
        if len(data) != size:
            raise _UnreadableBodyError("the body ends early")
        return data

    def _send(self, response: Response) -> None:
        self.send_response_only(response.status)
        self.send_header("Date", self.date_time_string())
        for name, value in response.headers:
            # http.server writes headers as Latin-1; this keeps UTF-8 bytes as they are.
            self.send_header(name, value.encode("utf-8").decode("latin-1"))
        if response.status not in _NO_BODY:
            self.send_header("Content-Length", str(len(response.body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD" and response.status not in _NO_BODY:
            self.wfile.write(response.body)

    def log_message(self, *_: Any) -> None:
        """Silent: the functions' own logs are what matters."""


def _as_text(value: str) -> str:
    return value.encode("latin-1").decode("utf-8", "replace")


class _Server(ListeningServer, ThreadingHTTPServer):
    daemon_threads = False
    block_on_close = True

    def __init__(self, port: int | socket.socket, host: str, handler: type[_Handler]) -> None:
        self._open: set[socket.socket] = set()
        self._open_lock = threading.Lock()
        super().__init__(port, host, handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._open_lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._open_lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is no news; anything else is a fault of the emulator."""
        import sys

        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)

    def hang_up(self) -> None:
        """End the connections that clients keep open, so that their threads can finish."""
        with self._open_lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)


class HttpServer:
    """Serves `app` on one loopback port, or on a listener, until `close`."""

    def __init__(
        self,
        app: Callable[[Request], Response],
        *,
        port: int | socket.socket = 0,
        host: str = "127.0.0.1",
    ) -> None:
        handler = type("Handler", (_Handler,), {"app": staticmethod(app)})
        self._server = _Server(port, host, handler)
        self.port: int = self._server.server_address[1]
        self.url = f"http://{host}:{self.port}"
        self._thread = threading.Thread(
            target=self._server.serve_forever,
            kwargs={"poll_interval": 0.05},
            name=f"http-{self.port}",
            daemon=True,
        )
        self._thread.start()

    def close(self) -> None:
        """Stop listening and end every connection."""
        self._server.shutdown()
        self._thread.join()
        self._server.hang_up()
        self._server.server_close()
