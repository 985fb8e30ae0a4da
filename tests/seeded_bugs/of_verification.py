"""Mistakes in verifying a notify: each lets one of the attacks of docs/security.md through."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from shared.adapters.wechatpay import base64_strict, notify, resource, verifier
from shared.adapters.wechatpay.reasons import Reason, Rejected
from tests.attacks.signature_attacks import HOPES
from tests.attacks.test_notifies import ATTACKS, named

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.attacks.signature_attacks import Attack

WRONG: dict[str, tuple[Mapping[tuple[Any, str], Any], Attack]] = {}
"""By name: the rules that are patched, and the attack that has to get through."""


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
    if headers.get("host") != "localhost":
        _verify_signature(self, headers, body, now_s)


def _unless_missing(self: Any, headers: Any, body: bytes, now_s: int) -> None:
    if "wechatpay-signature" in headers:
        _verify_signature(self, headers, body, now_s)


def _waving_probes_through(self: Any, headers: Any, body: bytes, now_s: int) -> None:
    if not headers.get("wechatpay-signature", "").startswith("WECHATPAY/SIGNTEST/"):
        _verify_signature(self, headers, body, now_s)


VERIFY = (verifier.SignatureVerifier, "verify")
wrong("localhost needs no signature", "15: Host: localhost", {VERIFY: _trusting_this_machine})
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


wrong("of doubled keys the last one wins", "26: a doubled event type",
      {(notify, "strict_json"): _LenientJson})
wrong("the envelope's kind is not looked at", "20: another resource type",
      {(notify, "RESOURCE_TYPE"): _AnyText("any")})
