"""Certificates made for one test run: an authority, what it signs, and what others sign."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import cache
from ipaddress import ip_address
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

if TYPE_CHECKING:
    from pathlib import Path

DAY = timedelta(days=1)


@cache
def key(name: str) -> ec.EllipticCurvePrivateKey:
    """One key per name."""
    return ec.generate_private_key(ec.SECP256R1())


@dataclass(frozen=True)
class Certificate:
    """What makes up a server's certificate; by default a good one for localhost."""

    hosts: tuple[str, ...] = ("localhost",)
    common_name: str = "server"
    issuer: str = "The test authority"
    issuer_key: str = "authority"
    begins: timedelta = -DAY
    ends: timedelta = DAY
    is_authority: bool = False
    key_name: str = "server"

    def make(self) -> x509.Certificate:
        """The signed certificate."""
        now = datetime.now(timezone.utc)
        names = [_name(host) for host in self.hosts]
        made = (x509.CertificateBuilder().subject_name(_subject(self.common_name))
                .issuer_name(_subject(self.issuer)).public_key(key(self.key_name).public_key())
                .serial_number(x509.random_serial_number())
                .not_valid_before(now + self.begins).not_valid_after(now + self.ends)
                .add_extension(x509.BasicConstraints(self.is_authority, None), critical=True))
        if names:
            made = made.add_extension(x509.SubjectAlternativeName(names), critical=False)
        return made.sign(key(self.issuer_key), hashes.SHA256())

    def pem(self) -> str:
        """The certificate as text."""
        return self.make().public_bytes(serialization.Encoding.PEM).decode()

    def served(self, folder: Path, *more: Certificate) -> ssl.SSLContext:
        """A server that shows this certificate, and more of a chain."""
        private = key(self.key_name).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption())
        file = folder / "server.pem"
        file.write_text(private.decode() + self.pem() + "".join(each.pem() for each in more))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        file.unlink()
        return context


def _name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _subject(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


AUTHORITY = Certificate((), "The test authority", is_authority=True, key_name="authority")
GOOD = Certificate()
