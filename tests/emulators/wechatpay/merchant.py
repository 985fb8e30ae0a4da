"""A merchant's side of API v3, written again from the documents: it shares nothing with the
emulator, so that a mistake in one does not hide in the other."""

from __future__ import annotations

import base64
import functools
import json
from typing import TYPE_CHECKING, Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import (
    load_pem_private_key,
    load_pem_public_key,
)
from cryptography.x509 import load_pem_x509_certificate

from emulators.wechatpay import Fault

if TYPE_CHECKING:
    from collections.abc import Mapping

    from emulators.wechatpay import Account, Answer, WeChatPayEmulator

NONCE = "0123456789abcdefABCDEF0123456789"
NOTIFY_URL = "https://merchant.example/notify"


class Clock:
    """A clock that a test moves."""

    def __init__(self, now_s: int = 1_760_000_000) -> None:
        self.now_s = now_s

    def __call__(self) -> int:
        return self.now_s


class Receiver:
    """Stands where the merchant's server would: keeps notifies, answers as told."""

    def __init__(self, *statuses: int | OSError) -> None:
        self.received: list[tuple[str, dict[str, str], bytes]] = []
        self._statuses = list(statuses)

    def __call__(self, url: str, headers: dict[str, str], body: bytes) -> int:
        self.received.append((url, headers, body))
        status = self._statuses.pop(0) if self._statuses else 200
        if isinstance(status, OSError):
            raise status
        return status


@functools.lru_cache(maxsize=4)
def _loaded(pem: str) -> RSAPrivateKey:
    """Loading a key checks it, which takes longer than signing with it."""
    key = load_pem_private_key(pem.encode(), password=None)
    assert isinstance(key, RSAPrivateKey)
    return key


class Merchant:
    """Signs requests, verifies answers and opens notifies."""

    def __init__(self, emulator: WeChatPayEmulator, clock: Clock,
                 receiver: Receiver | None = None) -> None:
        self.emulator = emulator
        self.account = emulator.account
        self.clock = clock
        self.receiver = receiver or Receiver()
        self._key = _loaded(self.account.merchant_private_key_pem)

    def authorization(self, method: str, target: str, body: bytes = b"", **changes: str) -> str:
        """The Authorization header; ``changes`` replace fields after signing."""
        timestamp = str(self.clock.now_s)
        message = f"{method}\n{target}\n{timestamp}\n{NONCE}\n".encode() + body + b"\n"
        fields = {
            "mchid": self.account.mchid, "nonce_str": NONCE,
            "signature": base64.b64encode(
                self._key.sign(message, padding.PKCS1v15(), hashes.SHA256())).decode(),
            "timestamp": timestamp, "serial_no": self.account.merchant_serial, **changes}
        listed = ",".join(f'{name}="{value}"' for name, value in fields.items())
        return f"WECHATPAY2-SHA256-RSA2048 {listed}"

    def headers(self, method: str, target: str, body: bytes = b"") -> dict[str, str]:
        """Everything a well-behaved client in public-key mode sends."""
        return {"Authorization": self.authorization(method, target, body),
                "Accept": "application/json", "Content-Type": "application/json",
                "User-Agent": "tests", "Wechatpay-Serial": self.account.public_key_id}

    def send(self, method: str, target: str, document: object = None,
             **extra: str | None) -> Answer:
        """One signed request; ``extra`` headers replace (None: remove) by snake_case name."""
        body = b"" if document is None else json.dumps(document).encode()
        headers = self.headers(method, target, body)
        for name, value in extra.items():
            header = name.replace("_", "-").title()
            headers.pop(header, None)
            if value is not None:
                headers[header] = value
        return self.emulator.handle(method, target, headers, body)

    def order(self, out_trade_no: str = "ORDER0001", **changes: Any) -> dict[str, Any]:
        """A create body."""
        return {"appid": self.account.appid, "mchid": self.account.mchid,
                "description": "一年许可 One-year license", "out_trade_no": out_trade_no,
                "notify_url": NOTIFY_URL, "amount": {"total": 990, "currency": "CNY"}, **changes}

    def create(self, out_trade_no: str = "ORDER0001", **changes: Any) -> Answer:
        """Create an order."""
        return self.send("POST", "/v3/pay/transactions/native",
                         self.order(out_trade_no, **changes))

    def code_url(self, out_trade_no: str = "ORDER0001", **changes: Any) -> str:
        """Create an order that must be accepted; its code."""
        answer = self.create(out_trade_no, **changes)
        assert answer.status == 200, answer.body
        return str(json.loads(answer.body)["code_url"])

    def paid(self, out_trade_no: str = "ORDER0001", **changes: Any) -> str:
        """Create and pay an order; its transaction_id."""
        return self.emulator.pay(self.code_url(out_trade_no, **changes))

    def query(self, out_trade_no: str = "ORDER0001") -> Answer:
        """Query an order."""
        return self.send("GET", f"/v3/pay/transactions/out-trade-no/{out_trade_no}"
                                f"?mchid={self.account.mchid}")

    def close(self, out_trade_no: str = "ORDER0001") -> Answer:
        """Close an order."""
        return self.send("POST", f"/v3/pay/transactions/out-trade-no/{out_trade_no}/close",
                         {"mchid": self.account.mchid})

    def refund(self, refund: int = 990, *, out_refund_no: str = "REFUND0001",
               out_trade_no: str = "ORDER0001", total: int = 990, **changes: Any) -> Answer:
        """Apply for a refund."""
        return self.send("POST", "/v3/refund/domestic/refunds", {
            "out_trade_no": out_trade_no, "out_refund_no": out_refund_no,
            "amount": {"refund": refund, "total": total, "currency": "CNY"}, **changes})

    def genuine(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Whether one of the two keys signed these bytes, as Wechatpay-Serial says."""
        return signed_by(self.account, headers, body) is not None

    def open_notify(self, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
        """The decrypted resource of a notify that must be genuine."""
        assert self.genuine(headers, body)
        return self.decrypt(json.loads(body)["resource"])

    def decrypt(self, resource: Mapping[str, str]) -> dict[str, Any]:
        """The plaintext of an envelope's resource."""
        plaintext = AESGCM(self.account.api_v3_key.encode()).decrypt(
            resource["nonce"].encode(), base64.b64decode(resource["ciphertext"]),
            resource["associated_data"].encode())
        return dict(json.loads(plaintext))


def signed_by(account: Account, headers: Mapping[str, str], body: bytes) -> str | None:
    """The serial whose key signed ``body``; None when no signature holds."""
    serial = headers.get("Wechatpay-Serial", "")
    if serial == account.public_key_id:
        key: Any = load_pem_public_key(account.wechatpay_public_key_pem.encode())
    elif serial == account.platform_serial:
        key = load_pem_x509_certificate(account.platform_certificate_pem.encode()).public_key()
    else:
        return None
    message = (f"{headers['Wechatpay-Timestamp']}\n{headers['Wechatpay-Nonce']}\n".encode()
               + body + b"\n")
    try:
        key.verify(base64.b64decode(headers["Wechatpay-Signature"], validate=True), message,
                   padding.PKCS1v15(), hashes.SHA256())
    except (InvalidSignature, ValueError):
        return None
    return serial


def document(answer: Answer) -> dict[str, Any]:
    """The JSON body of an answer."""
    return dict(json.loads(answer.body))


def refusal(answer: Answer) -> tuple[int, str, str]:
    """Status, code and sub-code of a refusal."""
    sub_code = answer.headers["Request-Id"].rpartition("-")[2]
    return answer.status, str(document(answer)["code"]), sub_code


def spoil(merchant: Merchant, kind: str, endpoint: str = "query", **params: Any) -> None:
    merchant.emulator.inject(Fault(kind, endpoint, **params))


def notify(merchant: Merchant, out_trade_no: str = "ORDER0001") -> tuple[dict[str, str], bytes]:
    """Pay, deliver, and return the last notify received."""
    merchant.paid(out_trade_no)
    merchant.emulator.deliver_due_notifies()
    _, headers, body = merchant.receiver.received[-1]
    return headers, body
