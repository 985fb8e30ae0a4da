"""Every identifier we mint, each a pure function of what it names.

`out_trade_no` is what WeChat and the buyer see (商户单号 in the bill): short enough for
WeChat (32), without letters that people confuse, with a character that finds typing errors.
All other identifiers are hashes, so that a row, a URL or a log line that carries one tells
nothing to who may not know the order number.
"""

from __future__ import annotations

import hashlib
from base64 import b32encode

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Base 32 without I, L, O and U (Douglas Crockford, https://www.crockford.com/base32.html)."""

PREFIX_LENGTH = 4
BODY_LENGTH = 26
OUT_TRADE_NO_LENGTH = PREFIX_LENGTH + BODY_LENGTH + 1
ID_LENGTH = 26

_VALUE = {symbol: value for value, symbol in enumerate(CROCKFORD)}
_AS_TYPED = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None})
RFC_4648_TO_CROCKFORD = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", CROCKFORD.encode())
_DIGEST_BYTES = 20  # a whole number of base-32 symbols, and more than any identifier needs
_FIELD_POLYNOMIAL = 0b100101  # x^5 + x^2 + 1, primitive over GF(2)


class InvalidIdentifier(ValueError):
    """The text is not one of our identifiers; the message never repeats the text."""


def out_trade_no(prefix: str, environment: str, idempotency_key: str) -> str:
    """The order number at the provider: prefix (4) + 26 symbols of SHA-256 + check symbol.

    The same environment and key always give the same number, so no retry can make a second
    order. `prefix` marks the deployment: several shops may share one merchant number.
    """
    if len(prefix) != PREFIX_LENGTH or any(symbol not in _VALUE for symbol in prefix):
        raise InvalidIdentifier("the deployment prefix is 4 Crockford base-32 symbols")
    text = prefix + _hashed("out_trade_no", environment, idempotency_key, length=BODY_LENGTH)
    return text + check_symbol(text)


def is_out_trade_no(text: str) -> bool:
    """Whether it is written as our order numbers are: length, letters and check symbol."""
    return (len(text) == OUT_TRADE_NO_LENGTH and all(symbol in _VALUE for symbol in text)
            and check_symbol(text[:-1]) == text[-1])


def parse_out_trade_no(typed: str) -> str:
    """What a person typed, as the number it means; raises InvalidIdentifier when none."""
    text = as_typed(typed)
    if len(text) != OUT_TRADE_NO_LENGTH or any(symbol not in _VALUE for symbol in text):
        raise InvalidIdentifier("an order number has 31 letters and digits")
    if check_symbol(text[:-1]) != text[-1]:
        raise InvalidIdentifier("the order number's check character does not fit: a typing error")
    return text


def as_typed(typed: str) -> str:
    """A typed text in capitals, without dashes and spaces, its look-alikes as digits."""
    return typed.strip().upper().translate(_AS_TYPED)


def out_refund_no(number: str, request_key: str) -> str:
    """The refund's number at the provider: the shape of an order number, with its prefix.

    A pure function of the order and the request's own key: no retry and no double click can
    make a second refund, and two equal parts asked for with two keys stay two refunds.
    """
    text = number[:PREFIX_LENGTH] + _hashed("out_refund_no", number, request_key,
                                            length=BODY_LENGTH)
    return text + check_symbol(text)


def refund_id(refund_number: str) -> str:
    """The refund's name in URLs and logs: a hash of its out_refund_no."""
    return _hashed("refund", refund_number, length=ID_LENGTH)


def order_id(number: str) -> str:
    """The order's name in rows, URLs and logs: a hash of its out_trade_no."""
    return _hashed("order", number, length=ID_LENGTH)


def license_id(license_key: str) -> str:
    """The license of this license key: who has the key finds the row, not the other way round."""
    return _hashed("license", license_key, length=ID_LENGTH)


def device_id(license_id_: str, thumbprint: str) -> str:
    """A device of a license, by the thumbprint of its key (RFC 7638)."""
    return _hashed("device", license_id_, thumbprint, length=ID_LENGTH)


def takeover_id(license_id_: str, thumbprint: str, number: int) -> str:
    """A new device's request for another's slot: the license's first, second, … one. A time would
    name two requests of one second alike.
    """
    return _hashed("takeover", license_id_, thumbprint, str(number), length=ID_LENGTH)


def lease_id(claims: str) -> str:
    """A lease, by all that it claims: the same whatever key signs it, and another for another
    claim (RFC 7519 §4.1.7).
    """
    return _hashed("lease", claims, length=ID_LENGTH)


def receipt_id(order_id_: str) -> str:
    """The signed receipt of an order."""
    return _hashed("receipt", order_id_, length=ID_LENGTH)


def grant_id(proof_kind: str, proof_reference: str) -> str:
    """The grant that this proof yields; one proof, one grant."""
    return _hashed("grant", proof_kind, proof_reference, length=ID_LENGTH)


def is_id(text: str) -> bool:
    """Whether `text` has the shape of an order, license or grant id."""
    return len(text) == ID_LENGTH and all(symbol in _VALUE for symbol in text)


def check_symbol(text: str) -> str:
    """One symbol that finds every single wrong symbol and every swap of two.

    The sum of value·αⁱ over GF(32): the weights αⁱ of up to 31 positions are all different,
    so neither changing one symbol nor exchanging two can leave the sum as it was.
    """
    total, weight = 0, 1
    for symbol in text:
        weight = _times(weight, 2)
        total ^= _times(_VALUE[symbol], weight)
    return CROCKFORD[total]


def _times(left: int, right: int) -> int:
    product = 0
    while right:
        if right & 1:
            product ^= left
        left <<= 1
        if left & 0b100000:
            left ^= _FIELD_POLYNOMIAL
        right >>= 1
    return product


def _hashed(kind: str, *parts: str, length: int) -> str:
    """The first 5·length bits of SHA-256 over length-prefixed parts, in Crockford base 32."""
    raw = [part.encode() for part in ("tongbao", kind, *parts)]
    digest = hashlib.sha256(
        b"".join([len(part).to_bytes(4, "big") + part for part in raw])).digest()
    return b32encode(digest[:_DIGEST_BYTES])[:length].translate(RFC_4648_TO_CROCKFORD).decode()
