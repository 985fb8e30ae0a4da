"""The server's reading of a signed key set: whole, or not at all."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.key_set import EXPIRES_SOON_S, InvalidKeySet, KeySet

NEW = {"kid": "2026-12", "x": "N" * 43, "status": "active", "from": 5, "until": None}
OLD = {"kid": "2026-11", "x": "O" * 43, "status": "retired", "from": 1, "until": 6}
BAD = {"kid": "2026-10", "x": "B" * 43, "status": "withdrawn", "from": 0, "until": 1}
HEADER = {"typ": "tongbao-keys+jwt", "alg": "Ed25519", "kid": "root"}
SAID = {"v": 1, "iss": "tongbao:TB01", "env": "test", "seq": 3, "iat": 4, "exp": 99,
        "keys": [NEW, OLD, BAD]}


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def text(header: object = HEADER, said: object = SAID, signature: str = "c2ln") -> str:
    parts = [part if isinstance(part, bytes) else json.dumps(part).encode()
             for part in (header, said)]
    return f"{b64(parts[0])}.{b64(parts[1])}.{signature}"


GOOD = KeySet.read(text())


def test_a_set_is_what_it_says_and_is_handed_on_as_it_came() -> None:
    assert KeySet(text(), "tongbao:TB01", "test", 3, 99, (NEW, OLD, BAD)) == GOOD


def test_what_later_versions_add_is_left_out() -> None:
    more = {**SAID, "note": 1, "keys": [{**NEW, "note": "x"}, OLD, BAD]}
    assert KeySet.read(text(said=more)).keys == GOOD.keys


@pytest.mark.parametrize("wrong", [
    "", "a.b", text() + ".x", text()[1:], text(signature="!"), text(signature="AB"),
    text().replace(".", ","), text(b"{"), text(said=b"{"), text([]), text(said=[]),
    text(said=json.dumps(SAID).replace('"v"', '"seq": 2, "v"').encode())])
def test_another_form_is_no_key_set(wrong: str) -> None:
    with pytest.raises(InvalidKeySet, match="is not a signed key set"):
        KeySet.read(wrong)


@pytest.mark.parametrize("kind", [None, "", "jwt", "tongbao-lease+jwt", "TONGBAO-KEYS+JWT", 1])
def test_another_type_of_token_is_no_key_set(kind: object) -> None:
    with pytest.raises(InvalidKeySet):
        KeySet.read(text({**HEADER, "typ": kind}))


@pytest.mark.parametrize("name", ["iss", "env", "seq", "exp", "keys"])
def test_nothing_may_be_missing(name: str) -> None:
    with pytest.raises(InvalidKeySet):
        KeySet.read(text(said={key: value for key, value in SAID.items() if key != name}))


@pytest.mark.parametrize("name", list(NEW))
def test_nothing_may_be_missing_from_a_key(name: str) -> None:
    cut = {key: value for key, value in NEW.items() if key != name}
    with pytest.raises(InvalidKeySet):
        KeySet.read(text(said={**SAID, "keys": [OLD, cut]}))


@pytest.mark.parametrize("changes", [
    {"seq": "3"}, {"seq": 3.0}, {"seq": True}, {"seq": None}, {"exp": "99"}, {"exp": None},
    {"exp": 9.5}, {"iss": 1}, {"iss": None}, {"env": ["test"]}, {"keys": None}, {"keys": "abc"},
    {"keys": [1]}, {"keys": [[]]}, {"keys": {"kid": "a"}}, {"keys": {}}, {"keys": ""}])
def test_a_value_of_another_type_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidKeySet):
        KeySet.read(text(said={**SAID, **changes}))


@pytest.mark.parametrize("changes", [
    {"kid": 1}, {"kid": None}, {"x": 1}, {"x": None}, {"status": None}, {"status": 1},
    {"status": "Active"},
    {"from": "5"}, {"from": None}, {"from": 5.0}, {"from": True}, {"until": "6"},
    {"until": False}])
def test_a_value_of_another_type_in_a_key_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidKeySet):
        KeySet.read(text(said={**SAID, "keys": [OLD, {**NEW, **changes}]}))


def test_somebody_has_two_months_to_sign_the_next_set() -> None:
    assert EXPIRES_SOON_S == 5_184_000


def refused(**changes: str) -> str:
    asked = {"kid": NEW["kid"], "public_key": NEW["x"], "issuer": "tongbao:TB01",
             "environment": "test", **changes}
    with pytest.raises(InvalidKeySet) as caught:
        GOOD.refuse_unless_active(**asked)  # type: ignore[arg-type]
    return str(caught.value)


def test_only_a_key_that_its_clients_take_may_sign() -> None:
    GOOD.refuse_unless_active(str(NEW["kid"]), str(NEW["x"]), issuer="tongbao:TB01",
                              environment="test")
    for changes in ({"kid": "2027-01"}, {"public_key": "A" * 43}, {"public_key": str(OLD["x"])},
                    {"kid": "2026-11", "public_key": "O" * 43},
                    {"kid": "2026-10", "public_key": "B" * 43}):
        assert "active keys" in refused(**changes)
    for changes in ({"issuer": "tongbao:TB02"}, {"environment": "live"}):
        assert "another deployment's" in refused(**changes)


def test_what_is_shown_to_people_leaves_out_what_was_withdrawn() -> None:
    assert GOOD.public_keys() == [
        {"kty": "OKP", "crv": "Ed25519", "kid": key["kid"], "alg": "Ed25519", "use": "sig",
         "x": key["x"]} for key in (NEW, OLD)]


@given(st.text(max_size=60) | st.binary(max_size=40).map(lambda raw: text(said=raw)))
def test_any_text_is_refused_in_order(some: str) -> None:
    with pytest.raises(InvalidKeySet):
        KeySet.read(some)
