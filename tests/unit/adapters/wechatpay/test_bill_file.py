"""The file of a bill: what is whole becomes rows, whatever is not becomes UntrustedBill."""

from __future__ import annotations

import gzip
import hashlib
import tracemalloc
import zlib
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.adapters.wechatpay import bill_file
from shared.adapters.wechatpay.bill_file import Row, minor_units, rows, unpacked
from shared.adapters.wechatpay.bill_rows import COLUMNS
from shared.errors import UntrustedBill
from tests.unit.adapters.wechatpay import bill_side as bill
from tests.unit.adapters.wechatpay.bill_side import payment, refund

if TYPE_CHECKING:
    from collections.abc import Sequence

GOOD = [payment(1), refund(1), payment(2)]
CONTENT = bill.file(*GOOD)
PACKED, SHA1 = bill.packed(CONTENT)
CALM = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=150)


def read(content: bytes) -> list[Row]:
    return rows(content, COLUMNS)


def cells(found: Sequence[Row]) -> list[dict[str, str]]:
    return [dict(row.cells) for row in found]


def reason(content: bytes) -> str | None:
    """Why these bytes are no bill."""
    with pytest.raises(UntrustedBill) as caught:
        read(content)
    assert caught.value.__cause__ is None
    return caught.value.reason


# amounts

@pytest.mark.parametrize(("yuan", "fen"), [
    ("0.01", 1), ("0.1", 10), ("1", 100), ("0.00", 0), ("99.00", 9900), ("1.50000", 150),
    ("35.56", 3556), ("1234567890.12", 123456789012), ("0099.00", 9900)])
def test_yuan_become_fen_exactly(yuan: str, fen: int) -> None:
    assert minor_units(yuan) == fen


@pytest.mark.parametrize("yuan", [
    "", "1.005", "0.001", "-1.00", "+1.00", "1.", ".5", "1e2", "1,000.00", " 1.00", "1.00 ",
    "１.00", "NaN", "Infinity", "1_0.00", "0x10", "1.000000", "9" * 13])
def test_what_is_no_amount_of_whole_fen(yuan: str) -> None:
    with pytest.raises(ValueError, match=r"yuan|fen"):
        minor_units(yuan)


@given(st.integers(0, 10**12))
def test_every_amount_survives_being_written_in_yuan(fen: int) -> None:
    assert minor_units(f"{fen // 100}.{fen % 100:02d}") == fen


# packing

def test_the_hash_is_of_the_uncompressed_file() -> None:
    assert unpacked(PACKED, SHA1) == CONTENT
    assert unpacked(PACKED, SHA1.upper()) == CONTENT
    assert unpacked(gzip.compress(CONTENT, 1), SHA1) == CONTENT


@pytest.mark.parametrize(("packed", "sha1", "expected"), [
    (PACKED, "0" * 40, "hash_wrong"), (PACKED, SHA1[:-1], "hash_wrong"),
    (PACKED, hashlib.sha1(PACKED).hexdigest(), "hash_wrong"),
    (CONTENT, SHA1, "not_gzip"), (PACKED[:-1], SHA1, "file_truncated"),
    (PACKED[:9], SHA1, "file_truncated"), (b"", SHA1, "file_truncated"),
    (PACKED + b"x", SHA1, "not_gzip"), (PACKED + PACKED, SHA1, "not_gzip"),
    (PACKED + b"\x00" * 100_000, SHA1, "not_gzip"), (zlib.compress(CONTENT), SHA1, "not_gzip"),
    (b"<html>502</html>", SHA1, "not_gzip")])
def test_what_is_not_the_file_that_was_promised(packed: bytes, sha1: str, expected: str) -> None:
    with pytest.raises(UntrustedBill) as caught:
        unpacked(packed, sha1)
    assert caught.value.reason == expected


def test_what_follows_is_noticed_wherever_the_file_ends() -> None:
    name = b"n" * (64 * 1024 - len(PACKED) - 1) + b"\x00"  # gzip's own header may hold a name
    padded = PACKED[:3] + b"\x08" + PACKED[4:10] + name + PACKED[10:]
    assert len(padded) == 64 * 1024
    assert unpacked(padded, SHA1) == CONTENT
    with pytest.raises(UntrustedBill, match="not_gzip"):
        unpacked(padded + b"x", SHA1)


@given(st.data())
@CALM
def test_no_changed_byte_gives_other_content(data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(PACKED) - 1))
    flip = data.draw(st.integers(1, 255))
    changed = PACKED[:place] + bytes([PACKED[place] ^ flip]) + PACKED[place + 1:]
    try:
        assert unpacked(changed, SHA1) == CONTENT  # a time or a name in gzip's own header
    except UntrustedBill:
        assert place < len(PACKED)


def test_a_file_larger_than_the_limit_is_given_up_without_keeping_it() -> None:
    bomb = gzip.compress(b" " * (bill_file.LARGEST_FILE + 1), 9, mtime=0)
    tracemalloc.start()
    try:
        with pytest.raises(UntrustedBill, match="file_too_large"):
            unpacked(bomb, SHA1)
        assert tracemalloc.get_traced_memory()[1] < 1024 * 1024
    finally:
        tracemalloc.stop()


def test_a_file_of_the_largest_size_is_read() -> None:
    content = b" " * bill_file.LARGEST_FILE
    assert len(unpacked(*bill.packed(content))) == bill_file.LARGEST_FILE


# the table

def test_rows_come_by_column_with_their_line_in_the_file() -> None:
    found = read(CONTENT)
    assert cells(found) == GOOD
    assert [row.line for row in found] == [2, 3, 4]


def test_a_bill_of_no_rows_is_empty() -> None:
    assert read(bill.file()) == []


def test_mark_line_ends_and_the_last_of_them_may_be_missing() -> None:
    assert read(CONTENT.removeprefix("\ufeff".encode())) == read(CONTENT)
    assert read(CONTENT.replace(b"\r\n", b"\n")) == read(CONTENT)
    assert read(CONTENT.removesuffix(b"\r\n")) == read(CONTENT)


def test_columns_are_found_by_name_wherever_they_are() -> None:
    def turned(line: str, mark: str) -> str:
        return mark + f",{mark}".join(reversed(line.removeprefix(mark).split(f",{mark}")))
    whole = bill.lines(GOOD)
    moved = [turned(whole[0], ""), *(turned(line, "`") for line in whole[1:4]),
             turned(whole[4], ""), turned(whole[5], "`")]
    assert cells(read(bill.joined(moved))) == GOOD


def test_a_column_added_in_2030_changes_nothing() -> None:
    whole = bill.lines(GOOD)
    more = [whole[0] + ",新列", *(line + ",`x" for line in whole[1:4]), whole[4] + ",新总计",
            whole[5] + ",`7"]
    assert [{name: row.cells[name] for name in bill.COLUMNS}
            for row in read(bill.joined(more))] == GOOD


@pytest.mark.parametrize("column", [*COLUMNS])
def test_a_missing_column_is_noticed(column: str) -> None:
    whole = bill.lines([])
    assert column in bill.COLUMNS
    header = ",".join(name for name in bill.COLUMNS if name != column)
    assert reason(bill.joined([header, *whole[1:]])) == "column_missing"


@pytest.mark.parametrize("column", ["总交易单数", "订单总金额", "申请退款总金额"])
def test_a_missing_total_is_noticed(column: str) -> None:
    whole = bill.lines(GOOD)
    whole[4] = whole[4].replace(column, "别的")
    assert reason(bill.joined(whole)) == "column_missing"


def test_a_column_that_is_there_twice_is_noticed() -> None:
    whole = bill.lines(GOOD)
    whole[0] = whole[0].replace("设备号", "商户号")
    assert reason(bill.joined(whole)) == "header_malformed"


@pytest.mark.parametrize("title", ["a,b", 'say "x"', "it's `x`", "a\nb", "a\u2028b", "a\x0bb",
                                   "=1+1", "，`", "宝", ",", "`"])
def test_text_of_strangers_stays_in_its_cell(title: str) -> None:
    found = read(bill.file(payment(1, 商品名称=title)))
    assert cells(found) == [payment(1, 商品名称=title)]


@pytest.mark.parametrize("title", ["a,`b", "x,`SUCCESS,`1.00", "a\r\nb", "a\r\n`b"])
def test_text_that_would_shift_the_cells_names_its_line(title: str) -> None:
    shifted = bill.file(payment(1), payment(2, 商品名称=title))
    assert reason(shifted) in ("row_malformed_at_line_3", "file_malformed")


@pytest.mark.parametrize(("total", "wrong", "expected"), [
    ("总交易单数", "2", "row_count_wrong"), ("总交易单数", "4", "row_count_wrong"),
    ("总交易单数", "3.0", "row_count_wrong"), ("总交易单数", "", "row_count_wrong"),
    ("订单总金额", "197.99", "totals_wrong"), ("订单总金额", "19800", "totals_wrong"),
    ("申请退款总金额", "0.00", "totals_wrong"), ("订单总金额", "198.001", "totals_malformed"),
    ("申请退款总金额", "x", "totals_malformed")])
def test_totals_that_do_not_fit_the_rows(total: str, wrong: str, expected: str) -> None:
    assert reason(bill.file(*GOOD, **{total: wrong})) == expected


def test_a_row_twice_is_noticed_by_the_totals_unless_they_count_it() -> None:
    whole = bill.lines(GOOD)
    assert reason(bill.joined([*whole[:2], *whole[1:]])) == "row_count_wrong"
    assert len(read(bill.file(*GOOD, GOOD[0]))) == 4


@pytest.mark.parametrize("column", ["订单金额", "申请退款金额"])
@pytest.mark.parametrize("amount", ["1.005", "-1.00", "", "1e2"])
def test_an_amount_that_cannot_be_names_its_line_alone(column: str, amount: str) -> None:
    whole = bill.lines([payment(1)])
    whole[1] = bill.line([*payment(1, **{column: amount}).values()])
    assert reason(bill.joined(whole)) == "row_malformed_at_line_2"


@pytest.mark.parametrize("content", [
    b"", b"\xef\xbb\xbf", b"\r\n", b"\xff\xfe", CONTENT.decode().encode("utf-16"),
    CONTENT.decode().encode("gb18030"), b"{}", b"<html></html>"])
def test_what_is_no_table_at_all(content: bytes) -> None:
    assert reason(content) in ("file_empty", "not_utf8", "column_missing")


@pytest.mark.parametrize("tail", [["x"], ["`1"], [""], ["`1", "x"]])
def test_nothing_follows_the_totals(tail: list[str]) -> None:
    assert reason(bill.joined([*bill.lines(GOOD), *tail])) == "file_malformed"


def test_totals_that_begin_without_a_mark_are_not_guessed_at() -> None:
    whole = bill.lines(GOOD)
    assert reason(bill.joined([*whole[:5], "x" + whole[5][1:]])) == "file_malformed"


# properties

TEXT = st.text(st.characters(blacklist_characters="\r\n`", blacklist_categories=["Cs"]),
               max_size=20)
YUAN = st.integers(0, 10**9).map(lambda fen: f"{fen // 100}.{fen % 100:02d}")
ROW = st.builds(
    lambda n, is_refund, given: (refund if is_refund else payment)(n, **given),
    st.integers(0, 99_999), st.booleans(),
    st.fixed_dictionaries({}, optional={"商品名称": TEXT, "商户数据包": TEXT, "设备号": TEXT,
                                        "订单金额": YUAN, "申请退款金额": YUAN}))


@given(st.lists(ROW, max_size=6))
@CALM
def test_what_is_written_is_read(written: list[dict[str, str]]) -> None:
    assert cells(read(unpacked(*bill.packed(bill.file(*written))))) == written


@given(st.integers(0, len(CONTENT) - 1))
@CALM
def test_a_truncated_file_is_noticed_even_without_its_hash(keep: int) -> None:
    try:
        found = read(CONTENT[:keep])
    except UntrustedBill:
        return
    assert cells(found) == GOOD  # only line ends or zeros at the very end are missing


@given(st.data())
@CALM
def test_a_spoilt_file_is_rows_or_untrusted_and_nothing_else(data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(CONTENT)))
    gone = data.draw(st.integers(0, 40))
    added = data.draw(st.binary(max_size=12) | st.sampled_from(
        [b",`", b"`", b"\r\n", b"\n", b"\x00", b",", CONTENT[:300], CONTENT[-300:]]))
    try:
        found = read(CONTENT[:place] + added + CONTENT[place + gone:])
    except UntrustedBill as error:
        assert error.reason
    else:
        assert sum(minor_units(row.cells["订单金额"]) for row in found) == 19_800
        assert len(found) == 3
