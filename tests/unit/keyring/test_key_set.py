"""A key set is taken in one form, from a root that is named, and is never signed when unfit."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws
from joserfc.jwk import OKPKey

from scripts.keyring.encoding import compact_json, is_public_key, thumbprint
from scripts.keyring.key_set import KeySet, ListedKey, NewKey, sign, verify
from scripts.keyring.private_keys import make_root, make_signing_key
from scripts.keyring.refusal import KeysRefused
from scripts.keyring.steps import new_set
from shared.base64url import b64url, from_b64url

if TYPE_CHECKING:
    from collections.abc import Callable

NOW_S = 1_795_410_000
ROOT, NEXT_ROOT = make_root(lambda size: b"r" * size), make_root(lambda size: b"n" * size)
KEY = make_signing_key("2026-11-a", lambda size: b"k" * size)
SET = new_set(issuer="tongbao:TB01", environment="live", keys=[KEY.public], now_s=NOW_S)
TOKEN = sign(SET, ROOT)


def refusal(act: Callable[[], object]) -> str:
    with pytest.raises(KeysRefused) as refused:
        act()
    return refused.value.reason


def claims(**changed: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(from_b64url(TOKEN.split(".")[1]))
    return {**found, **changed}


def signed(payload: bytes, **changed: str) -> str:
    header = {"alg": "Ed25519", "kid": ROOT.kid, "typ": "tongbao-keys+jwt", **changed}
    head = f"{b64url(compact_json(header))}.{b64url(payload)}"
    return f"{head}.{b64url(ROOT.sign(head.encode()))}"


def test_a_set_is_the_jws_of_the_design() -> None:
    header, payload, _ = TOKEN.split(".")
    assert from_b64url(header) == (
        b'{"alg":"Ed25519","kid":"' + ROOT.kid.encode() + b'","typ":"tongbao-keys+jwt"}')
    assert json.loads(from_b64url(payload)) == {
        "v": 1, "iss": "tongbao:TB01", "env": "live", "seq": 1, "iat": NOW_S,
        "exp": NOW_S + 400 * 86_400, "keys": [{
            "kid": "2026-11-a", "x": KEY.x, "status": "active",
            "from": NOW_S - NOW_S % 86_400, "until": None}]}


def test_another_implementation_verifies_it() -> None:
    key = OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": ROOT.x})
    assert key.thumbprint() == ROOT.kid
    found = jws.deserialize_compact(TOKEN, key, algorithms=["Ed25519"])
    assert json.loads(found.payload) == claims()


def test_the_thumbprint_is_that_of_rfc_8037() -> None:
    assert thumbprint("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo") == (
        "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k")


def test_what_was_signed_is_read_again() -> None:
    assert verify(TOKEN, [ROOT.x]) == SET
    assert verify(TOKEN + "\n", [NEXT_ROOT.x, ROOT.x]) == SET
    assert signed(compact_json(claims())) == TOKEN


def test_an_ended_set_can_be_read_so_that_it_can_be_renewed() -> None:
    old = replace(SET, issued_at_s=1, ends_at_s=2)
    assert verify(sign(old, ROOT), [ROOT.x]) == old


def test_a_set_of_a_foreign_root_is_refused() -> None:
    assert refusal(lambda: verify(TOKEN, [NEXT_ROOT.x])) == "foreign_root"
    assert refusal(lambda: verify(TOKEN, [])) == "foreign_root"


def test_a_set_that_names_a_root_which_did_not_sign_it_is_refused() -> None:
    other = sign(SET, NEXT_ROOT).split(".")
    assert refusal(lambda: verify(".".join([TOKEN.split(".")[0], *other[1:]]), [ROOT.x])) == (
        "bad_signature")


@pytest.mark.parametrize("changed", [
    {"typ": "tongbao-lease+jwt"}, {"typ": "JWT"}, {"alg": "EdDSA"}, {"alg": "none"},
    {"crit": "b64"}])
def test_another_header_is_refused(changed: dict[str, str]) -> None:
    assert refusal(lambda: verify(signed(compact_json(claims()), **changed), [ROOT.x])) == (
        "foreign_root")


@given(st.integers(0, len(TOKEN) - 1), st.sampled_from("AZaz09-_.="))
def test_a_set_with_one_other_letter_is_refused(place: int, letter: str) -> None:
    changed = TOKEN[:place] + letter + TOKEN[place + 1:]
    if changed != TOKEN:
        assert refusal(lambda: verify(changed, [ROOT.x])) in ("foreign_root", "bad_signature")


@given(st.text(max_size=40))
def test_no_text_breaks_the_reader(text: str) -> None:
    assert refusal(lambda: verify(text, [ROOT.x])) == "foreign_root"
    header, payload, signature = TOKEN.split(".")
    assert refusal(lambda: verify(f"{header}.{text}.{signature}", [ROOT.x])) == "bad_signature"
    if text.strip():
        assert refusal(lambda: verify(f"{header}.{payload}.{signature}{text.strip()}",
                                      [ROOT.x])) == "bad_signature"


LISTED = claims()["keys"][0]


@pytest.mark.parametrize("changed", [
    {"v": 2}, {"more": 1}, {"seq": 0}, {"seq": True}, {"seq": 1.0}, {"seq": "1"}, {"seq": 2**53},
    {"iss": "TB01"}, {"iss": None}, {"env": "staging"}, {"exp": NOW_S}, {"exp": None},
    {"exp": 10**12}, {"iat": -1}, {"keys": []}, {"keys": {}}, {"keys": [LISTED, LISTED]},
    {"keys": [LISTED, {**LISTED, "kid": "b"}]}, {"keys": [{**LISTED, "kid": "test-1"}]},
    {"keys": [{**LISTED, "kid": ""}]}, {"keys": [{**LISTED, "kid": 1}]},
    {"keys": [{**LISTED, "more": 1}]}, {"keys": [{**LISTED, "x": KEY.x + "="}]},
    {"keys": [{**LISTED, "x": KEY.x[:-2]}]}, {"keys": [{**LISTED, "status": "resting"}]},
    {"keys": [{**LISTED, "from": -1}]}, {"keys": [{**LISTED, "from": None}]},
    {"keys": [{**LISTED, "until": NOW_S}]},
    {"keys": [{**LISTED, "status": "retired", "until": NOW_S}]},
    {"keys": [LISTED, {**LISTED, "kid": "b", "x": ROOT.x, "status": "retired", "until": None}]},
    {"keys": [LISTED, {**LISTED, "kid": "b", "x": ROOT.x, "status": "retired", "until": 5}]}])
def test_a_signed_set_of_another_form_is_refused(changed: dict[str, Any]) -> None:
    token = signed(compact_json(claims(**changed)))
    assert refusal(lambda: verify(token, [ROOT.x])) in ("invalid_set", "invalid_key")


@pytest.mark.parametrize("payload", [
    json.dumps(claims()).encode(), compact_json(claims()).replace(b'"v":1', b'"v":1,"v":1'),
    b"[]", b"null", b"", b"\xff", b'{"v":1}'])
def test_other_spellings_are_refused_though_signed(payload: bytes) -> None:
    assert refusal(lambda: verify(signed(payload), [ROOT.x])) == "invalid_set"


def listing(**changed: Any) -> KeySet:
    return replace(SET, keys=(replace(SET.keys[0], **changed),))


@pytest.mark.parametrize("unfit", [
    replace(SET, issuer="tongbao:tb01"), replace(SET, environment="dev"), replace(SET, seq=0),
    replace(SET, ends_at_s=NOW_S), replace(SET, keys=()), listing(kid="TEST-1"),
    listing(kid="a b"), listing(x="A" * 42), listing(status="withdrawn", until_s=NOW_S)])
def test_what_no_client_should_see_is_not_signed(unfit: KeySet) -> None:
    assert refusal(lambda: sign(unfit, ROOT)) in ("invalid_set", "invalid_key")


def test_a_root_is_no_signing_key() -> None:
    both = new_set(issuer=SET.issuer, environment="live", keys=[NewKey("a", ROOT.x)], now_s=NOW_S)
    assert refusal(lambda: sign(both, ROOT)) == "root_signs_leases"
    assert sign(both, NEXT_ROOT)


def test_a_test_kid_is_taken_in_test() -> None:
    in_test = replace(listing(kid="test-1"), environment="test")
    assert verify(sign(in_test, ROOT), [ROOT.x]) == in_test


@given(st.binary(min_size=32, max_size=32))
def test_every_public_half_is_a_point_of_the_curve(seed: bytes) -> None:
    assert is_public_key(make_signing_key("a", lambda _: seed).x)


def test_half_of_all_texts_are_no_public_key() -> None:
    taken = sum(is_public_key(b64url(i.to_bytes(32, "little"))) for i in range(2, 402))
    assert 150 < taken < 250


@pytest.mark.parametrize("x", ["", "A", KEY.x + "=", KEY.x[:-1], KEY.x + "AA", "é" * 43,
                               b64url((2**255 - 1).to_bytes(32, "little"))])
def test_what_has_not_the_form_of_a_key_is_none(x: str) -> None:
    assert not is_public_key(x)


def test_private_parts_have_no_text() -> None:
    shown = f"{ROOT} {ROOT!r} {KEY} {KEY!r}"
    assert KEY.seed not in shown
    assert ROOT.kid in shown
    assert KEY.kid in shown


def test_a_key_is_found_by_its_name() -> None:
    assert SET.find("2026-11-a") == ListedKey(
        "2026-11-a", KEY.x, "active", NOW_S - NOW_S % 86_400, None)
    assert SET.find("2026-11-b") is None
