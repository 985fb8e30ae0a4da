"""One HTTP exchange with one host, over urllib3: bounded in time and size, never redirected.

urllib3 and the certificate store are loaded by the first exchange, not by the import: most
invocations never call out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from ssl import SSLContext

    from urllib3 import BaseHTTPResponse, HTTPConnectionPool

    from shared.ports import Clock

_BASE_URL = re.compile(r"(https?)://[A-Za-z0-9.\-]+(?::[0-9]{1,5})?")
_CHUNK = 16 * 1024


class NoAnswer(Exception):
    """No complete answer came; whether the request was carried out is unknown."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


@dataclass(frozen=True)
class RawAnswer:
    """An answer as received: lower-case header names, equal names joined by a comma."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Outgoing:
    """A request: `target` is path and query, `headers` all but Host and Content-Length."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    largest_answer: int


class HttpClient:
    """Keeps one connection alive to `base_url` (scheme, host and port; no path).

    `ca_pem` (PEM certificates) replaces the authorities of certifi, which the store's SDK uses
    as well: what a runtime's Python finds on its machine differs, and may be nothing. Plain
    http, for tests and local use, must be allowed by name. Raises ValueError for another
    address, and for certificates that cannot be read.
    """

    def __init__(self, base_url: str, *, clock: Clock, allow_http: bool = False,
                 ca_pem: str = "", connect_ms: int = 1_500,
                 read_ms: int = 4_000) -> None:
        base = _BASE_URL.fullmatch(base_url.rstrip("/"))
        if base is None or (base[1] == "http" and not allow_http):
            raise ValueError("the base URL must be https://host, nothing more")
        self.base_url = base[0]
        self._clock = clock
        # Certificates of one's own are rare: read at once, so that a mistake shows at start.
        self._tls = _tls_context(ca_pem) if ca_pem else None
        self._connect_ms, self._read_ms = connect_ms, read_ms
        self._pool: HTTPConnectionPool | None = None

    def exchange(self, outgoing: Outgoing, ends_at_ms: int) -> RawAnswer:
        """Send and read all of the answer before `ends_at_ms` (monotonic); raises NoAnswer."""
        from urllib3.exceptions import HTTPError
        try:
            response = self._send(outgoing, ends_at_ms)
            try:
                body = self._read(response, outgoing.largest_answer, ends_at_ms)
            except BaseException:
                response.close()  # what is left unread would be taken for the next answer
                raise
            response.release_conn()
        except HTTPError as error:
            raise NoAnswer(_reason(error)) from None
        return RawAnswer(response.status, _joined(response), body)

    def close(self) -> None:
        """Close the kept connection; the next exchange opens another."""
        if self._pool is not None:
            self._pool.close()
            self._pool = None

    def _send(self, outgoing: Outgoing, ends_at_ms: int) -> BaseHTTPResponse:
        from urllib3 import Timeout
        left_s = self._left_s(ends_at_ms)
        timeout = Timeout(connect=min(self._connect_ms / 1000, left_s),
                          read=min(self._read_ms / 1000, left_s))
        return self._connections().urlopen(
            outgoing.method, outgoing.target, body=outgoing.body or None,
            headers={**outgoing.headers, "Accept-Encoding": "identity"}, timeout=timeout,
            retries=False, redirect=False, preload_content=False, decode_content=False)

    def _read(self, response: BaseHTTPResponse, largest: int, ends_at_ms: int) -> bytes:
        """The body; a sender that trickles cannot stretch the time, nor one that floods."""
        body = bytearray()
        while True:
            left_s = self._left_s(ends_at_ms)
            sock = getattr(response.connection, "sock", None)
            if sock is not None:
                sock.settimeout(min(self._read_ms / 1000, left_s))
            chunk = response.read1(_CHUNK)
            if not chunk:
                return bytes(body)
            body += chunk
            if len(body) > largest:
                raise NoAnswer("answer_too_large")

    def _left_s(self, ends_at_ms: int) -> float:
        left_ms = ends_at_ms - self._clock.monotonic_ms()
        if left_ms <= 0:
            raise NoAnswer("no_time_left")
        return left_ms / 1000

    def _connections(self) -> HTTPConnectionPool:
        if self._pool is None:
            from urllib3 import connection_from_url
            if self.base_url.startswith("https://"):
                self._tls = self._tls or _tls_context()
                self._pool = connection_from_url(self.base_url, maxsize=1, ssl_context=self._tls)
            else:
                self._pool = connection_from_url(self.base_url, maxsize=1)
        return self._pool


def _tls_context(ca_pem: str = "") -> SSLContext:
    """TLS 1.2 or later, with a host whose certificate these authorities, or certifi's, signed."""
    import ssl
    if ca_pem:
        try:
            context = ssl.create_default_context(cadata=ca_pem.replace("\\n", "\n"))
        except ssl.SSLError:
            raise ValueError("the certificates of the authorities cannot be read") from None
    else:
        import certifi
        context = ssl.create_default_context(cafile=certifi.where())
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.hostname_checks_common_name = False  # a host is a subjectAltName (RFC 9525 §2)
    return context


def _joined(response: BaseHTTPResponse) -> dict[str, str]:
    # urllib3 joins equal names by ", " when read by name; which the verifier then refuses.
    return {name.lower(): response.headers[name] for name in response.headers}


def _reason(error: Exception) -> str:
    """A stable code of a urllib3 error; its text can hold the address and is dropped."""
    from urllib3 import exceptions
    if isinstance(error, exceptions.SSLError):
        return "tls_failed"
    if isinstance(error, exceptions.ReadTimeoutError):
        return "read_timeout"
    if isinstance(error, exceptions.ConnectTimeoutError | exceptions.NewConnectionError):
        return "not_connected"
    return "connection_broken"
