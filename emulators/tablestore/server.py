"""Loopback HTTP/1.1 with keep-alive: the wire protocol on POST /<Api>, control on /_emulator/.

Own reading of requests instead of http.server's: three times the throughput, which is what the
clients' benchmarks measure against. One thread a connection; `Serving` closes them all at its end.
"""

from __future__ import annotations

import contextlib
import socket
import socketserver
import threading
from typing import TYPE_CHECKING, Any

from emulators.listening import ListeningServer

from .control import PREFIX, handle_control
from .errors import ConnectionLost

if TYPE_CHECKING:
    from .emulator import TablestoreEmulator

_MAX_LINE = 65_536
_MAX_HEADERS = 100
_MAX_BODY = 64 * 1024 * 1024


class _BadRequest(Exception):
    """The bytes are no HTTP request."""


class _Request:
    """One HTTP request, header names in lower case."""

    def __init__(self, stream: Any, line: bytes) -> None:
        try:
            self.method, target, version = line.decode("latin-1").split()
        except ValueError:
            raise _BadRequest("request line") from None
        self.path = target.partition("?")[0]
        self.headers = _read_headers(stream)
        connection = self.headers.get("connection", "").lower()
        self.keep_alive = connection != "close" and (
            version == "HTTP/1.1" or connection == "keep-alive"
        )
        self.body = _read_body(stream, self.headers.get("content-length", "0"))


def _read_headers(stream: Any) -> dict[str, str]:
    headers: dict[str, str] = {}
    for _ in range(_MAX_HEADERS):
        line = stream.readline(_MAX_LINE)
        if line in (b"\r\n", b"\n"):
            return headers
        name, colon, value = line.decode("latin-1").partition(":")
        if not colon:
            raise _BadRequest("header")
        headers[name.strip().lower()] = value.strip()
    raise _BadRequest("too many headers")


def _read_body(stream: Any, length: str) -> bytes:
    if not length.isdigit() or int(length) > _MAX_BODY:
        raise _BadRequest("content-length")
    body: bytes = stream.read(int(length))
    if len(body) < int(length):
        raise _BadRequest("body")
    return body


def _format(status: int, reason: str, headers: dict[str, str], body: bytes) -> bytes:
    lines = [f"HTTP/1.1 {status} {reason}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    lines += [f"content-length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode("latin-1") + body


class _Connection(socketserver.StreamRequestHandler):
    """One client connection: requests until it closes or a fault drops it."""

    disable_nagle_algorithm = True
    server: _Server

    def handle(self) -> None:
        """Serve requests one after the other."""
        with contextlib.suppress(_BadRequest, ConnectionLost, OSError):
            while True:
                line = self.rfile.readline(_MAX_LINE)
                if not line.strip():
                    return
                request = _Request(self.rfile, line)
                self.wfile.write(self._answer(request))
                if not request.keep_alive:
                    return

    def _answer(self, request: _Request) -> bytes:
        emulator = self.server.emulator
        if request.path.startswith(PREFIX):
            status, body = handle_control(emulator, request.method, request.path, request.body)
            return _format(status, "", {"content-type": "application/json"}, body)
        if request.method != "POST":
            return _format(405, "Method Not Allowed", {}, b"")
        return _format(*emulator.handle(request.path, request.headers, request.body))


class _Server(ListeningServer, socketserver.ThreadingTCPServer):
    """Keeps its open connections and their threads, to end them when it stops."""

    def __init__(
        self, port: int | socket.socket, host: str, emulator: TablestoreEmulator
    ) -> None:
        self.emulator = emulator
        self._open: dict[socket.socket, threading.Thread] = {}
        self._open_lock = threading.Lock()
        super().__init__(port, host, _Connection)

    def process_request(self, request: Any, client_address: Any) -> None:
        thread = threading.Thread(
            target=self.process_request_thread, args=(request, client_address), daemon=True
        )
        with self._open_lock:
            self._open[request] = thread
        thread.start()

    def shutdown_request(self, request: Any) -> None:
        with self._open_lock:
            self._open.pop(request, None)
        super().shutdown_request(request)

    def drop_connections(self) -> None:
        """End every connection and wait for the requests under way."""
        with self._open_lock:
            connections = list(self._open.items())
        for connection, _ in connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RD)
        for _, thread in connections:
            thread.join()


class Serving:
    """A running server: `with emulator.serve() as server: server.endpoint`."""

    def __init__(
        self, emulator: TablestoreEmulator, port: int | socket.socket, host: str
    ) -> None:
        self._emulator = emulator
        self._port = port
        self._host = host
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def port(self) -> int:
        """The port in use."""
        if self._server is None:
            raise RuntimeError("not serving")
        port: int = self._server.server_address[1]
        return port

    @property
    def endpoint(self) -> str:
        """What an OTSClient takes as its endpoint."""
        return f"http://{self._host}:{self.port}"

    def start(self) -> Serving:
        """Listen and serve in a thread of its own."""
        self._server = _Server(self._port, self._host, self._emulator)
        self._thread = threading.Thread(
            target=self._server.serve_forever,
            kwargs={"poll_interval": 0.02},
            name="tablestore-emulator",
            daemon=True,
        )
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop listening and close every connection."""
        if self._server is None or self._thread is None:
            return
        self._server.shutdown()
        self._thread.join()
        self._server.drop_connections()
        self._server.server_close()
        self._server = self._thread = None

    __enter__ = start

    def __exit__(self, *_: object) -> None:
        self.stop()
