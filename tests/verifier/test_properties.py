"""What holds for tokens that nobody wrote down: changed, tampered with, made up."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from tests.vectors.leases.minting import KEYS, MIDNIGHT_S, jws, lease_claims, lease_header
from tests.verifier.mutants import ARGUMENT, GOOD, changed, good_case, mutants, odd_json
from tests.verifier.vectors import answer, document, verifier_for

if TYPE_CHECKING:
    from tests.verifier.conftest import TypeScript

VERIFIER = verifier_for(document("leases"), good_case("leases"))
TOKEN = good_case("leases")["args"]["token"]
REFUSED = {"MALFORMED", "WRONG_TYPE", "UNKNOWN_KEY", "INVALID_SIGNATURE"}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8)
CLAIM = st.sampled_from(sorted(lease_claims()))


@given(st.sampled_from(sorted(GOOD)), st.data())
def test_no_good_token_with_a_changed_byte_is_good(name: str, data: st.DataObject) -> None:
    token = good_case(name)["args"][ARGUMENT[name]]
    position = data.draw(st.integers(0, len(token) - 1))
    character = data.draw(st.characters().filter(lambda it: it != token[position]))
    assert not answer(VERIFIER, changed(name, position, character)).ok


@given(st.text() | st.binary() | st.none() | st.integers())
def test_whatever_is_given_is_answered_with_a_code(token: str) -> None:
    assert VERIFIER.verify_lease(token, MIDNIGHT_S).code == "MALFORMED"
    assert VERIFIER.load_keys(token, MIDNIGHT_S) == "KEYS_INVALID"
    proof = VERIFIER.verify_device_proof(token, method="GET", url="https://a/b", jkt="")
    assert proof.code == "DEVICE_PROOF_INVALID"


@given(CLAIM, JSON)
def test_a_signed_claim_of_any_shape_is_answered_with_a_code(name: str, value: object) -> None:
    token = jws(lease_header(), lease_claims(**{name: value}), KEYS["test-a"].sign)
    answered = VERIFIER.verify_lease(token, MIDNIGHT_S)
    assert answered.ok == (answered.claims is not None)
    if answered.ok:
        assert name in ("sub", "jti", "ent", "lexp", "iat", "nbf", "exp", "grc", "v")


@given(st.integers(0, 2**40), st.integers(0, 14 * 86_400), st.none() | st.integers(0, 2**40),
       st.integers(-10, 40 * 86_400))
def test_the_windows_follow_each_other(iat_s: int, grace_s: int, end_s: int | None,
                                       after_s: int) -> None:
    claims = lease_claims(iat=MIDNIGHT_S + iat_s % 86_400, nbf=MIDNIGHT_S, grc=grace_s, lexp=end_s,
                          exp=MIDNIGHT_S + 86_400)
    now_s = MIDNIGHT_S + after_s
    code = VERIFIER.verify_lease(jws(lease_header(), claims, KEYS["test-a"].sign), now_s).code
    if end_s is not None and now_s >= max(end_s, MIDNIGHT_S):
        assert code == "LICENSE_EXPIRED"
    else:
        codes = ["NOT_YET_VALID", "VALID", "VALID_GRACE", "LEASE_EXPIRED"]
        bounds = (MIDNIGHT_S, claims["exp"], claims["exp"] + grace_s)
        assert code == codes[sum(now_s >= bound for bound in bounds)]


def test_the_typescript_verifier_takes_no_changed_token_either(typescript: TypeScript) -> None:
    said = typescript.codes["platform"]["mutants"]
    assert len(said) > 1_000
    assert set(said) <= REFUSED | {"DEVICE_PROOF_INVALID"}
    assert said == [answer(VERIFIER, case).code for case in mutants()["cases"]]


def test_both_say_the_same_of_signed_json_however_odd(typescript: TypeScript) -> None:
    cases = odd_json()["cases"]
    said = typescript.codes["platform"]["odd JSON"]
    differing = [(case["text"], one, other) for case, one in zip(cases, said, strict=True)
                 if one != (other := answer(VERIFIER, case).code)]
    assert differing == []
    assert Counter(said)["MALFORMED"] > 500
    assert Counter(said)["VALID"] > 50, "most were broken: nothing was compared"
