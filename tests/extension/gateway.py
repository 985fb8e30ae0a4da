"""One address for all functions, as a custom domain of Function Compute gives them."""

from __future__ import annotations

import http.client
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

TIMEOUT_S = 30.0
HOP_BY_HOP = ("connection", "keep-alive", "transfer-encoding", "content-length", "date", "server")


class Gateway(ThreadingHTTPServer):
    """Passes requests on by their paths; `asked` says which went where."""

    daemon_threads = True

    def __init__(self, urls: Mapping[str, str]) -> None:
        self.hosts = {name: urlsplit(url).netloc for name, url in urls.items()}
        self.asked: list[tuple[str, str]] = []
        super().__init__(("127.0.0.1", 0), _PassOn)

    @property
    def url(self) -> str:
        """The one address."""
        return f"http://127.0.0.1:{self.server_address[1]}"


def function_of(method: str, path: str) -> str:
    """Whose route it is (docs/reference.md)."""
    places = path in ("/v1/products", "/v1/orders") or path.endswith(("/cancel", "/refunds"))
    return "create-order" if places else "license-fetch"


class _PassOn(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Gateway

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _pass_on(self) -> None:
        path = urlsplit(self.path).path
        function = function_of(self.command, path)
        self.server.asked.append((f"{self.command} {path}", function))
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        # With the Host that was asked for: a device's proof is for that address.
        there = http.client.HTTPConnection(self.server.hosts[function], timeout=TIMEOUT_S)
        try:
            there.request(self.command, self.path, body or None, dict(self.headers.items()))
            answer = there.getresponse()
            said = answer.read()
        finally:
            there.close()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in HOP_BY_HOP:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    do_GET = do_POST = do_DELETE = do_OPTIONS = _pass_on  # noqa: N815


@contextmanager
def open_gateway(urls: Mapping[str, str]) -> Iterator[Gateway]:
    """In front of these functions."""
    with Gateway(urls) as gateway:
        thread = threading.Thread(target=gateway.serve_forever, daemon=True)
        thread.start()
        try:
            yield gateway
        finally:
            gateway.shutdown()
            thread.join()
