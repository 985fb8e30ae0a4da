"""Leases: what they claim, and whether their key may have signed it."""

from __future__ import annotations

from typing import Any

from tests.vectors.leases.lease_cases import CLAIMS, EXP_S, GOOD, HEADER, case, json_text
from tests.vectors.leases.minting import (
    DAY_S,
    ISSUER,
    KEYS,
    MIDNIGHT_S,
    OTHER_JKT,
    lease,
    lease_claims,
    without,
)

TYPES = {"v": ["1", True, 0, 2, None], "iss": [None, [ISSUER], ""],
         "aud": [["example-extension"], 1, ""], "env": [None, ""], "sub": [1, "", None],
         "jti": [1, "", None], "ent": ["pro", None, [1], {}, ["pro", None]],
         "lexp": ["2027", True, -1, []], "iat": [str(MIDNIGHT_S), None, True, -1],
         "nbf": [str(MIDNIGHT_S), None, False, -1], "exp": [str(EXP_S), None, True, [EXP_S]],
         "grc": ["604800", None, True, -1],
         "cnf": [None, OTHER_JKT, {}, [], {"jkt": None}, {"jkt": OTHER_JKT[:-1]},
                 {"jkt": OTHER_JKT + "="}, {"jkt": OTHER_JKT[:-1] + "9"}, {"kid": OTHER_JKT}]}


def claims() -> list[dict[str, Any]]:
    missing = [case(f"claim: no {name}", "MALFORMED", lease(without(CLAIMS, name)))
               for name in CLAIMS]
    typed = [case(f"claim: {name} is {value!r}", "MALFORMED", lease(lease_claims(**{name: value})),
                  device_jkt=None, like="device: not asked for")
             for name, values in TYPES.items() for value in values]
    return [
        *missing, *typed,
        case("claim: exp with a fraction", "MALFORMED",
             lease(json_text().replace(f'"exp":{EXP_S}', f'"exp":{EXP_S}.0'))),
        case("claim: exp with an exponent", "MALFORMED",
             lease(json_text().replace(f'"exp":{EXP_S}', '"exp":18e8'))),
        case("claim: no entitlement", "VALID", lease(lease_claims(ent=[]))),
        case("claim: fifteen days", "VALID", lease(lease_claims(exp=MIDNIGHT_S + 15 * DAY_S))),
        case("claim: fifteen days and a second", "MALFORMED",
             lease(lease_claims(exp=MIDNIGHT_S + 15 * DAY_S + 1))),
        case("claim: fourteen days of grace", "VALID", lease(lease_claims(grc=14 * DAY_S))),
        case("claim: fourteen days of grace and a second", "MALFORMED",
             lease(lease_claims(grc=14 * DAY_S + 1))),
        case("claim: a license that ended at zero", "LICENSE_EXPIRED", lease(lease_claims(lexp=0))),
        case("claim: it ends as it begins", "MALFORMED", lease(lease_claims(exp=MIDNIGHT_S))),
        case("claim: it ends before it is good", "MALFORMED", lease(lease_claims(nbf=EXP_S))),
        case("claim: another issuer", "ISSUER_MISMATCH",
             lease(lease_claims(iss="tongbao:TB02"))),
        case("claim: issuer with a slash at the end", "ISSUER_MISMATCH",
             lease(lease_claims(iss=ISSUER + "/"))),
        case("claim: another product", "PRODUCT_MISMATCH", lease(lease_claims(aud="other"))),
        case("claim: product in capitals", "PRODUCT_MISMATCH",
             lease(lease_claims(aud="Example-Extension"))),
        case("claim: another environment", "ENVIRONMENT_MISMATCH",
             lease(lease_claims(env="live"))),
        case("order: the issuer before the product", "ISSUER_MISMATCH",
             lease(lease_claims(iss="x", aud="other")), like="claim: another product"),
        case("order: the product before the environment", "PRODUCT_MISMATCH",
             lease(lease_claims(aud="other", env="live")),
             like="claim: another environment"),
        case("order: the environment before the device", "ENVIRONMENT_MISMATCH",
             lease(lease_claims(env="live", cnf={"jkt": OTHER_JKT})),
             like="device: a lease of another")]


def keys() -> list[dict[str, Any]]:
    """The set "bounds" has one key of every fate; its retired key ended at midnight."""
    def by(name: str, expect: str, kid: str, like: str = "key: of the set", payload: Any = None,
           ) -> dict[str, Any]:
        return case(f"key: {name}", expect, lease(payload, kid=kid), like, loaded=["bounds"])

    second = 1
    retired = "key: retired, signed a second before its end"
    ending = "key: active with an end, signed a second before"
    return [
        {**by("of the set", "VALID", "test-a"), "like": GOOD},
        by("not in the set", "UNKNOWN_KEY", "test-unlisted"),
        by("withdrawn", "KEY_WITHDRAWN", "test-withdrawn"),
        by("retired, signed a second before its end", "VALID", "test-retired",
           payload=lease_claims(iat=MIDNIGHT_S - second)),
        by("retired, signed at its end", "UNKNOWN_KEY", "test-retired", retired),
        by("retired, signed after its end", "UNKNOWN_KEY", "test-retired", retired,
           lease_claims(iat=MIDNIGHT_S + second)),
        by("active with an end, signed a second before", "VALID", "test-ending",
           payload=lease_claims(iat=MIDNIGHT_S - second)),
        by("active with an end, signed at it", "UNKNOWN_KEY", "test-ending", ending),
        by("signed as it begins", "VALID", "test-b"),
        by("signed a second before it begins", "UNKNOWN_KEY", "test-b", "key: signed as it begins",
           lease_claims(iat=MIDNIGHT_S - second)),
        by("begins tomorrow", "UNKNOWN_KEY", "test-future"),
        case("key: another key under this kid", "INVALID_SIGNATURE",
             lease(kid="test-a", sign=KEYS["test-b"].sign), "key: of the set", loaded=["bounds"]),
        case("key: kid in capitals", "UNKNOWN_KEY", lease(header={**HEADER, "kid": "TEST-A"}),
             "key: of the set", loaded=["bounds"]),
        case("key: kid is the name of a prototype", "UNKNOWN_KEY",
             lease(header={**HEADER, "kid": "__proto__"}), "key: of the set", loaded=["bounds"]),
        case("key: no set was loaded", "UNKNOWN_KEY", loaded=[]),
        case("key: a key off the curve", "INVALID_SIGNATURE",
             lease(header={**HEADER, "kid": "test-off-curve"}), "key: of the set",
             loaded=["bounds"]),
        case("order: withdrawn before the signature", "KEY_WITHDRAWN",
             lease(kid="test-withdrawn", sign=lambda _: bytes(64)), "key: withdrawn",
             loaded=["bounds"]),
        case("order: the signature before the claims", "INVALID_SIGNATURE",
             lease(lease_claims(v=2), sign=KEYS["test-b"].sign),
             "signature: by another key of the set"),
        case("order: the claims before the bounds of the key", "MALFORMED",
             lease(lease_claims(v=2), kid="test-retired"), "key: retired, signed at its end",
             loaded=["bounds"]),
        case("order: the bounds of the key before the issuer", "UNKNOWN_KEY",
             lease(lease_claims(iss="x"), kid="test-retired"), "key: retired, signed at its end",
             loaded=["bounds"]),
        case("order: the type before the key", "WRONG_TYPE",
             lease(header={**HEADER, "typ": "JWT", "kid": "test-unlisted"}), "key: not in the set",
             loaded=["bounds"])]
