"""Device proofs, and requests that carry a lease and a proof."""

from __future__ import annotations

from typing import Any

from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from tests.vectors.leases.minting import (
    BODY,
    DAY_S,
    DEVICE,
    JKT,
    KEYS,
    MIDNIGHT_S,
    NONCE,
    NOW_S,
    OLD_NONCE,
    OTHER_DEVICE,
    OTHER_JKT,
    URL,
    b64,
    digest,
    es256,
    jwk_of,
    jws,
    lease,
    lease_claims,
    proof,
    proof_claims,
    proof_header,
    raw,
    stray,
    text_of,
    without,
)

GOOD = "proof: a good proof"
GOOD_REQUEST = "request: a good request"
CLAIMS, HEADER, JWK = proof_claims(), proof_header(), jwk_of(DEVICE)
SIGN = es256(DEVICE)
TOKEN = proof()
CREDENTIAL = "test-claim-secret"
RFC_9449 = (  # RFC 9449 §4.1, its first example, as it stands there
    "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNo"
    "UklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERW"
    "clUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh"
    "0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8"
    "v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg")


def case(name: str, expect: str, token: Any = TOKEN, like: str | None = GOOD,
         **changes: Any) -> dict[str, Any]:
    return {"name": f"proof: {name}", "like": like, "loaded": [], "call": "verify_device_proof",
            "args": {"proof": token, "method": "POST", "url": URL, "nonce": [NONCE, OLD_NONCE],
                     "body": BODY, "credential": None, "jkt": JKT, **changes},
            "expect": expect}


def _keys() -> dict[str, str]:
    def by(**changes: Any) -> str:
        return proof(header={**HEADER, "jwk": {**JWK, **changes}})

    off = b64((int.from_bytes(raw(JWK["y"]), "big") ^ 1).to_bytes(32, "big"))
    d = b64(DEVICE.private_numbers().private_value.to_bytes(32, "big"))
    return {
        "no jwk": proof(header=without(HEADER, "jwk")), "jwk is null":
            proof(header={**HEADER, "jwk": None}), "jwk is a text": proof(
                header={**HEADER, "jwk": JWK["x"]}), "the private key in jwk": by(d=d),
        "d is empty in jwk": by(d=""),
        **{f"{name} in jwk": by(**{name: "AAAA"}) for name in ("k", "p", "q", "dp", "dq", "qi")},
        "oth in jwk": by(oth=[]), "kty OKP": by(kty="OKP"),
        "crv P-384": by(crv="P-384"), "crv secp256k1": by(crv="secp256k1"),
        "no crv": proof(header={**HEADER, "jwk": without(JWK, "crv")}),
        "no y": proof(header={**HEADER, "jwk": without(JWK, "y")}),
        "x is a number": by(x=1), "x with padding": by(x=JWK["x"] + "="),
        "x of 33 bytes": by(x=b64(b"\0" + raw(JWK["x"]))), "x of 31 bytes":
            by(x=b64(raw(JWK["x"])[:31])), "a point off the curve": by(y=off),
        "the point at zero": by(x=b64(bytes(32)), y=b64(bytes(32))),
        "a coordinate beyond the field": by(x=b64(b"\xff" * 32)),
        "an Ed25519 key": proof(header={**HEADER, "jwk": {"kty": "OKP", "crv": "Ed25519",
                                                          "x": JWK["x"]}}),
        "the key of another device": proof(header={**HEADER, "jwk": jwk_of(OTHER_DEVICE)})}


def _signatures() -> dict[str, str]:
    def der(message: bytes) -> bytes:
        halves = SIGN(message)[:32], SIGN(message)[32:]
        r, s = (int.from_bytes(half, "big") for half in halves)
        return encode_dss_signature(r, s)

    head, body, signature = TOKEN.split(".")
    return {
        "signature in DER": proof(sign=der), "63 bytes of signature":
            proof(sign=lambda it: SIGN(it)[:-1]), "65 bytes of signature":
            proof(sign=lambda it: SIGN(it) + b"\0"), "a zero before s":
            proof(sign=lambda it: SIGN(it)[:32] + b"\0" + SIGN(it)[32:]), "a zero before r":
            proof(sign=lambda it: b"\0" + SIGN(it)), "no signature": proof(sign=lambda _: b""),
        "signature of zeros": proof(sign=lambda _: bytes(64)), "r is zero":
            proof(sign=lambda it: bytes(32) + SIGN(it)[32:]), "s is zero":
            proof(sign=lambda it: SIGN(it)[:32] + bytes(32)), "r and s changed about":
            proof(sign=lambda it: SIGN(it)[32:] + SIGN(it)[:32]), "signed by another device":
            proof(sign=es256(OTHER_DEVICE)), "signed with Ed25519": proof(sign=KEYS["test-a"].sign),
        "another payload under it": f"{head}.{b64(text_of(proof_claims(jti='x')))}.{signature}",
        "another header over it": f"{b64(text_of({**HEADER, 'more': 1}))}.{body}.{signature}",
        "stray bits": f"{head}.{body}.{stray(signature)}"}


def _forms() -> dict[str, Any]:
    return {
        "typ JWT": proof(header={**HEADER, "typ": "JWT"}),
        "no typ": proof(header=without(HEADER, "typ")), "a lease": lease(),
        "alg none": proof(header={**HEADER, "alg": "none"}, sign=lambda _: b""),
        "alg Ed25519": proof(header={**HEADER, "alg": "Ed25519"}),
        "alg ES384": proof(header={**HEADER, "alg": "ES384"}),
        "alg HS256": proof(header={**HEADER, "alg": "HS256"}),
        "crit": proof(header={**HEADER, "crit": ["jwk"]}),
        "jku": proof(header={**HEADER, "jku": URL}), "x5c": proof(header={**HEADER, "x5c": []}),
        "x5u": proof(header={**HEADER, "x5u": URL}),
        "empty": "", "two parts": TOKEN.rpartition(".")[0], "too long":
            proof(proof_claims(more="x" * 6_200)), "payload is a list": proof([CLAIMS]),
        "a name twice": jws(HEADER, b'{"htm":"GET",' + text_of(CLAIMS)[1:], SIGN),
        **{f"no {name}": proof(without(CLAIMS, name)) for name in CLAIMS},
        "iat is a text": proof(proof_claims(iat=str(NOW_S))),
        "iat is true": proof(proof_claims(iat=True)), "jti is empty": proof(proof_claims(jti="")),
        "jti is a number": proof(proof_claims(jti=1)),
        "for another method": proof(proof_claims(htm="GET")),
        "method in small letters": proof(proof_claims(htm="post")),
        "for another address": proof(proof_claims(htu=URL + "/2")),
        "for another host": proof(proof_claims(htu=URL.replace(".cn", ".com"))),
        "for http": proof(proof_claims(htu=URL.replace("https", "http"))),
        "htu with a query": proof(proof_claims(htu=URL + "?a=1")),
        "htu with a fragment": proof(proof_claims(htu=URL + "#a")),
        "htu with a slash at the end": proof(proof_claims(htu=URL + "/")),
        "htu with a port": proof(proof_claims(htu=URL.replace(".cn/", ".cn:443/"))),
        "another nonce": proof(proof_claims(nonce="other")),
        "nonce is a list": proof(proof_claims(nonce=[NONCE])),
        "bth of another body": proof(proof_claims(bth=digest("{}"))),
        "bth in hex": proof(proof_claims(bth="00" * 32)), "bth is null":
            proof(proof_claims(bth=None)), "bth with padding":
            proof(proof_claims(bth=digest(BODY) + "="))}


def proofs() -> list[dict[str, Any]]:
    bare = proof(without(CLAIMS, "bth"))
    with_ath = proof(proof_claims(ath=digest(CREDENTIAL)))
    wrong = {**_forms(), **_keys(), **_signatures()}
    no_body, credential = "proof: no body", "proof: with a credential"
    return [
        case("a good proof", "VALID", like=None),
        case("a query that is not signed", "VALID", url=URL + "?page=2#top"),
        case("the nonce of the last window", "VALID", proof(proof_claims(nonce=OLD_NONCE))),
        case("one nonce alone", "VALID", nonce=NONCE), case("no nonce asked for", "VALID",
                                                            nonce=None),
        case("no nonce accepted", "DEVICE_PROOF_INVALID", nonce=[]),
        case("another nonce accepted", "DEVICE_PROOF_INVALID", nonce=["other"]),
        case("a clock that is wrong by years", "VALID", proof(proof_claims(iat=0))),
        case("more in header and jwk", "VALID", proof(header={
            **HEADER, "more": 1, "jwk": {**JWK, "ext": True, "key_ops": ["verify"], "kid": "a"}})),
        {**case("no body", "VALID", bare, body=None), "like": None},
        case("an empty body", "VALID", bare, no_body, body=""),
        case("a body that the proof does not name", "DEVICE_PROOF_INVALID", bare, no_body,
             body=BODY),
        case("one byte that the proof does not name", "DEVICE_PROOF_INVALID", bare, no_body,
             body="x"),
        case("no body where the proof names one", "DEVICE_PROOF_INVALID", body=None),
        case("the hash of no body", "VALID", proof(proof_claims(bth=digest(""))), no_body,
             body=None),
        case("another body", "DEVICE_PROOF_INVALID", body=BODY + " "),
        case("another method", "DEVICE_PROOF_INVALID", method="PUT"),
        case("another address", "DEVICE_PROOF_INVALID", url=URL + "s"),
        {**case("with a credential", "VALID", with_ath, credential=CREDENTIAL), "like": None},
        case("a credential that is not looked at", "VALID", with_ath),
        case("another credential", "DEVICE_PROOF_INVALID", with_ath, credential,
             credential=CREDENTIAL + "x"),
        case("no hash of the credential", "DEVICE_PROOF_INVALID", TOKEN, credential,
             credential=CREDENTIAL),
        case("another device is expected", "DEVICE_MISMATCH", jkt=OTHER_JKT),
        case("by another device, whole", "DEVICE_MISMATCH", proof(
            header={**HEADER, "jwk": jwk_of(OTHER_DEVICE)}, sign=es256(OTHER_DEVICE))),
        case("the example of RFC 9449", "VALID", RFC_9449, None, url="https://server.example.com/"
             "token", nonce=None, body=None, jkt="0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"),
        *(case(name, "DEVICE_PROOF_INVALID", token) for name, token in wrong.items())]


def request(name: str, expect: str, token: str | None = None, like: str | None = GOOD_REQUEST,
            **changes: Any) -> dict[str, Any]:
    """A request; unless a proof is given it carries the good one for its lease."""
    held = changes.pop("lease", lease())
    own = proof(proof_claims(ath=digest(lease()))) if token is None else token
    outer = {key: changes.pop(key) for key in ("loaded", "options") if key in changes}
    return {"name": f"request: {name}", "like": like, "loaded": ["current"], **outer,
            "call": "verify_request",
            "args": {"lease": held, "proof": own, "method": "POST", "url": URL, "body": BODY,
                     "nonce": [NONCE, OLD_NONCE], "now_s": NOW_S, **changes}, "expect": expect}


def requests() -> list[dict[str, Any]]:
    end_s = MIDNIGHT_S + 14 * DAY_S
    ath = digest(lease())
    thief = proof(proof_claims(ath=ath), {**HEADER, "jwk": jwk_of(OTHER_DEVICE)},
                  es256(OTHER_DEVICE))
    return [
        request("a good request", "VALID", like=None),
        request("in grace", "VALID_GRACE", now_s=end_s),
        request("after grace", "LEASE_EXPIRED", now_s=end_s + 7 * DAY_S),
        request("a stolen lease, signed by the thief", "DEVICE_MISMATCH", thief),
        request("a stolen lease, signed by the thief under the owner's key",
                "DEVICE_PROOF_INVALID", proof(proof_claims(ath=ath), sign=es256(OTHER_DEVICE))),
        request("no proof", "DEVICE_PROOF_INVALID", ""),
        request("the lease as its own proof", "DEVICE_PROOF_INVALID", lease()),
        request("a proof for another lease", "DEVICE_PROOF_INVALID",
                proof(proof_claims(ath=digest("x")))),
        request("a proof for no lease", "DEVICE_PROOF_INVALID", proof()),
        request("a stale nonce", "DEVICE_PROOF_INVALID", nonce=["later"]),
        request("for another address", "DEVICE_PROOF_INVALID", url=URL + "/2"),
        request("a query", "VALID", url=URL + "?a=1"),
        request("another body", "DEVICE_PROOF_INVALID", body="{}"),
        request("no lease", "MALFORMED", lease=""), request("no keys", "UNKNOWN_KEY", loaded=[]),
        request("a lease of another product", "PRODUCT_MISMATCH",
                lease=lease(lease_claims(aud="other"))),
        {**request("", "LEASE_EXPIRED", "", "request: after grace", now_s=end_s + 7 * DAY_S),
         "name": "order: the lease before the proof"}]
