"""Mistakes in verifying a notify: each lets one of the attacks of docs/security.md through."""

from __future__ import annotations

import base64
import json
import time
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from shared.adapters.wechatpay import base64_strict, notify, resource, verifier
from shared.adapters.wechatpay.reasons import Reason, Rejected
from shared.errors import InvalidNotify
from shared.http.fc_event import parse_event
from tests.attacks.notifies import Notify
from tests.attacks.signature_attacks import HOPES
from tests.attacks.test_notifies import ATTACKS, named

if TYPE_CHECKING:
    from collections.abc import Mapping

    from emulators.wechatpay import Account
    from tests.attacks.signature_attacks import Attack

WRONG: dict[str, tuple[Mapping[tuple[Any, str], Any], Attack]] = {}
"""By name: the rules that are patched, and the attack that has to get through."""


class Door:
    """Takes notifies as bytes of an event, and verifies them for one emulated account."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def genuine(self) -> Notify:
        """What WeChat sends of a payment, signed now."""
        document = {
            "mchid": "1900000001", "appid": "wx1234567890abcdef", "trade_type": "NATIVE",
            "out_trade_no": "TB01ABCDEFGHJKMNPQRSTVWXYZ01234", "bank_type": "OTHERS",
            "transaction_id": "4200001234202611151234567890", "trade_state": "SUCCESS",
            "trade_state_desc": "\u652f\u4ed8\u6210\u529f", "attach": "",
            "success_time": "2026-11-15T15:59:56+08:00", "payer": {"openid": "o-of-a-buyer"},
            "amount": {"total": 9900, "payer_total": 9900, "currency": "CNY",
                       "payer_currency": "CNY"}}
        key = self._account.public_key
        return Notify(document, self._account.api_v3_key, key.private_key, key.serial)

    def refusal(self, told: Notify) -> str | None:
        """Why a notify is refused; None when it is believed."""
        key = self._account.public_key
        request = parse_event(told.event(), "-")
        verifying = notify.WeChatNotifyVerifier(
            {key.serial: self._account.wechatpay_public_key_pem},
            self._account.api_v3_key.encode())
        try:
            verifying.verify(request.headers, request.body, int(time.time()))
        except InvalidNotify as error:
            return error.reason
        return None


def wrong(name: str, attack: str, rules: Mapping[tuple[Any, str], Any]) -> None:
    """Register a mistake."""
    assert name not in WRONG, name
    found, = [one for one in (*ATTACKS, *HOPES) if named(one) == attack]
    WRONG[name] = rules, found


def _past_only(timestamp_s: int, now_s: int) -> None:
    if timestamp_s < now_s - 300:
        raise Rejected(Reason.TIMESTAMP_STALE)


def _future_only(timestamp_s: int, now_s: int) -> None:
    if timestamp_s > now_s + 300:
        raise Rejected(Reason.TIMESTAMP_STALE)


FRESH = (verifier, "check_fresh")
wrong("the window has no future side", "18: 302 s in the future", {FRESH: _past_only})
wrong("the window has no past side", "17: 86400 s old", {FRESH: _future_only})
wrong("a timestamp is whatever int() takes", "19: a timestamp with underscores",
      {(verifier, "parse_timestamp"): int})


class _AnyText(str):
    """Equal to every text."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str)

    def __ne__(self, other: object) -> bool:
        return not isinstance(other, str)

    __hash__ = str.__hash__


wrong("the signature's type is not looked at", "7: signature type none",
      {(verifier, "SIGNATURE_TYPE"): _AnyText("any")})
wrong("base64 is read leniently", "13: junk inside",
      {(base64_strict, "decode"): base64.b64decode})

_verify_signature = verifier.SignatureVerifier.verify


def _trusting_this_machine(self: Any, headers: Any, body: bytes, now_s: int) -> None:
    if headers.get("x-forwarded-host") != "localhost":
        _verify_signature(self, headers, body, now_s)


def _unless_missing(self: Any, headers: Any, body: bytes, now_s: int) -> None:
    if "wechatpay-signature" in headers:
        _verify_signature(self, headers, body, now_s)


def _waving_probes_through(self: Any, headers: Any, body: bytes, now_s: int) -> None:
    if not headers.get("wechatpay-signature", "").startswith("WECHATPAY/SIGNTEST/"):
        _verify_signature(self, headers, body, now_s)


VERIFY = (verifier.SignatureVerifier, "verify")
wrong("localhost needs no signature", "15: X-Forwarded-Host: localhost",
      {VERIFY: _trusting_this_machine})
wrong("a missing signature is not asked for", "2: no Signature", {VERIFY: _unless_missing})
wrong("probes are waved through", "14: WeChat's own probe", {VERIFY: _waving_probes_through})
wrong("the signature is not verified", "4: a random signature",
      {(verifier, "_verify"): lambda key, signature, message: None})


def _without_its_tag(self: Any, sealed: Mapping[str, Any]) -> bytes:
    """GCM is counter mode, if one does not ask for its tag."""
    raw = base64.b64decode(sealed["ciphertext"])[:-16]
    key = self._cipher_key
    counter = sealed["nonce"].encode() + (2).to_bytes(4, "big")
    return Cipher(algorithms.AES(key), modes.CTR(counter)).decryptor().update(raw)


class _KeepsItsKey(resource.ResourceCipher):
    """A cipher that can be used without its tag."""

    def __init__(self, api_v3_key: bytes) -> None:
        super().__init__(api_v3_key)
        self._cipher_key = api_v3_key

    decrypt = _without_its_tag


wrong("the tag of GCM is not asked for", "31: a flipped bit of the tag",
      {(notify, "ResourceCipher"): _KeepsItsKey})


def _last_key_wins(raw: bytes, **limits: Any) -> Any:
    return json.loads(raw)


class _LenientJson:
    """The standard library's reading of JSON."""

    InvalidJson = ValueError
    loads_object = staticmethod(_last_key_wins)


wrong("of doubled keys the last one wins", "26: a doubled amount inside",
      {(notify, "strict_json"): _LenientJson})
wrong("the envelope's kind is not looked at", "20: another resource type",
      {(notify, "RESOURCE_TYPE"): _AnyText("any")})
