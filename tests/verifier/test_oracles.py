"""The verifiers' arithmetic, held against published examples and a library of others."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws
from joserfc.jwk import ECKey, OKPKey

from extension.verifier.tongbao_verifier import Nonces, Verifier, thumbprint
from tests.vectors.leases.minting import KEYS, b64, ed25519, jwk_of, p256, raw, x_of
from tests.verifier.thumbprints import KNOWN
from tests.verifier.vectors import FILES, document

if TYPE_CHECKING:
    from tests.verifier.conftest import TypeScript


@pytest.mark.parametrize(("jwk", "published"), KNOWN)
def test_thumbprints_are_those_that_rfcs_publish(jwk: dict[str, str], published: str) -> None:
    assert thumbprint(jwk) == published


def test_the_typescript_thumbprints_are_too(typescript: TypeScript) -> None:
    assert typescript.thumbprints == [published for _, published in KNOWN]


@given(st.text())
def test_thumbprints_are_those_of_joserfc(name: str) -> None:
    jwk = jwk_of(p256(name))
    assert thumbprint(jwk) == ECKey.import_key(jwk).thumbprint()
    okp = {"kty": "OKP", "crv": "Ed25519", "x": x_of(ed25519(name))}
    assert thumbprint(okp) == OKPKey.import_key(okp).thumbprint()


@pytest.mark.parametrize("jwk", [
    {}, {"kty": "RSA", "n": "AQ", "e": "AQAB"}, {"kty": "EC", "crv": "P-384", "x": "", "y": ""},
    {"kty": "OKP", "crv": "Ed25519", "x": "AA"}, {"kty": ["OKP"], "crv": {}}])
def test_no_other_key_has_a_thumbprint_here(jwk: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"key|32 bytes"):
        thumbprint(jwk)


def _header(token: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(raw(token.split(".")[0]))
    return found


def _good(call: str, argument: str) -> list[str]:
    return [case["args"][argument] for name in FILES for case in document(name)["cases"]
            if case["call"] == call and case["expect"] in ("VALID", "VALID_GRACE")]


def test_joserfc_verifies_every_good_proof() -> None:
    tokens = _good("verify_device_proof", "proof") + _good("verify_request", "proof")
    assert len(tokens) > 15
    for token in tokens:
        key = ECKey.import_key(_header(token)["jwk"])
        registry = jws.JWSRegistry(algorithms=["ES256"], strict_check_header=False)
        assert jws.deserialize_compact(token, key, registry=registry).payload


def test_joserfc_verifies_every_good_lease_of_the_first_origin() -> None:
    tokens = [token for token in _good("verify_lease", "token")
              if _header(token)["kid"] in KEYS]
    assert len(tokens) >= 40
    for token in tokens:
        x = x_of(KEYS[_header(token)["kid"]])
        key = OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": x})
        registry = jws.JWSRegistry(algorithms=["Ed25519"], strict_check_header=False)
        assert jws.deserialize_compact(token, key, registry=registry).payload


def test_nonces_are_those_that_node_makes(typescript: TypeScript) -> None:
    source = document("nonces")
    nonces = Nonces(raw(source["secret"]))
    for number, made in enumerate(source["nonces"]):
        assert list(nonces.accepted(made["now_s"])) == made["accepted"]
        assert nonces.current(made["now_s"]) == made["accepted"][0]
        assert typescript.nonces[number] == [made["accepted"], made["accepted"][0]]


def test_a_nonce_is_taken_in_its_window_and_the_next() -> None:
    nonces = Nonces(bytes(32))
    sent = nonces.current(900)
    assert [sent in nonces.accepted(now_s) for now_s in (899, 900, 1_199, 1_200, 1_499, 1_500)] == [
        False, True, True, True, True, False]


def test_a_nonce_needs_its_secret() -> None:
    assert Nonces(bytes(32)).current(0) != Nonces(bytes(31) + b"\1").current(0)
    with pytest.raises(ValueError, match="32 bytes"):
        Nonces(bytes(31))


@pytest.mark.parametrize("roots", [[], ["AA"], ["not base64!"], [x_of(ed25519("a"))] * 2,
                                   [x_of(ed25519(name)) for name in "abc"], [{"kty": "OKP"}],
                                   [b64(b"\1" + bytes(31))]])
def test_odd_roots_are_a_mistake_of_the_seller(roots: list[Any]) -> None:
    with pytest.raises(ValueError, match=r"roots|32 bytes|base64|key"):
        Verifier(roots=roots, issuer="a", environment="b", product="c")
