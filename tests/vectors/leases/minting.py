"""Makes tokens for the vectors, good ones and broken ones, over `cryptography` alone.

Nothing of the product is imported. Every private key here is published test material: derived
from a text that says so, named "test…", and belonging to nobody.
"""

from __future__ import annotations

import base64
import hashlib
import json
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

if TYPE_CHECKING:
    from collections.abc import Callable

    Sign = Callable[[bytes], bytes]

DAY_S = 86_400
MIDNIGHT_S = 1_799_971_200
"""2027-01-15T00:00:00Z: the day on which the leases of the vectors are issued."""
NOW_S = MIDNIGHT_S + 8 * 3_600
ISSUER = "tongbao:TB01"
PRODUCT = "example-extension"
ENVIRONMENT = "test"
ENTITLEMENTS = ["pro"]
URL = "https://api.example.cn/v1/summary"
NONCE = "dGVzdC1ub25jZS1vZi10aGlzLXdpbmRvdw"
OLD_NONCE = "dGVzdC1ub25jZS1vZi10aGUtbGFzdC1vbmU"
BODY = '{"text":"通宝"}'


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def raw(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def digest(data: str) -> str:
    return b64(hashlib.sha256(data.encode()).digest())


def ed25519(name: str) -> Ed25519PrivateKey:
    seed = hashlib.sha256(f"tongbao test vectors, not a secret: {name}".encode()).digest()
    return Ed25519PrivateKey.from_private_bytes(seed)


def x_of(key: Ed25519PrivateKey) -> str:
    return b64(key.public_key().public_bytes_raw())


def p256(name: str) -> ec.EllipticCurvePrivateKey:
    seed = hashlib.sha256(f"tongbao test vectors, not a secret: {name}".encode()).digest()
    return ec.derive_private_key(int.from_bytes(seed, "big") >> 1, ec.SECP256R1())


def jwk_of(key: ec.EllipticCurvePrivateKey) -> dict[str, Any]:
    numbers = key.public_key().public_numbers()
    x, y = (b64(number.to_bytes(32, "big")) for number in (numbers.x, numbers.y))
    return {"kty": "EC", "crv": "P-256", "x": x, "y": y}


def jkt_of(jwk: dict[str, Any]) -> str:
    names = ("crv", "kty", "x", "y") if jwk["kty"] == "EC" else ("crv", "kty", "x")
    return digest(json.dumps({name: jwk[name] for name in names}, separators=(",", ":")))


def es256(key: ec.EllipticCurvePrivateKey) -> Sign:
    def sign(message: bytes) -> bytes:
        algorithm = ec.ECDSA(SHA256(), deterministic_signing=True)
        r, s = decode_dss_signature(key.sign(message, algorithm))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")
    return sign


def text_of(value: Any) -> bytes:
    """JSON as it goes into a token; a text goes in as it is, however broken."""
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode()
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def jws(header: Any, payload: Any, sign: Sign) -> str:
    signed = f"{b64(text_of(header))}.{b64(text_of(payload))}"
    return f"{signed}.{b64(sign(signed.encode()))}"


def without(source: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in source.items() if name not in names}


def stray(part: str) -> str:
    """The same bytes with another last letter: bits that no byte needs."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    other = part[:-1] + letters[letters.index(part[-1]) + 1]
    assert raw(part) == raw(other)
    return other


def of_length(length: int, make: Callable[[str, str], str]) -> str:
    """A token of exactly this many characters, by filling its header and its payload."""
    for in_header in ("", "x", "xx", "xxx"):
        short = length - len(make(in_header, ""))
        for fill in range(short * 3 // 4 - 2, short * 3 // 4 + 3):
            found = make(in_header, "x" * fill)
            if len(found) == length:
                return found
    raise AssertionError(length)


ROOT, NEXT_ROOT, FOREIGN_ROOT = (ed25519(f"root {n}") for n in ("1", "2", "foreign"))
KEYS = {kid: ed25519(kid) for kid in ("test-a", "test-b", "test-c", "test-withdrawn", "test-future",
                                      "test-retired", "test-unlisted", "test-ending")}
DEVICE, OTHER_DEVICE = p256("device 1"), p256("device 2")
JKT, OTHER_JKT = jkt_of(jwk_of(DEVICE)), jkt_of(jwk_of(OTHER_DEVICE))


def root_kid(root: Ed25519PrivateKey) -> str:
    return jkt_of({"kty": "OKP", "crv": "Ed25519", "x": x_of(root)})


def lease_claims(**changes: Any) -> dict[str, Any]:
    return {"v": 1, "iss": ISSUER, "aud": PRODUCT, "env": ENVIRONMENT, "sub": "test-license",
            "jti": "test-lease", "ent": ENTITLEMENTS, "lexp": None, "iat": MIDNIGHT_S,
            "nbf": MIDNIGHT_S - 3_600, "exp": MIDNIGHT_S + 14 * DAY_S, "grc": 7 * DAY_S,
            "cnf": {"jkt": JKT}, **changes}


def lease_header(**changes: Any) -> dict[str, Any]:
    return {"typ": "tongbao-lease+jwt", "alg": "Ed25519", "kid": "test-a", **changes}


def lease(payload: Any = None, header: Any = None, kid: str = "test-a",
          sign: Sign | None = None) -> str:
    """A lease; whatever is not given is as in the good one."""
    return jws(lease_header(kid=kid) if header is None else header,
               lease_claims() if payload is None else payload, sign or KEYS[kid].sign)


def entry(kid: str, /, **changes: Any) -> dict[str, Any]:
    return {"kid": kid, "x": x_of(KEYS[kid]), "status": "active",
            "from": MIDNIGHT_S - 30 * DAY_S, "until": None, **changes}


def set_claims(**changes: Any) -> dict[str, Any]:
    return {"v": 1, "iss": ISSUER, "env": ENVIRONMENT, "seq": 7, "iat": MIDNIGHT_S - DAY_S,
            "exp": MIDNIGHT_S + 365 * DAY_S, "keys": [entry("test-a")], **changes}


def key_set(payload: Any = None, header: Any = None, root: Ed25519PrivateKey = ROOT,
            sign: Sign | None = None) -> str:
    """A signed key set; whatever is not given is as in the good one."""
    own = {"typ": "tongbao-keys+jwt", "alg": "Ed25519", "kid": root_kid(root)}
    return jws(own if header is None else header,
               set_claims() if payload is None else payload, sign or root.sign)


def proof_claims(**changes: Any) -> dict[str, Any]:
    return {"htm": "POST", "htu": URL, "iat": NOW_S, "jti": "test-proof", "nonce": NONCE,
            "bth": digest(BODY), **changes}


def proof_header(**changes: Any) -> dict[str, Any]:
    return {"typ": "dpop+jwt", "alg": "ES256", "jwk": jwk_of(DEVICE), **changes}


def proof(payload: Any = None, header: Any = None, sign: Sign | None = None) -> str:
    """A device proof; whatever is not given is as in the good one."""
    return jws(proof_header() if header is None else header,
               proof_claims() if payload is None else payload, sign or es256(DEVICE))
