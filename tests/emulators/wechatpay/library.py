"""The unmodified Python library wechatpayv3, pointed at a served emulator, in both key modes."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from wechatpayv3 import WeChatPay, WeChatPayType

from emulators.wechatpay import Account, Settings, WeChatPayEmulator
from tests.emulators.wechatpay.merchant import Receiver

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOTIFY_URL = "https://merchant.example/notify"


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


@pytest.fixture(params=["public key", "platform certificate"])
def world(request: pytest.FixtureRequest, account: Account, receiver: Receiver,
          tmp_path: Path) -> Iterator[tuple[WeChatPay, WeChatPayEmulator]]:
    by_certificate = request.param == "platform certificate"
    settings = Settings(notify_keys="platform_certificate" if by_certificate else "public_key")
    if by_certificate:
        (tmp_path / "platform.pem").write_text(account.platform_certificate_pem)
        keys: dict[str, Any] = {"cert_dir": str(tmp_path)}
    else:
        keys = {"public_key": account.wechatpay_public_key_pem,
                "public_key_id": account.public_key_id}
    client = WeChatPay(
        WeChatPayType.NATIVE, mchid=account.mchid, appid=account.appid,
        private_key=account.merchant_private_key_pem, cert_serial_no=account.merchant_serial,
        apiv3_key=account.api_v3_key, notify_url=NOTIFY_URL, timeout=10, **keys)
    with (WeChatPayEmulator(account, post_notify=receiver, settings=settings) as emulator,
          emulator.serve() as serving):
        client._core._gate_way = serving.base_url
        yield client, emulator


def create(client: WeChatPay, out_trade_no: str = "ORDER0001") -> str:
    status, text = client.pay("一年许可", out_trade_no, {"total": 990, "currency": "CNY"})
    assert status == 200, text
    return str(json.loads(text)["code_url"])


def wait_for(receiver: Receiver, count: int) -> None:
    """The server's thread posts the notifies; the test waits for their number."""
    deadline = time.monotonic() + 60
    while len(receiver.received) < count and time.monotonic() < deadline:
        time.sleep(0.005)
    assert len(receiver.received) == count


def today(emulator: WeChatPayEmulator) -> str:
    """The Beijing day, as bills and complaint lists name it."""
    return time.strftime("%Y-%m-%d", time.gmtime(emulator.ctx.clock.now_s() + 8 * 3600))
