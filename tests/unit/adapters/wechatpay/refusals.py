"""How tests of refusals ask: the reason of a notify that must be refused."""

from __future__ import annotations

from typing import Any

import pytest

from shared.adapters.wechatpay.keys import load_verification_keys
from shared.adapters.wechatpay.reasons import CONTENT, Reason, Rejected
from shared.adapters.wechatpay.verifier import SignatureVerifier
from shared.errors import InvalidNotify
from tests.unit.adapters.wechatpay import wechat_side as wechat
from tests.unit.adapters.wechatpay.wechat_side import Notify

GENUINE = Notify()
SIGNED_HEADERS = ("wechatpay-timestamp", "wechatpay-nonce", "wechatpay-signature",
                  "wechatpay-serial")


def refusal(headers: dict[str, Any], body: bytes, now_s: int = wechat.NOW_S) -> str:
    """The reason; also checks that the status fits it and that nothing of the input is told."""
    with pytest.raises(InvalidNotify) as caught:
        wechat.verifier().verify(headers, body, now_s)
    reason = Reason(caught.value.reason)
    assert caught.value.status == (400 if reason in CONTENT else 401)
    assert caught.value.genuine == (is_signed(headers, body, now_s)
                                    and reason is not Reason.BODY_TOO_LARGE)
    assert str(caught.value) == f"NOTIFY_INVALID: {reason.value}"
    assert caught.value.__cause__ is None
    return reason.value


def is_signed(headers: dict[str, Any], body: bytes, now_s: int) -> bool:
    """Whether WeChat's signature over this message holds, whatever is in it."""
    keys = load_verification_keys({wechat.PUBLIC_KEY_ID: wechat.pem("wechatpay_public"),
                                   wechat.PLATFORM_SERIAL: wechat.pem("platform_certificate")})
    try:
        SignatureVerifier(keys).verify(headers, body, now_s)
    except Rejected:
        return False
    return True


def refused(notify: Notify) -> str:
    """The reason why this notify, signed as it is, is refused."""
    return refusal(*notify.send())


def genuine_signature() -> str:
    """Base64, as in the genuine notify."""
    return str(GENUINE.send()[0]["wechatpay-signature"])
