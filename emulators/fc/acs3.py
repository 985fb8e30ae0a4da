"""Verifies ACS3-HMAC-SHA256 signatures, for the invoke API and HTTP triggers that want them.

Written from the description of the signature (document 2639886, "V3 request body & signature"),
and tested against the SDK's own signer.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote

if TYPE_CHECKING:
    from collections.abc import Callable

ALGORITHM = "ACS3-HMAC-SHA256"
MAX_SKEW_S = 15 * 60

_AUTHORIZATION = re.compile(
    r"ACS3-HMAC-SHA256 Credential=([^,\s]+), ?SignedHeaders=([a-z0-9;\-]+)"
    r", ?Signature=([0-9a-f]{64})"
)


@dataclass(frozen=True)
class AccessKey:
    """A key pair that may call the functions."""

    access_key_id: str
    access_key_secret: str

    def __repr__(self) -> str:
        return f"AccessKey({self.access_key_id!r}, ***)"


class SignatureError(Exception):
    """The request is not signed, or not well; status and code as the platform answers."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


@dataclass(frozen=True)
class SignedRequest:
    """What the signature covers."""

    method: str
    target: str
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        """A header's value, repeated ones joined as the signature sees them."""
        values = [value.strip() for key, value in self.headers if key.lower() == name]
        return ",".join(sorted(values)) if values else None


class Verifier:
    """Knows one account's key and the time."""

    def __init__(self, key: AccessKey, now_s: Callable[[], float]) -> None:
        self._key = key
        self._now_s = now_s

    def verify(self, request: SignedRequest) -> None:
        """Raise SignatureError unless the request is signed with the key and fresh."""
        authorization, date = request.header("authorization"), request.header("x-acs-date")
        for name, value in (("Authorization", authorization), ("x-acs-date", date)):
            if value is None:
                raise SignatureError(
                    400, "MissingRequiredHeader", f"required HTTP header {name} was not specified"
                )
        found = _AUTHORIZATION.fullmatch(authorization or "")
        if found is None:
            raise SignatureError(403, "AccessDenied", "the Authorization header is malformed")
        key_id, signed_headers, signature = found.groups()
        if key_id != self._key.access_key_id:
            raise SignatureError(403, "InvalidAccessKeyID", f"invalid access key ID '{key_id}'")
        self._check_date(date or "")
        expected = sign(request, signed_headers.split(";"), self._key.access_key_secret)
        if not hmac.compare_digest(expected, signature):
            raise SignatureError(
                403,
                "SignatureNotMatch",
                "the signature does not match the request; check the key and the signing method",
            )
        _check_body(request)

    def _check_date(self, date: str) -> None:
        try:
            moment = datetime.strptime(date, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
        except ValueError:
            raise SignatureError(403, "AccessDenied", "x-acs-date is not a UTC time") from None
        if abs(moment.timestamp() - self._now_s()) > MAX_SKEW_S:
            raise SignatureError(403, "AccessDenied", "the request's time is too far from now")


def sign(request: SignedRequest, signed_headers: list[str], secret: str) -> str:
    """The hexadecimal signature over these headers, in lower case."""
    path, _, query = request.target.partition("?")
    pairs = sorted(parse_qsl(query, keep_blank_values=True))
    canonical = "\n".join(
        [
            request.method,
            path,
            "&".join(f"{quote(name, safe='~')}={quote(value, safe='~')}" for name, value in pairs),
            "".join(f"{name}:{request.header(name) or ''}\n" for name in signed_headers),
            ";".join(signed_headers),
            request.header("x-acs-content-sha256") or "",
        ]
    )
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    return hmac.new(secret.encode(), f"{ALGORITHM}\n{digest}".encode(), hashlib.sha256).hexdigest()


def _check_body(request: SignedRequest) -> None:
    claimed = request.header("x-acs-content-sha256")
    if claimed is not None and claimed != hashlib.sha256(request.body).hexdigest():
        raise SignatureError(403, "SignatureNotMatch", "x-acs-content-sha256 is not of this body")
