"""Signs our requests with the merchant's key (WeChat Pay 4012365336)."""

from __future__ import annotations

from binascii import b2a_base64
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from shared.adapters.wechatpay.keys import load_private_key
from shared.adapters.wechatpay.messages import request_message

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

SCHEME = "WECHATPAY2-SHA256-RSA2048"


class RequestSigner:
    """Makes Authorization headers for one merchant.

    `serial_no` is the serial of the merchant's API certificate (40 hex digits). The key is
    read at the first signature: most cold starts answer without one.
    """

    def __init__(self, *, mchid: str, serial_no: str, private_key_pem: str) -> None:
        self._mchid = mchid
        self._serial_no = serial_no
        self._private_key_pem = private_key_pem
        self._private_key: RSAPrivateKey | None = None

    def authorization(self, method: str, target: str, body: bytes, *, timestamp_s: int,
                      nonce: str) -> str:
        """The header value for exactly these bytes; raises UnusableKey."""
        timestamp = str(timestamp_s)
        message = request_message(method, target, timestamp=timestamp, nonce=nonce, body=body)
        signature = b2a_base64(self._key().sign(message, PKCS1v15(), SHA256()), newline=False)
        return (f'{SCHEME} mchid="{self._mchid}",nonce_str="{nonce}",'
                f'signature="{signature.decode()}",timestamp="{timestamp}",'
                f'serial_no="{self._serial_no}"')

    def _key(self) -> RSAPrivateKey:
        if self._private_key is None:
            self._private_key = load_private_key(self._private_key_pem)
        return self._private_key
