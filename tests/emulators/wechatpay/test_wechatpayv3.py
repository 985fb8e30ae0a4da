"""The unmodified Python library wechatpayv3 as an independent merchant, in both key modes."""

from __future__ import annotations

import hashlib
import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from wechatpayv3 import WeChatPay, WeChatPayType
from wechatpayv3.core import Core

from emulators.wechatpay import Account, Fault, Settings, WeChatPayEmulator
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
    deadline = time.monotonic() + 10
    while len(receiver.received) < count and time.monotonic() < deadline:
        time.sleep(0.005)
    assert len(receiver.received) == count


def test_it_places_pays_queries_and_refunds(
        world: tuple[WeChatPay, WeChatPayEmulator], receiver: Receiver) -> None:
    client, emulator = world
    transaction_id = emulator.pay(create(client), coupon_fen=90)
    wait_for(receiver, 1)
    _, headers, body = receiver.received[0]
    told = client.callback(headers, body)
    assert told["event_type"] == "TRANSACTION.SUCCESS"
    assert told["resource"]["transaction_id"] == transaction_id

    for query in ({"out_trade_no": "ORDER0001"}, {"transaction_id": transaction_id}):
        status, text = client.query(**query)
        assert (status, json.loads(text)) == (200, told["resource"])

    status, text = client.refund(
        "R1", {"refund": 990, "total": 990, "currency": "CNY"}, out_trade_no="ORDER0001",
        notify_url="https://merchant.example/refund")
    assert (status, json.loads(text)["status"]) == (200, "PROCESSING")
    emulator.settle_refund("R1")
    wait_for(receiver, 2)
    _, headers, body = receiver.received[1]
    assert client.callback(headers, body)["resource"]["refund_status"] == "SUCCESS"
    status, text = client.query_refund("R1")
    assert (status, json.loads(text)["status"]) == (200, "SUCCESS")


def test_it_closes(world: tuple[WeChatPay, WeChatPayEmulator]) -> None:
    client, _ = world
    create(client)
    assert client.close("ORDER0001")[0] == 204
    status, text = client.query(out_trade_no="ORDER0001")
    assert (status, json.loads(text)["trade_state"]) == (200, "CLOSED")


def test_it_fetches_a_bill(
        world: tuple[WeChatPay, WeChatPayEmulator]) -> None:
    client, emulator = world
    emulator.pay(create(client))
    day = time.strftime("%Y-%m-%d", time.gmtime(emulator.ctx.clock.now_s() + 8 * 3600))
    emulator.advance(2 * 86400)
    status, text = client.trade_bill(day, tar_type="")
    assert status == 200, text
    status, content = client.download_bill(json.loads(text)["download_url"])
    assert status == 200
    assert hashlib.sha1(content).hexdigest() == json.loads(text)["hash_value"]


def test_it_notices_a_wrong_signature(
        world: tuple[WeChatPay, WeChatPayEmulator]) -> None:
    client, emulator = world
    create(client)
    emulator.inject(Fault("tampered_body", "query"))
    with pytest.raises(Exception, match="failed to verify"):
        client.query(out_trade_no="ORDER0001")
    assert client.query(out_trade_no="ORDER0001")[0] == 200
    headers, body = emulator.build_notify("ORDER0001", faults=(Fault("signtest", "notify"),))
    assert client.callback(headers, body) is None


def test_it_downloads_the_platform_certificate_itself(account: Account) -> None:
    with WeChatPayEmulator(account) as emulator, emulator.serve() as serving:
        core = Core(account.mchid, account.merchant_serial, account.merchant_private_key_pem,
                    account.api_v3_key, timeout=10, public_key=account.wechatpay_public_key_pem,
                    public_key_id=account.public_key_id)
        core._gate_way = serving.base_url
        core._update_certificates()
    [certificate] = core._certificates
    assert f"{certificate.serial_number:040X}" == account.platform_serial
