"""A day with sales and its bill, for the tests of what can be wrong with one."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from tests.emulators.wechatpay.merchant import document
from tests.emulators.wechatpay.test_bills import NEXT_DAY_AT_TEN_S, PREFIX, apply

if TYPE_CHECKING:
    from emulators.wechatpay import Answer
    from tests.emulators.wechatpay.merchant import Clock, Merchant


@dataclass
class Fetched:
    """One bill as a merchant gets it."""

    told: dict[str, Any]
    answer: Answer

    @property
    def content(self) -> bytes:
        return gzip.decompress(self.answer.body)

    @property
    def text(self) -> str:
        return self.content.decode()

    @property
    def hash_holds(self) -> bool:
        return hashlib.sha1(self.content).hexdigest() == str(self.told["hash_value"])

    @property
    def summary(self) -> list[str]:
        """The summary's cells: count, then sums."""
        return self.text.split("\r\n")[-2].removeprefix("`").split(",`")


def fetched(merchant: Merchant, path: str = "tradebill") -> Fetched:
    answer = apply(merchant, path, tar_type="GZIP")
    assert answer.status == 200, answer.body
    assert merchant.genuine(answer.headers, answer.body)
    told = document(answer)
    assert told["download_url"].startswith(PREFIX + "/v3/billdownload/file?token=")
    return Fetched(told, merchant.send("GET", told["download_url"].removeprefix(PREFIX)))


@pytest.fixture
def sold(merchant: Merchant, clock: Clock) -> Merchant:
    """Two payments and a refund; the next morning at ten. Rows: refund, B2, B1."""
    merchant.paid("BILL0001")
    clock.now_s += 1
    merchant.paid("BILL0002", amount={"total": 500, "currency": "CNY"})
    clock.now_s += 1
    merchant.refund(90, out_trade_no="BILL0001")
    clock.now_s += NEXT_DAY_AT_TEN_S - 2
    return merchant


@pytest.fixture
def sound(sold: Merchant) -> Fetched:
    """The bill as it should be."""
    bill = fetched(sold)
    assert bill.hash_holds
    assert bill.summary == ["3", "14.90", "0.90", "0.00", "0.08400", "14.90", "0.90"]
    return bill
