"""The exact bytes that a signature covers, both ways (WeChat Pay 4012365336, 4013053249)."""

from __future__ import annotations


def request_message(method: str, target: str, *, timestamp: str, nonce: str,
                    body: bytes) -> bytes:
    """What we sign: five lines, each ended by a line feed.

    `target` is path and query as sent, without the host; `body` is empty for a GET.
    """
    return f"{method}\n{target}\n{timestamp}\n{nonce}\n".encode() + body + b"\n"


def answer_message(timestamp: str, nonce: str, body: bytes) -> bytes:
    """What WeChat signs, in answers and in notifies: three lines over the bytes as received."""
    return f"{timestamp}\n{nonce}\n".encode() + body + b"\n"
