"""Loading keys: the first and last second of a certificate, and keys that are almost right."""

from __future__ import annotations

from datetime import datetime, timezone
from functools import cache

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from shared.adapters.wechatpay.keys import (
    UnusableKey,
    VerificationKey,
    is_valid_at,
    load_private_key,
    load_public_key,
    load_verification_keys,
)
from tests.unit.adapters.wechatpay import wechat_side as wechat

FROM_S, UNTIL_S = 1_700_000_000, 1_800_000_000


@pytest.mark.parametrize(("now_s", "valid"), [
    (FROM_S - 1, False), (FROM_S, True), (UNTIL_S, True), (UNTIL_S + 1, False)])
def test_a_certificate_is_valid_in_its_first_and_its_last_second(now_s: int, valid: bool) -> None:
    key = VerificationKey(load_public_key(wechat.pem("platform_public")), FROM_S, UNTIL_S)
    assert is_valid_at(key, now_s) is valid


def certificate(key: rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey) -> str:
    """A certificate of this key, signed by it."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    start, end = (datetime.fromtimestamp(s, timezone.utc) for s in (FROM_S, UNTIL_S))
    builder = x509.CertificateBuilder(
        issuer_name=name, subject_name=name, public_key=key.public_key(), serial_number=1,
        not_valid_before=start, not_valid_after=end)
    algorithm = hashes.SHA256() if isinstance(key, rsa.RSAPrivateKey) else None
    return builder.sign(key, algorithm).public_bytes(serialization.Encoding.PEM).decode()


def test_a_certificate_of_an_rsa_key_is_taken() -> None:
    text = certificate(load_private_key(wechat.pem("merchant_private")))
    key = load_verification_keys({"s": text})["s"]
    assert (key.valid_from_s, key.valid_until_s) == (FROM_S, UNTIL_S)


def test_a_certificate_of_a_key_of_another_kind_is_refused() -> None:
    text = certificate(ed25519.Ed25519PrivateKey.generate())
    with pytest.raises(UnusableKey, match="no RSA key"):
        load_verification_keys({"s": text})


def written(key: rsa.RSAPrivateKey, *, password: bytes | None = None) -> str:
    """A private key as PEM text."""
    encryption = (serialization.NoEncryption() if password is None
                  else serialization.BestAvailableEncryption(password))
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                             encryption).decode()


@cache
def merchant() -> rsa.RSAPrivateKey:
    return load_private_key(wechat.pem("merchant_private"))


def test_a_private_key_with_a_password_is_refused() -> None:
    assert load_private_key(written(merchant())).key_size == merchant().key_size
    with pytest.raises(UnusableKey, match="cannot be read"):
        load_private_key(written(merchant(), password=b"password"))


def test_a_short_private_key_is_refused() -> None:
    short = rsa.generate_private_key(65537, 1024)
    with pytest.raises(UnusableKey, match="2048"):
        load_private_key(written(short))


def test_of_two_public_keys_in_one_text_the_first_is_read() -> None:
    first, second = wechat.pem("wechatpay_public"), wechat.pem("platform_public")
    numbers = load_public_key(first).public_numbers()
    assert numbers != load_public_key(second).public_numbers()
    assert load_public_key(first + second).public_numbers() == numbers


def test_a_public_key_without_its_last_line_is_refused() -> None:
    whole = wechat.pem("wechatpay_public")
    body, _, _ = whole.partition("-----END")
    with pytest.raises(UnusableKey, match="no PUBLIC KEY block"):
        load_public_key(body)
