"""What can be wrong with a device's proof: attacks 65 to 68 of docs/security.md.

Each makes another proof for the request that its device sends, wrong in one thing. The
signatures are good ones wherever the attack is not the signature.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import urlsafe_b64decode
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256, SHA384

from tests.wire.deployment import ADDRESS
from tests.wire.device import Device, base64url, digest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.attacks.asking import Proving

    Prove = Callable[[Proving], str | None]

ORDER_OF_P256 = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
INVALID, STALE, REQUIRED = ("DEVICE_PROOF_INVALID", "DEVICE_PROOF_STALE", "DEVICE_PROOF_REQUIRED")


class BadProof(NamedTuple):
    """`number` as in docs/security.md."""

    number: int
    name: str
    code: str
    prove: Prove


def opened(proof: str) -> tuple[dict[str, Any], dict[str, Any], bytes]:
    """Header, claims and signature."""
    head, claims, signature = (urlsafe_b64decode(part + "==") for part in proof.split("."))
    return json.loads(head), json.loads(claims), signature


def claiming(**changes: Any) -> Prove:
    """Other claims, well signed; one that is None is left out."""
    return lambda it: it.made(**changes)


def headed(**changes: Any) -> Prove:
    """Another header, well signed by the device; a member that is None is left out."""
    def prove(it: Proving) -> str:
        header, claims, _ = opened(it.made())
        header = {name: value for name, value in {**header, **changes}.items()
                  if value is not None}
        return it.device.sign(header, claims)
    return prove


def keyed(**changes: Any) -> Prove:
    """Another jwk, signed by the device as ever."""
    return lambda it: headed(jwk={**it.device.jwk, **changes})(it)


def signed(change: Callable[[bytes], bytes]) -> Prove:
    """Another signature."""
    def prove(it: Proving) -> str:
        text, _, _ = it.made().rpartition(".")
        return f"{text}.{base64url(change(opened(it.made())[2]))}"
    return prove


def with_private_half(it: Proving) -> str | None:
    """The jwk with its `d`."""
    d = it.device.private.private_numbers().private_value
    return keyed(d=base64url(d.to_bytes(32, "big")))(it)


def in_der(it: Proving) -> str:
    """The signature as OpenSSL gives it, not as JOSE wants it (RFC 7518 §3.4)."""
    text, _, _ = it.made().rpartition(".")
    return f"{text}.{base64url(it.device.private.sign(text.encode(), ec.ECDSA(SHA256())))}"


def algorithm(alg: str, jwk: dict[str, str] | None, sign: Callable[[Proving, bytes], bytes]
              ) -> Prove:
    """Signed by another algorithm that the header names, with its key."""
    def prove(it: Proving) -> str:
        header, claims, _ = opened(it.made())
        header.update(alg=alg, jwk=jwk or it.device.jwk)
        text = ".".join(base64url(json.dumps(part).encode()) for part in (header, claims))
        return f"{text}.{base64url(sign(it, text.encode()))}"
    return prove


def hs256(it: Proving, text: bytes) -> bytes:
    """A MAC whose key is the public one, which everybody knows."""
    point = b"".join(urlsafe_b64decode(it.device.jwk[name] + "=") for name in "xy")
    return hmac.new(point, text, hashlib.sha256).digest()


@cache
def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def rs256(it: Proving) -> str | None:
    """A good signature of an RSA key that the header brings."""
    numbers = rsa_key().public_key().public_numbers()
    jwk = {"kty": "RSA", "n": base64url(numbers.n.to_bytes(256, "big")), "e": "AQAB"}
    return algorithm("RS256", jwk, lambda _, text: rsa_key().sign(
        text, padding.PKCS1v15(), SHA256()))(it)


def es384(it: Proving) -> str | None:
    """A good signature of a P-384 key that the header brings."""
    key = ec.generate_private_key(ec.SECP384R1())
    numbers = key.public_key().public_numbers()
    jwk = {"kty": "EC", "crv": "P-384", "x": base64url(numbers.x.to_bytes(48, "big")),
           "y": base64url(numbers.y.to_bytes(48, "big"))}

    def sign(_: Proving, text: bytes) -> bytes:
        r, s = decode_dss_signature(key.sign(text, ec.ECDSA(SHA384())))
        return r.to_bytes(48, "big") + s.to_bytes(48, "big")
    return algorithm("ES384", jwk, sign)(it)


def by_another_key(it: Proving) -> str:
    """The device's public key, another's signature."""
    header, claims, _ = opened(it.made())
    return Device().sign(header, claims)


def with_claim_twice(it: Proving) -> str:
    """The method twice, once for each reader."""
    header, claims, _ = opened(it.made())
    text = f'{json.dumps(claims)[:-1]},"htm":"{it.method}"}}'
    head = f"{base64url(json.dumps(header).encode())}.{base64url(text.encode())}"
    r, s = decode_dss_signature(it.device.private.sign(head.encode(), ec.ECDSA(SHA256())))
    return f"{head}.{base64url(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


def urls(change: Callable[[str], str]) -> Prove:
    """For another address."""
    return lambda it: it.made(htu=change(it.url))


HOST = ADDRESS.partition("//")[2]
FORMS = [
    BadProof(65, "none", REQUIRED, lambda _: None),
    BadProof(65, "an empty one", INVALID, lambda _: ""),
    BadProof(65, "two, joined by a comma", INVALID, lambda it: f"{it.made()},{it.made()}"),
    BadProof(65, "the same twice", INVALID, lambda it: ", ".join([it.made()] * 2)),
    BadProof(65, "64 KB", INVALID, claiming(more="x" * 65_536)),
    BadProof(65, "4097 characters, well signed", INVALID, claiming(more="x" * 2_900)),
    BadProof(65, "a word before it", INVALID, lambda it: f"DPoP {it.made()}"),
    BadProof(65, "padding", INVALID, lambda it: it.made() + "="),
    BadProof(65, "a line feed", INVALID, lambda it: it.made() + "\n"),
    BadProof(65, "a part more", INVALID, lambda it: it.made() + ".e30"),
    BadProof(65, "a part less", INVALID, lambda it: it.made().rpartition(".")[0]),
    BadProof(65, "look-alike letters", INVALID, lambda it: it.made().replace("e", "\u0435", 1)),
    BadProof(65, "another type", INVALID, headed(typ="JWT")),
    BadProof(65, "no type", INVALID, headed(typ=None)),
    BadProof(65, "a lease's type", INVALID, headed(typ="tongbao-lease+jwt")),
    BadProof(65, "a critical extension", INVALID, headed(crit=["b64"], b64=False)),
    BadProof(65, "an address of a key", INVALID, headed(jku="https://evil.example/jwks")),
    BadProof(65, "a claim twice", INVALID, with_claim_twice),
    BadProof(65, "no jti", INVALID, claiming(jti=None)),
    BadProof(65, "a jti that is a log line", INVALID, claiming(jti='x"}\n{"fact":"order.paid"}')),
    BadProof(65, "no iat", INVALID, claiming(iat=None)),
    BadProof(65, "an iat that is true", INVALID, claiming(iat=True)),
]
KEYS = [
    BadProof(66, "alg none", INVALID, algorithm("none", None, lambda *_: b"")),
    BadProof(66, "alg none, signed well", INVALID, headed(alg="none")),
    BadProof(66, "HS256 with the public key", INVALID, algorithm("HS256", None, hs256)),
    BadProof(66, "RS256 with a key of its own", INVALID, rs256),
    BadProof(66, "ES384 with a key of its own", INVALID, es384),
    BadProof(66, "another key's signature", INVALID, by_another_key),
    BadProof(66, "the private half inside", INVALID, with_private_half),
    BadProof(66, "a point off the curve", INVALID, keyed(y=base64url(b"\x01" * 32))),
    BadProof(66, "the point 0, 0", INVALID, keyed(x=base64url(bytes(32)), y=base64url(bytes(32)))),
    BadProof(66, "a coordinate that is the field", INVALID, keyed(x=base64url(b"\xff" * 32))),
    BadProof(66, "a short coordinate", INVALID, keyed(x=base64url(b"\x01" * 31))),
    BadProof(66, "a coordinate that is a number", INVALID, keyed(x=1)),
    BadProof(66, "the curve of bitcoin", INVALID, keyed(crv="secp256k1")),
    BadProof(66, "a certificate in the key", INVALID, keyed(x5c=["MIIB"])),
    BadProof(66, "no key", INVALID, headed(jwk=None)),
    BadProof(66, "a key id instead", INVALID, headed(jwk=None, kid="device-1")),
    BadProof(66, "r and s are zero", INVALID, signed(lambda _: bytes(64))),
    BadProof(66, "s is the group's order", INVALID,
             signed(lambda it: it[:32] + ORDER_OF_P256.to_bytes(32, "big"))),
    BadProof(66, "a bit of r", INVALID, signed(lambda it: bytes([it[0] ^ 1]) + it[1:])),
    BadProof(66, "r and s exchanged", INVALID, signed(lambda it: it[32:] + it[:32])),
    BadProof(66, "DER", INVALID, in_der),
    BadProof(66, "a byte more", INVALID, signed(lambda it: it + b"\x00")),
    BadProof(66, "no signature", INVALID, signed(lambda _: b"")),
]
REQUESTS = [
    BadProof(67, "another method", INVALID, claiming(htm="PUT")),
    BadProof(67, "the method in small letters", INVALID, lambda it: it.made(
        htm=it.method.lower())),
    BadProof(67, "no method", INVALID, claiming(htm=None)),
    BadProof(67, "no address", INVALID, claiming(htu=None)),
    BadProof(67, "two addresses", INVALID, lambda it: it.made(htu=[it.url, it.url])),
    BadProof(67, "a path alone", INVALID, urls(lambda it: it.removeprefix(ADDRESS))),
    BadProof(67, "another path", INVALID, urls(lambda it: it + "s")),
    BadProof(67, "the path in capitals", INVALID, urls(
        lambda it: it.replace("/v1/", "/V1/"))),
    BadProof(67, "the path with dots", INVALID, urls(lambda it: it.replace("/v1/", "/v1/./"))),
    BadProof(67, "a query", INVALID, urls(lambda it: it + "?x=1")),
    BadProof(67, "another license's address", INVALID, urls(
        lambda it: it.replace("/licenses/", "/licenses/" + "0" * 26))),
    *[BadProof(67, f"the host {host}", INVALID, urls(
        lambda it, host=host: it.replace(HOST, host)))  # type: ignore[misc]
      for host in ("evil.example", f"{HOST}.evil.example", f"{HOST}:8443", f"x@{HOST}",
                   f"evil.example@{HOST}", HOST.replace("-", "\u2011"),
                   HOST.replace("o", "\u043e"), HOST.replace(".", "\u3002"), "", "[::1", "[")],
    BadProof(67, "another scheme", INVALID, urls(lambda it: it.replace("https", "ftp"))),
    BadProof(67, "another body", INVALID, claiming(bth=digest(b"{}"))),
    BadProof(67, "a hash of no body", INVALID, claiming(bth=digest(b""))),
    BadProof(67, "another secret", INVALID, claiming(ath=digest(b"s" * 43))),
]
OF_WHAT_IS_SENT = [
    BadProof(67, "no body", INVALID, claiming(bth=None)),
    BadProof(67, "no secret", INVALID, claiming(ath=None)),
    BadProof(67, "the secret itself", INVALID, lambda it: it.made(ath=it.secret)),
]
"""Where there is a body, and a secret."""
NONCES = [
    BadProof(68, "no nonce", STALE, claiming(nonce=None)),
    BadProof(68, "a nonce that somebody made up", STALE, claiming(nonce="A" * 24)),
    BadProof(68, "an empty nonce", STALE, claiming(nonce="")),
    BadProof(68, "a list of nonces", STALE, lambda it: it.made(nonce=[it.device.nonce])),
    BadProof(68, "a nonce in capitals", STALE, lambda it: it.made(
        nonce=str(it.device.nonce).swapcase())),
]
PROOFS = [*FORMS, *KEYS, *REQUESTS, *NONCES]
