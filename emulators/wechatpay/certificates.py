"""GET /v3/certificates: the platform certificate, encrypted with the APIv3 key."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING

from emulators.wechatpay.errors import NO_CERTIFICATE, ApiError
from emulators.wechatpay.signing import encrypt
from emulators.wechatpay.times import rfc3339

if TYPE_CHECKING:
    from emulators.wechatpay.context import Context
    from emulators.wechatpay.records import JsonObject

ASSOCIATED_DATA = "certificate"


def certificates(ctx: Context) -> JsonObject:
    """The list of one certificate. Raises ApiError 404 for a public-key-only merchant."""
    if ctx.settings.public_key_only:
        raise ApiError(NO_CERTIFICATE)
    account = ctx.account
    nonce = ctx.ids.text(12)
    certificate = account.platform_certificate
    return {"data": [{
        "serial_no": account.platform_serial,
        "effective_time": _time(certificate.not_valid_before_utc),
        "expire_time": _time(certificate.not_valid_after_utc),
        "encrypt_certificate": {
            "algorithm": "AEAD_AES_256_GCM",
            "nonce": nonce,
            "associated_data": ASSOCIATED_DATA,
            "ciphertext": encrypt(account.api_v3_key, account.platform_certificate_pem.encode(),
                                  nonce=nonce, associated_data=ASSOCIATED_DATA),
        },
    }]}


def _time(moment: datetime) -> str:
    return rfc3339(int(moment.astimezone(timezone.utc).timestamp()))
