"""The platform certificate list, and the merchants that have none."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tests.emulators.wechatpay.merchant import Merchant, document, refusal

if TYPE_CHECKING:
    from collections.abc import Callable


def test_the_certificate_is_encrypted_with_the_api_v3_key(merchant: Merchant) -> None:
    answer = merchant.send("GET", "/v3/certificates", wechatpay_serial=None)
    [entry] = document(answer)["data"]
    sealed = entry["encrypt_certificate"]
    pem = AESGCM(merchant.account.api_v3_key.encode()).decrypt(
        sealed["nonce"].encode(), base64.b64decode(sealed["ciphertext"]), b"certificate")
    assert pem.decode() == merchant.account.platform_certificate_pem
    assert entry["serial_no"] == merchant.account.platform_serial
    assert entry["effective_time"] < entry["expire_time"]
    assert (sealed["algorithm"], sealed["associated_data"]) == (
        "AEAD_AES_256_GCM", "certificate")
    assert merchant.genuine(answer.headers, answer.body)


def test_a_new_merchant_has_none(make_merchant: Callable[..., Merchant]) -> None:
    merchant = make_merchant(public_key_only=True)
    assert refusal(merchant.send("GET", "/v3/certificates"))[:2] == (404, "RESOURCE_NOT_EXISTS")
