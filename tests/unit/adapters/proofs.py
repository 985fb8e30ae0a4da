"""Device proofs made without any code of ours, to be wrong in one thing at a time."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc.jwk import ECKey

from shared.adapters.device_proofs import EcdsaDeviceProofs
from shared.license_ports import ProvenRequest

NOW_S = 1_760_000_100
PROOFS = EcdsaDeviceProofs(b"a secret behind the nonces of tests")
PRIVATE = ec.derive_private_key(7, ec.SECP256R1())
"""A test key: never secret, the same in every process."""
HOST, PATH = "license.shop.example", "/v1/licenses/restore"
BODY, BEARER = b'{"order_number":"1"}', "a-claim-secret"


def b64(raw: bytes) -> str:
    """base64url without padding."""
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def sha256(raw: bytes) -> str:
    """The hash as proofs carry it."""
    return b64(hashlib.sha256(raw).digest())


def jwk(key: ec.EllipticCurvePrivateKey = PRIVATE) -> dict[str, Any]:
    """The public key."""
    numbers = key.public_key().public_numbers()
    return {"kty": "EC", "crv": "P-256", "x": b64(numbers.x.to_bytes(32, "big")),
            "y": b64(numbers.y.to_bytes(32, "big"))}


def joserfc_key() -> ECKey:
    """The same key pair in joserfc's hands."""
    secret = PRIVATE.private_numbers().private_value.to_bytes(32, "big")
    return ECKey.import_key({**jwk(), "d": b64(secret)})


def header(**changes: Any) -> dict[str, Any]:
    """The header of a good proof, changed; None takes a field out."""
    return _changed({"typ": "dpop+jwt", "alg": "ES256", "jwk": jwk()}, changes)


def payload(**changes: Any) -> dict[str, Any]:
    """Its payload, likewise."""
    return _changed({
        "htm": "POST", "htu": f"https://{HOST}{PATH}", "iat": 5, "jti": "0123456789abcdef",
        "nonce": PROOFS.nonce(NOW_S), "ath": sha256(BEARER.encode()), "bth": sha256(BODY)},
        changes)


def _changed(good: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**good, **changes}.items() if value is not None}


def sign(signed: bytes, key: ec.EllipticCurvePrivateKey = PRIVATE) -> tuple[int, int]:
    """(r, s) over these bytes."""
    return decode_dss_signature(key.sign(signed, ec.ECDSA(SHA256())))


def joined(signed: bytes, r: int, s: int) -> str:
    """The compact form with this signature."""
    return f"{signed.decode()}.{b64(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


def signed_part(head: object, said: object) -> bytes:
    """What is signed; bytes go in as they are."""
    return ".".join(b64(part if isinstance(part, bytes) else json.dumps(part).encode())
                    for part in (head, said)).encode()


def proof(head: object = None, said: object = None) -> str:
    """A proof with this header and payload (default: good ones), signed by the test key."""
    text = signed_part(header() if head is None else head, payload() if said is None else said)
    return joined(text, *sign(text))


def request(text: str | None = None, **changes: Any) -> ProvenRequest:
    """A request with this proof."""
    good = ProvenRequest(proof() if text is None else text, "POST", PATH, HOST, BODY, BEARER)
    return good._replace(**changes)


def thumbprint() -> str:
    """RFC 7638 as joserfc computes it."""
    return str(joserfc_key().thumbprint())
