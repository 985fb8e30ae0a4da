"""Who sits between the shop and a service: passes every request on, and changes the answer.

It can speak TLS with whatever certificate the attack has; the connection ends after each answer,
so that the next request shakes hands anew.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import socket
    import ssl
    from types import TracebackType


@dataclass(frozen=True)
class Relayed:
    """An answer on its way. `length` is what Content-Length says; None: the truth."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    length: int | None = None

    def but(self, *, status: int | None = None, body: bytes | None = None,
            length: int | None = None, **headers: str | None) -> Relayed:
        """The same with a part changed; header names with underscores, None removes one."""
        named = {name.replace("_", "-").lower(): value for name, value in headers.items()}
        kept = tuple((name, value) for name, value in self.headers if name.lower() not in named)
        added = tuple((name, value) for name, value in named.items() if value is not None)
        return replace(self, status=status or self.status, headers=kept + added, length=length,
                       body=self.body if body is None else body)

    def header(self, name: str) -> str:
        """One header's value."""
        return next(value for known, value in self.headers if known.lower() == name.lower())


class Upstream(Protocol):
    """Who really answers; the answer has a status, headers and a body."""

    def handle(self, method: str, target: str, headers: dict[str, str], body: bytes) -> Any:
        """One request."""


Change = Callable[[Relayed], "Relayed | None"]
"""None closes the connection without an answer."""


def unchanged(answer: Relayed) -> Relayed:
    """An honest router."""
    return answer


class Middleman:
    """Serves on a free port of localhost; set `change` and `tls` between requests."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.tls = tls
        self.change: Change = unchanged
        self.upstream: Upstream | None = None
        self.heard: list[str] = []
        self._server = _Server(self)
        scheme = "http" if tls is None else "https"
        self.base_url = f"{scheme}://localhost:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    def __enter__(self) -> Middleman:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def relay(self, method: str, target: str, headers: dict[str, str],
              body: bytes) -> Relayed | None:
        """What goes back to the shop."""
        self.heard.append(f"{method} {target}")
        assert self.upstream is not None
        answer = self.upstream.handle(method, target, headers, body)
        kept = tuple((name, value) for name, value in answer.headers.items()
                     if name.lower() != "content-length")
        return self.change(Relayed(answer.status, kept, answer.body))


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    block_on_close = True

    def __init__(self, middleman: Middleman) -> None:
        self.middleman = middleman
        super().__init__(("127.0.0.1", 0), _Handler)

    def finish_request(self, request: socket.socket, client_address: object) -> None:  # type: ignore[override]
        if self.middleman.tls is None:
            super().finish_request(request, client_address)  # type: ignore[arg-type]
            return
        try:
            request.settimeout(5)
            wrapped = self.middleman.tls.wrap_socket(request, server_side=True)
        except OSError:
            return  # they did not like our certificate
        with wrapped:
            super().finish_request(wrapped, client_address)  # type: ignore[arg-type]


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(int(headers.get("content-length", 0)))
        answer = self.server.middleman.relay(self.command, self.path, headers, body)
        self.close_connection = True
        if answer is None:
            return
        self.send_response_only(answer.status)
        for name, value in answer.headers:
            self.send_header(name, value)
        if answer.status != 204:
            length = len(answer.body) if answer.length is None else answer.length
            self.send_header("Content-Length", str(length))
        self.end_headers()
        try:
            self.wfile.write(answer.body)
        except ConnectionError:
            return  # they had heard enough

    do_POST = do_GET  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Quiet."""
