"""Root and signing keys in memory. Nothing here reads or writes a file, or shows a private part."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from scripts.keyring.encoding import thumbprint
from scripts.keyring.key_set import NewKey
from scripts.keyring.refusal import KeysRefused
from shared.base64url import b64url

if TYPE_CHECKING:
    from collections.abc import Callable

SEED_BYTES = 32


class Root:
    """A root key. `x` is its public half, `kid` the RFC 7638 thumbprint of that: clients pin it."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.x = b64url(key.public_key().public_bytes_raw())
        self.kid = thumbprint(self.x)

    def sign(self, message: bytes) -> bytes:
        """The Ed25519 signature, 64 bytes."""
        return self._key.sign(message)

    def pem(self, passphrase: str | None) -> bytes:
        """PKCS#8, encrypted when there is a passphrase."""
        encryption: KeySerializationEncryption = NoEncryption()
        if passphrase is not None:
            encryption = BestAvailableEncryption(passphrase.encode())
        return self._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)

    def __repr__(self) -> str:
        return f"Root({self.kid})"


@dataclass(frozen=True)
class SigningKey:
    """`seed` is what the setting TONGBAO_SIGNING_KEY takes: base64url of 32 bytes."""

    kid: str
    x: str
    seed: str = field(repr=False)

    @property
    def public(self) -> NewKey:
        """What a key set says of it."""
        return NewKey(self.kid, self.x)


def make_root(random_bytes: Callable[[int], bytes] = secrets.token_bytes) -> Root:
    """A new root key."""
    return Root(Ed25519PrivateKey.from_private_bytes(random_bytes(SEED_BYTES)))


def make_signing_key(kid: str,
                     random_bytes: Callable[[int], bytes] = secrets.token_bytes) -> SigningKey:
    """A new signing key of this name."""
    seed = random_bytes(SEED_BYTES)
    public = Ed25519PrivateKey.from_private_bytes(seed).public_key()
    return SigningKey(kid, b64url(public.public_bytes_raw()), b64url(seed))


def root_from_pem(pem: bytes, passphrase: Callable[[], str]) -> Root:
    """The root in this PEM; `passphrase` is called only if it is encrypted.

    Raises KeysRefused (not_a_root, wrong_passphrase).
    """
    encrypted = b"ENCRYPTED" in pem
    word = passphrase().encode() if encrypted else None
    try:
        key = load_pem_private_key(pem, word)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        if encrypted:
            raise KeysRefused("wrong_passphrase", "the passphrase does not open the root; "
                              "try again") from None
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise KeysRefused("not_a_root", "this file is no Ed25519 root; `scripts/keys root` "
                          "makes one")
    return Root(key)
