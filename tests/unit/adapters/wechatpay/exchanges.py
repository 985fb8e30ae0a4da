"""How tests of the transport ask: one call against a script, and what came of it."""

from __future__ import annotations

import re
from typing import Any

from wechatpayv3 import utils

from shared.adapters.wechatpay.transport import Answer, Call
from shared.errors import ProviderUnavailable
from tests.unit.adapters.wechatpay import wechat_side as wechat
from tests.unit.adapters.wechatpay.scripted_wechat import Received, ScriptedWeChat
from tests.unit.adapters.wechatpay.wiring import Wired, wired

PLACE = Call("native.place", "POST", "/v3/pay/transactions/native", b'{"a":"\xe5\xae\x9d"}')
QUERY = Call("native.query", "GET", "/v3/pay/transactions/out-trade-no/TB01?mchid=1900000001")
ONCE = Call("complaint.answer", "POST", "/v3/x", b"{}", repeatable=False)


def call(script: list[Any], what: Call = PLACE) -> tuple[Answer | str, ScriptedWeChat, Wired]:
    """The answer, or the reason why there is none; what was received; what was logged."""
    with ScriptedWeChat(*script) as server, wired(server.base_url, read_ms=500) as ours:
        try:
            return ours.transport.call(what), server, ours
        except ProviderUnavailable as error:
            assert error.status == 503
            assert error.__cause__ is None
            return str(error.reason), server, ours


def authorization(received: Received) -> dict[str, str]:
    """The five fields of its Authorization header."""
    scheme, _, fields = received.headers["authorization"].partition(" ")
    assert scheme == "WECHATPAY2-SHA256-RSA2048"
    return dict(re.findall(r'([a-z_]+)="([^"]*)"', fields))


def is_signed(received: Received) -> bool:
    """Whether the signature covers what came over the wire, by wechatpayv3's verifier."""
    said = authorization(received)
    first = f"{received.method}\n{received.target}\n{said['timestamp']}"
    key = utils.load_public_key(wechat.pem("merchant_public"))
    return bool(utils.rsa_verify(first, said["nonce_str"], received.body.decode(),
                                 said["signature"], key))
