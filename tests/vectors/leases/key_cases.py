"""Key sets: whose, for whom, how old; and three generations of them."""

from __future__ import annotations

from typing import Any

from tests.vectors.leases.lease_cases import case as lease_case
from tests.vectors.leases.minting import (
    DAY_S,
    DEVICE,
    FOREIGN_ROOT,
    KEYS,
    MIDNIGHT_S,
    NEXT_ROOT,
    NOW_S,
    ROOT,
    b64,
    entry,
    jwk_of,
    key_set,
    lease,
    lease_claims,
    of_length,
    root_kid,
    set_claims,
    text_of,
    without,
    x_of,
)

GOOD = "set: a good set"
CLAIMS = set_claims()
HEADER = {"typ": "tongbao-keys+jwt", "alg": "Ed25519", "kid": root_kid(ROOT)}
END_S = CLAIMS["exp"]

LOW_ORDER = {"zero": 0, "one": 1, "minus one": 2**255 - 20, "of order eight": int.from_bytes(
    bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), "little"),
    "of order eight, the other": int.from_bytes(bytes.fromhex(
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"), "little")}


def x_from(ordinate: int) -> str:
    return b64(ordinate.to_bytes(32, "little"))


def off_curve() -> str:
    """An ordinate that no point of the curve has."""
    prime = 2**255 - 19
    d = -121665 * pow(121666, -1, prime) % prime
    for y in range(2, 100):
        square = (y * y - 1) * pow(d * y * y + 1, -1, prime) % prime
        if pow(square, (prime - 1) // 2, prime) == prime - 1:
            return x_from(y)
    raise AssertionError


def named_sets() -> dict[str, str]:
    """The sets that cases name."""
    today = MIDNIGHT_S
    first = [entry("test-a")]
    second = [entry("test-a", status="retired", until=today), entry("test-b", **{"from": today})]
    third = [entry("test-a", status="withdrawn", until=today),
             entry("test-b", status="retired", **{"from": today}, until=today + DAY_S),
             entry("test-c", **{"from": today + DAY_S})]
    bounds = [entry("test-a"), entry("test-b", **{"from": today}),
              entry("test-future", **{"from": today + DAY_S}), entry("test-ending", until=today),
              entry("test-retired", status="retired", until=today),
              entry("test-withdrawn", status="withdrawn"),
              {**entry("test-a"), "kid": "test-off-curve", "x": off_curve()}]
    return {
        "current": key_set(set_claims(keys=[entry("test-a"), entry("test-b")])),
        "bounds": key_set(set_claims(keys=bounds)),
        "ends soon": key_set(set_claims(exp=NOW_S + 60)),
        "first generation": key_set(set_claims(keys=first)),
        "second generation": key_set(set_claims(keys=second, seq=8)),
        "third generation": key_set(set_claims(keys=third, seq=9)),
        "third generation, next root": key_set(set_claims(keys=third, seq=9), root=NEXT_ROOT)}


def case(name: str, expect: str, token: Any, like: str | None = GOOD,
         **changes: Any) -> dict[str, Any]:
    outer = {key: changes.pop(key) for key in ("loaded", "options") if key in changes}
    return {"name": f"set: {name}", "like": like, "loaded": [], **outer, "call": "load_keys",
            "args": {"token": token, "now_s": NOW_S, **changes}, "expect": expect}


def filled(length: int) -> str:
    return of_length(length, lambda head, more: key_set(set_claims(more=more),
                                                        {**HEADER, "more": head}))


def _one(**changes: Any) -> str:
    return key_set(set_claims(keys=[entry("test-a", **changes)]))


def _wrong() -> dict[str, Any]:
    a, b = entry("test-a"), entry("test-b")
    without_until = without(a, "until")
    good = key_set()
    kid = root_kid(ROOT)
    wrong = {
        "by a foreign root": key_set(root=FOREIGN_ROOT),
        "by a foreign root under the name of ours": key_set(header=HEADER, sign=FOREIGN_ROOT.sign),
        "by the next root under the name of this": key_set(header=HEADER, sign=NEXT_ROOT.sign),
        "by a key of its own": key_set(header={**HEADER, "kid": "test-a"},
                                       sign=KEYS["test-a"].sign),
        "not signed": key_set(sign=lambda _: b""), "signed with zeros":
            key_set(sign=lambda _: bytes(64)),
        "another payload under it": ".".join([good.split(".")[0], key_set(set_claims(
            seq=8)).split(".")[1], good.split(".")[2]]),
        "alg EdDSA": key_set(header={**HEADER, "alg": "EdDSA"}),
        "alg none": key_set(header={**HEADER, "alg": "none"}, sign=lambda _: b""),
        "typ of a lease": key_set(header={**HEADER, "typ": "tongbao-lease+jwt"}),
        "typ JWT": key_set(header={**HEADER, "typ": "JWT"}),
        "no kid": key_set(header=without(HEADER, "kid")),
        "crit": key_set(header={**HEADER, "crit": ["seq"]}),
        "brings its root": key_set(header={**HEADER, "jwk": {"kty": "OKP", "crv": "Ed25519",
                                                             "x": x_of(ROOT)}}),
        "jku": key_set(header={**HEADER, "jku": "https://license.example.cn/v1/keys"}),
        "kid is x": key_set(header={**HEADER, "kid": x_of(ROOT)}),
        "kid with padding": key_set(header={**HEADER, "kid": kid + "="}),
        "two parts": good.rpartition(".")[0], "empty": "", "a JWK set as JSON": '{"keys":[]}',
        "65537 characters": filled(65_537),
        "another issuer": key_set(set_claims(iss="tongbao:TB02")),
        "another environment": key_set(set_claims(env="live")),
        "v is 2": key_set(set_claims(v=2)), "seq is a text": key_set(set_claims(seq="7")),
        "seq is true": key_set(set_claims(seq=True)), "seq is -1": key_set(set_claims(seq=-1)),
        "it ends as it begins": key_set(set_claims(iat=END_S)),
        "keys is an object": key_set(set_claims(keys={"test-a": a})),
        "keys is empty": key_set(set_claims(keys=[])),
        "a key is a text": key_set(set_claims(keys=["a"])),
        "a kid twice": key_set(set_claims(keys=[a, {**b, "kid": "test-a"}])),
        "a key twice": key_set(set_claims(keys=[a, {**b, "x": a["x"]}])),
        "a name twice": key_set('{"seq":9,' + text_of(CLAIMS).decode()[1:]),
        "kid is empty": _one(kid=""), "kid is a number": _one(kid=1),
        "x of 31 bytes": _one(x=b64(bytes(31))), "x with padding": _one(x=a["x"] + "="),
        "x is a JWK": _one(x={"kty": "OKP", "crv": "Ed25519", "x": a["x"]}),
        "x of P-256": _one(x=jwk_of(DEVICE)["x"] + "AAAA"), "x not below the prime":
            _one(x=x_from(2**255 - 19 + 3)),
        "x is the prime": _one(x=x_from(2**255 - 19)), "status unknown": _one(status="good"),
        "status Active": _one(status="Active"), "from is null": _one(**{"from": None}),
        "until is a text": _one(until="2027"), "until is before from": _one(until=1),
        "no until": key_set(set_claims(keys=[without_until])),
        "retired without an end": _one(status="retired")}
    wrong |= {f"no {name}": key_set(without(CLAIMS, name)) for name in CLAIMS}
    wrong |= {f"a key without {name}": key_set(set_claims(keys=[without(a, name)]))
              for name in ("kid", "x", "status", "from")}
    return wrong | {f"x of small order, {name}": _one(x=x_from(y)) for name, y in LOW_ORDER.items()}


def cases() -> list[dict[str, Any]]:
    lower, equal, higher = (key_set(set_claims(seq=seq)) for seq in (6, 7, 8))
    loaded = ["first generation"]
    return [
        case("a good set", "VALID", key_set(), None),
        case("by the next root", "VALID", key_set(root=NEXT_ROOT)),
        case("more claims than needed", "VALID", key_set(set_claims(more=[{}]))),
        case("65536 characters", "VALID", filled(65_536)),
        case("a key that ends as it begins", "VALID", _one(until=entry("test-a")["from"])),
        case("the lowest seq of the build", "VALID", equal, options={"min_seq": 7}),
        case("below the lowest seq of the build", "KEYS_ROLLED_BACK", equal,
             options={"min_seq": 8}),
        case("the same seq again", "VALID", equal, loaded=loaded),
        case("a higher seq", "VALID", higher, "set: the same seq again", loaded=loaded),
        case("a lower seq", "KEYS_ROLLED_BACK", lower, "set: the same seq again", loaded=loaded),
        case("a lower seq, by the next root", "KEYS_ROLLED_BACK",
             key_set(set_claims(seq=6), root=NEXT_ROOT), "set: the same seq again", loaded=loaded),
        case("a second before its end", "VALID", key_set(), now_s=END_S - 1),
        case("at its end", "KEYS_EXPIRED", key_set(), now_s=END_S),
        {**case("", "KEYS_ROLLED_BACK", key_set(), "set: at its end", now_s=END_S,
                options={"min_seq": 8}), "name": "order: rolled back before ended"},
        case("for a client of another issuer", "KEYS_INVALID", key_set(),
             options={"issuer": "tongbao:TB02"}),
        case("for a client of another environment", "KEYS_INVALID", key_set(),
             options={"environment": "live"}),
        case("for a client of another product", "VALID", key_set(), options={"product": "other"}),
        case("for a client of one root", "VALID", key_set(), options={"roots": [x_of(ROOT)]}),
        case("for a client of the next root alone", "KEYS_INVALID", key_set(),
             options={"roots": [x_of(NEXT_ROOT)]}),
        case("for a client with its roots as JWK", "VALID", key_set(), options={"roots": [
            {"kty": "OKP", "crv": "Ed25519", "x": x_of(root)} for root in (ROOT, NEXT_ROOT)]}),
        *(case(name, "KEYS_INVALID", token) for name, token in _wrong().items())]


GENERATIONS = ("first", "second", "third")
ROTATION = {
    "test-a": ("VALID", "VALID", "KEY_WITHDRAWN"),
    "test-b": ("UNKNOWN_KEY", "VALID", "VALID"),
    "test-c": ("UNKNOWN_KEY", "UNKNOWN_KEY", "VALID")}
"""What clients of three generations say to one lease, re-issued by each key in its time."""
ISSUED_S = {"test-a": MIDNIGHT_S - DAY_S, "test-b": MIDNIGHT_S, "test-c": MIDNIGHT_S + DAY_S}


def rotation() -> list[dict[str, Any]]:
    now_s = MIDNIGHT_S + 2 * DAY_S

    def at(kid: str, expect: str, loaded: list[str]) -> dict[str, Any]:
        token = lease(lease_claims(iat=ISSUED_S[kid]), kid=kid)
        like = None if expect == "VALID" else next(
            f"rotation: {kid}, {name} generation"
            for name, code in zip(GENERATIONS, ROTATION[kid], strict=True) if code == "VALID")
        return lease_case(f"rotation: {kid}, {', then '.join(loaded)}", expect, token, like,
                          loaded=loaded, now_s=now_s)

    alone = [at(kid, code, [f"{name} generation"]) for kid, codes in ROTATION.items()
             for name, code in zip(GENERATIONS, codes, strict=True)]
    followed = [at(kid, codes[2], ["first generation", "second generation", last])
                for kid, codes in ROTATION.items()
                for last in ("third generation", "third generation, next root")]
    ending = {"loaded": ["ends soon"]}
    good = "set: it has not ended when the lease is looked at"
    return [*alone, *followed,
            lease_case(good, "VALID", **ending, now_s=NOW_S + 59, like=None),
            lease_case("set: it has ended when the lease is looked at", "KEYS_EXPIRED",
                       **ending, now_s=NOW_S + 60, like=good)]
