"""A merchant account as the merchant portal would hand it out, and WeChat's private halves of it.

``python -m emulators.wechatpay --account DIR`` writes one on its first start; tests make one per
session with ``Account.create()``, for three RSA keys take a moment.
"""

from __future__ import annotations

import json
import os
import string
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.x509.oid import NameOID

from emulators.wechatpay.ids import Ids
from emulators.wechatpay.signing import SigningKey

if TYPE_CHECKING:
    import random

CERTIFICATE_DAYS = 5 * 365


@dataclass(frozen=True, repr=False)
class Account:
    """One merchant number with every key of both sides."""

    mchid: str
    appid: str
    api_v3_key: str
    merchant_key: RSAPrivateKey
    merchant_certificate: x509.Certificate
    public_key: SigningKey
    platform: SigningKey
    platform_certificate: x509.Certificate

    def __repr__(self) -> str:
        return f"Account(mchid={self.mchid!r}, appid={self.appid!r})"

    @property
    def merchant_serial(self) -> str:
        """The 40 hex digits a request names in ``serial_no``."""
        return certificate_serial(self.merchant_certificate)

    @property
    def public_key_id(self) -> str:
        """``PUB_KEY_ID_…``, the serial of public-key mode."""
        return self.public_key.serial

    @property
    def platform_serial(self) -> str:
        """The 40 hex digits of certificate mode."""
        return self.platform.serial

    @property
    def merchant_public_key(self) -> RSAPublicKey:
        """What requests are verified with."""
        return self.merchant_key.public_key()

    @property
    def merchant_private_key_pem(self) -> str:
        """The merchant's key, PKCS#8 PEM."""
        return private_pem(self.merchant_key).decode()

    @property
    def wechatpay_public_key_pem(self) -> str:
        """What a merchant in public-key mode verifies with, PEM."""
        return self.public_key.private_key.public_key().public_bytes(
            serialization.Encoding.PEM,
            serialization.PublicFormat.SubjectPublicKeyInfo).decode()

    @property
    def platform_certificate_pem(self) -> str:
        """What a merchant in certificate mode verifies with, PEM."""
        return certificate_pem(self.platform_certificate)

    @classmethod
    def create(cls, rng: random.Random | None = None, *, key_size: int = 2048) -> Account:
        """A fresh account. ``rng`` decides its numbers; RSA keys are random all the same."""
        ids = Ids(rng)
        merchant_key, public_key, platform_key = (
            rsa.generate_private_key(public_exponent=65537, key_size=key_size) for _ in range(3))
        platform_certificate = make_certificate(
            "Emulated WeChat Pay platform", platform_key, issuer_key=platform_key, ids=ids)
        mchid = "19" + ids.text(8, string.digits)
        return cls(
            mchid=mchid,
            appid="wx" + ids.text(16, "0123456789abcdef"),
            api_v3_key=ids.text(32),
            merchant_key=merchant_key,
            merchant_certificate=make_certificate(
                mchid, merchant_key, issuer_key=platform_key, ids=ids),
            public_key=SigningKey("PUB_KEY_ID_0" + ids.text(33, string.digits), public_key),
            platform=SigningKey(certificate_serial(platform_certificate), platform_key),
            platform_certificate=platform_certificate,
        )

    def save(self, directory: str | os.PathLike[str]) -> None:
        """Write the merchant's files, and WeChat's own under ``wechatpay_only/``; all 0600."""
        folder = Path(directory)
        secret_folder = folder / "wechatpay_only"
        for each in (folder, secret_folder):
            each.mkdir(mode=0o700, parents=True, exist_ok=True)
        facts = {name: getattr(self, name) for name in
                 ("mchid", "appid", "merchant_serial", "public_key_id", "platform_serial")}
        _write(folder / "merchant_private_key.pem", private_pem(self.merchant_key))
        _write(folder / "merchant_certificate.pem",
               certificate_pem(self.merchant_certificate).encode())
        _write(folder / "wechatpay_public_key.pem", self.wechatpay_public_key_pem.encode())
        _write(folder / "platform_certificate.pem", self.platform_certificate_pem.encode())
        _write(folder / "api_v3_key.txt", self.api_v3_key.encode())
        _write(secret_folder / "public_key_private.pem", private_pem(self.public_key.private_key))
        _write(secret_folder / "platform_private.pem", private_pem(self.platform.private_key))
        _write(folder / "account.json", json.dumps(facts, indent=2).encode() + b"\n")

    @classmethod
    def load(cls, directory: str | os.PathLike[str]) -> Account:
        """Read what ``save`` wrote. Raises OSError or ValueError when files are missing or bad."""
        folder = Path(directory)
        facts = json.loads((folder / "account.json").read_text())
        platform_certificate = _certificate(folder / "platform_certificate.pem")
        return cls(
            mchid=facts["mchid"],
            appid=facts["appid"],
            api_v3_key=(folder / "api_v3_key.txt").read_text().strip(),
            merchant_key=_private_key(folder / "merchant_private_key.pem"),
            merchant_certificate=_certificate(folder / "merchant_certificate.pem"),
            public_key=SigningKey(
                facts["public_key_id"],
                _private_key(folder / "wechatpay_only" / "public_key_private.pem")),
            platform=SigningKey(
                certificate_serial(platform_certificate),
                _private_key(folder / "wechatpay_only" / "platform_private.pem")),
            platform_certificate=platform_certificate,
        )

    @classmethod
    def load_or_create(cls, directory: str | os.PathLike[str]) -> Account:
        """The account in ``directory``; made and saved there on the first call."""
        if (Path(directory) / "account.json").exists():
            return cls.load(directory)
        account = cls.create()
        account.save(directory)
        return account


def private_pem(key: RSAPrivateKey) -> bytes:
    """``key`` as unencrypted PKCS#8 PEM."""
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                             serialization.NoEncryption())


def certificate_pem(certificate: x509.Certificate) -> str:
    """``certificate`` as PEM text."""
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def certificate_serial(certificate: x509.Certificate) -> str:
    """The serial number as WeChat writes it: 40 upper-case hex digits."""
    return f"{certificate.serial_number:040X}"


def make_certificate(name: str, key: RSAPrivateKey, *, issuer_key: RSAPrivateKey,
                     ids: Ids) -> x509.Certificate:
    """A five-year certificate whose serial fills all 40 hex digits."""
    began = datetime.now(timezone.utc) - timedelta(days=1)
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Emulated WeChat Pay CA")])
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(int(ids.text(1, "1234567") + ids.text(39, "0123456789ABCDEF"), 16))
        .not_valid_before(began)
        .not_valid_after(began + timedelta(days=CERTIFICATE_DAYS))
        .sign(issuer_key, hashes.SHA256())
    )


def _write(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    path.chmod(0o600)


def _private_key(path: Path) -> RSAPrivateKey:
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, RSAPrivateKey):
        raise ValueError(f"{path.name} holds no RSA key")
    return key


def _certificate(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())
