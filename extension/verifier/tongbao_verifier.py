"""Verifies Tongbao leases on a seller's own server. One file over `cryptography`: copy it.

    verifier = Verifier(roots=[X1, X2], issuer="…", environment="live", product="…", min_seq=1)
    verifier.load_keys(text_of_the_set, now_s)      # at the start, then daily
    answer = verifier.verify_request(lease, proof, method="POST", url="https://api…/summary",
                                     body=body, nonce=nonces.accepted(now_s), now_s=now_s)
    if answer.ok: …                                 # else answer.code says why

Nothing here reads a clock, a network or a file. Every answer is a code; the order of the checks
is in README.md beside this file and is part of the contract: tongbao_verifier.ts keeps it too.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

LEASE_TYPE = "tongbao-lease+jwt"
KEYS_TYPE = "tongbao-keys+jwt"
PROOF_TYPE = "dpop+jwt"
GOOD = frozenset({"VALID", "VALID_GRACE"})

TOKEN_LIMIT = 8_192
"""Longest lease or proof, in characters."""
KEYS_LIMIT = 65_536
"""Longest key set, in characters."""
DAY_S = 86_400
LIFETIME_LIMIT_S = 15 * DAY_S
GRACE_LIMIT_S = 14 * DAY_S
ROLLBACK_S = DAY_S
"""A clock that is set back by more than this is noticed."""
DEPTH_LIMIT = 8
"""How deep lists and objects may lie in each other."""
MOST = 2**53 - 1
"""The largest integer that every JSON reader keeps exact (RFC 8259 §6)."""

_BASE64URL = re.compile(r"[A-Za-z0-9_-]*")
_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,15}")
_PRIME = 2**255 - 19
_LOW_ORDER = frozenset({
    0, 1, _PRIME - 1,
    int.from_bytes(bytes.fromhex(
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), "little"),
    int.from_bytes(bytes.fromhex(
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"), "little")})
"""Ordinates of points that verify what nobody signed (RFC 8032 §5.1, small subgroup)."""
_PRIVATE = ("d", "p", "q", "dp", "dq", "qi", "oth", "k")


class _Refused(Exception):
    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Answer:
    """What a verifier says: a code, and where it is good what was proven."""

    code: str
    claims: Mapping[str, Any] | None = None
    """Those of the lease; None unless it was looked at and `ok`."""
    proof: Mapping[str, Any] | None = None
    """Those of the device proof; None unless it was looked at and `ok`."""

    @property
    def ok(self) -> bool:
        """Whether the code is VALID or VALID_GRACE."""
        return self.code in GOOD


@dataclass(frozen=True)
class _Key:
    public: Ed25519PublicKey
    withdrawn: bool
    from_s: int
    until_s: int | None

    def may_sign_at(self, iat_s: int) -> bool:
        return self.from_s <= iat_s and (self.until_s is None or iat_s < self.until_s)


@dataclass(frozen=True)
class _KeySet:
    seq: int
    exp_s: int
    keys: Mapping[str, _Key]


@dataclass(frozen=True)
class _Jws:
    header: dict[str, Any]
    payload: bytes
    signed: bytes
    signature: bytes


class Verifier:
    """What one product trusts. Safe to share between threads."""

    def __init__(self, *, roots: Sequence[str | Mapping[str, str]], issuer: str, environment: str,
                 product: str, min_seq: int = 0) -> None:
        """Take the pinned roots: each the `x` of an Ed25519 key, or its JWK. ValueError if odd."""
        given = [root if isinstance(root, str) else root.get("x", "") for root in roots]
        if len(given) not in (1, 2) or len(set(given)) != len(given):
            raise ValueError("roots: one or two different keys")
        self._roots = {thumbprint({"kty": "OKP", "crv": "Ed25519", "x": x}): _ed25519_key(x)
                       for x in given}
        self._issuer, self._environment, self._product = issuer, environment, product
        self._min_seq = _whole(min_seq)
        self._set: _KeySet | None = None
        self._lock = threading.Lock()

    @property
    def seq(self) -> int:
        """The lowest `seq` that is still taken; keep it and give it back as `min_seq`."""
        loaded = self._set
        return self._min_seq if loaded is None else max(self._min_seq, loaded.seq)

    def load_keys(self, set_jws: str, now_s: int) -> str:
        """Take a signed key set: VALID, KEYS_INVALID, KEYS_ROLLED_BACK or KEYS_EXPIRED.

        What is refused changes nothing: the set before it stays.
        """
        _whole(now_s)
        try:
            found = self._read_set(set_jws)
        except (_Refused, ValueError):
            return "KEYS_INVALID"
        with self._lock:
            if found.seq < self.seq:
                return "KEYS_ROLLED_BACK"
            if now_s >= found.exp_s:
                return "KEYS_EXPIRED"
            self._set = found
        return "VALID"

    def _read_set(self, set_jws: str) -> _KeySet:
        jws = _read(set_jws, KEYS_LIMIT)
        kid = _signer(jws.header, KEYS_TYPE)
        if kid not in self._roots or not _verifies(self._roots[kid], jws):
            raise _Refused("KEYS_INVALID")
        claims = _object(jws.payload)
        _version(claims)
        if claims.get("iss") != self._issuer or claims.get("env") != self._environment:
            raise _Refused("KEYS_INVALID")
        seq, iat_s, exp_s = (_number(claims, name) for name in ("seq", "iat", "exp"))
        entries = claims.get("keys")
        if iat_s >= exp_s or not isinstance(entries, list) or not entries:
            raise _Refused("KEYS_INVALID")
        keys = {_text(entry, "kid"): _entry(entry) for entry in map(_dict, entries)}
        if len(keys) != len(entries) or len({entry["x"] for entry in entries}) != len(entries):
            raise _Refused("KEYS_INVALID")
        return _KeySet(seq, exp_s, keys)

    def verify_lease(self, token: str, now_s: int, device_jkt: str | None = None, *,
                     latest_seen_s: int | None = None) -> Answer:
        """Say whether a lease is good now, and for this device where one is named.

        `device_jkt` is the thumbprint of the key that the caller has proven to hold: without it a
        copied lease is as good as the original. `latest_seen_s` is the latest time ever seen.
        """
        _whole(now_s)
        try:
            claims = self._read_lease(token, now_s)
            if device_jkt is not None and claims["cnf"]["jkt"] != device_jkt:
                raise _Refused("DEVICE_MISMATCH")
            if latest_seen_s is not None and now_s < latest_seen_s - ROLLBACK_S:
                raise _Refused("CLOCK_ROLLBACK")
        except _Refused as refused:
            return Answer(refused.code)
        code = _window(claims, now_s)
        return Answer(code, claims if code in GOOD else None)

    def _read_lease(self, token: str, now_s: int) -> dict[str, Any]:
        jws = _read(token, TOKEN_LIMIT)
        kid = _signer(jws.header, LEASE_TYPE)
        loaded = self._set
        if loaded is not None and now_s >= loaded.exp_s:
            raise _Refused("KEYS_EXPIRED")
        key = None if loaded is None else loaded.keys.get(kid)
        if key is None:
            raise _Refused("UNKNOWN_KEY")
        if key.withdrawn:
            raise _Refused("KEY_WITHDRAWN")
        if not _verifies(key.public, jws):
            raise _Refused("INVALID_SIGNATURE")
        claims = _object(jws.payload)
        _check_claims(claims)
        if not key.may_sign_at(claims["iat"]):
            raise _Refused("UNKNOWN_KEY")
        for name, own, code in (("iss", self._issuer, "ISSUER_MISMATCH"),
                                ("aud", self._product, "PRODUCT_MISMATCH"),
                                ("env", self._environment, "ENVIRONMENT_MISMATCH")):
            if claims[name] != own:
                raise _Refused(code)
        return claims

    def verify_device_proof(self, proof: str, *, method: str, url: str, jkt: str,
                            nonce: str | Iterable[str] | None = None, body: bytes | None = None,
                            credential: str | None = None) -> Answer:
        """Say whether the device with thumbprint `jkt` signed this very request.

        `url` is the address as the client called it; its query does not count. `nonce` is what is
        accepted (None: not asked for). With `credential` the proof must carry its hash (`ath`).
        """
        accepted = (nonce,) if isinstance(nonce, str) else nonce
        try:
            claims, found = _read_proof(proof)
            fits = (claims.get("htm") == method and claims.get("htu") == re.split("[?#]", url)[0]
                    and (accepted is None or claims.get("nonce") in tuple(accepted))
                    and (credential is None or claims.get("ath") == _hash(credential.encode()))
                    and _fits_body(claims, body or b""))
        except (_Refused, ValueError):
            return Answer("DEVICE_PROOF_INVALID")
        if not fits:
            return Answer("DEVICE_PROOF_INVALID")
        return Answer("VALID", proof=claims) if found == jkt else Answer("DEVICE_MISMATCH")

    def verify_request(self, lease: str, proof: str, *, method: str, url: str, body: bytes | None,
                       nonce: str | Iterable[str] | None, now_s: int) -> Answer:
        """Say whether a request with a lease and a device proof may pass: the lease first."""
        answer = self.verify_lease(lease, now_s)
        if answer.claims is None:
            return answer
        proven = self.verify_device_proof(proof, method=method, url=url, nonce=nonce, body=body,
                                          jkt=answer.claims["cnf"]["jkt"], credential=lease)
        return Answer(answer.code, answer.claims, proven.proof) if proven.ok else proven


class Nonces:
    """Nonces that need no memory: a keyed hash of the current five minutes."""

    def __init__(self, secret: bytes, *, window_s: int = 300) -> None:
        """Take a secret of 32 bytes or more, the same on every server of one API."""
        if len(secret) < 32:
            raise ValueError("secret: at least 32 bytes")
        self._secret, self._window_s = secret, window_s

    def current(self, now_s: int) -> str:
        """What to send as `DPoP-Nonce`, at best with every answer."""
        return self._of(now_s // self._window_s)

    def accepted(self, now_s: int) -> tuple[str, str]:
        """What a proof may carry: this window's nonce, and the last one's."""
        window = now_s // self._window_s
        return self._of(window), self._of(window - 1)

    def _of(self, window: int) -> str:
        text = f"tongbao-nonce:{window}".encode()
        return _base64url(hmac.new(self._secret, text, hashlib.sha256).digest())


def thumbprint(jwk: Mapping[str, Any]) -> str:
    """The RFC 7638 thumbprint of an Ed25519 (RFC 8037) or P-256 public key. Else ValueError."""
    coordinates = {("OKP", "Ed25519"): ["x"], ("EC", "P-256"): ["x", "y"]}.get(
        (str(jwk.get("kty")), str(jwk.get("crv"))))
    if coordinates is None:
        raise ValueError("neither an Ed25519 nor a P-256 key")
    names = ["crv", "kty", *coordinates]
    for name in coordinates:
        _coordinate(jwk.get(name))
    return _hash(json.dumps({name: jwk[name] for name in names}, separators=(",", ":")).encode())


def _read(token: object, limit: int) -> _Jws:
    if not isinstance(token, str) or len(token) > limit or token.count(".") != 2:
        raise _Refused("MALFORMED")
    parts = token.split(".")
    header, payload, signature = (_bytes(part) for part in parts)
    return _Jws(_object(header), payload, ".".join(parts[:2]).encode(), signature)


def _signer(header: Mapping[str, Any], typ: str) -> str:
    _pinned(header, typ, "Ed25519", ("crit", "jwk", "jku", "x5c", "x5u"))
    return _text(header, "kid")


def _pinned(header: Mapping[str, Any], typ: str, alg: str, banned: Sequence[str]) -> None:
    if header.get("typ") != typ or header.get("alg") != alg:
        raise _Refused("WRONG_TYPE")
    if any(name in header for name in banned):
        raise _Refused("MALFORMED")


def _verifies(key: Ed25519PublicKey, jws: _Jws) -> bool:
    try:
        key.verify(jws.signature, jws.signed)
    except InvalidSignature:
        return False
    return True


def _entry(entry: Mapping[str, Any]) -> _Key:
    status, from_s, until_s = entry.get("status"), _number(entry, "from"), entry.get("until")
    if status not in ("active", "retired", "withdrawn") or "until" not in entry:
        raise _Refused("KEYS_INVALID")
    if until_s is not None and _number(entry, "until") < from_s:
        raise _Refused("KEYS_INVALID")
    if status == "retired" and until_s is None:
        raise _Refused("KEYS_INVALID")
    return _Key(_ed25519_key(entry.get("x")), status == "withdrawn", from_s, until_s)


def _check_claims(claims: Mapping[str, Any]) -> None:
    _version(claims)
    for name in ("iss", "aud", "env", "sub", "jti"):
        _text(claims, name)
    iat_s, nbf_s, exp_s, grace_s = (_number(claims, name) for name in ("iat", "nbf", "exp", "grc"))
    entitlements = claims.get("ent")
    if not isinstance(entitlements, list) or not all(isinstance(it, str) for it in entitlements):
        _malformed()
    if "lexp" not in claims or (claims["lexp"] is not None and _number(claims, "lexp") < 0):
        _malformed()
    try:
        _coordinate(_dict(claims.get("cnf")).get("jkt"))
    except ValueError:
        _malformed()
    if exp_s <= max(iat_s, nbf_s) or exp_s - iat_s > LIFETIME_LIMIT_S or grace_s > GRACE_LIMIT_S:
        _malformed()


def _window(claims: Mapping[str, Any], now_s: int) -> str:
    if now_s < claims["nbf"]:
        return "NOT_YET_VALID"
    if claims["lexp"] is not None and now_s >= claims["lexp"]:
        return "LICENSE_EXPIRED"
    if now_s < claims["exp"]:
        return "VALID"
    return "VALID_GRACE" if now_s < claims["exp"] + claims["grc"] else "LEASE_EXPIRED"


def _read_proof(proof: str) -> tuple[dict[str, Any], str]:
    """The claims of a proof with a good signature, and the thumbprint of its key."""
    jws = _read(proof, TOKEN_LIMIT)
    _pinned(jws.header, PROOF_TYPE, "ES256", ("crit", "jku", "x5c", "x5u"))
    jwk = _dict(jws.header.get("jwk"))
    if any(name in jwk for name in _PRIVATE) or jwk.get("kty") != "EC" or len(jws.signature) != 64:
        _malformed()
    found = thumbprint(jwk)
    x, y = (int.from_bytes(_bytes(jwk[name]), "big") for name in ("x", "y"))
    r, s = (int.from_bytes(half, "big") for half in (jws.signature[:32], jws.signature[32:]))
    key = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    try:
        key.verify(encode_dss_signature(r, s), jws.signed, ec.ECDSA(SHA256()))
    except InvalidSignature:
        _malformed()
    claims = _object(jws.payload)
    for name in ("htm", "htu", "jti"):
        _text(claims, name)
    _number(claims, "iat")
    return claims, found


def _fits_body(claims: Mapping[str, Any], body: bytes) -> bool:
    if not body and "bth" not in claims:
        return True
    return bool(claims.get("bth") == _hash(body))


def _object(raw: bytes) -> dict[str, Any]:
    try:
        found = json.loads(raw.decode("utf-8"), object_pairs_hook=_once, parse_int=_integer,
                           parse_float=_no_number, parse_constant=_no_number)
    except (ValueError, RecursionError):
        _malformed()
    if not _shallow(found, DEPTH_LIMIT):
        _malformed()
    return _dict(found)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name occurs twice")
    return found


def _integer(text: str) -> int:
    if _INTEGER.fullmatch(text) is None or abs(int(text)) > MOST:
        raise ValueError("not an exact integer")
    return int(text)


def _no_number(text: str) -> NoReturn:
    raise ValueError("only integers")


def _shallow(value: object, left: int) -> bool:
    """Whether lists and objects lie at most `left` deep in each other."""
    if not isinstance(value, dict | list):
        return True
    inner = value.values() if isinstance(value, dict) else value
    return left > 0 and all(_shallow(it, left - 1) for it in inner)


def _dict(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        _malformed()
    return value


def _text(source: Mapping[str, Any], name: str) -> str:
    value = source.get(name)
    if not isinstance(value, str) or not value:
        _malformed()
    return value


def _number(source: Mapping[str, Any], name: str) -> int:
    value = source.get(name)
    if type(value) is not int or value < 0:
        _malformed()
    return value


def _version(claims: Mapping[str, Any]) -> None:
    if _number(claims, "v") != 1:
        _malformed()


def _malformed() -> NoReturn:
    raise _Refused("MALFORMED")


def _bytes(text: object) -> bytes:
    """Canonical base64url without padding (RFC 7515 §2), or MALFORMED."""
    if not isinstance(text, str) or _BASE64URL.fullmatch(text) is None or len(text) % 4 == 1:
        _malformed()
    found = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if _base64url(found) != text:
        _malformed()
    return found


def _coordinate(text: object) -> bytes:
    """Thirty-two bytes as base64url. Else ValueError."""
    try:
        found = _bytes(text)
    except _Refused:
        raise ValueError("not base64url") from None
    if len(found) != 32:
        raise ValueError("not 32 bytes")
    return found


def _ed25519_key(x: object) -> Ed25519PublicKey:
    raw = _coordinate(x)
    ordinate = int.from_bytes(raw, "little") & (2**255 - 1)
    if ordinate >= _PRIME or ordinate in _LOW_ORDER:
        raise ValueError("not an Ed25519 key that anybody holds")
    return Ed25519PublicKey.from_public_bytes(raw)


def _whole(number: int) -> int:
    if type(number) is not int:
        raise TypeError("times and seq are integers")
    return number


def _hash(data: bytes) -> str:
    return _base64url(hashlib.sha256(data).digest())


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")
