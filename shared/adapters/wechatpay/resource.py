"""Opens the encrypted part of a notify: AEAD_AES_256_GCM under the APIv3 key (4012071382).

Being able to decrypt does not prove who sent it; the signature over the whole notify does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.adapters.wechatpay import base64_strict
from shared.adapters.wechatpay.keys import API_V3_KEY_BYTES, UnusableKey
from shared.adapters.wechatpay.reasons import Reason, Rejected

if TYPE_CHECKING:
    from collections.abc import Mapping

ALGORITHM = "AEAD_AES_256_GCM"
NONCE_BYTES = 12
TAG_BYTES = 16


class ResourceCipher:
    """Decrypts resources under one APIv3 key (32 bytes); raises UnusableKey for another size."""

    def __init__(self, api_v3_key: bytes) -> None:
        if len(api_v3_key) != API_V3_KEY_BYTES:
            raise UnusableKey("an APIv3 key has 32 bytes")
        self._cipher = AESGCM(api_v3_key)

    def decrypt(self, resource: Mapping[str, Any]) -> bytes:
        """The plaintext of {algorithm, nonce, associated_data?, ciphertext}; raises Rejected."""
        if resource.get("algorithm") != ALGORITHM:
            raise Rejected(Reason.ALGORITHM_UNSUPPORTED)
        nonce, associated = resource.get("nonce"), resource.get("associated_data", "")
        ciphertext = resource.get("ciphertext")
        if not (type(nonce) is str and type(associated) is str and type(ciphertext) is str):
            raise Rejected(Reason.RESOURCE_MALFORMED)
        iv, sealed = nonce.encode(), base64_strict.decode(ciphertext)
        if len(iv) != NONCE_BYTES or sealed is None or len(sealed) <= TAG_BYTES:
            raise Rejected(Reason.RESOURCE_MALFORMED)
        try:
            return self._cipher.decrypt(iv, sealed, associated.encode())
        except InvalidTag:
            raise Rejected(Reason.RESOURCE_NOT_DECRYPTABLE) from None
