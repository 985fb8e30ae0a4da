"""What a refused proof tells our log, and the edges where one byte decides."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from typing import TYPE_CHECKING, Any

import pytest

from shared.errors import DeviceUnproven
from tests.unit.adapters.proofs import (
    NOW_S,
    PROOFS,
    b64,
    header,
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


def is_taken(asked: ProvenRequest) -> bool:
    return PROOFS.thumbprint_of(asked, NOW_S) == thumbprint()


def reason_of(asked: ProvenRequest) -> str | None:
    with pytest.raises(DeviceUnproven) as caught:
        PROOFS.thumbprint_of(asked, NOW_S)
    assert caught.value.code == "DEVICE_PROOF_INVALID"
    return caught.value.reason


def key_as(x: bytes, y: bytes) -> dict[str, Any]:
    return {**jwk(), "x": b64(x), "y": b64(y)}


X, Y = (urlsafe_b64decode(jwk()[name] + "=") for name in "xy")


@pytest.mark.parametrize(("wrong", "reason"), [
    (request("a.b"), "form"), (request("!.b.c"), "form"), (request(proof(head=b"{")), "form"),
    (request(proof(header(typ="jwt"))), "header"), (request(proof(header(alg="RS256"))), "header"),
    (request(proof(header(jwk={**jwk(), "kty": "RSA"}))), "jwk"),
    (request(proof(header(jwk={**jwk(), "x": 7}))), "jwk"),
    (request(proof(header(jwk=key_as(X, Y + b"\0")))), "jwk"),
    (request(proof(header(jwk=key_as(b"\0" + X, Y)))), "jwk"),
    (request(proof()[:-2]), "signature"), (request(proof(header(jwk=key_as(Y, X)))), "signature"),
    (request(proof(said=payload(iat=None))), "claims"),
    (request(proof(said=payload(jti="short"))), "claims"),
    (GOOD._replace(method="GET"), "request"), (GOOD._replace(path="/"), "request"),
    (GOOD._replace(body=b""), "body"), (GOOD._replace(bearer=None), "bearer")])
def test_our_log_learns_what_was_wrong(wrong: ProvenRequest, reason: str) -> None:
    assert is_taken(GOOD)
    assert reason_of(wrong) == reason


def test_one_point_is_one_key_however_its_bytes_are_shared_out() -> None:
    """Else the same key would have other thumbprints, and a slot for each."""
    assert is_taken(request(proof(header(jwk=key_as(X, Y)))))
    for cut in (0, 31, 33, 64):
        both = X + Y
        assert reason_of(request(proof(header(jwk=key_as(both[:cut], both[cut:]))))) == "jwk"


def test_a_signature_is_64_bytes_and_no_zeros_more() -> None:
    text = signed_part(header(), payload())
    r, s = (number.to_bytes(32, "big") for number in sign(text))
    assert is_taken(request(f"{text.decode()}.{b64(r + s)}"))
    assert reason_of(request(f"{text.decode()}.{b64(r + bytes(1) + s)}")) == "signature"


def test_a_key_may_say_all_that_does_not_matter_at_once() -> None:
    extra = {"kid": "x", "use": "sig", "alg": "ES256", "key_ops": ["verify"], "ext": True}
    assert is_taken(request(proof(header(jwk={**extra, **jwk()}))))
    assert reason_of(request(proof(header(jwk={**extra, **jwk(), "d": "AA"})))) == "jwk"


@pytest.mark.parametrize(("length", "taken"), [(4_095, True), (4_096, True), (4_097, False)])
def test_a_proof_has_at_most_4096_characters(length: int, taken: bool) -> None:
    """JSON takes spaces, so that a proof can be made in any length."""
    head, said = json.dumps(header()), json.dumps(payload())
    found = next(text for spaces in range(3) for more in range(2_400, 2_700)
                 if len(text := proof((head + " " * spaces).encode(),
                                      (said + " " * more).encode())) == length)
    assert is_taken(request(found)) if taken else reason_of(request(found)) == "form"


def test_the_bearer_and_the_body_are_hashed_apart() -> None:
    """A proof for one is none for the other, even with the same text in both."""
    same = GOOD._replace(body=b"text", bearer="text")
    both = sha256(b"text")
    assert is_taken(same._replace(proof=proof(said=payload(ath=both, bth=both))))
    assert reason_of(same._replace(proof=proof(said=payload(ath=None, bth=both)))) == "bearer"
    assert reason_of(same._replace(proof=proof(said=payload(ath=both, bth=None)))) == "body"
