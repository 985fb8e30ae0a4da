"""Posts a notify over HTTP the way WeChat does: five seconds, no redirects, only a status read."""

from __future__ import annotations

import http.client
import ssl
from urllib.parse import urlsplit

ANSWER_LIMIT_S = 5.0


def post_over_http(url: str, headers: dict[str, str], body: bytes) -> int:
    """The status the merchant answered. Raises OSError when none came within five seconds."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    connection = (
        http.client.HTTPSConnection(host, parts.port, timeout=ANSWER_LIMIT_S,
                                    context=ssl.create_default_context())
        if parts.scheme == "https"
        else http.client.HTTPConnection(host, parts.port, timeout=ANSWER_LIMIT_S))
    try:
        connection.request("POST", parts.path or "/", body=body, headers=headers)
        with connection.getresponse() as response:
            return response.status
    except http.client.HTTPException as error:
        raise ConnectionError(f"no HTTP answer: {error!r}") from error
    finally:
        connection.close()
