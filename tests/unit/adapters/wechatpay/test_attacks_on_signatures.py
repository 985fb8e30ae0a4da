"""Notifies whose signature, key or time is not WeChat's. One difference to the genuine each."""

from __future__ import annotations

from base64 import b64decode, b64encode, urlsafe_b64encode
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS, PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA1, SHA256

from shared.adapters.wechatpay.notify import WeChatNotifyVerifier
from shared.errors import InvalidNotify
from tests.unit.adapters.wechatpay import wechat_side as wechat
from tests.unit.adapters.wechatpay.refusals import GENUINE, genuine_signature, refusal, refused
from tests.unit.adapters.wechatpay.wechat_side import Notify, dumps, transaction

if TYPE_CHECKING:
    from collections.abc import Callable

    from cryptography.hazmat.primitives.asymmetric import padding


def message() -> bytes:
    return f"{wechat.NOW_S}\n{wechat.NONCE}\n".encode() + GENUINE.body_bytes() + b"\n"


def test_the_genuine_notify_passes() -> None:
    assert wechat.verifier().verify(*GENUINE.send(), wechat.NOW_S).was_paid


# 4, 5, 6: signatures of something else

def test_a_random_signature() -> None:
    random = b64encode(bytes(range(256))).decode()
    assert refused(GENUINE.but(headers={"wechatpay-signature": random})) == "signature_wrong"


def test_a_signature_of_another_body() -> None:
    other = Notify(dumps(transaction(out_trade_no="TB01OTHER"))).send()[0]["wechatpay-signature"]
    assert refused(GENUINE.but(headers={"wechatpay-signature": other})) == "signature_wrong"


@pytest.mark.parametrize(("header", "value"), [
    ("wechatpay-timestamp", str(wechat.NOW_S + 1)), ("wechatpay-nonce", wechat.NONCE[::-1])])
def test_a_signed_header_that_was_exchanged(header: str, value: str) -> None:
    assert refused(GENUINE.but(headers={header: value})) == "signature_wrong"


def test_lines_that_were_cut_elsewhere() -> None:
    """The signed bytes stay the same when a line of the body moves into the nonce."""
    body = b'{"first":1,\n' + GENUINE.body_bytes()[1:]
    headers, _ = GENUINE.but(body=body).send()
    first, _, rest = body.partition(b"\n")
    headers["wechatpay-nonce"] += "\n" + first.decode()
    assert refusal(headers, rest) in {"header_malformed", "header_ambiguous"}
    headers["wechatpay-nonce"] = headers["wechatpay-nonce"].replace(",", "")
    assert refusal(headers, rest) == "header_malformed"


# 7: other algorithms

@pytest.mark.parametrize("kind", [
    "", "none", "WECHATPAY2-SM2-WITH-SM3", "WECHATPAY2-SHA1-RSA2048", "wechatpay2-sha256-rsa2048",
    "WECHATPAY2-SHA256-RSA2048,WECHATPAY2-SHA256-RSA2048"])
def test_another_signature_type(kind: str) -> None:
    assert refused(GENUINE.but(headers={"wechatpay-signature-type": kind})) == (
        "signature_type_unsupported")


# 8, 9: signatures that a lax reader might take

def raw_rsa(block: bytes) -> str:
    """A "signature" whose public operation gives exactly this block."""
    numbers = wechat.private_key("wechatpay").private_numbers()
    modulus = numbers.public_numbers.n
    return b64encode(pow(int.from_bytes(block, "big"), numbers.d, modulus)
                     .to_bytes(256, "big")).decode()


def block(prefix: str, digest: bytes, *, padding_bytes: int, tail: bytes = b"") -> bytes:
    filled = b"\x00\x01" + b"\xff" * padding_bytes + b"\x00" + bytes.fromhex(prefix) + digest
    return (filled + tail).ljust(256, b"\x00")


DIGEST_INFO = "3031300d060960864801650304020105000420"
DIGEST_INFO_WITHOUT_NULL = "302f300b0609608648016503040201" + "0420"


def sha256(data: bytes) -> bytes:
    from hashlib import sha256 as hasher
    return hasher(data).digest()


def test_the_block_builder_can_make_a_valid_signature() -> None:
    exact = block(DIGEST_INFO, sha256(message()), padding_bytes=256 - 3 - 19 - 32)
    assert raw_rsa(exact) == genuine_signature()


@pytest.mark.parametrize("make", [
    lambda digest: block(DIGEST_INFO, digest, padding_bytes=8, tail=b"\x42" * 194),
    lambda digest: block(DIGEST_INFO_WITHOUT_NULL, digest, padding_bytes=256 - 3 - 17 - 32),
    lambda digest: block("", digest, padding_bytes=256 - 3 - 32),
    lambda digest: b"\x00" * 224 + digest,
], ids=["garbage after the digest", "no NULL", "no DigestInfo", "no padding"])
def test_a_forged_padding(make: Callable[[bytes], bytes]) -> None:
    forged = raw_rsa(make(sha256(message())))
    assert refused(GENUINE.but(headers={"wechatpay-signature": forged})) == "signature_wrong"


@pytest.mark.parametrize(("scheme", "digest"), [
    (PSS(MGF1(SHA256()), PSS.MAX_LENGTH), SHA256()), (PKCS1v15(), SHA1())])
def test_another_scheme_of_the_same_key(scheme: padding.AsymmetricPadding, digest: Any) -> None:
    raw = wechat.private_key("wechatpay").sign(message(), scheme, digest)
    sent = {"wechatpay-signature": b64encode(raw).decode()}
    assert refused(GENUINE.but(headers=sent)) == "signature_wrong"


@pytest.mark.parametrize("change", [
    lambda raw: raw[:-1], lambda raw: b"\x00" + raw, lambda raw: raw + b"\x00", lambda raw: b"",
    lambda raw: raw * 2])
def test_a_signature_of_another_length(change: Callable[[bytes], bytes]) -> None:
    sent = b64encode(change(b64decode(genuine_signature()))).decode()
    assert refused(GENUINE.but(headers={"wechatpay-signature": sent})) in {
        "signature_malformed", "header_malformed"}


def test_a_signature_not_below_the_modulus() -> None:
    """s and s + n are the same to arithmetic; only s is a signature (RFC 8017 §5.2.2)."""
    modulus = wechat.private_key("wechatpay").private_numbers().public_numbers.n
    values = ((notify, int.from_bytes(b64decode(notify.send()[0]["wechatpay-signature"]), "big"))
              for notify in (GENUINE.but(nonce=f"{number:032d}") for number in range(50)))
    notify, value = next(pair for pair in values if pair[1] + modulus < 2**2048)
    sent = b64encode((value + modulus).to_bytes(256, "big")).decode()
    assert refused(notify.but(headers={"wechatpay-signature": sent})) == "signature_wrong"


# 10, 11, 12: keys that are not WeChat's

@pytest.mark.parametrize("serial", [
    wechat.MERCHANT_SERIAL, wechat.PUBLIC_KEY_ID[:-1] + "2", wechat.PUBLIC_KEY_ID.lower(),
    wechat.PUBLIC_KEY_ID.removeprefix("PUB_KEY_ID_"), "0x" + wechat.PLATFORM_SERIAL,
    wechat.PLATFORM_SERIAL.lower(), wechat.PLATFORM_SERIAL[:1] + "_" + wechat.PLATFORM_SERIAL[1:],
    "0" + wechat.PLATFORM_SERIAL, " " + wechat.PUBLIC_KEY_ID, "1", "None", "../" * 300])
def test_a_serial_we_do_not_trust(serial: str) -> None:
    assert refused(GENUINE.but(serial=serial)) == "serial_unknown"


def test_a_serial_of_ten_thousand_characters() -> None:
    assert refused(GENUINE.but(serial="A" * 10_000)) == "header_malformed"


def test_the_serial_of_one_key_with_the_signature_of_another() -> None:
    assert refused(GENUINE.but(serial=wechat.PLATFORM_SERIAL)) == "signature_wrong"
    assert refused(GENUINE.but(signed_by="platform")) == "signature_wrong"


def test_a_signature_of_the_merchants_own_key() -> None:
    assert refused(GENUINE.but(signed_by="merchant")) == "signature_wrong"


@pytest.mark.parametrize("now_s", [1_795_000_000, 1_990_000_000], ids=["before", "after"])
def test_a_platform_certificate_outside_its_validity(now_s: int) -> None:
    notify = Notify(serial=wechat.PLATFORM_SERIAL, signed_by="platform", timestamp=str(now_s))
    assert refusal(*notify.send(), now_s) == "key_not_valid_now"


def test_a_key_that_was_taken_out_of_the_configuration() -> None:
    rotated = WeChatNotifyVerifier({wechat.PUBLIC_KEY_ID: wechat.pem("wechatpay_public")},
                                   wechat.API_V3_KEY)
    notify = Notify(serial=wechat.PLATFORM_SERIAL, signed_by="platform")
    assert wechat.verifier().verify(*notify.send(), wechat.NOW_S).was_paid
    with pytest.raises(InvalidNotify, match="serial_unknown"):
        rotated.verify(*notify.send(), wechat.NOW_S)


# 13: other spellings of the same base64

def noncanonical(text: str) -> str:
    """Another last character with the same decoded bytes (256 = 85·3 + 1: four spare bits)."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    last = alphabet[alphabet.index(text[-3]) | 1]
    return text[:-3] + last + "=="


@pytest.mark.parametrize("respell", [
    lambda text: text[:100] + "\n" + text[100:], lambda text: text[:100] + "!*" + text[100:],
    lambda text: text + " ", lambda text: text + "\n", lambda text: " " + text,
    lambda text: text.rstrip("="), lambda text: text + "=", noncanonical,
    lambda text: text[:4] + "=" + text[4:], lambda text: text[:-1],
    lambda text: "\uff21" + text[1:],
], ids=["line feed", "junk", "space", "final line feed", "leading space", "no padding",
        "more padding", "spare bits", "padding inside", "half padding", "full-width letter"])
def test_another_spelling_of_the_genuine_signature(respell: Callable[[str], str]) -> None:
    text = genuine_signature()
    assert respell(text) != text
    assert refused(GENUINE.but(headers={"wechatpay-signature": respell(text)})) == (
        "signature_malformed")


def test_the_url_safe_alphabet() -> None:
    # Some signature must contain a character in which the two alphabets differ.
    notify = next(n for n in (GENUINE.but(nonce=f"{i:032d}") for i in range(20))
                  if set("+/") & set(n.send()[0]["wechatpay-signature"]))
    raw = b64decode(notify.send()[0]["wechatpay-signature"])
    sent = urlsafe_b64encode(raw).decode()
    assert refused(notify.but(headers={"wechatpay-signature": sent})) == "signature_malformed"


# 14, 15: no branches

def test_a_probe_of_wechat_fails_like_any_wrong_signature() -> None:
    """WeChat's probes start with WECHATPAY/SIGNTEST/ and expect a refusal (4012075420)."""
    text = genuine_signature()
    probe = "WECHATPAY/SIGNTEST/" + text[19:]
    assert refused(GENUINE.but(headers={"wechatpay-signature": probe})) == "signature_wrong"
    short = "WECHATPAY/SIGNTEST/abc"
    assert refused(GENUINE.but(headers={"wechatpay-signature": short})) == "signature_malformed"


@pytest.mark.parametrize("header", ["host", "x-forwarded-host", "x-original-url", "x-real-ip"])
def test_no_host_or_address_opens_the_door(header: str) -> None:
    headers = {header: "localhost", "wechatpay-signature": "WECHATPAY/SIGNTEST/"}
    assert refused(GENUINE.but(headers=headers)) == "signature_malformed"
    assert refusal({header: "127.0.0.1"}, GENUINE.body_bytes()) == "header_missing"


# 17, 18, 19: time

@pytest.mark.parametrize("seconds", [-301, 301, -86_400, 10 * 365 * 86_400])
def test_a_genuine_notify_at_the_wrong_time(seconds: int) -> None:
    assert refusal(*GENUINE.send(), wechat.NOW_S + seconds) == "timestamp_stale"


@pytest.mark.parametrize("text", [
    "１８００００００００", f" {wechat.NOW_S}", f"{wechat.NOW_S} ", "18e8", "-1800000000",
    "+1800000000", "1_800_000_000", "1800000000.0", "0x6B49D200", f"0{wechat.NOW_S}",
    "9" * 400, "۱۸۰۰۰۰۰۰۰۰"])
def test_a_timestamp_that_is_not_plain_digits(text: str) -> None:
    assert refused(GENUINE.but(timestamp=text)) == "timestamp_malformed"
