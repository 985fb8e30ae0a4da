"""Base64 with one spelling per value (RFC 4648 §3.5)."""

from __future__ import annotations

import binascii


def decode(text: str) -> bytes | None:
    """The bytes, None unless `text` is exactly how they are encoded.

    Python's readers skip foreign characters, or accept set padding bits even when strict;
    encoding again and comparing leaves no second text for the same bytes.
    """
    try:
        raw = binascii.a2b_base64(text)
        given = text.encode("ascii")
    except ValueError:
        return None
    return raw if binascii.b2a_base64(raw, newline=False) == given else None
