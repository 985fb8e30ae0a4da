"""base64url without padding (RFC 7515 §2), strict: one text for one value."""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode


class InvalidBase64url(ValueError):
    """The text is not what `b64url` writes; the message never repeats it."""


def b64url(raw: bytes) -> str:
    """These bytes as base64url without padding."""
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def digest_b64url(raw: bytes) -> str:
    """Their SHA-256 in that form, as RFC 7636 and RFC 9449 write hashes."""
    return b64url(hashlib.sha256(raw).digest())


def from_b64url(text: str) -> bytes:
    """The bytes of such a text; raises InvalidBase64url."""
    try:
        raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        raise InvalidBase64url("not base64url") from None
    if b64url(raw) != text:  # the decoder passes over what is not base64url
        raise InvalidBase64url("not base64url")
    return raw
