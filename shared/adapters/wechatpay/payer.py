"""A name for a payer that only this deployment can recognize: never WeChat's own (openid).

Who reads our rows cannot find the person; who knows the openid cannot find the rows without the
pepper. Equal payers have equal names, which is all that counting needs.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

LEAST_PEPPER_BYTES = 16
PURPOSE = b"wechatpay\n"


def payer_hasher(pepper: bytes) -> Callable[[str], str]:
    """The function from an openid to 64 hex digits; raises ValueError for a short pepper."""
    if len(pepper) < LEAST_PEPPER_BYTES:
        raise ValueError("a pepper has at least 16 bytes")

    def hashed(openid: str) -> str:
        return hmac.digest(pepper, PURPOSE + openid.encode(), "sha256").hex()
    return hashed
