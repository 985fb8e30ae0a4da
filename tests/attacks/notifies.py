"""A notify of WeChat Pay in parts, so that an attack can change exactly one of them.

It is sealed and signed with the emulated account's own keys, by code that shares nothing with ours.
"""

from __future__ import annotations

import json
import secrets
import time
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from emulators.fc import http_event
from emulators.wechatpay import refunds, signing
from emulators.wechatpay.payments import transaction_document
from tests.attacks.asking import JSON, same

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    from emulators.wechatpay import WeChatPayEmulator
    from emulators.wechatpay.records import Order, Refund

Bytes = Callable[[bytes], bytes]
NOTIFY = "/v1/notify/wechatpay"


def pkcs1_sha256(key: RSAPrivateKey, message: bytes) -> bytes:
    """How WeChat signs."""
    return key.sign(message, PKCS1v15(), SHA256())


def dump(value: Any) -> bytes:
    """JSON as WeChat writes it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


@dataclass(frozen=True)
class Notify:
    """The parts, in the order in which they are put together."""

    document: Mapping[str, Any]
    api_v3_key: str
    signed_by: RSAPrivateKey
    serial: str
    kind: str = "transaction"
    event_type: str = "TRANSACTION.SUCCESS"
    plaintext: Bytes = field(default=same)
    sealed: Bytes = field(default=same)
    resource: Mapping[str, Any] = field(default_factory=dict)
    envelope: Mapping[str, Any] = field(default_factory=dict)
    body: Bytes = field(default=same)
    """The body before it is signed."""
    timestamp: str = field(default_factory=lambda: str(int(time.time())))
    nonce: str = field(default_factory=lambda: secrets.token_hex(16))
    scheme: Callable[[RSAPrivateKey, bytes], bytes] = field(default=pkcs1_sha256)
    message: Bytes = field(default=same)
    """What is signed in place of the true message."""
    signature: Callable[[str], str] = field(default=same)
    """The signature's text."""
    headers: Mapping[str, str | None] = field(default_factory=dict)
    more_headers: tuple[tuple[str, str], ...] = ()
    sent_body: Bytes = field(default=same)
    """The body after it was signed."""
    method: str = "POST"
    target: str = NOTIFY
    event_change: Callable[[dict[str, Any]], dict[str, Any]] = field(default=same)

    @staticmethod
    def genuine(wechat: WeChatPayEmulator, order: Order) -> Notify:
        """What WeChat sends once this order is paid."""
        key = wechat.account.public_key
        return Notify(transaction_document(wechat.ctx, order), wechat.account.api_v3_key,
                      key.private_key, key.serial)

    @staticmethod
    def of_refund(wechat: WeChatPayEmulator, order: Order, refund: Refund) -> Notify:
        """What WeChat sends once this refund has succeeded."""
        paid = Notify.genuine(wechat, order)
        return paid.but(document=refunds.notify_plaintext(wechat.ctx, order, refund),
                        kind="refund", event_type="REFUND.SUCCESS")

    def but(self, **changes: Any) -> Notify:
        """The same notify with these parts changed."""
        return replace(self, **changes)

    def stating(self, **changes: Any) -> Notify:
        """The same notify about a transaction with these fields; None leaves one out."""
        return self.but(document=without_none({**self.document, **changes}))

    def amount(self, **changes: Any) -> Notify:
        """The same notify about another amount."""
        return self.stating(amount=without_none({**self.document["amount"], **changes}))

    def signed_body(self) -> bytes:
        """The body as it is signed."""
        nonce = "fdasflkja484"
        sealed = self.sealed(b64decode(signing.encrypt(
            self.api_v3_key, self.plaintext(dump(self.document)), nonce=nonce,
            associated_data=self.kind)))
        resource = {"original_type": self.kind, "algorithm": "AEAD_AES_256_GCM",
                    "ciphertext": b64encode(sealed).decode(), "associated_data": self.kind,
                    "nonce": nonce, **self.resource}
        return self.body(dump(without_none({
            "id": "EV-2026111515595500000000000000000001",
            "create_time": "2026-11-15T15:59:56+08:00", "resource_type": "encrypt-resource",
            "event_type": self.event_type, "summary": "支付成功",
            "resource": without_none(resource), **self.envelope})))

    def event(self) -> bytes:
        """The event bytes."""
        body = self.signed_body()
        message = self.message(signing.signed_message(self.timestamp, self.nonce, body))
        headers = without_none({
            "Content-Type": JSON, "Wechatpay-Timestamp": self.timestamp,
            "Wechatpay-Nonce": self.nonce, "Wechatpay-Serial": self.serial,
            "Wechatpay-Signature": self.signature(
                b64encode(self.scheme(self.signed_by, message)).decode()),
            "Wechatpay-Signature-Type": signing.SIGNATURE_TYPE, **self.headers})
        made = http_event(self.method, self.target, [*headers.items(), *self.more_headers],
                          self.sent_body(body))
        if self.event_change is same:
            return made
        return json.dumps(self.event_change(json.loads(made))).encode()


def differences(one: Any, other: Any) -> list[str]:
    """In which parts two requests of one kind differ; 9900 and 9900.0 do."""
    return [part.name for part in fields(one)
            if repr(getattr(one, part.name)) != repr(getattr(other, part.name))]


def without_none(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values that are there."""
    return {name: value for name, value in values.items() if value is not None}
