"""Whether a message was signed by WeChat Pay just now. Used for notifies and for answers.

Cheap checks come first and there is at most one RSA operation, so that garbage costs next to
nothing. An unknown serial is a failure like any other: fetching keys on the word of a
stranger would let him make us call out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from shared.adapters.wechatpay import base64_strict
from shared.adapters.wechatpay.freshness import check_fresh, parse_timestamp
from shared.adapters.wechatpay.keys import is_valid_at
from shared.adapters.wechatpay.messages import answer_message
from shared.adapters.wechatpay.reasons import Reason, Rejected

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.adapters.wechatpay.keys import VerificationKey

SIGNATURE_TYPE = "WECHATPAY2-SHA256-RSA2048"
LONGEST_HEADER = 1024
_PADDING, _HASH = PKCS1v15(), SHA256()


class SignatureVerifier:
    """Verifies by a fixed set of keys, each under its exact serial text."""

    def __init__(self, keys: Mapping[str, VerificationKey]) -> None:
        self._keys = dict(keys)

    def verify(self, headers: Mapping[str, str], body: bytes, now_s: int) -> None:
        """Return when `body` is WeChat's and fresh; raise Rejected otherwise.

        `headers` has lower-case names; `body` is as received (empty for a 204).
        """
        timestamp = _single(headers, "wechatpay-timestamp")
        nonce = _nonce(headers)
        signature = _single(headers, "wechatpay-signature")
        serial = _single(headers, "wechatpay-serial")
        if headers.get("wechatpay-signature-type", SIGNATURE_TYPE) != SIGNATURE_TYPE:
            raise Rejected(Reason.SIGNATURE_TYPE)
        check_fresh(parse_timestamp(timestamp), now_s)
        key = self._keys.get(serial)
        if key is None:
            raise Rejected(Reason.SERIAL_UNKNOWN)
        if not is_valid_at(key, now_s):
            raise Rejected(Reason.KEY_NOT_VALID_NOW)
        _verify(key, signature, answer_message(timestamp, nonce, body))


def _single(headers: Mapping[str, str], name: str) -> str:
    """The one value of a header.

    A comma joins what were two headers, and servers differ in which of the two they mean.
    """
    value = headers.get(name)
    if value is None:
        raise Rejected(Reason.HEADER_MISSING)
    if type(value) is not str or not 0 < len(value) <= LONGEST_HEADER:
        raise Rejected(Reason.HEADER_MALFORMED)
    if "," in value:
        raise Rejected(Reason.HEADER_AMBIGUOUS)
    return value


def _nonce(headers: Mapping[str, str]) -> str:
    """Visible ASCII: with a line feed in it, the signed lines could be cut differently.

    The other headers need no such look: each must equal or decode to something exact.
    """
    nonce = _single(headers, "wechatpay-nonce")
    if " " in nonce or not (nonce.isascii() and nonce.isprintable()):
        raise Rejected(Reason.HEADER_MALFORMED)
    return nonce


def _verify(key: VerificationKey, signature: str, message: bytes) -> None:
    raw = base64_strict.decode(signature)
    if raw is None or len(raw) != key.signature_bytes:
        raise Rejected(Reason.SIGNATURE_MALFORMED)
    try:
        key.public_key.verify(raw, message, _PADDING, _HASH)
    except InvalidSignature:
        raise Rejected(Reason.SIGNATURE_WRONG) from None
