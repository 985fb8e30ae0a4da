"""Leases, held against joserfc: what we sign it verifies, and only that."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import replace
from typing import Any

import pytest
from joserfc import jws, jwt
from joserfc.errors import BadSignatureError
from joserfc.jwk import KeySet, OKPKey

from shared.adapters.ed25519_issuer import Ed25519LicenseIssuer, InvalidSigningKey
from shared.domain.lease import LEASE_TYPE, claims, window_at
from shared.errors import Unavailable
from shared.secret import Secret
from tests.unit.domain.test_license import grant, license_of

NOW_S = 1_760_000_000
LICENSE = license_of(grant(1, at_s=NOW_S - 60, term_days=365))
WINDOW = window_at(LICENSE, NOW_S)
ISSUER = "https://shop.example"


def seed(name: str) -> str:
    """A test key: never secret, the same in every process."""
    raw = hashlib.sha256(f"test seed {name}".encode()).digest()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


SEEDS = {"kid-1": seed("1"), "kid-2": seed("2")}


def issuer(seeds: dict[str, str] | None = None) -> Ed25519LicenseIssuer:
    named = {kid: Secret("TONGBAO_SIGNING_KEY", text) for kid, text in (seeds or SEEDS).items()}
    return Ed25519LicenseIssuer(named, ISSUER)


def token_of(made: Ed25519LicenseIssuer) -> str:
    assert WINDOW is not None
    token = made.issue(LICENSE, WINDOW).token
    assert token is not None
    return token


def keys(made: Ed25519LicenseIssuer) -> KeySet:
    return KeySet.import_key_set({"keys": made.public_keys()})


def part(token: str, place: int) -> Any:
    text = token.split(".")[place]
    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


def test_joserfc_verifies_a_lease_with_the_published_keys() -> None:
    assert WINDOW is not None
    made = issuer()
    read = jwt.decode(token_of(made), keys(made), algorithms=["Ed25519"])
    assert read.header == {"alg": "Ed25519", "kid": "kid-1", "typ": LEASE_TYPE}
    assert read.claims == claims(LICENSE, WINDOW, ISSUER)


def test_joserfc_signs_the_same_bytes_from_the_same_seed() -> None:
    """The other way round: an independent signer over our header and claims."""
    token = token_of(issuer())
    public = issuer().public_keys()[0]
    private = OKPKey.import_key({**public, "d": SEEDS["kid-1"]})
    header, payload, _ = token.split(".")
    decoded = base64.urlsafe_b64decode(header + "=" * (-len(header) % 4))
    theirs = jws.serialize_compact(
        json.loads(decoded), base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)),
        private, algorithms=["Ed25519"])
    assert theirs.split(".")[1:] == token.split(".")[1:]


def test_the_same_license_and_window_give_the_same_bytes() -> None:
    assert token_of(issuer()) == token_of(issuer())


def test_a_newer_grant_signs_with_its_own_key() -> None:
    assert WINDOW is not None
    renewed = license_of(grant(1, at_s=NOW_S - 60, term_days=365), grant(2, at_s=NOW_S))
    token = issuer().issue(renewed, WINDOW).token
    assert token is not None
    assert part(token, 0)["kid"] == "kid-2"
    jwt.decode(token, keys(issuer()), algorithms=["Ed25519"])


def tampered(token: str) -> list[str]:
    header, payload, signature = token.split(".")
    forged = base64.urlsafe_b64encode(json.dumps(
        {**part(token, 1), "ent": ["everything"]}).encode()).decode().rstrip("=")
    flipped = ("B" if signature[0] == "A" else "A") + signature[1:]
    return [f"{header}.{forged}.{signature}", f"{header}.{payload}.{flipped}",
            f"{header}.{payload}.", token[:-4]]


@pytest.mark.parametrize("which", range(4))
def test_a_tampered_lease_does_not_verify(which: int) -> None:
    made = issuer()
    with pytest.raises((BadSignatureError, ValueError)):
        jwt.decode(tampered(token_of(made))[which], keys(made), algorithms=["Ed25519"])


def test_a_lease_does_not_verify_with_a_strange_key_of_the_same_name() -> None:
    strange = keys(issuer({"kid-1": seed("strange")}))
    with pytest.raises(BadSignatureError):
        jwt.decode(token_of(issuer()), strange, algorithms=["Ed25519"])


def test_a_license_whose_key_is_not_here_waits() -> None:
    assert WINDOW is not None
    orphan = replace(LICENSE, grants=(replace(LICENSE.grants[0], kid="gone"),))
    with pytest.raises(Unavailable) as caught:
        issuer().issue(orphan, WINDOW)
    assert caught.value.reason == "unknown_kid"


def test_the_published_keys_are_public_only() -> None:
    for key in issuer().public_keys():
        assert set(key) == {"kty", "crv", "kid", "alg", "use", "x"}
        assert (key["kty"], key["crv"], key["alg"], key["use"]) == (
            "OKP", "Ed25519", "Ed25519", "sig")
        assert len(base64.urlsafe_b64decode(key["x"] + "=")) == 32
    shown = json.dumps(issuer().public_keys())
    assert not any(text in shown for text in SEEDS.values())


@pytest.mark.parametrize("text", [
    "A" * 42, "A" * 44, "A" * 43 + "=!", "AAAA" * 11 + "AA", "\u00e9" * 43, "A" * 42 + "B",
    "!" + SEEDS["kid-1"], SEEDS["kid-1"] + "\n", "A" * 20 + " " + "A" * 23, "A" * 20 + "+" * 23])
def test_a_key_is_base64url_of_32_bytes_and_nothing_else(text: str) -> None:
    with pytest.raises(InvalidSigningKey, match="TONGBAO_SIGNING_KEY") as caught:
        issuer({"kid-1": text})
    assert text not in str(caught.value)


def test_padding_of_a_key_is_optional() -> None:
    padded = issuer({"kid-1": SEEDS["kid-1"] + "="})
    assert token_of(padded) == token_of(issuer())
