"""Serves the emulator over HTTP and delivers its notifies from one background thread."""

from __future__ import annotations

import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

from emulators.listening import ListeningServer
from emulators.wechatpay.answers import Answer, ConnectionDropped

if TYPE_CHECKING:
    from emulators.wechatpay.emulator import WeChatPayEmulator

LARGEST_BODY = 1 << 20
IDLE_POLL_S = 5.0


class Serving:
    """A running server: ``base_url`` is its address; ``stop`` ends it and joins its threads."""

    def __init__(self, emulator: WeChatPayEmulator, host: str,
                 port: int | socket.socket) -> None:
        self._emulator = emulator
        self._stopping = threading.Event()
        self._changed = threading.Event()
        self._server = _Server(port, host, emulator, self._stopping)
        shown = f"[{host}]" if ":" in host else host
        self.base_url = f"http://{shown}:{self._server.server_address[1]}"
        self._old_base_url = emulator.ctx.base_url
        emulator.ctx.base_url = self.base_url
        emulator.on_change = self._changed.set
        self._threads = [threading.Thread(target=self._server.serve_forever, args=(0.05,)),
                         threading.Thread(target=self._deliver)]
        for thread in self._threads:
            thread.start()

    def _deliver(self) -> None:
        while not self._stopping.is_set():
            self._changed.clear()
            self._emulator.deliver_due_notifies()
            wait_s = self._emulator.next_wait_s()
            self._changed.wait(IDLE_POLL_S if wait_s is None else min(wait_s, IDLE_POLL_S))

    def stop(self) -> None:
        """Stop serving; a notify being sent is waited for."""
        self._stopping.set()
        self._changed.set()
        self._server.shutdown()
        self._server.end_connections()
        for thread in self._threads:
            thread.join()
        self._server.server_close()
        self._emulator.on_change = lambda: None
        self._emulator.ctx.base_url = self._old_base_url


class _Server(ListeningServer, ThreadingHTTPServer):
    daemon_threads = False
    block_on_close = True

    def __init__(self, port: int | socket.socket, host: str, emulator: WeChatPayEmulator,
                 stopping: threading.Event) -> None:
        self.emulator = emulator
        self.stopping = stopping
        self._lock = threading.Lock()
        self._connections: set[socket.socket] = set()
        super().__init__(port, host, _Handler)

    def track(self, connection: socket.socket, *, is_open: bool) -> None:
        """Remember the open connections, so that idle ones can be ended."""
        with self._lock:
            (self._connections.add if is_open else self._connections.discard)(connection)

    def end_connections(self) -> None:
        """Wake the threads that wait for another request of a kept-alive client."""
        with self._lock:
            for connection in self._connections:
                try:
                    connection.shutdown(socket.SHUT_RD)
                except OSError:
                    continue  # the client went first


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one packet: else the client's delayed ACK costs 40 ms
    disable_nagle_algorithm = True
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.server.track(self.connection, is_open=True)

    def finish(self) -> None:
        try:
            super().finish()
        finally:
            self.server.track(self.connection, is_open=False)

    def handle(self) -> None:
        try:
            super().handle()
        except ConnectionError:
            self.close_connection = True

    def _serve(self) -> None:
        length = self.headers.get("Content-Length", "0")
        if not length.isdigit() or int(length) > LARGEST_BODY or (
                "Transfer-Encoding" in self.headers):
            self.close_connection = True
            self._send(Answer(411, {"Content-Length": "0"}, b""))
            return
        body = self.rfile.read(int(length))
        try:
            answer = self.server.emulator.handle(
                self.command, self.path, dict(self.headers.items()), body)
        except ConnectionDropped as dropped:
            self.server.stopping.wait(dropped.hold_s)
            self.close_connection = True
            return
        if answer.delay_s:
            self.server.stopping.wait(answer.delay_s)
        self._send(answer)

    def _send(self, answer: Answer) -> None:
        self.send_response_only(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.headers.get("Content-Length", "0") != str(len(answer.body)):
            self.close_connection = True
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = _serve  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Quiet: the journals tell more."""
