"""Our side of the wire, put together for tests as the composition root does it."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any

from shared.adapters.wechatpay.gateway import WeChatNativeGateway
from shared.adapters.wechatpay.http_client import HttpClient
from shared.adapters.wechatpay.keys import load_verification_keys
from shared.adapters.wechatpay.signer import RequestSigner
from shared.adapters.wechatpay.transport import Transport
from shared.adapters.wechatpay.verifier import SignatureVerifier
from shared.deadline import Deadline
from shared.domain.payment import Payee
from tests.fakes.clock import FakeClock
from tests.fakes.log import RecordingLog
from tests.unit.adapters.wechatpay import wechat_side as wechat

if TYPE_CHECKING:
    from collections.abc import Iterator

PAYEE = Payee(wechat.MCHID, wechat.APPID)
NOTIFY_URL = "https://example.com/v1/notify/wechatpay"


@dataclass(frozen=True)
class Wired:
    """A transport, its clock, deadline and log, and a gateway over it."""

    transport: Transport
    gateway: WeChatNativeGateway
    clock: FakeClock
    deadline: Deadline
    log: RecordingLog


@contextmanager
def wired(base_url: str, **http: Any) -> Iterator[Wired]:
    """Everything that calls `base_url`, with a clock that stands at NOW_S."""
    clock, log = FakeClock(wechat.NOW_S), RecordingLog()
    deadline = Deadline(clock, 8_000)
    numbers = count(1)
    transport = Transport(
        http=HttpClient(base_url, clock=clock, **{"allow_http": True, **http}),
        signer=RequestSigner(mchid=wechat.MCHID, serial_no=wechat.MERCHANT_SERIAL,
                             private_key_pem=wechat.pem("merchant_private")),
        verifier=SignatureVerifier(load_verification_keys(
            {wechat.PUBLIC_KEY_ID: wechat.pem("wechatpay_public")})),
        clock=clock, deadline=deadline, log=log, public_key_id=wechat.PUBLIC_KEY_ID,
        random_token=lambda: f"{next(numbers):032x}")
    gateway = WeChatNativeGateway(transport, payee=PAYEE, notify_url=NOTIFY_URL)
    try:
        yield Wired(transport, gateway, clock, deadline, log)
    finally:
        transport.close()
