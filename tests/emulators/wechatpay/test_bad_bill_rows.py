"""Bills whose rows are wrong under a hash that is right: only the content can tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.emulators.wechatpay.merchant import spoil
from tests.emulators.wechatpay.spoilt_bills import Fetched, fetched, sold, sound
from tests.emulators.wechatpay.test_bills import NEXT_DAY_AT_TEN_S, rows

if TYPE_CHECKING:
    from tests.emulators.wechatpay.merchant import Clock, Merchant

__all__ = ["sold", "sound"]


def test_a_duplicated_row_shows_only_in_the_content(sold: Merchant, sound: Fetched) -> None:
    spoil(sold, "bill_duplicated_row", "tradebill", row=1)
    bill = fetched(sold)
    first, second, third = rows(sound.text)
    assert rows(bill.text) == [first, second, second, third]
    assert bill.hash_holds
    assert bill.summary == sound.summary
    assert fetched(sold).content == sound.content


def test_a_missing_row_shows_only_in_the_content(sold: Merchant, sound: Fetched) -> None:
    spoil(sold, "bill_missing_row", "tradebill", row=99)
    bill = fetched(sold)
    assert rows(bill.text) == rows(sound.text)[:2]
    assert bill.hash_holds
    assert bill.summary == sound.summary


@pytest.mark.parametrize(("row", "columns", "amount"), [
    (2, ("应结订单金额", "订单金额"), "9.91"), (0, ("退款金额", "申请退款金额"), "0.91")])
def test_a_changed_amount_shows_only_in_the_content(
        sold: Merchant, sound: Fetched, row: int, columns: tuple[str, ...], amount: str) -> None:
    spoil(sold, "bill_changed_amount", "tradebill", row=row)
    bill = fetched(sold)
    changed, true = rows(bill.text)[row], rows(sound.text)[row]
    assert {name for name in true if changed[name] != true[name]} == set(columns)
    assert {changed[name] for name in columns} == {amount}
    assert bill.hash_holds
    assert bill.summary == sound.summary


@pytest.mark.parametrize(("kind", "params", "summary"), [
    ("bill_duplicated_row", {"row": 1},
     ["4", "19.90", "0.90", "0.00", "0.11400", "19.90", "0.90"]),
    ("bill_missing_row", {"row": 0}, ["2", "14.90", "0.00", "0.00", "0.08940", "14.90", "0.00"]),
    ("bill_changed_amount", {"row": 2, "add_fen": -890},
     ["3", "6.00", "0.90", "0.00", "0.08400", "6.00", "0.90"]),
])
def test_a_summary_can_be_made_to_agree(
        sold: Merchant, kind: str, params: dict[str, Any], summary: list[str]) -> None:
    spoil(sold, kind, "tradebill", true_summary=True, **params)
    bill = fetched(sold)
    assert bill.summary == summary
    assert bill.hash_holds


def test_a_bill_that_is_only_summed_anew_is_the_same_bill(
        sold: Merchant, sound: Fetched) -> None:
    spoil(sold, "bill_changed_amount", "tradebill", add_fen=0, true_summary=True)
    assert fetched(sold).content == sound.content


def test_row_faults_combine(sold: Merchant, sound: Fetched) -> None:
    spoil(sold, "bill_changed_amount", "tradebill", row=1, add_fen=100)
    spoil(sold, "bill_missing_row", "tradebill", row=0)
    assert [row["订单金额"] for row in rows(fetched(sold).text)] == ["6.00", "9.90"]


def test_a_bill_without_its_only_row_is_still_a_file(merchant: Merchant, clock: Clock) -> None:
    merchant.paid()
    clock.now_s += NEXT_DAY_AT_TEN_S
    spoil(merchant, "bill_missing_row", "tradebill", true_summary=True)
    bill = fetched(merchant)
    assert (rows(bill.text), bill.summary[:2], bill.hash_holds) == ([], ["0", "0.00"], True)
