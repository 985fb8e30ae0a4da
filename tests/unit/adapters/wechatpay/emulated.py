"""The adapter wired to the emulator of WeChat Pay, which shares no code with it."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import count
from typing import TYPE_CHECKING

from emulators.wechatpay import Account, WeChatPayEmulator
from shared.adapters.wechatpay.gateway import WeChatNativeGateway
from shared.adapters.wechatpay.http_client import HttpClient
from shared.adapters.wechatpay.keys import load_verification_keys
from shared.adapters.wechatpay.notify import WeChatNotifyVerifier
from shared.adapters.wechatpay.signer import RequestSigner
from shared.adapters.wechatpay.transport import Transport
from shared.adapters.wechatpay.verifier import SignatureVerifier
from shared.deadline import Deadline
from shared.domain.payment import Payee
from tests.fakes.clock import FakeClock
from tests.fakes.log import RecordingLog
from tests.fakes.samples import SNAPSHOT, number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.domain.order import PaymentInstruction

START_S = 1_800_000_000
NUMBER = number()


@cache
def account() -> Account:
    """The emulated merchant, made once."""
    return Account.create()


def keys() -> dict[str, str]:
    """What verifies its messages, old key and new."""
    return {account().public_key_id: account().wechatpay_public_key_pem,
            account().platform_serial: account().platform_certificate_pem}


@dataclass(frozen=True)
class Pair:
    """The emulator and, wired to it, our gateway and verifier; one clock for both."""

    wechat: WeChatPayEmulator
    transport: Transport
    gateway: WeChatNativeGateway
    verifier: WeChatNotifyVerifier
    clock: FakeClock
    deadline: Deadline

    def place(self) -> PaymentInstruction:
        """Place the order NUMBER, or place it again."""
        request = self.gateway.prepare(NUMBER, SNAPSHOT, self.clock.now_s() + 7200)
        return self.gateway.place(request, self.clock.now_s())


@contextmanager
def pair() -> Iterator[Pair]:
    """Both sides, connected."""
    clock, numbers = FakeClock(START_S), count(1)
    deadline = Deadline(clock, 8_000)
    payee = Payee(account().mchid, account().appid)
    with WeChatPayEmulator(account(), now_s=clock.now_s,
                           post_notify=lambda *_: 200) as wechat, \
            wechat.serve(port=0) as serving:
        transport = Transport(
            http=HttpClient(serving.base_url, clock=clock, allow_http=True, read_ms=300),
            signer=RequestSigner(mchid=payee.merchant_id, serial_no=account().merchant_serial,
                                 private_key_pem=account().merchant_private_key_pem),
            verifier=SignatureVerifier(load_verification_keys(keys())), clock=clock,
            deadline=deadline, log=RecordingLog(),
            public_key_id=account().public_key_id,
            random_token=lambda: f"{next(numbers):032x}")
        try:
            yield Pair(wechat, transport,
                       WeChatNativeGateway(transport, payee=payee,
                                           notify_url="https://example.com/v1/notify/wechatpay"),
                       WeChatNotifyVerifier(keys(), account().api_v3_key.encode()), clock, deadline)
        finally:
            transport.close()
