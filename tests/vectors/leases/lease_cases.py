"""Leases: their form, signature, type, key, claims, window, device."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

from tests.vectors.leases.minting import (
    DAY_S,
    JKT,
    KEYS,
    MIDNIGHT_S,
    NOW_S,
    OTHER_JKT,
    ROOT,
    b64,
    jws,
    lease,
    lease_claims,
    lease_header,
    of_length,
    proof,
    stray,
    text_of,
    without,
    x_of,
)

GOOD = "form: a good lease"
CLAIMS, HEADER = lease_claims(), lease_header()
SIGN = KEYS["test-a"].sign
TOKEN = lease()
EXP_S, GRACE_S = CLAIMS["exp"], CLAIMS["grc"]


def case(name: str, expect: str, token: Any = TOKEN, like: str | None = GOOD,
         **changes: Any) -> dict[str, Any]:
    """One case; `loaded` and `options` are the case's, all else goes to the call."""
    outer = {key: changes.pop(key) for key in ("loaded", "options") if key in changes}
    return {"name": name, "like": like, "loaded": ["current"], **outer, "call": "verify_lease",
            "args": {"token": token, "now_s": NOW_S, "device_jkt": JKT, **changes},
            "expect": expect}


def json_text(**changes: Any) -> str:
    return json.dumps(lease_claims(**changes), separators=(",", ":"))


def form() -> list[dict[str, Any]]:
    head, body, signature = TOKEN.split(".")
    deep: Any = 1
    for _ in range(7):
        deep = [deep]

    def filled(length: int) -> str:
        return of_length(length, lambda head, more: lease(lease_claims(more=more),
                                                          {**HEADER, "more": head}))

    bad = {
        "empty": "", "one part": head, "two parts": f"{head}.{body}",
        "four parts": f"{TOKEN}.{signature}", "five parts, as if encrypted": f"{TOKEN}.a.a",
        "a space at the end": TOKEN + " ", "a line end at the end": TOKEN + "\n",
        "padding": f"{head}.{body}.{signature}==", "the letters of plain base64":
            f"{head}.{body}.{signature[:-2]}+/", "not a letter of base64":
            f"{head}.{body}.{signature[:-1]}é", "a part of impossible length":
            f"{head}.{body}.{signature}AAA", "stray bits in the signature":
            f"{head}.{body}.{stray(signature)}",
        "stray bits in the header": f"{stray(b64(text_of(HEADER) + b' '))}.{body}.{signature}",
        "header is not JSON": jws("typ", CLAIMS, SIGN), "header is a list": jws([], CLAIMS, SIGN),
        "header is empty": jws("", CLAIMS, SIGN),
        "header names typ twice": jws('{"typ":"x",' + json.dumps(HEADER)[1:], CLAIMS, SIGN),
        "header has no kid": lease(header=without(HEADER, "kid")),
        "kid is a number": lease(header={**HEADER, "kid": 1}),
        "kid is empty": lease(header={**HEADER, "kid": ""}),
        "header has crit": lease(header={**HEADER, "crit": ["exp"], "exp": 1}),
        "header has b64 with crit": lease(header={**HEADER, "crit": ["b64"], "b64": False}),
        "header brings its key": lease(header={**HEADER, "jwk": {
            "kty": "OKP", "crv": "Ed25519", "x": x_of(KEYS["test-a"])}}),
        "header has jku": lease(header={**HEADER, "jku": "https://license.example.cn/v1/keys"}),
        "header has x5u": lease(header={**HEADER, "x5u": "https://license.example.cn/cert"}),
        "header has x5c": lease(header={**HEADER, "x5c": []}),
        "payload is empty": lease(b""), "payload is not JSON": lease("lease"),
        "payload is a list": lease([CLAIMS]), "payload is a string": lease('"lease"'),
        "payload has text after it": lease(json_text() + "{}"),
        "payload is cut": lease(json_text()[:-1]), "payload has a comma too many":
            lease(json_text()[:-1] + ",}"), "payload has a comment": lease("/**/" + json_text()),
        "payload begins with a mark of byte order": lease("\ufeff" + json_text()),
        "payload is not UTF-8": lease(json_text().replace("test-lease", "\u00e9").encode("latin1")),
        "payload is UTF-16": lease(json_text().encode("utf-16-le")),
        "a control character in a string": lease(json_text(jti="_").replace("_", "\x01")),
        "an escape that JSON does not know": lease(json_text(jti="_").replace("_", "\\x41")),
        "no comma in a list": lease(json_text(more="_").replace('"_"', "[1 2]")),
        "a colon for a comma": lease(json_text(more="_").replace('"_"', "[1:2]")),
        "no comma between names": lease(json_text().replace(',"iss"', ' "iss"')),
        "no colon": lease(json_text(more="_").replace('"more":', '"more"')),
        "a name that is a number": lease(json_text(more="_").replace('"more"', "1")),
        "a name that is null": lease(json_text(more="_").replace('"more"', "null")),
        "a name without quotes": lease(json_text(more="_").replace('"more"', "more")),
        "a list that is not closed": lease(json_text(more="_").replace('"_"', "[1")),
        "single quotes": lease(json_text().replace('"', "'")),
        "a name twice": lease('{"exp":1,' + json_text()[1:]),
        "a name twice, once escaped": lease('{"\\u0065xp":1,' + json_text()[1:]),
        "a name twice, deep inside": lease(json_text(more="_").replace('"_"', '[{"a":1,"a":1}]')),
        "NaN": lease(json_text(more="_").replace('"_"', "NaN")),
        "Infinity": lease(json_text(more="_").replace('"_"', "-Infinity")),
        "True, as Python writes it": lease(json_text(more="_").replace('"_"', "True")),
        "a fraction": lease(json_text(more="_").replace('"_"', "1.5")),
        "a zero in front": lease(json_text(more="_").replace('"_"', "01")),
        "minus zero": lease(json_text(more="_").replace('"_"', "-0")),
        "a plus sign": lease(json_text(more="_").replace('"_"', "+1")),
        "an integer that is not exact": lease(lease_claims(more=2**53)),
        "an integer of many digits": lease(lease_claims(more=10**400)),
        "nine deep": lease(lease_claims(more=[deep])),
        "very deep": lease(json_text(more="_").replace('"_"', "[" * 2_500 + "]" * 2_500)),
        "8193 characters": filled(8_193),
    }
    good = {
        "more claims and more header": lease(lease_claims(more={"a": [True, None, -1]}),
                                             {**HEADER, "cty": "x", "more": 1}),
        "spaces and line ends in JSON": lease(json.dumps(CLAIMS, indent=1) + "\n"),
        "eight deep": lease(lease_claims(more=deep)), "the largest exact integer":
            lease(lease_claims(more=[2**53 - 1, 1 - 2**53])),
        "characters as they are and escaped": lease(json_text(jti="_").replace(
            "_", "通宝\\u901a\\ud83d\\ude00\\/")),
        "the name of a prototype": lease(json_text(more="_").replace(
            '"_"', '{"__proto__":{"v":2},"constructor":1}')),
        "8192 characters": filled(8_192), "a space before the end of the header":
            jws(b'{"typ":"tongbao-lease+jwt","alg":"Ed25519","kid":"test-a" }', CLAIMS, SIGN)}
    return [case(GOOD, "VALID", like=None),
            *(case(f"form: {name}", "VALID", token) for name, token in good.items()),
            *(case(f"form: {name}", "MALFORMED", token) for name, token in bad.items())]


def types() -> list[dict[str, Any]]:
    raw = KEYS["test-a"].public_key().public_bytes_raw()

    def mac(key: bytes) -> Any:
        return lambda message: hmac.new(key, message, hashlib.sha256).digest()

    def hs256(key: bytes) -> str:
        return lease(header={**HEADER, "alg": "HS256"}, sign=mac(key))

    receipt = {"v": 1, "iss": CLAIMS["iss"], "aud": CLAIMS["aud"], "env": CLAIMS["env"],
               "sub": "test-license", "jti": "test-receipt", "order": "TEST-ORDER",
               "iat": MIDNIGHT_S, "amount": 100, "currency": "CNY"}
    receipt_header = {**HEADER, "typ": "tongbao-receipt+jwt"}
    wrong = {
        "a receipt": lease(receipt, receipt_header),
        "a receipt with all claims of a lease": lease(header=receipt_header),
        "a device proof": proof(), "typ JWT": lease(header={**HEADER, "typ": "JWT"}),
        "no typ": lease(header=without(HEADER, "typ")),
        "typ in capitals": lease(header={**HEADER, "typ": "TONGBAO-LEASE+JWT"}),
        "typ with application/": lease(header={**HEADER, "typ": "application/tongbao-lease+jwt"}),
        "typ is a list": lease(header={**HEADER, "typ": ["tongbao-lease+jwt"]}),
        "typ of a key set": lease(header={**HEADER, "typ": "tongbao-keys+jwt"}),
        "alg EdDSA": lease(header={**HEADER, "alg": "EdDSA"}),
        "alg ed25519": lease(header={**HEADER, "alg": "ed25519"}),
        "alg ES256": lease(header={**HEADER, "alg": "ES256"}),
        "no alg": lease(header=without(HEADER, "alg")),
        "alg is null": lease(header={**HEADER, "alg": None}),
        "alg none, not signed": lease(header={**HEADER, "alg": "none"}, sign=lambda _: b""),
        "alg None, signed": lease(header={**HEADER, "alg": "None"}),
        "HS256 with the public key as secret": hs256(raw),
        "HS256 with x as secret": hs256(x_of(KEYS["test-a"]).encode())}
    forged = {
        "not signed": lease(sign=lambda _: b""), "signed with zeros":
            lease(sign=lambda _: bytes(64)),
        "63 bytes": lease(sign=lambda it: SIGN(it)[:-1]),
        "65 bytes": lease(sign=lambda it: SIGN(it) + b"\0"),
        "one bit of R": lease(sign=lambda it: bytes([SIGN(it)[0] ^ 1]) + SIGN(it)[1:]),
        "one bit of S": lease(sign=lambda it: SIGN(it)[:32] + bytes([SIGN(it)[32] ^ 1])
                              + SIGN(it)[33:]),
        "S plus the order of the group": lease(sign=_larger_s),
        "by another key of the set": lease(sign=KEYS["test-b"].sign),
        "by the root": lease(sign=ROOT.sign),
        "over the payload alone": lease(sign=lambda it: SIGN(it.split(b".")[1])),
        "an HMAC": lease(sign=lambda it: mac(raw)(it) * 2),
        "of another lease": ".".join([*TOKEN.split(".")[:2], lease(
            lease_claims(jti="other")).split(".")[2]]),
        "other claims under it": ".".join([TOKEN.split(".")[0], b64(text_of(lease_claims(
            ent=["pro", "team"]))), TOKEN.split(".")[2]]),
        "another header over it": ".".join([b64(text_of({**HEADER, "more": 1})),
                                            *TOKEN.split(".")[1:]]),
        "a payload that is not JSON and not signed": ".".join([TOKEN.split(".")[0], b64(b"{"),
                                                               TOKEN.split(".")[2]])}
    return [*(case(f"type: {name}", "WRONG_TYPE", token) for name, token in wrong.items()),
            *(case(f"signature: {name}", "INVALID_SIGNATURE", token)
              for name, token in forged.items())]


def _larger_s(message: bytes) -> bytes:
    signature = SIGN(message)
    order = 2**252 + 27742317777372353535851937790883648493
    larger = int.from_bytes(signature[32:], "little") + order
    return signature[:32] + larger.to_bytes(32, "little")


def windows() -> list[dict[str, Any]]:
    def at(name: str, expect: str, now_s: int, token: str = TOKEN, like: str = GOOD,
           ) -> dict[str, Any]:
        return case(f"window: {name}", expect, token, like, now_s=now_s)

    nbf_s = CLAIMS["nbf"]
    ends = lease(lease_claims(lexp=EXP_S, grc=0))
    later = lease(lease_claims(lexp=EXP_S + DAY_S))
    earlier = lease(lease_claims(lexp=NOW_S))
    own = "window: a license that ends, "
    return [
        at("a second before nbf", "NOT_YET_VALID", nbf_s - 1), at("at nbf", "VALID", nbf_s),
        at("a second after nbf", "VALID", nbf_s + 1), at("at iat", "VALID", MIDNIGHT_S),
        at("a second before exp", "VALID", EXP_S - 1), at("at exp", "VALID_GRACE", EXP_S),
        at("a second after exp", "VALID_GRACE", EXP_S + 1),
        at("a second before the end of grace", "VALID_GRACE", EXP_S + GRACE_S - 1),
        at("at the end of grace", "LEASE_EXPIRED", EXP_S + GRACE_S),
        at("long after", "LEASE_EXPIRED", EXP_S + 100 * DAY_S),
        at("a clock at zero", "NOT_YET_VALID", 0),
        at("no grace, at exp", "LEASE_EXPIRED", EXP_S, lease(lease_claims(grc=0)),
           "window: at exp"),
        at("a license that ends, before its end", "VALID", EXP_S - 1, ends,
           "window: a second before exp"),
        at("a license that ends, at its end", "LICENSE_EXPIRED", EXP_S, ends,
           own + "before its end"),
        at("a license that ends, long after", "LICENSE_EXPIRED", EXP_S + 100 * DAY_S, ends,
           own + "before its end"),
        at("a license that ends in grace, before its end", "VALID_GRACE", EXP_S + 1, later,
           "window: a second after exp"),
        at("a license that ends in grace, a second before", "VALID_GRACE", EXP_S + DAY_S - 1,
           later, "window: a license that ends in grace, before its end"),
        at("a license that ends in grace, at its end", "LICENSE_EXPIRED", EXP_S + DAY_S, later,
           "window: a license that ends in grace, before its end"),
        at("a license that ends before its lease, before", "VALID", MIDNIGHT_S, earlier,
           "window: at iat"),
        at("a license that ends before its lease, at its end", "LICENSE_EXPIRED", NOW_S, earlier,
           "window: a license that ends before its lease, before"),
        case("clock: a day back", "VALID", latest_seen_s=NOW_S + DAY_S),
        case("clock: a day and a second back", "CLOCK_ROLLBACK", latest_seen_s=NOW_S + DAY_S + 1),
        case("clock: forward", "VALID", latest_seen_s=NOW_S - 100 * DAY_S),
        case("device: not asked for", "VALID", device_jkt=None),
        case("device: another", "DEVICE_MISMATCH", device_jkt=OTHER_JKT),
        case("device: empty", "DEVICE_MISMATCH", device_jkt=""),
        case("device: a lease of another", "DEVICE_MISMATCH",
             lease(lease_claims(cnf={"jkt": OTHER_JKT}))),
        case("order: the clock before the window", "CLOCK_ROLLBACK",
             like="window: a second before nbf", now_s=nbf_s - 1, latest_seen_s=NOW_S + DAY_S),
        case("order: the device before the clock", "DEVICE_MISMATCH", device_jkt=OTHER_JKT,
             like="clock: a day and a second back", latest_seen_s=NOW_S + DAY_S + 1),
        case("order: the device before the window", "DEVICE_MISMATCH", now_s=EXP_S + GRACE_S,
             device_jkt=OTHER_JKT, like="window: at the end of grace")]
