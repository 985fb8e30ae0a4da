"""Request signatures (V2: HMAC-SHA1; V4: HMAC-SHA256, derived key) and the answers' signature.

Source: "signature methods" of the Tablestore HTTP reference, as the official SDKs implement it.
V2 signs path, method and the sorted x-ots-* headers with the access key secret. V4 signs the same
text and the word "ots" with a key derived from secret, day and region. An answer is signed with
HMAC-SHA1 under the key of its request.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import datetime, timezone
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from .errors import TablestoreError, parameter_invalid
from .limits import MAX_CLOCK_SKEW_MS

if TYPE_CHECKING:
    from collections.abc import Mapping

API_VERSION = "2015-12-31"
_REQUIRED = (
    "x-ots-date",
    "x-ots-apiversion",
    "x-ots-accesskeyid",
    "x-ots-instancename",
    "x-ots-contentmd5",
)
_SIGNATURE, _SIGNATURE_V4 = "x-ots-signature", "x-ots-signaturev4"
_DATE_V4, _REGION_V4 = "x-ots-signdate", "x-ots-signregion"


class Credentials(NamedTuple):
    """The one access key and instance the emulator accepts."""

    access_key_id: str
    access_key_secret: str
    instance: str

    def __repr__(self) -> str:
        return f"Credentials({self.access_key_id!r}, ..., {self.instance!r})"


def _hmac(key: bytes, text: str, method: str) -> bytes:
    return hmac.digest(key, text.encode(), method)


def content_md5(body: bytes) -> str:
    """The value of x-ots-contentmd5."""
    return base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()


@lru_cache(maxsize=64)
def signing_key_v4(secret: str, date: str, region: str) -> bytes:
    """The V4 key of one day (yyyymmdd) in one region."""
    key = ("aliyun_v4" + secret).encode()
    for text in (date, region, "ots", "aliyun_v4_request"):
        key = _hmac(key, text, "sha256")
    return base64.b64encode(key)


def _canonical(headers: Mapping[str, str]) -> str:
    named = (
        f"{name}:{value.strip()}"
        for name, value in headers.items()
        if name.startswith("x-ots-") and name not in (_SIGNATURE, _SIGNATURE_V4)
    )
    return "\n".join(sorted(named))


def _auth_failed(message: str) -> TablestoreError:
    return TablestoreError("OTSAuthFailed", message)


def check_request(
    path: str, headers: Mapping[str, str], body: bytes, *, credentials: Credentials, now_ms: int
) -> bytes:
    """Verify a request (header names in lower case); the key to sign its answer with.

    Raises OTSParameterInvalid for a missing header or an unreadable date, OTSAuthFailed for a clock
    more than 15 minutes off, an unknown key or instance, a wrong body digest or signature.
    """
    signature_header = _SIGNATURE_V4 if _SIGNATURE_V4 in headers else _SIGNATURE
    for name in (*_REQUIRED, signature_header):
        if name not in headers:
            raise parameter_invalid(f"Missing header: {name}.")
    _check_date(headers["x-ots-date"], now_ms)
    if headers["x-ots-apiversion"] != API_VERSION:
        raise parameter_invalid(f"Invalid API version: {headers['x-ots-apiversion']}.")
    if headers["x-ots-accesskeyid"] != credentials.access_key_id:
        raise _auth_failed("The AccessKeyID does not exist.")
    if headers["x-ots-instancename"] != credentials.instance:
        raise _auth_failed("The instance is not found.")
    if headers["x-ots-contentmd5"] != content_md5(body):
        raise _auth_failed(
            "Mismatch between MD5 value of request body and x-ots-contentmd5 in header."
        )
    key, expected = _expected(path, headers, credentials.access_key_secret)
    if not hmac.compare_digest(headers[signature_header].encode(), expected):
        raise _auth_failed("Signature mismatch.")
    return key


def _expected(path: str, headers: Mapping[str, str], secret: str) -> tuple[bytes, bytes]:
    text = f"{path}\nPOST\n\n{_canonical(headers)}\n"
    if _SIGNATURE_V4 not in headers:
        key = secret.encode()
        return key, base64.b64encode(_hmac(key, text, "sha1"))
    for name in (_DATE_V4, _REGION_V4):
        if name not in headers:
            raise parameter_invalid(f"Missing header: {name}.")
    key = signing_key_v4(secret, headers[_DATE_V4], headers[_REGION_V4])
    return key, base64.b64encode(_hmac(key, text + "ots", "sha256"))


@lru_cache(maxsize=64)
def _parse_date_ms(text: str) -> float:
    when = datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ")
    return when.replace(tzinfo=timezone.utc).timestamp() * 1000


def _check_date(text: str, now_ms: int) -> None:
    try:
        date_ms = _parse_date_ms(text)
    except ValueError:
        raise parameter_invalid(f"Invalid date format: {text}.") from None
    if abs(date_ms - now_ms) > MAX_CLOCK_SKEW_MS:
        raise _auth_failed(f"Mismatch between system time and x-ots-date: {text}.")


def sign_response(
    path: str, headers: dict[str, str], *, key: bytes, access_key_id: str
) -> dict[str, str]:
    """The headers of an answer with its `authorization`."""
    signature = base64.b64encode(_hmac(key, f"{_canonical(headers)}\n{path}", "sha1")).decode()
    return {**headers, "authorization": f"OTS {access_key_id}:{signature}"}
