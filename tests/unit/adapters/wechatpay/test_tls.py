"""Whom the transport talks to: only a host that the certificate store vouches for."""

from __future__ import annotations

import ssl
from datetime import datetime, timedelta, timezone
from functools import cache
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from shared.adapters.wechatpay.http_client import HttpClient
from shared.adapters.wechatpay.transport import Call
from shared.errors import ProviderUnavailable
from tests.fakes.clock import FakeClock
from tests.unit.adapters.wechatpay.scripted_wechat import ScriptedWeChat, signed
from tests.unit.adapters.wechatpay.wiring import wired

if TYPE_CHECKING:
    from pathlib import Path

QUERY = Call("native.query", "GET", "/v3/x")


@cache
def certificate(host: str, days: int) -> tuple[bytes, bytes]:
    """(certificate, key) of a host that vouches for itself until `days` from now."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    ends = datetime.now(timezone.utc) + timedelta(days=days)
    made = (x509.CertificateBuilder().subject_name(name).issuer_name(name)
            .public_key(key.public_key()).serial_number(1)
            .not_valid_before(ends - timedelta(days=30)).not_valid_after(ends)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256()))
    return (made.public_bytes(serialization.Encoding.PEM), key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption()))


def served(folder: Path, host: str, days: int) -> tuple[ssl.SSLContext, str]:
    """What the server speaks, and the only certificate that a client may trust."""
    made, key = certificate(host, days)
    file = folder / "server.pem"
    file.write_bytes(key + made)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context, made.decode()


def test_a_trusted_host_is_called(tmp_path: Path) -> None:
    context, trusted = served(tmp_path, "localhost", 10)
    with (ScriptedWeChat(signed(200, {"ok": 1}), tls=context) as server,
          wired(server.base_url, ca_pem=trusted, allow_http=False) as ours):
        assert ours.transport.call(QUERY).object() == {"ok": 1}


@pytest.mark.parametrize(("host", "days", "trust"), [
    ("localhost", 10, False), ("localhost", -1, True), ("elsewhere.example", 10, True)],
    ids=["unknown", "expired", "another host"])
def test_any_other_host_hears_nothing(tmp_path: Path, host: str, days: int, trust: bool) -> None:
    context, trusted = served(tmp_path, host, days)
    with ScriptedWeChat(signed(200, {}), tls=context) as server:
        with (wired(server.base_url, ca_pem=trusted if trust else "") as ours,
              pytest.raises(ProviderUnavailable) as caught):
            ours.transport.call(QUERY)
        assert caught.value.reason == "tls_failed"
        assert server.received == []


def test_what_the_machine_trusts_does_not_count(tmp_path: Path,
                                                monkeypatch: pytest.MonkeyPatch) -> None:
    context, trusted = served(tmp_path, "localhost", 10)
    file = tmp_path / "trusted.pem"
    file.write_text(trusted)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    with ScriptedWeChat(signed(200, {}), tls=context) as server:
        with wired(server.base_url) as ours, pytest.raises(ProviderUnavailable) as caught:
            ours.transport.call(QUERY)
        assert caught.value.reason == "tls_failed"
        assert server.received == []


def test_authorities_may_stand_on_one_line(tmp_path: Path) -> None:
    context, trusted = served(tmp_path, "localhost", 10)
    with (ScriptedWeChat(signed(200, {"ok": 1}), tls=context) as server,
          wired(server.base_url, ca_pem=trusted.replace("\n", "\\n")) as ours):
        assert ours.transport.call(QUERY).object() == {"ok": 1}


@pytest.mark.parametrize("ca_pem", [
    "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    "-----BEGIN CERTIFICATE-----\n%%%%\n-----END CERTIFICATE-----\n", "no certificate"])
def test_authorities_that_cannot_be_read_stop_the_start(ca_pem: str) -> None:
    with pytest.raises(ValueError, match="cannot be read") as caught:
        HttpClient("https://localhost", clock=FakeClock(0), ca_pem=ca_pem)
    assert ca_pem not in str(caught.value)
