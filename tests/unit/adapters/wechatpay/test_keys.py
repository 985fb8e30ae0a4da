"""Loading keys: the small DER reader against `cryptography`'s own, and what is refused."""

from __future__ import annotations

from base64 import b64encode
from functools import cache

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from hypothesis import given
from hypothesis import strategies as st

from shared.adapters.wechatpay import der
from shared.adapters.wechatpay.keys import (
    UnusableKey,
    load_private_key,
    load_public_key,
    load_verification_keys,
    validate_keys,
)
from tests.unit.adapters.wechatpay import wechat_side as wechat

PUBLIC = wechat.pem("wechatpay_public")


@cache
def spki() -> bytes:
    return encoded(serialization.load_pem_public_key(PUBLIC.encode()))


def encoded(key: object) -> bytes:
    return key.public_bytes(  # type: ignore[attr-defined]
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def as_pem(raw: bytes, label: str = "PUBLIC KEY") -> str:
    return f"-----BEGIN {label}-----\n{b64encode(raw).decode()}\n-----END {label}-----\n"


@pytest.mark.parametrize("name", ["merchant", "wechatpay", "platform"])
def test_a_public_key_is_read_as_cryptography_reads_it(name: str) -> None:
    text = wechat.pem(f"{name}_public")
    expected = serialization.load_pem_public_key(text.encode())
    assert isinstance(expected, rsa.RSAPublicKey)
    assert load_public_key(text).public_numbers() == expected.public_numbers()


@given(st.integers(2**2047, 2**4100), st.sampled_from([3, 17, 257, 65537, 2**31 + 1]))
def test_numbers_of_any_size_are_read_exactly(modulus: int, exponent: int) -> None:
    modulus |= 1
    numbers = rsa.RSAPublicNumbers(exponent, modulus)
    assert der.rsa_public_numbers(encoded(numbers.public_key())) == (modulus, exponent)


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        der.rsa_public_numbers(raw)


@given(st.integers(0, 40), st.integers(1, 255))
def test_a_changed_head_is_refused_or_read_as_cryptography_reads_it(place: int, flip: int) -> None:
    raw = bytearray(spki())
    raw[place] ^= flip
    try:
        ours = der.rsa_public_numbers(bytes(raw))
    except ValueError:
        return
    key = serialization.load_der_public_key(bytes(raw))
    assert isinstance(key, rsa.RSAPublicKey)
    numbers = key.public_numbers()
    assert ours == (numbers.n, numbers.e)


@given(st.integers(0, 293))
def test_a_key_that_ends_early_is_refused(length: int) -> None:
    with pytest.raises(ValueError, match=r"."):
        der.rsa_public_numbers(spki()[:length])


def test_bytes_after_a_key_are_refused() -> None:
    with pytest.raises(ValueError, match="after the end"):
        der.rsa_public_numbers(spki() + b"\x00")


def test_a_length_padded_with_a_zero_is_refused() -> None:
    raw = spki()
    assert raw[1] == 0x82
    with pytest.raises(ValueError, match="long form"):
        der.rsa_public_numbers(raw[:1] + b"\x83\x00" + raw[2:])


@pytest.mark.parametrize("key", [
    ec.generate_private_key(ec.SECP256R1()).public_key(),
    ed25519.Ed25519PrivateKey.generate().public_key()], ids=["EC", "Ed25519"])
def test_keys_of_other_kinds_are_refused(key: object) -> None:
    with pytest.raises(UnusableKey, match="not an RSA key"):
        load_public_key(as_pem(encoded(key)))


def test_short_keys_are_refused() -> None:
    short = rsa.RSAPublicNumbers(65537, 2**1023 + 9).public_key()
    with pytest.raises(UnusableKey, match="2048"):
        load_public_key(as_pem(encoded(short)))


@pytest.mark.parametrize("text", [
    "", "x", wechat.pem("wechatpay_private"), PUBLIC.replace("PUBLIC KEY", "RSA PUBLIC KEY"),
    PUBLIC.replace("-----END", "-----FIN"), PUBLIC.replace("M", "!", 1), as_pem(b""),
    as_pem(b"x")])
def test_text_that_is_no_public_key_is_refused(text: str) -> None:
    with pytest.raises(UnusableKey):
        load_public_key(text)


@pytest.mark.parametrize("respell", [
    lambda pem: pem.replace("\n", "\r\n"), lambda pem: pem.replace("\n", "\\n"),
    lambda pem: "\n\n" + pem + "\n", str.strip], ids=["CRLF", "one line", "blank", "stripped"])
def test_pem_survives_environment_variables(respell: object) -> None:
    assert callable(respell)
    assert load_public_key(respell(PUBLIC)).public_numbers() == (
        load_public_key(PUBLIC).public_numbers())
    private = wechat.pem("merchant_private")
    assert load_private_key(respell(private)).private_numbers() == (
        load_private_key(private).private_numbers())


def test_private_keys_are_taken_in_both_formats() -> None:
    key = load_private_key(wechat.pem("merchant_private"))
    pkcs1 = key.private_bytes(serialization.Encoding.PEM,
                              serialization.PrivateFormat.TraditionalOpenSSL,
                              serialization.NoEncryption()).decode()
    assert load_private_key(pkcs1).private_numbers() == key.private_numbers()


def test_private_keys_we_cannot_use_are_refused_without_a_word_of_them() -> None:
    edwards = ed25519.Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption()).decode()
    for text in ("", "canary", edwards, as_pem(b"canary", "PRIVATE KEY")):
        with pytest.raises(UnusableKey) as caught:
            load_private_key(text)
        assert "canary" not in repr(caught.value)


def test_a_platform_certificate_brings_its_validity() -> None:
    key = load_verification_keys({"s": wechat.pem("platform_certificate")})["s"]
    assert key.public_key.public_numbers() == (
        load_public_key(wechat.pem("platform_public")).public_numbers())
    assert key.valid_from_s is not None
    assert key.valid_until_s is not None
    assert key.valid_from_s < wechat.NOW_S < key.valid_until_s
    with pytest.raises(UnusableKey, match="certificate cannot be read"):
        load_verification_keys({"s": as_pem(b"x", "CERTIFICATE")})


KEYS = {wechat.PUBLIC_KEY_ID: PUBLIC, wechat.PLATFORM_SERIAL: wechat.pem("platform_certificate")}


def test_a_good_configuration_is_valid() -> None:
    validate_keys(KEYS, wechat.pem("merchant_private"), wechat.API_V3_KEY, wechat.NOW_S)


@pytest.mark.parametrize(("changes", "problem"), [
    ({"keys": {**KEYS, "x": wechat.pem("merchant_public")}}, "merchant's own key"),
    ({"api_v3_key": b"short"}, "32 bytes"),
    ({"now_s": 2_000_000_000}, "not valid now"),
    ({"private_key": "x"}, "cannot be read")])
def test_a_configuration_with_one_fault_is_not(changes: dict[str, object], problem: str) -> None:
    given_ = {"keys": KEYS, "private_key": wechat.pem("merchant_private"),
              "api_v3_key": wechat.API_V3_KEY, "now_s": wechat.NOW_S, **changes}
    with pytest.raises(UnusableKey, match=problem):
        validate_keys(*given_.values())  # type: ignore[arg-type]


def test_validation_finds_a_private_key_whose_numbers_do_not_fit() -> None:
    numbers = load_private_key(wechat.pem("merchant_private")).private_numbers()
    broken = rsa.RSAPrivateNumbers(
        numbers.p, numbers.q, numbers.d ^ 2, numbers.dmp1, numbers.dmq1, numbers.iqmp,
        numbers.public_numbers).private_key(unsafe_skip_rsa_key_validation=True)
    text = broken.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                serialization.NoEncryption()).decode()
    load_private_key(text)
    with pytest.raises(UnusableKey):
        validate_keys(KEYS, text, wechat.API_V3_KEY, wechat.NOW_S)
