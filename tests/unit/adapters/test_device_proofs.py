"""Device proofs (RFC 9449), held against joserfc, each wrong one wrong in one thing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc import jws
from joserfc.jwk import ECKey

from shared.adapters.device_proofs import MOST_CHARACTERS, WINDOW_S, EcdsaDeviceProofs
from shared.errors import DeviceUnproven
from tests.unit.adapters.proofs import (
    BEARER,
    BODY,
    HOST,
    NOW_S,
    PATH,
    PROOFS,
    b64,
    header,
    joined,
    joserfc_key,
    jwk,
    payload,
    proof,
    request,
    sha256,
    sign,
    signed_part,
    thumbprint,
)

if TYPE_CHECKING:
    from shared.license_ports import ProvenRequest

GOOD = request()
ORDER_OF_P256 = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
FIELD_OF_P256 = 0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF


def code_of(asked: ProvenRequest, now_s: int = NOW_S) -> str:
    with pytest.raises(DeviceUnproven) as caught:
        PROOFS.thumbprint_of(asked, now_s)
    assert caught.value.status == 401
    return caught.value.code


def is_taken(asked: ProvenRequest, now_s: int = NOW_S) -> bool:
    return PROOFS.thumbprint_of(asked, now_s) == thumbprint()


def test_a_proof_made_by_joserfc_is_taken_and_names_the_key_as_joserfc_does() -> None:
    text = jws.serialize_compact(header(), json.dumps(payload()).encode(), joserfc_key())
    assert PROOFS.thumbprint_of(request(text), NOW_S) == joserfc_key().thumbprint()


def test_joserfc_takes_what_the_other_tests_sign() -> None:
    read = jws.deserialize_compact(proof(), joserfc_key(), algorithms=["ES256"])
    assert json.loads(read.payload) == payload()


def test_a_thumbprint_does_not_depend_on_what_else_the_key_says() -> None:
    for extra in ({"kid": "x"}, {"use": "sig"}, {"alg": "ES256"}, {"ext": True},
                  {"key_ops": ["verify"]}):
        assert is_taken(request(proof(header(jwk={**extra, **jwk()}))))


def test_each_key_has_its_own_thumbprint() -> None:
    for secret in range(1, 6):
        key = ec.derive_private_key(secret, ec.SECP256R1())
        text = signed_part(header(jwk=jwk(key)), payload())
        found = PROOFS.thumbprint_of(request(joined(text, *sign(text, key))), NOW_S)
        assert found == ECKey.import_key(jwk(key)).thumbprint()


@pytest.mark.parametrize("changes", [
    {"typ": None}, {"typ": "jwt"}, {"typ": "DPOP+JWT"}, {"typ": "tongbao-lease+jwt"},
    {"alg": None}, {"alg": "none"}, {"alg": "HS256"}, {"alg": "ES384"}, {"alg": "es256"},
    {"alg": ["ES256"]}, {"jwk": None}, {"jwk": []}, {"jwk": "x"}, {"jwk": {}}, {"kid": "1"},
    {"crit": ["exp"]}, {"b64": False}, {"x5c": []}, {"jku": "https://evil.example"}])
def test_a_header_has_its_three_fields_and_no_other(changes: dict[str, Any]) -> None:
    assert is_taken(GOOD)
    assert code_of(request(proof(header(**changes)))) == "DEVICE_PROOF_INVALID"


BIG_X = b64((int.from_bytes(bytes(31) + b"\x05", "big") + FIELD_OF_P256).to_bytes(32, "big"))


@pytest.mark.parametrize("changes", [
    {"kty": "OKP"}, {"kty": None}, {"crv": "P-384"}, {"crv": "secp256k1"}, {"crv": None},
    {"d": b64(b"\x07".rjust(32, b"\0"))}, {"k": "AAAA"}, {"x5c": []}, {"x": None}, {"y": None},
    {"x": 7}, {"x": ["A"]}, {"x": {}}, {"x": True}, {"x": jwk()["x"] + "="}, {"x": ""},
    {"x": b64(bytes(31))}, {"x": b64(bytes(33))}, {"x": b64(b"\0" + bytes(31))},
    {"y": jwk()["x"]}, {"x": BIG_X}, {"x": "\u00e9" * 43}, {"x": jwk()["x"][:-1] + " "}])
def test_a_key_is_a_public_point_of_the_curve_and_nothing_else(changes: dict[str, Any]) -> None:
    wrong = {name: value for name, value in {**jwk(), **changes}.items() if value is not None}
    assert wrong != jwk()
    assert code_of(request(proof(header(jwk=wrong)))) == "DEVICE_PROOF_INVALID"


def test_the_point_at_infinity_and_a_point_off_the_curve_are_no_keys() -> None:
    for x, y in ((0, 0), (1, 1), (int.from_bytes(b"\x05", "big"), 3)):
        off = {**jwk(), "x": b64(x.to_bytes(32, "big")), "y": b64(y.to_bytes(32, "big"))}
        assert code_of(request(proof(header(jwk=off)))) == "DEVICE_PROOF_INVALID"


@pytest.mark.parametrize("changes", [
    {"htm": None}, {"htm": "GET"}, {"htm": "post"}, {"htm": 1},
    {"htu": None}, {"htu": 1}, {"htu": ""}, {"htu": PATH}, {"htu": f"//{HOST}{PATH}"},
    {"htu": f"ftp://{HOST}{PATH}"}, {"htu": f"https://evil.example{PATH}"},
    {"htu": f"https://{HOST}.evil.example{PATH}"}, {"htu": f"https://{HOST}:8443{PATH}"},
    {"htu": f"https://{HOST}@evil.example{PATH}"}, {"htu": f"https://me@{HOST}{PATH}"},
    {"htu": f"https://{HOST}{PATH}/"}, {"htu": f"https://{HOST}{PATH[:-1]}"},
    {"htu": f"https://{HOST}{PATH.upper()}"}, {"htu": f"https://{HOST}{PATH}?a=1"},
    {"htu": f"https://{HOST}{PATH}#a"}, {"htu": f"https://{HOST}/v1/%6cicenses/restore"},
    {"htu": f"https://[{PATH}"}, {"htu": f"https://{HOST}"},
    {"iat": None}, {"iat": "5"}, {"iat": 5.0}, {"iat": True},
    {"jti": None}, {"jti": 1}, {"jti": ""}, {"jti": "a" * 15}, {"jti": "a" * 129},
    {"jti": "a" * 16 + "\n"}, {"jti": "a" * 16 + "\u4e2d"}, {"jti": "a" * 16 + " "},
    {"ath": None}, {"ath": sha256(b"another")}, {"ath": BEARER}, {"ath": 1}, {"ath": ""},
    {"bth": None}, {"bth": sha256(b"another")}, {"bth": 1}, {"bth": ""},
    {"bth": sha256(BODY) + "="}])
def test_a_proof_is_about_one_request(changes: dict[str, Any]) -> None:
    assert is_taken(GOOD)
    assert code_of(request(proof(said=payload(**changes)))) == "DEVICE_PROOF_INVALID"


@pytest.mark.parametrize("changes", [
    {"method": "GET"}, {"path": PATH + "/"}, {"path": "/v1/licenses/claim"},
    {"host": "evil.example"}, {"host": HOST + ":8443"}, {"host": ""},
    {"body": b""}, {"body": BODY + b" "}, {"bearer": None}, {"bearer": BEARER + "x"},
    {"bearer": ""}])
def test_a_proof_is_no_proof_of_another_request(changes: dict[str, Any]) -> None:
    assert code_of(GOOD._replace(**changes)) == "DEVICE_PROOF_INVALID"


@pytest.mark.parametrize("changes", [
    {"iat": 0}, {"iat": -1}, {"iat": 2**62}, {"jti": "a" * 16}, {"jti": "aZ09_.~-" * 16},
    {"htu": f"http://{HOST}{PATH}"}, {"htu": f"HTTPS://{HOST.upper()}{PATH}"},
    {"exp": 1}, {"nbf": 2**60}])
def test_what_does_not_matter_does_not_matter(changes: dict[str, Any]) -> None:
    """Above all the device's clock: a wrong one must not lock a buyer out."""
    assert is_taken(request(proof(said=payload(**changes))))


def test_where_the_platform_does_not_tell_the_host_it_is_not_compared() -> None:
    assert is_taken(GOOD._replace(host=None))
    assert code_of(GOOD._replace(host=None, path="/v1/licenses/claim")) == "DEVICE_PROOF_INVALID"


def test_without_a_body_or_a_secret_the_proof_has_no_hash_of_them() -> None:
    bare = {"method": "GET", "body": b"", "bearer": None}
    text = proof(said=payload(htm="GET", bth=None, ath=None))
    assert is_taken(request(text, **bare))
    for extra in ({"bth": sha256(b"")}, {"ath": sha256(b"")}):
        said = {**payload(htm="GET", bth=None, ath=None), **extra}
        assert code_of(request(proof(said=said), **bare)) == "DEVICE_PROOF_INVALID"


@pytest.mark.parametrize(("made_at_s", "sent_at_s", "fresh"), [
    (0, 0, True), (0, 299, True), (0, 300, True), (0, 599, True), (0, 600, False),
    (299, 300, True), (299, 599, True), (299, 600, False), (300, 899, True), (300, 900, False),
    (300, 299, False), (600, 299, False)])
def test_a_nonce_is_good_for_its_five_minutes_and_the_next(
        made_at_s: int, sent_at_s: int, fresh: bool) -> None:
    start_s = NOW_S // WINDOW_S * WINDOW_S
    text = proof(said=payload(nonce=PROOFS.nonce(start_s + made_at_s)))
    if fresh:
        assert is_taken(request(text), start_s + sent_at_s)
    else:
        assert code_of(request(text), start_s + sent_at_s) == "DEVICE_PROOF_STALE"


@pytest.mark.parametrize("nonce", [
    None, "", 1, [], PROOFS.nonce(NOW_S)[:-1], PROOFS.nonce(NOW_S) + "A",
    PROOFS.nonce(NOW_S).swapcase(), EcdsaDeviceProofs(b"another secret").nonce(NOW_S)])
def test_another_nonce_is_stale_and_the_answer_brings_a_good_one(nonce: object) -> None:
    with pytest.raises(DeviceUnproven) as caught:
        PROOFS.thumbprint_of(request(proof(said=payload(nonce=nonce))), NOW_S)
    assert (caught.value.code, caught.value.status) == ("DEVICE_PROOF_STALE", 401)
    fresh = caught.value.headers["DPoP-Nonce"]
    assert is_taken(request(proof(said=payload(nonce=fresh))))


def test_what_is_forged_gets_no_nonce() -> None:
    with pytest.raises(DeviceUnproven) as caught:
        PROOFS.thumbprint_of(request(proof(said=payload(nonce=None, htm="GET"))), NOW_S)
    assert (caught.value.code, dict(caught.value.headers)) == ("DEVICE_PROOF_INVALID", {})


def test_nonces_of_other_times_and_deployments_differ() -> None:
    nonces = {PROOFS.nonce(NOW_S + n * WINDOW_S) for n in range(100)}
    assert len(nonces) == 100
    assert all(len(nonce) == 24 for nonce in nonces)


def test_a_signature_by_another_key_is_none() -> None:
    text = signed_part(header(), payload())
    other = ec.derive_private_key(8, ec.SECP256R1())
    assert code_of(request(joined(text, *sign(text, other)))) == "DEVICE_PROOF_INVALID"


def test_a_low_and_a_high_s_are_both_taken() -> None:
    """Both are valid in ES256 (RFC 7518), browsers make both, and a proof may be repeated."""
    text = signed_part(header(), payload())
    r, s = sign(text)
    for either in (s, ORDER_OF_P256 - s):
        assert is_taken(request(joined(text, r, either)))


def test_numbers_out_of_range_are_no_signature() -> None:
    text = signed_part(header(), payload())
    r, s = sign(text)
    assert is_taken(request(joined(text, r, s)))
    for wrong in ((0, s), (r, 0), (0, 0), (ORDER_OF_P256, s), (r, ORDER_OF_P256),
                  (2**256 - 1, s), (r, 2**256 - 1), (s, r), (r + 1, s)):
        assert code_of(request(joined(text, *wrong))) == "DEVICE_PROOF_INVALID"


@pytest.mark.parametrize("of", [
    lambda p: "", lambda p: ".", lambda p: "..", lambda p: p + ".", lambda p: "." + p,
    lambda p: p.rsplit(".", 1)[0], lambda p: p.rsplit(".", 1)[0] + ".", lambda p: p + "=",
    lambda p: p[:-1], lambda p: p + "AA", lambda p: " " + p, lambda p: p + "\n",
    lambda p: p.replace(".", ".\u200b", 1), lambda p: f"{p},{p}", lambda p: p[:-4] + "\u00e9" * 4,
    lambda p: p.replace("-", "+").replace("_", "/"), lambda p: p + "." + p.split(".")[2]])
def test_another_form_is_no_proof(of: Any) -> None:
    good = next(text for text in iter(proof, None) if "-" in text or "_" in text)
    assert is_taken(request(good)) and of(good) != good
    assert code_of(request(of(good))) == "DEVICE_PROOF_INVALID"


@pytest.mark.parametrize("part", [
    b"", b"[]", b"null", b"{", b"\xff", b'{"typ":"dpop+jwt","typ":"dpop+jwt"}', b"[" * 3000])
def test_a_part_that_is_no_object_is_no_proof(part: bytes) -> None:
    assert code_of(request(proof(head=part))) == "DEVICE_PROOF_INVALID"
    assert code_of(request(proof(said=part))) == "DEVICE_PROOF_INVALID"


def test_a_field_said_twice_is_said_never() -> None:
    text = json.dumps(payload())
    assert is_taken(request(proof(said=text.encode())))
    twice = text[:-1] + ', "htm": "POST"}'
    assert code_of(request(proof(said=twice.encode()))) == "DEVICE_PROOF_INVALID"


def test_a_proof_has_its_length() -> None:
    def padded(n: int) -> str:
        return proof(said=payload(note="x" * n))
    most = max(n for n in range(2400, 2800) if len(padded(n)) <= MOST_CHARACTERS)
    assert is_taken(request(padded(most)))
    assert code_of(request(padded(most + 3))) == "DEVICE_PROOF_INVALID"


FIXED = proof()


@settings(max_examples=400)
@given(st.integers(0, len(FIXED) - 1), st.characters(max_codepoint=0x2FF))
def test_one_changed_character_proves_nothing_else(place: int, other: str) -> None:
    changed = FIXED[:place] + other + FIXED[place + 1:]
    try:
        found = PROOFS.thumbprint_of(request(changed), NOW_S)
    except DeviceUnproven as refused:
        assert refused.code == "DEVICE_PROOF_INVALID"
        return
    assert (changed, found) == (FIXED, thumbprint())


@given(st.text(max_size=200))
def test_any_text_is_refused_in_order(text: str) -> None:
    assert code_of(request(text)) == "DEVICE_PROOF_INVALID"


TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=5)
"""Without what strict JSON refuses: lone surrogates and NUL."""
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-2**63, 2**63 - 1) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner), max_leaves=5)


@given(st.sampled_from(["typ", "alg", "jwk", "x", "y", "kty", "crv", "htm", "htu", "iat", "jti",
                        "nonce", "ath", "bth"]), JSON_VALUES)
def test_any_value_in_any_field_is_refused_in_order_or_the_same_request(
        name: str, value: object) -> None:
    head, said = header(), payload()
    place = next(part for part in (head, said, head["jwk"]) if name in part)
    place[name] = value
    try:
        found = PROOFS.thumbprint_of(request(proof(head, said)), NOW_S)
    except DeviceUnproven as refused:
        assert refused.code == ("DEVICE_PROOF_STALE" if name == "nonce"
                                else "DEVICE_PROOF_INVALID")
        return
    assert name == "iat"
    assert found == thumbprint()
