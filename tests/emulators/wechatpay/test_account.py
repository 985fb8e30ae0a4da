"""Accounts on disk, data that outlives the process, and the command line."""

from __future__ import annotations

import json
import random
import re
import signal
import stat
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from emulators.wechatpay import Account, Fault, WeChatPayEmulator
from emulators.wechatpay.storage import Store
from tests.emulators.wechatpay.browser import call, control
from tests.emulators.wechatpay.merchant import Clock, Merchant, Receiver, document

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[3]
FILES = {"account.json", "merchant_private_key.pem", "merchant_certificate.pem",
         "wechatpay_public_key.pem", "platform_certificate.pem", "api_v3_key.txt"}


def test_an_account_is_what_the_portal_hands_out(account: Account, tmp_path: Path) -> None:
    account.save(tmp_path / "made")
    folder = tmp_path / "made"
    assert {each.name for each in folder.iterdir()} == FILES | {"wechatpay_only"}
    assert json.loads((folder / "account.json").read_text()) == {
        "mchid": account.mchid, "appid": account.appid,
        "merchant_serial": account.merchant_serial, "public_key_id": account.public_key_id,
        "platform_serial": account.platform_serial}
    assert (folder / "merchant_private_key.pem").read_text().startswith(
        "-----BEGIN PRIVATE KEY-----")
    assert re.fullmatch(r"\d{10}", account.mchid)
    assert re.fullmatch(r"wx[0-9a-f]{16}", account.appid)
    assert re.fullmatch(r"PUB_KEY_ID_\d+", account.public_key_id)
    assert re.fullmatch(r"[0-9A-Za-z]{32}", (folder / "api_v3_key.txt").read_text())


def test_nobody_else_reads_its_files(account: Account, tmp_path: Path) -> None:
    account.save(tmp_path / "made")
    for each in (tmp_path / "made").rglob("*"):
        wanted = 0o700 if each.is_dir() else 0o600
        assert stat.S_IMODE(each.stat().st_mode) == wanted


def test_a_loaded_account_is_the_saved_one(account: Account, tmp_path: Path) -> None:
    account.save(tmp_path)
    loaded = Account.load(tmp_path)
    clock = Clock()
    with (WeChatPayEmulator(account, clock) as here, WeChatPayEmulator(loaded, clock) as there):
        assert Merchant(here, clock).create().status == 200
        merchant = Merchant(there, clock)
        merchant.account = account
        answer = merchant.create()
        assert answer.status == 200
        assert merchant.genuine(answer.headers, answer.body)
    assert Account.load_or_create(tmp_path).mchid == account.mchid


def test_an_account_keeps_its_secrets_out_of_its_repr(account: Account) -> None:
    assert repr(account) == f"Account(mchid={account.mchid!r}, appid={account.appid!r})"
    assert "RSAPrivateKey" not in repr(account.public_key)


def test_a_seed_decides_the_numbers(account: Account) -> None:
    first, second = (Account.create(random.Random(7), key_size=1024) for _ in range(2))
    assert (first.mchid, first.appid, first.api_v3_key) == (
        second.mchid, second.appid, second.api_v3_key)
    assert first.mchid != account.mchid


def test_a_seeded_emulator_repeats_its_codes(account: Account) -> None:
    codes = []
    for _ in range(2):
        with WeChatPayEmulator(account, Clock(), rng=random.Random(3)) as emulator:
            codes.append(Merchant(emulator, Clock()).code_url())
    assert codes[0] == codes[1]


def test_everything_survives_a_restart(account: Account, tmp_path: Path) -> None:
    clock = Clock()
    data = tmp_path / "emulator.sqlite"
    receiver = Receiver(500)
    with WeChatPayEmulator(account, clock, receiver, data) as emulator:
        merchant = Merchant(emulator, clock)
        merchant.paid()
        emulator.deliver_due_notifies()
        merchant.refund(5, notify_url="https://merchant.example/refund")
        emulator.advance(60)
        before = document(merchant.query())
        journals = (emulator.orders, emulator.refunds, emulator.notify_attempts,
                    emulator.requests)
    with WeChatPayEmulator(account, clock, receiver, data) as emulator:
        assert (emulator.orders, emulator.refunds, emulator.notify_attempts,
                emulator.requests) == journals
        assert document(Merchant(emulator, clock).query()) == before
        events = [each.event_type for each in emulator.deliver_due_notifies()]
    assert events == ["TRANSACTION.SUCCESS", "REFUND.SUCCESS"]


def test_a_notify_cut_off_by_a_crash_is_sent_again(account: Account, tmp_path: Path) -> None:
    clock = Clock()
    data = tmp_path / "emulator.sqlite"

    def crash(url: str, headers: dict[str, str], body: bytes) -> int:
        raise KeyboardInterrupt

    with WeChatPayEmulator(account, clock, crash, data) as emulator:
        Merchant(emulator, clock).paid()
        with pytest.raises(KeyboardInterrupt):
            emulator.deliver_due_notifies()
        assert emulator.deliver_due_notifies() == []
    with WeChatPayEmulator(account, clock, Receiver(), data) as emulator:
        assert emulator.deliver_due_notifies()[0].accepted


def test_data_of_another_version_is_refused(account: Account, tmp_path: Path) -> None:
    import sqlite3

    data = tmp_path / "other.sqlite"
    connection = sqlite3.connect(data)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(ValueError, match="99"):
        WeChatPayEmulator(account, data=data)


def test_a_transaction_that_fails_is_undone_with_the_one_inside_it(tmp_path: Path) -> None:
    store = Store(tmp_path / "data.sqlite")
    with pytest.raises(LookupError), store.database.transaction():
        with store.database.transaction():
            store.set_fact("inner", 1)
        raise LookupError
    assert store.fact("inner") == 0
    with store.database.transaction():
        store.set_fact("inner", 2)
    store.database.close()
    again = Store(tmp_path / "data.sqlite")
    assert again.fact("inner") == 2
    again.database.close()


def test_a_refused_call_leaves_no_trace(account: Account) -> None:
    with WeChatPayEmulator(account, Clock()) as emulator:
        merchant = Merchant(emulator, Clock())
        merchant.paid()
        before = (emulator.orders, emulator.refunds)
        merchant.refund(991)
        merchant.create(description="other")
        merchant.close()
        assert (emulator.orders, emulator.refunds) == before


@pytest.fixture
def process(account: Account, tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The command line, serving a saved account; its address."""
    account.save(tmp_path / "account")
    started = subprocess.Popen(
        [sys.executable, "-m", "emulators.wechatpay", "--account", tmp_path / "account",
         "--port", "0", "--data", tmp_path / "data.sqlite", "--time-scale", "100",
         "--merchant-name", "Tea & Co", "--public-key-only"],
        cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert started.stdout is not None
    try:
        yield started, started.stdout.readline().split()[-1]
    finally:
        started.terminate()
        started.wait(timeout=20)
        started.stdout.close()


def test_the_command_serves_until_it_is_told_to_stop(
        process: tuple[subprocess.Popen[str], str]) -> None:
    started, base_url = process
    assert control(base_url, "GET", "clock")["time_scale"] == 100
    assert b"<title>" in call(base_url, "GET", "/")[2]
    assert call(base_url, "GET", "/v3/certificates")[0] == 400
    started.send_signal(signal.SIGINT)
    assert started.wait(timeout=20) == 0


def test_a_port_in_use_is_one_line(account: Account, tmp_path: Path) -> None:
    account.save(tmp_path / "account")
    with WeChatPayEmulator(account) as emulator, emulator.serve() as serving:
        port = serving.base_url.rpartition(":")[2]
        failed = subprocess.run(
            [sys.executable, "-m", "emulators.wechatpay", "--account", tmp_path / "account",
             "--port", port], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert (failed.returncode, len(failed.stderr.splitlines())) == (1, 1)
    assert f"127.0.0.1:{port}" in failed.stderr


def test_faults_are_not_shared_between_emulators(account: Account) -> None:
    fault = Fault("rate_limited", "native")
    with (WeChatPayEmulator(account, Clock()) as one, WeChatPayEmulator(account, Clock()) as two):
        one.inject(fault)
        two.inject(fault)
        assert Merchant(one, Clock()).create().status == 429
        assert Merchant(two, Clock()).create().status == 429
