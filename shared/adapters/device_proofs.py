"""Checks a device's proof: a JWS with ES256 in the DPoP shape (RFC 9449), made for one request.

Fresh is what carries our nonce: a keyed hash of the current five minutes. So nothing is kept
between calls, and the device's clock (`iat`) does not matter: a wrong one locks nobody out.
Beyond the RFC, `bth` binds the body, so that a proof sent again repeats the same request.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from shared.base64url import InvalidBase64url, b64url, digest_b64url, from_b64url
from shared.errors import DeviceUnproven
from shared.strict_json import InvalidJson, loads_object

if TYPE_CHECKING:
    from shared.license_ports import ProvenRequest

PROOF_TYPE = "dpop+jwt"
ALGORITHM = "ES256"
WINDOW_S = 300
"""How long one nonce is given out; it is taken for as long again."""
MOST_CHARACTERS = 4_096
COORDINATE_BYTES = 32
_JTI = re.compile(r"[A-Za-z0-9_.~-]{16,128}")
_HEADER = {"typ", "alg", "jwk"}
_POINT = {"kty", "crv", "x", "y"}
_OPTIONAL_IN_JWK = {"kid", "use", "alg", "key_ops", "ext"}


class EcdsaDeviceProofs:
    """Implements the DeviceProofs port. `secret` makes the nonces of this deployment."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def nonce(self, now_s: int) -> str:
        """See the port."""
        return self._nonce_of(now_s // WINDOW_S)

    def thumbprint_of(self, request: ProvenRequest, now_s: int) -> str:
        """See the port."""
        header, payload, signed, signature = _parts(request.proof)
        x, y = _point(header)
        _check_signature(x, y, signed, signature)
        _check_request(payload, request)
        if payload.get("nonce") not in (self.nonce(now_s), self._nonce_of(now_s // WINDOW_S - 1)):
            raise DeviceUnproven(code="DEVICE_PROOF_STALE",
                                 headers={"DPoP-Nonce": self.nonce(now_s)})
        return _thumbprint(x, y)

    def _nonce_of(self, window: int) -> str:
        text = f"tongbao\ndevice-nonce\n{window}".encode()
        return b64url(hmac.new(self._secret, text, hashlib.sha256).digest()[:18])


def _parts(proof: str) -> tuple[dict[str, Any], dict[str, Any], bytes, bytes]:
    pieces = proof.split(".")
    if len(pieces) != 3 or len(proof) > MOST_CHARACTERS or not proof.isascii():
        raise _invalid("form")
    try:
        header, payload = (loads_object(from_b64url(piece)) for piece in pieces[:2])
        signature = from_b64url(pieces[2])
    except (InvalidBase64url, InvalidJson):
        raise _invalid("form") from None
    if header.keys() != _HEADER or header["typ"] != PROOF_TYPE or header["alg"] != ALGORITHM:
        raise _invalid("header")
    return header, payload, f"{pieces[0]}.{pieces[1]}".encode(), signature


def _point(header: dict[str, Any]) -> tuple[bytes, bytes]:
    """The coordinates of the public key; a private one is refused with all else."""
    jwk = header["jwk"]
    if (not isinstance(jwk, dict) or not _POINT <= jwk.keys() <= _POINT | _OPTIONAL_IN_JWK
            or jwk["kty"] != "EC" or jwk["crv"] != "P-256"):
        raise _invalid("jwk")
    try:
        x, y = from_b64url(jwk["x"]), from_b64url(jwk["y"])
    except (InvalidBase64url, TypeError):
        raise _invalid("jwk") from None
    if len(x) != COORDINATE_BYTES or len(y) != COORDINATE_BYTES:
        raise _invalid("jwk")
    return x, y


def _check_signature(x: bytes, y: bytes, signed: bytes, signature: bytes) -> None:
    if len(signature) != 2 * COORDINATE_BYTES:
        raise _invalid("signature")
    r, s = (int.from_bytes(half, "big") for half in (
        signature[:COORDINATE_BYTES], signature[COORDINATE_BYTES:]))
    try:
        key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), b"\x04" + x + y)
        key.verify(encode_dss_signature(r, s), signed, ec.ECDSA(SHA256()))
    except (ValueError, InvalidSignature):
        raise _invalid("signature") from None


def _check_request(payload: dict[str, Any], request: ProvenRequest) -> None:
    """`iat` and `jti` must be there (RFC 9449 §4.2); what counts for freshness is the nonce."""
    if type(payload.get("iat")) is not int or not (
            isinstance(payload.get("jti"), str) and _JTI.fullmatch(payload["jti"])):
        raise _invalid("claims")
    if payload.get("htm") != request.method or not _is_address(payload.get("htu"), request):
        raise _invalid("request")
    wanted = digest_b64url(request.body) if request.body else None
    if payload.get("bth") != wanted:
        raise _invalid("body")
    bearer = request.bearer
    wanted = digest_b64url(bearer.encode()) if bearer is not None else None
    if payload.get("ath") != wanted:
        raise _invalid("bearer")


def _is_address(htu: object, request: ProvenRequest) -> bool:
    if not isinstance(htu, str):
        return False
    try:
        parts = urlsplit(htu)
    except ValueError:
        return False
    host = request.host
    return (parts.scheme in ("https", "http") and not parts.query and not parts.fragment
            and parts.path == request.path
            and (host is None or parts.netloc.lower() == host.lower()))


def _thumbprint(x: bytes, y: bytes) -> str:
    text = f'{{"crv":"P-256","kty":"EC","x":"{b64url(x)}","y":"{b64url(y)}"}}'
    return digest_b64url(text.encode())


def _invalid(reason: str) -> DeviceUnproven:
    return DeviceUnproven(reason=reason)
