"""Leases and receipts, held against joserfc: what we sign it verifies, and only that."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import pytest
from joserfc import jws, jwt
from joserfc.errors import BadSignatureError
from joserfc.jwk import OKPKey

from shared.adapters.ed25519_issuer import Ed25519LicenseIssuer, InvalidSigningKey
from shared.domain.lease import LEASE_TYPE, claims, window_at
from shared.domain.receipt import RECEIPT_TYPE, receipt_claims
from shared.secret import Secret
from tests.fakes import samples
from tests.unit.domain.test_license import grant, license_of

NOW_S = 1_760_000_000
LICENSE = license_of(grant(1, at_s=NOW_S - 60, term_days=365))
WINDOW = window_at(LICENSE, NOW_S)
ISSUER = "https://shop.example"
THUMB = "A" * 43
PAID = samples.paid(samples.instructed(samples.order()))


def seed(name: str) -> str:
    """A test key: never secret, the same in every process."""
    raw = hashlib.sha256(f"test seed {name}".encode()).digest()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


SEED = seed("1")


def issuer(kid: str = "kid-1", text: str = SEED) -> Ed25519LicenseIssuer:
    return Ed25519LicenseIssuer(kid, Secret("TONGBAO_SIGNING_KEY", text), ISSUER)


def lease_of(made: Ed25519LicenseIssuer) -> str:
    assert WINDOW is not None
    token = made.issue(LICENSE, THUMB, WINDOW).token
    assert token is not None
    return token


def receipt_of(made: Ed25519LicenseIssuer) -> str:
    assert PAID.payment is not None
    token = made.receipt(PAID, PAID.payment)
    assert token is not None
    return token


TOKENS = {LEASE_TYPE: lease_of, RECEIPT_TYPE: receipt_of}


def public(made: Ed25519LicenseIssuer) -> OKPKey:
    return OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": made.public_key()})


def part(token: str, place: int) -> Any:
    text = token.split(".")[place]
    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


@pytest.mark.parametrize("kind", TOKENS)
def test_joserfc_verifies_a_token_with_the_public_key(kind: str) -> None:
    assert WINDOW is not None
    assert PAID.payment is not None
    made = issuer()
    read = jwt.decode(TOKENS[kind](made), public(made), algorithms=["Ed25519"])
    assert read.header == {"alg": "Ed25519", "kid": "kid-1", "typ": kind}
    assert read.claims == {LEASE_TYPE: claims(LICENSE, THUMB, WINDOW, ISSUER),
                           RECEIPT_TYPE: receipt_claims(PAID, PAID.payment, ISSUER)}[kind]


@pytest.mark.parametrize("kind", TOKENS)
def test_joserfc_signs_the_same_bytes_from_the_same_seed(kind: str) -> None:
    """The other way round: an independent signer over our header and claims."""
    token = TOKENS[kind](issuer())
    private = OKPKey.import_key({
        "kty": "OKP", "crv": "Ed25519", "x": issuer().public_key(), "d": SEED})
    payload = token.split(".")[1]
    theirs = jws.serialize_compact(
        part(token, 0), base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)),
        private, algorithms=["Ed25519"])
    assert theirs.split(".")[1:] == token.split(".")[1:]


@pytest.mark.parametrize("kind", TOKENS)
def test_the_same_facts_give_the_same_bytes(kind: str) -> None:
    assert TOKENS[kind](issuer()) == TOKENS[kind](issuer())


@pytest.mark.parametrize("kind", TOKENS)
def test_a_token_is_written_in_one_way_only(kind: str) -> None:
    """Sorted, without spaces, as UTF-8: whatever order the claims are put together in."""
    made = Ed25519LicenseIssuer("\u94a5-1", Secret("TONGBAO_SIGNING_KEY", SEED), ISSUER)
    for place in (0, 1):
        text = TOKENS[kind](made).split(".")[place]
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        assert raw.decode() == json.dumps(
            json.loads(raw), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


@pytest.mark.parametrize("kind", TOKENS)
def test_another_key_signs_the_same_claims(kind: str) -> None:
    old, new = TOKENS[kind](issuer()), TOKENS[kind](issuer("kid-2", seed("2")))
    assert part(old, 1) == part(new, 1)
    assert (part(old, 0)["kid"], part(new, 0)["kid"]) == ("kid-1", "kid-2")
    assert old.split(".")[2] != new.split(".")[2]


def tampered(token: str) -> list[str]:
    header, payload, signature = token.split(".")
    forged = base64.urlsafe_b64encode(json.dumps(
        {**part(token, 1), "aud": "everything"}).encode()).decode().rstrip("=")
    flipped = ("B" if signature[0] == "A" else "A") + signature[1:]
    return [f"{header}.{forged}.{signature}", f"{header}.{payload}.{flipped}",
            f"{header}.{payload}.", token[:-4]]


@pytest.mark.parametrize("kind", TOKENS)
@pytest.mark.parametrize("which", range(4))
def test_a_tampered_token_does_not_verify(kind: str, which: int) -> None:
    made = issuer()
    with pytest.raises((BadSignatureError, ValueError)):
        jwt.decode(tampered(TOKENS[kind](made))[which], public(made), algorithms=["Ed25519"])


def test_the_signature_of_a_receipt_is_none_for_a_lease_of_the_same_claims() -> None:
    """Its type is signed: nobody can put a lease's header before a receipt."""
    made, lease = issuer(), lease_of(issuer())
    _, payload, signature = receipt_of(made).split(".")
    with pytest.raises(BadSignatureError):
        jwt.decode(f"{lease.split('.')[0]}.{payload}.{signature}", public(made),
                   algorithms=["Ed25519"])


def test_a_lease_does_not_verify_with_a_strange_key_of_the_same_name() -> None:
    with pytest.raises(BadSignatureError):
        jwt.decode(lease_of(issuer()), public(issuer("kid-1", seed("strange"))),
                   algorithms=["Ed25519"])


def test_what_is_published_and_shown_is_public_only() -> None:
    made = issuer()
    assert len(base64.urlsafe_b64decode(made.public_key() + "=")) == 32
    assert made.public_key() != SEED
    assert SEED not in repr(made) + repr(made.issue)


@pytest.mark.parametrize("text", [
    "A" * 42, "A" * 44, "A" * 43 + "=!", "A" * 43 + "==", "AAAA" * 11 + "AA", "\u00e9" * 43,
    "A" * 42 + "B", "!" + SEED, SEED + "\n", "A" * 20 + " " + "A" * 23,
    "A" * 20 + "+" * 23])
def test_a_key_is_base64url_of_32_bytes_and_nothing_else(text: str) -> None:
    with pytest.raises(InvalidSigningKey, match="TONGBAO_SIGNING_KEY") as caught:
        issuer(text=text)
    assert text not in str(caught.value)


def test_padding_of_a_key_is_optional() -> None:
    assert lease_of(issuer(text=SEED + "=")) == lease_of(issuer())
