"""Identifiers against a second way to compute them, and against ones that are in rows today."""

from __future__ import annotations

import hashlib
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain import identifiers
from shared.domain.identifiers import CROCKFORD, InvalidIdentifier

TEXT = st.text(max_size=20)


def expected(*parts: str) -> str:
    """26 symbols of 5 bits from the top of the digest, by arithmetic."""
    raw = b"".join(struct.pack(">I", len(part.encode())) + part.encode() for part in parts)
    top = int.from_bytes(hashlib.sha256(raw).digest(), "big") >> 256 - 130
    return "".join("0123456789ABCDEFGHJKMNPQRSTVWXYZ"[top >> 5 * place & 31]
                   for place in reversed(range(26)))


@given(TEXT, TEXT)
def test_ids_are_hashes_of_length_prefixed_parts(one: str, two: str) -> None:
    assert identifiers.order_id(one) == expected("tongbao", "order", one)
    assert identifiers.license_id(one) == expected("tongbao", "license", one)
    assert identifiers.grant_id(one, two) == expected("tongbao", "grant", one, two)
    assert identifiers.refund_id(one) == expected("tongbao", "refund", one)
    assert identifiers.out_trade_no("TB01", one, two)[:-1] == (
        "TB01" + expected("tongbao", "out_trade_no", one, two))
    assert identifiers.out_refund_no("TB01" + one, two)[:-1] == (
        "TB01" + expected("tongbao", "out_refund_no", "TB01" + one, two))


@given(TEXT, TEXT, st.integers(0, 2**40))
def test_so_are_those_of_devices_requests_leases_and_receipts(
        one: str, two: str, number: int) -> None:
    assert identifiers.device_id(one, two) == expected("tongbao", "device", one, two)
    assert identifiers.takeover_id(one, two, number) == expected(
        "tongbao", "takeover", one, two, str(number))
    assert identifiers.lease_id(one) == expected("tongbao", "lease", one)
    assert identifiers.receipt_id(one) == expected("tongbao", "receipt", one)


def test_what_is_in_rows_today_is_found_tomorrow() -> None:
    number = identifiers.out_trade_no("TB01", "live", "key")
    assert number == "TB010SGEW4JEFJ8WEEP7BBPSQD7ZMSY"
    order_id = identifiers.order_id(number)
    assert order_id == "G0H796CMAN1FWV55MFG51Y0MQG"
    assert identifiers.license_id(order_id) == "MV0PF4S4CA10V3ZKY42NVF1RMF"
    assert identifiers.grant_id("order", order_id) == "ZKEDSTH2KJAWHJGABFZ975JWB7"
    assert identifiers.out_refund_no(number, "key") == "TB01NJFG0299QNXSPSXRFF6M2Z8EG7W"
    assert identifiers.refund_id("TB01NJFG0299QNXSPSXRFF6M2Z8EG7W") == "2S05RG5ZNNDYCXYYCAW1HE31C1"


def test_a_refund_number_is_an_order_number_in_shape() -> None:
    number = identifiers.out_trade_no("TB01", "live", "key")
    one, two = identifiers.out_refund_no(number, "a"), identifiers.out_refund_no(number, "b")
    assert identifiers.parse_out_trade_no(one) == one
    assert len({number, one, two}) == 3
    other = identifiers.out_trade_no("TB01", "live", "kez")
    assert identifiers.out_refund_no(other, "a") != one


@pytest.mark.parametrize(("text", "symbol"), [("", "0"), ("0", "0"), ("1", "2"), ("01", "4"),
                                              ("001", "8"), ("0001", "G"), ("00001", "5"),
                                              ("Z", "V"), ("11", "6"), ("A1", "G")])
def test_check_symbols_worked_out_by_hand(text: str, symbol: str) -> None:
    assert identifiers.check_symbol(text) == symbol


@pytest.mark.parametrize("text", ["", "A" * 25, "A" * 27, "a" * 26, "A" * 25 + "I", "A" * 25 + "-"])
def test_what_has_not_the_shape_of_an_id(text: str) -> None:
    assert identifiers.is_id("A" * 26)
    assert not identifiers.is_id(text)


def test_a_good_number_with_one_symbol_too_many_or_too_few_is_refused() -> None:
    number = identifiers.out_trade_no("TB01", "live", "key")
    for body in (number[:-2], number[:-1] + "0"):
        text = body + identifiers.check_symbol(body)
        assert len(text) != len(number)
        with pytest.raises(InvalidIdentifier, match="31 letters"):
            identifiers.parse_out_trade_no(text)


def test_the_alphabet_is_crockfords() -> None:
    assert CROCKFORD == "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
