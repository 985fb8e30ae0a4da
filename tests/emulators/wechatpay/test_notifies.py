"""Notifies: what they hold, when they are sent again, and what counts as accepted."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING

import pytest

from emulators.wechatpay import Account, Fault, WeChatPayEmulator
from tests.emulators.wechatpay.merchant import (
    NOTIFY_URL,
    Clock,
    Merchant,
    Receiver,
    document,
    signed_by,
)

if TYPE_CHECKING:
    from collections.abc import Callable

MINUTE = 60
HOUR = 3600
LADDER_S = [15, 15, 30, 3 * MINUTE, 10 * MINUTE, 20 * MINUTE, 30 * MINUTE, 30 * MINUTE,
            30 * MINUTE, 60 * MINUTE, 3 * HOUR, 3 * HOUR, 3 * HOUR, 6 * HOUR, 6 * HOUR]


def test_a_notify_tells_what_a_query_tells(merchant: Merchant) -> None:
    merchant.paid(attach="hint")
    [attempt] = merchant.emulator.deliver_due_notifies()
    [(url, headers, body)] = merchant.receiver.received
    assert (url, attempt.status, attempt.accepted) == (NOTIFY_URL, 200, True)
    assert merchant.open_notify(headers, body) == document(merchant.query())


def test_a_notify_has_the_documented_envelope(merchant: Merchant) -> None:
    merchant.paid()
    merchant.emulator.deliver_due_notifies()
    [(_, headers, body)] = merchant.receiver.received
    envelope = json.loads(body)
    resource = envelope.pop("resource")
    assert len(envelope.pop("id")) == 36
    assert envelope == {
        "create_time": "2025-10-09T16:53:20+08:00", "resource_type": "encrypt-resource",
        "event_type": "TRANSACTION.SUCCESS", "summary": "支付成功"}
    assert resource["original_type"] == resource["associated_data"] == "transaction"
    assert resource["algorithm"] == "AEAD_AES_256_GCM"
    assert len(resource["nonce"]) == 12
    assert headers["Content-Type"] == "application/json"
    assert headers["Wechatpay-Signature-Type"] == "WECHATPAY2-SHA256-RSA2048"


def test_nothing_is_sent_before_somebody_pays(merchant: Merchant) -> None:
    merchant.create()
    merchant.create("CLOSED0001")
    merchant.close("CLOSED0001")
    assert merchant.emulator.deliver_due_notifies() == []


@pytest.mark.parametrize("status", [200, 204])
def test_an_accepted_notify_is_not_sent_again(
        make_merchant: Callable[..., Merchant], clock: Clock, status: int) -> None:
    merchant = make_merchant(Receiver(status))
    merchant.paid()
    merchant.emulator.deliver_due_notifies()
    clock.now_s += 7 * 86400
    assert merchant.emulator.deliver_due_notifies() == []


@pytest.mark.parametrize("refusal", [
    201, 202, 301, 302, 307, 400, 401, 404, 429, 500, 503,
    TimeoutError("no answer"), ConnectionRefusedError("nobody there")])
def test_anything_else_is_sent_again(
        make_merchant: Callable[..., Merchant], clock: Clock, refusal: int | OSError) -> None:
    merchant = make_merchant(Receiver(refusal))
    merchant.paid()
    [first] = merchant.emulator.deliver_due_notifies()
    assert not first.accepted
    assert (first.status is None) is isinstance(refusal, OSError)
    clock.now_s += 15
    [second] = merchant.emulator.deliver_due_notifies()
    assert second.accepted


def test_the_ladder_has_fifteen_rungs(
        make_merchant: Callable[..., Merchant], clock: Clock) -> None:
    merchant = make_merchant(Receiver(*[500] * 20))
    merchant.paid()
    paid_at_s = clock.now_s
    assert len(merchant.emulator.deliver_due_notifies()) == 1
    for wait_s in LADDER_S:
        clock.now_s += wait_s - 1
        assert merchant.emulator.deliver_due_notifies() == []
        clock.now_s += 1
        assert len(merchant.emulator.deliver_due_notifies()) == 1
    assert clock.now_s - paid_at_s == sum(LADDER_S)
    clock.now_s += 7 * 86400
    assert merchant.emulator.deliver_due_notifies() == []
    assert len(merchant.receiver.received) == 16


def test_every_resend_is_signed_and_encrypted_afresh(
        make_merchant: Callable[..., Merchant], clock: Clock) -> None:
    merchant = make_merchant(Receiver(500, 500))
    merchant.paid()
    for wait_s in (0, 15, 15):
        clock.now_s += wait_s
        merchant.emulator.deliver_due_notifies()
    sent = merchant.receiver.received
    assert len({headers["Wechatpay-Nonce"] for _, headers, _ in sent}) == 3
    assert len({headers["Wechatpay-Signature"] for _, headers, _ in sent}) == 3
    assert len({headers["Wechatpay-Timestamp"] for _, headers, _ in sent}) == 3
    assert len({json.loads(body)["resource"]["nonce"] for _, _, body in sent}) == 3
    assert len({json.loads(body)["id"] for _, _, body in sent}) == 1
    opened = [merchant.open_notify(headers, body) for _, headers, body in sent]
    assert opened[0] == opened[1] == opened[2]


def test_the_time_scale_shortens_the_ladder(
        make_merchant: Callable[..., Merchant], clock: Clock) -> None:
    merchant = make_merchant(Receiver(500, 500))
    merchant.emulator.set_time_scale(15)
    merchant.paid()
    for _ in range(3):
        assert len(merchant.emulator.deliver_due_notifies()) == 1
        clock.now_s += 1


def test_advancing_makes_notifies_due_without_ageing_signatures(
        make_merchant: Callable[..., Merchant], clock: Clock) -> None:
    merchant = make_merchant(Receiver(500))
    merchant.paid()
    merchant.emulator.deliver_due_notifies()
    merchant.emulator.advance(15)
    [attempt] = merchant.emulator.deliver_due_notifies()
    assert attempt.headers["Wechatpay-Timestamp"] == str(clock.now_s)
    assert merchant.create("ORDER0002").status == 200


@pytest.mark.parametrize(("mode", "serials"), [
    ("public_key", ["public_key_id"] * 4),
    ("platform_certificate", ["platform_serial"] * 4),
    ("alternate", ["platform_serial", "public_key_id"] * 2),
])
def test_the_account_decides_the_key_of_its_notifies(
        make_merchant: Callable[..., Merchant], mode: str, serials: list[str]) -> None:
    merchant = make_merchant(notify_keys=mode)
    account = merchant.account
    for number in range(4):
        merchant.paid(f"ORDER000{number}")
    attempts = merchant.emulator.deliver_due_notifies()
    assert [signed_by(account, each.headers, each.body) for each in attempts] == [
        getattr(account, name) for name in serials]


def test_the_merchant_may_call_while_it_is_being_notified(account: Account) -> None:
    clock = Clock()
    states: list[str] = []

    def receiver(url: str, headers: dict[str, str], body: bytes) -> int:
        called = threading.Thread(target=lambda: states.append(
            document(merchant.query())["trade_state"]))
        called.start()
        called.join(timeout=60)
        return 200

    with WeChatPayEmulator(account, clock, receiver) as emulator:
        merchant = Merchant(emulator, clock)
        merchant.paid()
        assert emulator.deliver_due_notifies()[0].accepted
    assert states == ["SUCCESS"]


def test_parallel_copies_are_really_parallel(account: Account) -> None:
    clock = Clock()
    together = threading.Barrier(5)

    def receiver(url: str, headers: dict[str, str], body: bytes) -> int:
        together.wait(timeout=60)
        return 200

    with WeChatPayEmulator(account, clock, receiver) as emulator:
        merchant = Merchant(emulator, clock)
        emulator.inject(Fault("duplicate", "notify", copies=5))
        merchant.paid()
        attempts = emulator.deliver_due_notifies()
        assert [each.status for each in attempts] == [200] * 5
        assert len({each.headers["Wechatpay-Nonce"] for each in attempts}) == 5
        assert len({json.loads(each.body)["id"] for each in attempts}) == 1
        assert len(emulator.notify_attempts) == 5


def test_two_deliveries_at_once_send_a_notify_once(account: Account) -> None:
    clock = Clock()
    inside, leave = threading.Event(), threading.Event()

    def receiver(url: str, headers: dict[str, str], body: bytes) -> int:
        inside.set()
        leave.wait(timeout=60)
        return 200

    with WeChatPayEmulator(account, clock, receiver) as emulator:
        Merchant(emulator, clock).paid()
        first = threading.Thread(target=emulator.deliver_due_notifies)
        first.start()
        assert inside.wait(timeout=60)
        assert emulator.deliver_due_notifies() == []
        leave.set()
        first.join()
        assert len(emulator.notify_attempts) == 1


def test_a_built_notify_is_genuine_and_is_not_sent(merchant: Merchant) -> None:
    merchant.create()
    headers, body = merchant.emulator.build_notify("ORDER0001", changes={"amount.total": 1})
    opened = merchant.open_notify(headers, body)
    assert (opened["trade_state"], opened["amount"]["total"]) == ("SUCCESS", 1)
    assert merchant.receiver.received == []
    assert document(merchant.query())["trade_state"] == "NOTPAY"


def test_a_built_notify_can_say_anything(merchant: Merchant) -> None:
    headers, body = merchant.emulator.build_notify("NOBODY", plaintext={"hello": 1})
    assert merchant.open_notify(headers, body) == {"hello": 1}
    with pytest.raises(LookupError):
        merchant.emulator.build_notify("NOBODY")
