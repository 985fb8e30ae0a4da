"""Notifies whose signature, key or time is not WeChat's: attacks 1 to 19 of docs/security.md."""

from __future__ import annotations

import time
from base64 import b64decode, urlsafe_b64encode
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS, PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, Hash

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.attacks.notifies import Notify

MISSING, MALFORMED, AMBIGUOUS = "header_missing", "header_malformed", "header_ambiguous"
SIGNATURE, WRONG, UNKNOWN = "signature_malformed", "signature_wrong", "serial_unknown"
TYPE, TIMESTAMP, STALE = "signature_type_unsupported", "timestamp_malformed", "timestamp_stale"


class Attack(NamedTuple):
    """`number` as in docs/security.md; `change` makes the attack of a genuine notify; `reason`
    is what the log says of it, or one of several with a bar between.
    """

    number: int
    name: str
    reason: str
    change: Callable[[Notify], Notify]
    status: int = 401


def header(name: str, value: str | None) -> Callable[[Notify], Notify]:
    """One header changed after signing."""
    return lambda notify: notify.but(headers={f"Wechatpay-{name}": value})


@cache
def strangers_key() -> rsa.RSAPrivateKey:
    """A key that an attacker made."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def digest(message: bytes) -> bytes:
    """SHA-256."""
    hasher = Hash(SHA256())
    hasher.update(message)
    return hasher.finalize()


def raw_rsa(key: rsa.RSAPrivateKey, block: bytes) -> bytes:
    """What the public operation turns into exactly this block."""
    numbers = key.private_numbers()
    value = pow(int.from_bytes(block, "big"), numbers.d, numbers.public_numbers.n)
    return value.to_bytes(256, "big")


DIGEST_INFO = bytes.fromhex("3031300d060960864801650304020105000420")
WITHOUT_NULL = bytes.fromhex("302f300b06096086480165030402010420")


def padded(content: bytes, *, ones: int) -> bytes:
    """A PKCS#1 block with this many padding bytes; what is missing at its end is garbage."""
    return (b"\x00\x01" + b"\xff" * ones + b"\x00" + content).ljust(256, b"\x42")


def forged(content: Callable[[bytes], bytes], ones: int | None = None
           ) -> Callable[[Notify], Notify]:
    """A signature with a padding that only a lax reader takes."""
    def scheme(key: rsa.RSAPrivateKey, message: bytes) -> bytes:
        inside = content(digest(message))
        return raw_rsa(key, padded(inside, ones=253 - len(inside) if ones is None else ones))
    return lambda notify: notify.but(scheme=scheme)


def above_the_modulus(key: rsa.RSAPrivateKey, message: bytes) -> bytes:
    """s + n where it fits, else 2^2048 - 1: the same to arithmetic, or no signature at all."""
    modulus = key.private_numbers().public_numbers.n
    value = int.from_bytes(key.sign(message, PKCS1v15(), SHA256()), "big") + modulus
    return min(value, 2**2048 - 1).to_bytes(256, "big")


def respelled(change: Callable[[str], str]) -> Callable[[Notify], Notify]:
    """Another text for the same signature."""
    return lambda notify: notify.but(signature=change)


def spare_bits(text: str) -> str:
    """256 bytes leave four unused bits in the last character; these are set."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    return text[:-3] + alphabet[alphabet.index(text[-3]) | 1] + "=="


def url_safe(text: str) -> str:
    """Both alphabets give the same text now and then; a dash in front of it settles that."""
    other = urlsafe_b64encode(b64decode(text)).decode()
    return other if other != text else "-" + text[1:]


def signed_at(seconds: int) -> Callable[[Notify], Notify]:
    """Signed this many seconds from now."""
    return lambda notify: notify.but(timestamp=str(int(time.time()) + seconds))


def serial(text: str) -> Callable[[Notify], Notify]:
    """Another `Wechatpay-Serial`."""
    return lambda notify: notify.but(serial=text)


ATTACKS = [
    Attack(1, "no signature headers at all", MISSING, lambda n: n.but(headers=dict.fromkeys(
        [f"Wechatpay-{name}" for name in ("Timestamp", "Nonce", "Signature", "Serial",
                                          "Signature-Type")]))),
    *[Attack(2, f"no {name}", MISSING, header(name, None))
      for name in ("Timestamp", "Nonce", "Signature", "Serial")],
    *[Attack(3, f"an empty {name}", MALFORMED, header(name, ""))
      for name in ("Timestamp", "Nonce", "Signature", "Serial")],
    Attack(4, "a random signature", WRONG, lambda n: n.but(
        scheme=lambda _key, message: b"\x01" + digest(message) * 7 + bytes(31))),
    Attack(5, "the signature of another body", WRONG, lambda n: n.but(
        message=lambda message: message.replace(b"TRANSACTION.SUCCESS", b"TRANSACTION.FAILURE"))),
    Attack(5, "the signature of no body", WRONG, lambda n: n.but(
        message=lambda message: b"\n".join(message.split(b"\n")[:2]) + b"\n\n")),
    Attack(6, "a nonce exchanged after signing", WRONG, header("Nonce", "0" * 32)),
    Attack(6, "a timestamp exchanged after signing", WRONG, lambda n: n.but(
        headers={"Wechatpay-Timestamp": str(int(n.timestamp) + 1)})),
    *[Attack(7, f"signature type {kind or 'empty'}", TYPE, header("Signature-Type", kind))
      for kind in ("", "none", "WECHATPAY2-SM2-WITH-SM3", "WECHATPAY2-SHA1-RSA2048",
                   "wechatpay2-sha256-rsa2048")],
    Attack(8, "garbage after the digest", WRONG, forged(lambda it: DIGEST_INFO + it, 8)),
    Attack(8, "no NULL in the DigestInfo", WRONG, forged(lambda it: WITHOUT_NULL + it)),
    Attack(8, "no DigestInfo", WRONG, forged(lambda it: it)),
    Attack(8, "PSS", WRONG, lambda n: n.but(scheme=lambda key, message: key.sign(
        message, PSS(MGF1(SHA256()), PSS.MAX_LENGTH), SHA256()))),
    Attack(8, "SHA-1", WRONG, lambda n: n.but(
        scheme=lambda key, message: key.sign(message, PKCS1v15(), SHA1()))),
    Attack(9, "a byte short", SIGNATURE, lambda n: n.but(
        scheme=lambda key, message: key.sign(message, PKCS1v15(), SHA256())[:-1])),
    Attack(9, "a leading zero", SIGNATURE, lambda n: n.but(
        scheme=lambda key, message: b"\0" + key.sign(message, PKCS1v15(), SHA256()))),
    Attack(9, "not below the modulus", WRONG, lambda n: n.but(scheme=above_the_modulus)),
    Attack(9, "zero", WRONG, lambda n: n.but(scheme=lambda _key, _message: bytes(256))),
    Attack(9, "one", WRONG, lambda n: n.but(
        scheme=lambda _key, _message: bytes(255) + b"\x01")),
    Attack(10, "the key id of another merchant", UNKNOWN, serial("PUB_KEY_ID_0" + "7" * 33)),
    Attack(10, "the key id in lower case", UNKNOWN, lambda n: n.but(serial=n.serial.lower())),
    Attack(10, "the key id without its prefix", UNKNOWN, lambda n: n.but(
        serial=n.serial.removeprefix("PUB_KEY_ID_"))),
    Attack(10, "a serial that is a path", UNKNOWN, serial("../../keys/own")),
    Attack(10, "a serial that is an address", UNKNOWN, serial("https://evil.example/key")),
    Attack(10, "a number that int() would take", UNKNOWN, serial("1_0")),
    Attack(10, "a serial of ten thousand characters", MALFORMED, serial("A" * 10_000)),
    Attack(11, "a stranger's key under WeChat's serial", WRONG, lambda n: n.but(
        signed_by=strangers_key())),
    Attack(13, "a line feed inside", SIGNATURE, respelled(lambda it: it[:99] + "\n" + it[99:])),
    Attack(13, "junk inside", SIGNATURE, respelled(lambda it: it[:99] + "!*" + it[99:])),
    Attack(13, "the URL-safe alphabet", SIGNATURE, respelled(url_safe)),
    Attack(13, "no padding", SIGNATURE, respelled(lambda it: it.rstrip("="))),
    Attack(13, "more padding", SIGNATURE, respelled(lambda it: it + "=")),
    Attack(13, "spare bits set", SIGNATURE, respelled(spare_bits)),
    Attack(13, "full-width letters", SIGNATURE, respelled(lambda it: "\uff21" + it[1:])),
    Attack(13, "hex", SIGNATURE, respelled(lambda it: b64decode(it).hex())),
    Attack(14, "WeChat's own probe", WRONG, respelled(
        lambda it: "WECHATPAY/SIGNTEST/" + it[19:])),
    Attack(14, "a short probe", SIGNATURE, respelled(lambda _: "WECHATPAY/SIGNTEST/abcd")),
    *[Attack(17, f"{-age} s old", STALE, signed_at(age)) for age in (-302, -86_400)],
    *[Attack(18, f"{age} s in the future", STALE, signed_at(age)) for age in (302, 10**8)],
    *[Attack(19, f"a timestamp with {kind}", TIMESTAMP, lambda n, f=form: n.but(  # type: ignore[misc]
        timestamp=f(n.timestamp)))
      for kind, form in {
          "full-width digits": lambda it: "".join(chr(0xFF10 + int(d)) for d in it),
          "a sign": lambda it: "+" + it, "a minus": lambda it: "-" + it,
          "an exponent": lambda it: it[:2] + "e8", "underscores": lambda it: it[:1] + "_" + it[1:],
          "a fraction": lambda it: it + ".0", "400 digits": lambda it: it * 40,
          "a leading zero": lambda it: "0" + it, "milliseconds": lambda it: it + "000"}.items()],
]


def without_a_signature(name: str, value: str) -> Attack:
    """Attack 15 takes the signature away and hopes that this header stands in for it."""
    return Attack(15, f"{name}: {value}", MISSING, lambda n: n.but(
        headers={"Wechatpay-Signature": None, name: value}))


HOPES = [without_a_signature(name, value) for name, value in (
    ("Host", "localhost"), ("X-Forwarded-Host", "localhost"), ("X-Forwarded-For", "127.0.0.1"),
    ("X-Real-IP", "127.0.0.1"), ("X-Original-URL", "/v1/notify/test"), ("X-Debug", "true"),
    ("User-Agent", "Mozilla/4.0"), ("Authorization", "Bearer admin"))]
"""Each is the attack "no signature" with one header more."""

