"""Builds one notify: plaintext, AES-256-GCM envelope, signed headers, and what faults do to it."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from emulators.wechatpay.ids import HEX
from emulators.wechatpay.signing import PROBE_PREFIX, SigningKey, encrypt, signature_headers
from emulators.wechatpay.times import rfc3339

if TYPE_CHECKING:
    from collections.abc import Mapping

    from emulators.wechatpay.context import Context
    from emulators.wechatpay.faults import Taken
    from emulators.wechatpay.records import JsonObject

SUMMARIES = {
    "TRANSACTION.SUCCESS": "支付成功",
    "REFUND.SUCCESS": "退款成功",
    "REFUND.ABNORMAL": "退款异常",
    "REFUND.CLOSED": "退款关闭",
    "COMPLAINT.CREATE": "产生新投诉",
    "COMPLAINT.STATE_CHANGE": "投诉状态变化",
}


@dataclass(frozen=True)
class Envelope:
    """What a notify says, before it is encrypted."""

    notify_id: str
    event_type: str
    created_at_s: int
    plaintext: JsonObject

    @property
    def original_type(self) -> str:
        """``transaction``, ``refund`` or ``complaint``; also the associated data."""
        return self.event_type.partition(".")[0].lower()


def summary_of(event_type: str) -> str:
    """The words of a known event; one that a test made up is its own summary."""
    return SUMMARIES.get(event_type, event_type)


def envelope_body(ctx: Context, envelope: Envelope, faults: Taken) -> bytes:
    """The JSON bytes of the notify, freshly encrypted."""
    plaintext = changed(envelope.plaintext, faults)
    nonce = ctx.ids.text(12)
    key = ctx.account.api_v3_key
    if "wrong_api_v3_key" in faults:
        key = ctx.ids.text(32)
    return dump({
        "id": envelope.notify_id,
        "create_time": rfc3339(envelope.created_at_s),
        "resource_type": "encrypt-resource",
        "event_type": envelope.event_type,
        "summary": summary_of(envelope.event_type),
        "resource": {
            "original_type": envelope.original_type,
            "algorithm": "AEAD_AES_256_GCM",
            "ciphertext": encrypt(key, dump(plaintext), nonce=nonce,
                                  associated_data=envelope.original_type),
            "associated_data": envelope.original_type,
            "nonce": nonce,
        },
    })


def notify_key(ctx: Context) -> SigningKey:
    """The key the account's notifies are signed with."""
    mode = ctx.settings.notify_keys
    if mode == "alternate":
        return ctx.alternate_key()
    if mode == "platform_certificate" and not ctx.settings.public_key_only:
        return ctx.account.platform
    return ctx.account.public_key


def sign_and_spoil(ctx: Context, body: bytes, key: SigningKey,
                   faults: Taken) -> tuple[dict[str, str], bytes]:
    """The ``Wechatpay-*`` headers over ``body``, and both as the faults leave them."""
    if "mixed_keys" in faults:
        key = ctx.alternate_key()
    headers = signature_headers(key, timestamp_s=wire_time_s(ctx, faults),
                                nonce=ctx.ids.nonce(), body=body)
    if "unsigned" in faults:
        headers = {}
    if "signtest" in faults:
        headers["Wechatpay-Signature"] = PROBE_PREFIX + ctx.ids.text(324)
    if (wrong := faults.get("wrong_serial")) is not None:
        headers["Wechatpay-Serial"] = wrong.text("serial", ctx.ids.text(40, HEX))
    if "tampered_body" in faults:
        headers, body = _tampered(headers, body)
    return headers, body


def wire_time_s(ctx: Context, faults: Taken) -> int:
    """The time WeChat's servers believe it is."""
    skew = faults.get("clock_skew")
    return ctx.clock.wire_s() + (0 if skew is None else int(skew.number("skew_s", 0)))


def changed(document: JsonObject, faults: Taken) -> JsonObject:
    """``document`` with the changes of a ``tampered_amount`` fault: dotted names to values."""
    fault = faults.get("tampered_amount")
    if fault is None:
        return document
    return with_changes(document, fault.changes({"amount.total": 1}))


def with_changes(document: JsonObject, changes: Mapping[str, object]) -> JsonObject:
    """A copy of ``document`` with values replaced: ``{"amount.total": 1}``. None removes."""
    result = copy.deepcopy(document)
    for path, value in changes.items():
        *parents, name = path.split(".")
        target = result
        for parent in parents:
            below = target.get(parent)
            if not isinstance(below, dict):
                below = target[parent] = {}
            target = below
        if value is None:
            target.pop(name, None)
        else:
            target[name] = value
    return result


def dump(document: JsonObject) -> bytes:
    """Compact JSON in UTF-8."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def _tampered(headers: dict[str, str], body: bytes) -> tuple[dict[str, str], bytes]:
    """An object gains a field after it was signed; an empty body loses its nonce instead."""
    if not body.endswith(b"}"):
        return {**headers, "Wechatpay-Nonce": "0" * 32}, body
    return headers, body[:-1] + b',"tampered":true}'
