"""Bad bills: what each fault spoils, that it leaves all else true, and that the next is sound."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from typing import TYPE_CHECKING, Any

import pytest

from emulators.wechatpay import Account, Fault, WeChatPayEmulator
from tests.emulators.wechatpay.merchant import Clock, Merchant, Receiver, document, refusal, spoil
from tests.emulators.wechatpay.spoilt_bills import Fetched, fetched, sold, sound
from tests.emulators.wechatpay.test_bills import NEXT_DAY_AT_TEN_S, PREFIX, apply

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["sold", "sound"]


@pytest.mark.parametrize("path", ["tradebill", "fundflowbill"])
def test_a_late_bill_comes_after_so_many_tries(sold: Merchant, path: str) -> None:
    spoil(sold, "bill_late", path, times=2)
    for _ in range(2):
        assert refusal(apply(sold, path))[:2] == (400, "STATEMENT_CREATING")
    assert apply(sold, path).status == 200


def test_a_late_bill_may_wait_until_it_is_let_out(sold: Merchant) -> None:
    spoil(sold, "bill_late", "tradebill", times=None)
    assert [apply(sold).status for _ in range(5)] == [400] * 5
    sold.emulator.clear_faults("bill_late")
    assert apply(sold).status == 200


def test_a_truncated_file_still_has_its_old_hash(sold: Merchant, sound: Fetched) -> None:
    spoil(sold, "bill_truncated", "billdownload")
    bill = fetched(sold)
    assert bill.told["hash_value"] == sound.told["hash_value"]
    assert bill.content == sound.content[:len(sound.content) // 2]
    assert int(bill.answer.headers["Content-Length"]) == len(bill.answer.body)
    assert fetched(sold).content == sound.content


def test_a_file_can_be_cut_at_a_line(sold: Merchant, sound: Fetched) -> None:
    keep = sound.content.index(b"\r\n", sound.content.index(b"\r\n") + 2) + 2
    spoil(sold, "bill_truncated", "billdownload", keep=keep)
    assert fetched(sold).content == sound.content[:keep]


def test_gzip_data_can_be_cut(sold: Merchant, sound: Fetched) -> None:
    spoil(sold, "bill_truncated", "billdownload", packed=True)
    bill = fetched(sold)
    assert int(bill.answer.headers["Content-Length"]) == len(bill.answer.body)
    with pytest.raises(EOFError):
        gzip.decompress(bill.answer.body)


@pytest.mark.parametrize("path", ["tradebill", "fundflowbill"])
def test_a_wrong_hash_is_all_that_is_wrong(sold: Merchant, path: str) -> None:
    sound = fetched(sold, path)
    spoil(sold, "bill_wrong_hash", path)
    bill = fetched(sold, path)
    assert bill.content == sound.content
    assert len(bill.told["hash_value"]) == 40
    assert not bill.hash_holds


@pytest.mark.parametrize(("params", "start"), [
    ({}, "https://bills.attacker.example/v3/billdownload/file?token="),
    ({"base_url": "http://169.254.169.254/"},
     "http://169.254.169.254/v3/billdownload/file?token="),
    ({"base_url": PREFIX + "@attacker.example"},
     PREFIX + "@attacker.example/v3/billdownload/file?token="),
])
def test_a_link_may_lead_elsewhere(sold: Merchant, params: dict[str, Any], start: str) -> None:
    spoil(sold, "bill_foreign_host", "tradebill", **params)
    answer = apply(sold)
    assert sold.genuine(answer.headers, answer.body)
    assert document(answer)["download_url"].startswith(start)
    assert document(apply(sold))["download_url"].startswith(PREFIX)


def measured(packed: bytes) -> tuple[int, str]:
    """Size and SHA-1 of what is packed, without ever holding it."""
    reader, digest, size = zlib.decompressobj(wbits=31), hashlib.sha1(), 0
    while not reader.eof:
        part = reader.decompress(packed, 1 << 20)
        packed = reader.unconsumed_tail
        size += len(part)
        digest.update(part)
    assert reader.unused_data == packed == b""
    return size, digest.hexdigest()


def test_a_bomb_is_small_until_it_is_opened(sold: Merchant, sound: Fetched) -> None:
    spoil(sold, "bill_bomb", "tradebill", true_hash=True)
    bill = fetched(sold)
    assert len(bill.answer.body) < 300_000
    size, sha1 = measured(bill.answer.body)
    assert size == len(sound.content) + (210 << 20)
    assert size > 200_000_000
    assert bill.told["hash_value"] == sha1


def test_a_bomb_may_carry_the_hash_of_the_true_file(sold: Merchant, sound: Fetched) -> None:
    spoil(sold, "bill_bomb", "tradebill", size_bytes=5_000_000)
    bill = fetched(sold)
    assert bill.told["hash_value"] == sound.told["hash_value"]
    assert not bill.hash_holds
    assert fetched(sold).content == sound.content


def test_a_bomb_has_the_size_it_was_given(sold: Merchant, sound: Fetched) -> None:
    size = (1 << 20) + 12_345
    spoil(sold, "bill_bomb", "tradebill", size_bytes=size, true_hash=True)
    bill = fetched(sold)
    assert bill.hash_holds
    assert bill.content == sound.content + b" " * size


def test_no_bomb_without_gzip(sold: Merchant, sound: Fetched) -> None:
    spoil(sold, "bill_bomb", "tradebill", true_hash=True)
    told = document(apply(sold))
    assert told["hash_value"] == sound.told["hash_value"]
    answer = sold.send("GET", told["download_url"].removeprefix(PREFIX))
    assert answer.body == sound.content


def test_garbage_comes_with_status_200(sold: Merchant, sound: Fetched) -> None:
    spoil(sold, "bill_garbage", "billdownload")
    answer = fetched(sold).answer
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/html")
    assert answer.body.startswith(b"<html>")
    spoil(sold, "bill_garbage", "billdownload", body="nonsense")
    assert fetched(sold).answer.body == b"nonsense"
    assert fetched(sold).content == sound.content


def test_a_file_may_come_without_gzip(sold: Merchant, sound: Fetched) -> None:
    spoil(sold, "bill_not_gzip", "billdownload")
    bill = fetched(sold)
    assert bill.answer.body == sound.content
    assert hashlib.sha1(bill.answer.body).hexdigest() == bill.told["hash_value"]


def test_a_fault_in_a_bill_does_not_turn_a_refusal_into_one(sold: Merchant) -> None:
    spoil(sold, "bill_missing_row", "tradebill")
    assert refusal(apply(sold, bill_date="2025-10-08"))[:2] == (400, "NO_STATEMENT_EXIST")
    spoil(sold, "bill_garbage", "billdownload")
    assert sold.send("GET", "/v3/billdownload/file?token=guess").status == 400


@pytest.mark.parametrize(("kind", "endpoint", "params"), [
    ("bill_late", "billdownload", {}), ("bill_late", "*", {}), ("bill_garbage", "tradebill", {}),
    ("bill_missing_row", "fundflowbill", {}), ("bill_bomb", "tradebill", {"size_bytes": 0}),
    ("bill_bomb", "tradebill", {"true_hash": 1}),
    ("bill_missing_row", "tradebill", {"row": -1}),
])
def test_a_bill_fault_in_the_wrong_place_is_refused(
        kind: str, endpoint: str, params: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        Fault(kind, endpoint, **params)


def test_a_bomb_outlives_the_process(account: Account, tmp_path: Path) -> None:
    clock = Clock()
    with WeChatPayEmulator(account, clock, Receiver(), tmp_path / "data") as emulator:
        merchant = Merchant(emulator, clock)
        merchant.paid()
        clock.now_s += NEXT_DAY_AT_TEN_S
        spoil(merchant, "bill_bomb", "tradebill", size_bytes=5_000_000, true_hash=True)
        told = document(apply(merchant, tar_type="GZIP"))
    assert (tmp_path / "data").stat().st_size < 1_000_000
    with WeChatPayEmulator(account, clock, data=tmp_path / "data") as emulator:
        answer = Merchant(emulator, clock).send(
            "GET", told["download_url"].removeprefix(PREFIX))
    assert measured(answer.body)[1] == told["hash_value"]


def test_the_journal_names_the_fault_of_a_bill(sold: Merchant) -> None:
    spoil(sold, "bill_missing_row", "tradebill")
    apply(sold)
    assert sold.emulator.requests[-1].faults == ["bill_missing_row"]
