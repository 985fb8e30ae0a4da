"""A small HTTP server that answers by script, signed as WeChat signs, or as told."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from tests.unit.adapters.wechatpay import wechat_side as wechat
from tests.unit.adapters.wechatpay.wechat_side import dumps

if TYPE_CHECKING:
    import ssl
    from types import TracebackType

DATE = "Fri, 15 Jan 2027 08:00:00 GMT"
"""NOW_S as an HTTP date."""


@dataclass(frozen=True)
class Received:
    """One request as it came over the wire."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    connection: int


@dataclass(frozen=True)
class Reply:
    """One answer: signed when made by `signed`, then changed by `headers` (None removes)."""

    status: int
    body: bytes = b""
    headers: dict[str, str | None] = field(default_factory=dict)
    double: str = ""
    """A header to send twice."""
    cut: int | None = None
    """Close after this many bytes of the body."""
    trickle: Callable[[], None] | None = None
    """Called between single bytes of the body."""


Script = Reply | Callable[[Received], Reply]


def signed(status: int = 200, value: Any = None, *, now_s: int = wechat.NOW_S,
           key: str = "wechatpay", **changes: Any) -> Reply:
    """An answer signed by WeChat; `value` None means no body."""
    body = b"" if value is None else dumps(value)
    message = f"{now_s}\n{wechat.NONCE}\n".encode() + body + b"\n"
    headers = {"Wechatpay-Timestamp": str(now_s), "Wechatpay-Nonce": wechat.NONCE,
               "Wechatpay-Serial": wechat.PUBLIC_KEY_ID,
               "Wechatpay-Signature": wechat.sign(message, key),
               "Content-Type": "application/json; charset=utf-8", "Date": DATE,
               "Request-Id": "08F78BB5AF0610D302-268435456", **changes.pop("headers", {})}
    return Reply(status, body, headers, **changes)


def failed(status: int, code: str, **changes: Any) -> Reply:
    """A signed error."""
    return signed(status, {"code": code, "message": "失败"}, **changes)


DROP = Reply(0)
"""Read the request, then close without a word."""


class ScriptedWeChat:
    """Plays `script` in order; a request beyond its end is answered 599, unsigned."""

    def __init__(self, *script: Script, tls: ssl.SSLContext | None = None) -> None:
        self.script = list(script)
        self.received: list[Received] = []
        self._server = _Server(self)
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        scheme = "http" if tls is None else "https"
        self.base_url = f"{scheme}://localhost:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    def __enter__(self) -> ScriptedWeChat:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def answer(self, received: Received) -> Reply:
        """The next answer of the script."""
        self.received.append(received)
        step = self.script.pop(0) if self.script else Reply(599)
        return step if isinstance(step, Reply) else step(received)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, scripted: ScriptedWeChat) -> None:
        self.scripted = scripted
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except OSError:
            self.close_connection = True

    def do_GET(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(int(headers.get("content-length", 0)))
        reply = self.server.scripted.answer(
            Received(self.command, self.path, headers, body, self.client_address[1]))
        if reply is DROP:
            self.close_connection = True
        else:
            self._send_head(reply)
            self._send_body(reply)

    do_POST = do_GET  # noqa: N815

    def _send_head(self, reply: Reply) -> None:
        self.send_response_only(reply.status)
        for name, value in reply.headers.items():
            if value is not None:
                self.send_header(name, value)
                if name == reply.double:
                    self.send_header(name, value)
        if reply.status != 204:
            self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()

    def _send_body(self, reply: Reply) -> None:
        if reply.trickle is not None:
            for byte in reply.body:
                reply.trickle()
                self.wfile.write(bytes([byte]))
            return
        self.wfile.write(reply.body[:reply.cut])
        if reply.cut is not None:
            self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass
