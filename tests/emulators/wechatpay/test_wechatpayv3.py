"""The unmodified Python library wechatpayv3 as an independent merchant, in both key modes."""

from __future__ import annotations

import gzip
import hashlib
import json
from typing import TYPE_CHECKING

import pytest
from wechatpayv3.core import Core

from emulators.wechatpay import Account, Fault, WeChatPayEmulator
from tests.emulators.wechatpay.library import create, receiver, today, wait_for, world

if TYPE_CHECKING:
    from wechatpayv3 import WeChatPay

    from tests.emulators.wechatpay.merchant import Receiver

__all__ = ["receiver", "world"]


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


def test_it_closes_an_order(world: tuple[WeChatPay, WeChatPayEmulator]) -> None:
    client, _ = world
    create(client)
    assert client.close("ORDER0001")[0] == 204
    status, text = client.query(out_trade_no="ORDER0001")
    assert (status, json.loads(text)["trade_state"]) == (200, "CLOSED")


def test_it_fetches_a_bill(
        world: tuple[WeChatPay, WeChatPayEmulator]) -> None:
    client, emulator = world
    emulator.pay(create(client))
    day = today(emulator)
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


def test_it_sees_what_is_wrong_with_a_bill(
        world: tuple[WeChatPay, WeChatPayEmulator]) -> None:
    client, emulator = world
    emulator.pay(create(client))
    day = today(emulator)
    emulator.advance(2 * 86400)
    emulator.inject(Fault("bill_late", "tradebill"))
    status, text = client.trade_bill(day)
    assert (status, json.loads(text)["code"]) == (400, "STATEMENT_CREATING")
    emulator.inject(Fault("bill_bomb", "tradebill", size_bytes=5_000_000, true_hash=True))
    told = json.loads(client.trade_bill(day, tar_type="GZIP")[1])
    packed = client.download_bill(told["download_url"])[1]
    assert len(packed) < 100_000
    assert hashlib.sha1(gzip.decompress(packed)).hexdigest() == told["hash_value"]
    emulator.inject(Fault("bill_truncated", "billdownload", keep=10))
    status, text = client.trade_bill(day, tar_type="")
    assert client.download_bill(json.loads(text)["download_url"]) == (
        200, gzip.decompress(packed)[:10])
