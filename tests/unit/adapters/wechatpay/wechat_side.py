"""What WeChat does, for tests: it signs with `wechatpayv3` and the vector keys, not with us."""

from __future__ import annotations

import json
from base64 import b64encode
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from wechatpayv3 import utils

from shared.adapters.wechatpay.notify import WeChatNotifyVerifier

VECTORS = Path(__file__).parents[3] / "vectors" / "wechatpay"
NOW_S = 1_800_000_000
PUBLIC_KEY_ID = "PUB_KEY_ID_0119000000012027011500000000000001"
PLATFORM_SERIAL = "5157F09EFDC096DE15EBE81A47057A7200000001"
MERCHANT_SERIAL = "7132D72A03E93CDDF8C03BBD1F37EEDF00000002"
API_V3_KEY = b"TestVectorKeyOfTongbao0123456789"
MCHID, APPID = "1900000001", "wxd678efh567hg6787"
NONCE = "593BEC0C930BF1AFEB40B4A08C8FB242"


@cache
def pem(name: str) -> str:
    """A key of the vectors: merchant, wechatpay or platform with _private or _public."""
    text = (VECTORS / "keys" / f"{name}.pem").read_text()
    return text[text.index("-----BEGIN"):]


@cache
def private_key(name: str) -> Any:
    """The loaded private key of the vectors."""
    return utils.load_private_key(pem(f"{name}_private"))


@cache
def verifier() -> WeChatNotifyVerifier:
    """Trusts the WeChat Pay public key and, as in a migration, one platform certificate."""
    return WeChatNotifyVerifier({PUBLIC_KEY_ID: pem("wechatpay_public"),
                                 PLATFORM_SERIAL: pem("platform_certificate")}, API_V3_KEY)


def signature(message: str, key: str = "wechatpay") -> str:
    """Base64 of WeChat's signature over a text."""
    return utils.rsa_sign(private_key(key), message)


def transaction(**changes: Any) -> dict[str, Any]:
    """The plaintext of a payment notify; a change to None leaves the field out."""
    fields = {**json.loads((VECTORS / "inputs" / "notify_plaintext.json").read_text()), **changes}
    return {name: value for name, value in fields.items() if value is not None}


def seal(plaintext: bytes, *, nonce: str = "fdasflkja484", associated: str = "transaction",
         key: bytes = API_V3_KEY) -> str:
    """Base64 of ciphertext and tag."""
    sealed = AESGCM(key).encrypt(nonce.encode(), plaintext, associated.encode())
    return b64encode(sealed).decode()


@dataclass(frozen=True)
class Notify:
    """A notify before it is signed; `but` changes single things, `send` signs and splits it."""

    plaintext: bytes = field(default_factory=lambda: dumps(transaction()))
    resource: dict[str, Any] = field(default_factory=dict)
    envelope: dict[str, Any] = field(default_factory=dict)
    body: bytes | None = None
    timestamp: str = str(NOW_S)
    nonce: str = NONCE
    serial: str = PUBLIC_KEY_ID
    signed_by: str = "wechatpay"
    headers: dict[str, Any] = field(default_factory=dict)

    def but(self, **changes: Any) -> Notify:
        """The same notify, with these parts changed before it is signed."""
        return replace(self, **changes)

    def body_bytes(self) -> bytes:
        """The body as it is signed."""
        if self.body is not None:
            return self.body
        resource = {"original_type": "transaction", "algorithm": "AEAD_AES_256_GCM",
                    "ciphertext": seal(self.plaintext), "associated_data": "transaction",
                    "nonce": "fdasflkja484", **self.resource}
        return dumps(_without_none({
            "id": "EV-2027011515595500000000000000000001",
            "create_time": "2027-01-15T15:59:56+08:00", "resource_type": "encrypt-resource",
            "event_type": "TRANSACTION.SUCCESS", "summary": "支付成功",
            "resource": _without_none(resource), **self.envelope}))

    def send(self) -> tuple[dict[str, Any], bytes]:
        """(headers, body); `headers` of this notify replace the genuine ones, None removes."""
        body = self.body_bytes()
        message = f"{self.timestamp}\n{self.nonce}\n".encode() + body + b"\n"
        headers = {
            "content-type": "application/json", "host": "example.com",
            "wechatpay-timestamp": self.timestamp, "wechatpay-nonce": self.nonce,
            "wechatpay-serial": self.serial, "wechatpay-signature": sign(message, self.signed_by),
            "wechatpay-signature-type": "WECHATPAY2-SHA256-RSA2048", **self.headers}
        return _without_none(headers), body


def sign(message: bytes, key: str = "wechatpay") -> str:
    """Base64 of a signature over bytes that need not be text."""
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.hashes import SHA256
    try:
        return signature(message.decode(), key)
    except UnicodeDecodeError:
        return b64encode(private_key(key).sign(message, PKCS1v15(), SHA256())).decode()


def dumps(value: Any) -> bytes:
    """JSON as WeChat writes it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _without_none(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
