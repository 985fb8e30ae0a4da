"""RSA signatures and the AES-256-GCM wrapping of API v3; shared by answers, notifies and checks.

Messages follow WeChat Pay documents 4012365336 (requests) and 4013053249 (answers and notifies).
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

SIGNATURE_TYPE = "WECHATPAY2-SHA256-RSA2048"
PROBE_PREFIX = "WECHATPAY/SIGNTEST/"


@dataclass(frozen=True)
class SigningKey:
    """A key WeChat signs with, under the name it puts into ``Wechatpay-Serial``."""

    serial: str
    private_key: RSAPrivateKey

    def __repr__(self) -> str:
        return f"SigningKey({self.serial!r})"


@dataclass(frozen=True)
class RequestLine:
    """The four signed parts of a request besides its body."""

    method: str
    target: str
    timestamp: str
    nonce: str


def request_message(line: RequestLine, body: bytes) -> bytes:
    """What a merchant signs: five lines, each ended, over the exact bytes sent."""
    head = "\n".join((line.method, line.target, line.timestamp, line.nonce))
    return head.encode("utf-8", "surrogateescape") + b"\n" + body + b"\n"


def signed_message(timestamp: str, nonce: str, body: bytes) -> bytes:
    """What WeChat signs in answers and notifies: three lines, each ended."""
    return f"{timestamp}\n{nonce}\n".encode() + body + b"\n"


def sign(key: RSAPrivateKey, message: bytes) -> str:
    """RSASSA-PKCS1-v1_5 with SHA-256, as base64."""
    signature = key.sign(message, padding.PKCS1v15(), hashes.SHA256())
    return base64.b64encode(signature).decode("ascii")


def signature_holds(key: RSAPublicKey, message: bytes, signature: str) -> bool:
    """Whether ``signature`` (base64) is over exactly ``message``; malformed input is False."""
    try:
        raw = base64.b64decode(signature, validate=True)
        key.verify(raw, message, padding.PKCS1v15(), hashes.SHA256())
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True


def signature_headers(key: SigningKey, *, timestamp_s: int, nonce: str,
                      body: bytes) -> dict[str, str]:
    """The five ``Wechatpay-*`` headers over ``body``."""
    timestamp = str(timestamp_s)
    return {
        "Wechatpay-Timestamp": timestamp,
        "Wechatpay-Nonce": nonce,
        "Wechatpay-Serial": key.serial,
        "Wechatpay-Signature": sign(key.private_key, signed_message(timestamp, nonce, body)),
        "Wechatpay-Signature-Type": SIGNATURE_TYPE,
    }


def _oaep() -> padding.OAEP:
    """RSAES-OAEP with SHA-1, what API v3 wraps personal data with."""
    return padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)


def seal(key: RSAPublicKey, text: str) -> str:
    """``text`` for the owner of ``key`` alone, as base64."""
    return base64.b64encode(key.encrypt(text.encode(), _oaep())).decode("ascii")


def unseal(key: RSAPrivateKey, sealed: str) -> str | None:
    """What was sealed for this key; None for anything else."""
    try:
        return key.decrypt(base64.b64decode(sealed, validate=True), _oaep()).decode()
    except ValueError:
        return None


def encrypt(api_v3_key: str, plaintext: bytes, *, nonce: str, associated_data: str) -> str:
    """AEAD_AES_256_GCM as base64; the last 16 bytes are the tag."""
    sealed = AESGCM(api_v3_key.encode()).encrypt(
        nonce.encode(), plaintext, associated_data.encode())
    return base64.b64encode(sealed).decode("ascii")
