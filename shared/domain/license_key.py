"""The license key that people copy and type: derived, never stored, good for an activation.

    TB1-XXXXX-XXXXX-XXXXX-XXXXX
    │ │ └ 19 symbols: the first 95 bits of HMAC-SHA256(secret, order), and a check symbol
    │ └ the version of the secret
    └ what it is

The license's id is a hash of its key: the key leads to the license's row without a table between
them, and the row does not lead back to the key.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import b32encode
from typing import TYPE_CHECKING

from shared.domain.identifiers import (
    CROCKFORD,
    RFC_4648_TO_CROCKFORD,
    InvalidIdentifier,
    as_typed,
    check_symbol,
    license_id,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

MARK = "TB"
VERSIONS = tuple("123456789")
BODY_LENGTH = 19
KEY_LENGTH = len(MARK) + 1 + BODY_LENGTH + 1
GROUP = 5


class LicenseKeys:
    """Derives license keys. `secrets` maps a version (1 to 9) to its secret; the highest is used
    for new orders, the others find the keys of older ones.
    """

    def __init__(self, secrets: Mapping[str, bytes]) -> None:
        if not secrets or any(version not in VERSIONS for version in secrets):
            raise ValueError("license secrets are named 1 to 9")
        self._secrets = dict(sorted(secrets.items(), reverse=True))

    def __repr__(self) -> str:
        return f"LicenseKeys(versions={sorted(self._secrets)})"

    def new(self, order_id: str) -> str:
        """The key of an order that is placed now."""
        version = next(iter(self._secrets))
        return _derive(version, self._secrets[version], order_id)

    def key_of(self, order_id: str, license_id_: str) -> str | None:
        """The key of this order's license; None when its secret is no longer here."""
        for version, secret in self._secrets.items():
            key = _derive(version, secret, order_id)
            if license_id(key) == license_id_:
                return key
        return None


def parse_license_key(typed: str) -> str:
    """What a person typed, as the key it means; raises InvalidIdentifier when none."""
    text = as_typed(typed)
    if len(text) != KEY_LENGTH or any(symbol not in CROCKFORD for symbol in text):
        raise InvalidIdentifier("a license key has TB, a digit and 20 letters and digits")
    if not text.startswith(MARK) or text[len(MARK)] not in VERSIONS:
        raise InvalidIdentifier("a license key begins with TB and a digit")
    if check_symbol(text[:-1]) != text[-1]:
        raise InvalidIdentifier("the key's check character does not fit: a typing error")
    return text


def shown(key: str) -> str:
    """The key as people see it, in groups."""
    head, rest = key[:len(MARK) + 1], key[len(MARK) + 1:]
    return "-".join([head, *(rest[at:at + GROUP] for at in range(0, len(rest), GROUP))])


def _derive(version: str, secret: bytes, order_id: str) -> str:
    digest = hmac.new(secret, f"tongbao\nlicense-key\n{order_id}".encode(),
                      hashlib.sha256).digest()
    body = b32encode(digest[:15])[:BODY_LENGTH].translate(RFC_4648_TO_CROCKFORD).decode()
    text = f"{MARK}{version}{body}"
    return text + check_symbol(text)
