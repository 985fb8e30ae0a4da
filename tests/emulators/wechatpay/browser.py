"""A tiny HTTP client for tests: one request, the answer as status, headers, body."""

from __future__ import annotations

import http.client
import json
from typing import Any
from urllib.parse import urlsplit


def call(base_url: str, method: str, target: str, body: bytes = b"",
         headers: dict[str, str] | None = None) -> tuple[int, dict[str, str], bytes]:
    """Send one request over a connection of its own."""
    connection = http.client.HTTPConnection(urlsplit(base_url).netloc, timeout=10)
    try:
        connection.request(method, target, body=body or None, headers=headers or {})
        with connection.getresponse() as response:
            return response.status, dict(response.getheaders()), response.read()
    finally:
        connection.close()


def control(base_url: str, method: str, name: str, **body: Any) -> Any:
    """One call of the control API that must succeed."""
    status, _, answer = call(base_url, method, f"/_emulator/{name}",
                             json.dumps(body).encode() if body else b"")
    assert status == 200, answer
    return json.loads(answer)
