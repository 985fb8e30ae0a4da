"""Serves the shop page on its own port: another origin than the functions, as in life.

It hands out the files of shop/, the page's configuration, and QR codes as SVG. Orders and
licenses never pass here: the page calls the functions itself.
"""

from __future__ import annotations

import io
import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import segno

from emulators.listening import ListeningServer

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator, Mapping

SHOP = Path(__file__).with_name("shop")
TYPES = {".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8",
         ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
CODE_URL_SCHEME = "weixin://"
MOST_QR_CHARACTERS = 512
QUIET_ZONE_MODULES = 4


class ShopServer(ListeningServer, ThreadingHTTPServer):
    """Loopback only. `config` is what the page reads from config.json."""

    daemon_threads = True

    def __init__(self, config: Mapping[str, Any], port: int | socket.socket = 0) -> None:
        self.config = config
        super().__init__(port, "127.0.0.1", Handler)

    @property
    def url(self) -> str:
        """Where the page is."""
        return f"http://127.0.0.1:{self.server_address[1]}/"


@contextmanager
def serve_shop(config: Mapping[str, Any],
               port: int | socket.socket = 0) -> Iterator[ShopServer]:
    """The shop, up until the block ends. Port 0: any free one."""
    with ShopServer(config, port) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def qr_svg(text: str) -> bytes:
    """A QR code, black on white with its quiet zone, error correction level M."""
    picture = io.BytesIO()
    segno.make(text, error="m", micro=False).save(
        picture, kind="svg", border=QUIET_ZONE_MODULES, dark="#000", light="#fff",
        omitsize=True, xmldecl=False)
    return picture.getvalue()


class Handler(BaseHTTPRequestHandler):
    """GET only; anything else is answered 501 by the base class."""

    server: ShopServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """A file of the shop, config.json or qr.svg."""
        parts = urlsplit(self.path)
        name = parts.path.removeprefix("/") or "index.html"
        if name == "config.json":
            self._send(200, "application/json", json.dumps(self.server.config).encode())
        elif name == "qr.svg":
            self._send_qr(parse_qs(parts.query).get("text", [""])[0])
        else:
            self._send_file(name)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Say nothing: the terminal belongs to the timeline."""

    def _send_qr(self, text: str) -> None:
        if text.startswith(CODE_URL_SCHEME) and len(text) <= MOST_QR_CHARACTERS:
            self._send(200, TYPES[".svg"], qr_svg(text))
        else:
            self._send(400, "text/plain", b"only payment codes are drawn\n")

    def _send_file(self, name: str) -> None:
        files = {path.name: path for path in SHOP.iterdir() if path.suffix in TYPES}
        if name in files:
            self._send(200, TYPES[files[name].suffix], files[name].read_bytes())
        else:
            self._send(404, "text/plain", b"there is nothing here\n")

    def _send(self, status: int, content_type: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Content-Security-Policy", self._policy())
        self.end_headers()
        self.wfile.write(body)

    def _policy(self) -> str:
        functions = " ".join(dict.fromkeys(self.server.config["functions"].values()))
        return ("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
                f"connect-src 'self' {functions}; base-uri 'none'; form-action 'none'; "
                "frame-ancestors 'none'")
