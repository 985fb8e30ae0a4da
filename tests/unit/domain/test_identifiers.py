"""Identifiers are the same for the same thing, and typing errors in them are found."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain import identifiers
from shared.domain.identifiers import CROCKFORD, InvalidIdentifier

KEYS = st.text(min_size=1, max_size=64)
PREFIXES = st.text(alphabet=CROCKFORD, min_size=4, max_size=4)


@st.composite
def numbers(draw: st.DrawFn) -> str:
    return identifiers.out_trade_no(draw(PREFIXES), draw(st.sampled_from(["test", "live"])),
                                    draw(KEYS))


def test_an_order_number_is_a_pure_function_of_environment_and_key() -> None:
    first = identifiers.out_trade_no("TB01", "test", "key")
    assert first == identifiers.out_trade_no("TB01", "test", "key")
    assert first.startswith("TB01")
    others = {identifiers.out_trade_no("TB01", "live", "key"),
              identifiers.out_trade_no("TB01", "test", "kez"),
              identifiers.out_trade_no("TB02", "test", "key")}
    assert len(others | {first}) == 4


def test_parts_of_an_identifier_cannot_flow_into_each_other() -> None:
    assert identifiers.grant_id("payment", "x") != identifiers.grant_id("paymentx", "")
    assert (identifiers.out_trade_no("TB01", "test", "key")
            != identifiers.out_trade_no("TB01", "testk", "ey"))


def test_order_license_and_grant_of_one_text_have_different_ids() -> None:
    ids = {identifiers.order_id("X"), identifiers.license_id("X"), identifiers.grant_id("X", "")}
    assert len(ids) == 3
    assert all(identifiers.is_id(text) for text in ids)


@given(numbers())
def test_wechat_takes_every_order_number(number: str) -> None:
    assert 6 <= len(number) <= 32
    assert number.isascii()
    assert number.isalnum()
    assert identifiers.parse_out_trade_no(number) == number


@settings(max_examples=20)
@given(numbers())
def test_the_check_symbol_finds_every_single_wrong_symbol(number: str) -> None:
    for place, right in enumerate(number):
        for wrong in CROCKFORD:
            if wrong != right:
                with pytest.raises(InvalidIdentifier):
                    identifiers.parse_out_trade_no(number[:place] + wrong + number[place + 1:])


@settings(max_examples=20)
@given(numbers())
def test_the_check_symbol_finds_every_swap_of_two_symbols(number: str) -> None:
    for left in range(len(number)):
        for right in range(left + 1, len(number)):
            swapped = list(number)
            swapped[left], swapped[right] = swapped[right], swapped[left]
            if swapped != list(number):
                with pytest.raises(InvalidIdentifier):
                    identifiers.parse_out_trade_no("".join(swapped))


@given(numbers(), st.randoms(use_true_random=False))
def test_a_number_may_be_typed_the_way_people_type(number: str, random: object) -> None:
    look_alike = {"0": "0oO", "1": "1iIlL"}
    choose = random.choice  # type: ignore[attr-defined]
    typed = "".join(choose(look_alike.get(symbol, symbol + symbol.lower())) for symbol in number)
    grouped = "-".join(typed[i:i + 4] for i in range(0, len(typed), 4))
    for text in (typed, grouped, f"  {grouped.replace('-', ' ')} "):
        assert identifiers.parse_out_trade_no(text) == number


@pytest.mark.parametrize("typed", ["", " ", "TB01", "U" * 31, "\uff10" * 31, "0" * 30, "0" * 32])
def test_what_is_no_order_number_is_refused_and_not_repeated(typed: str) -> None:
    with pytest.raises(InvalidIdentifier) as caught:
        identifiers.parse_out_trade_no(typed)
    assert not typed.strip() or typed.strip() not in str(caught.value)


@pytest.mark.parametrize("prefix", ["", "TB0", "TB012", "tb01", "TBIL", "TB0-"])
def test_a_prefix_is_exactly_four_symbols(prefix: str) -> None:
    with pytest.raises(InvalidIdentifier):
        identifiers.out_trade_no(prefix, "test", "key")


@given(st.text(max_size=40))
def test_only_26_symbols_look_like_an_id(text: str) -> None:
    assert identifiers.is_id(text) == (len(text) == 26 and set(text) <= set(CROCKFORD))


@given(numbers())
def test_an_order_number_is_known_by_its_length_letters_and_check_symbol(number: str) -> None:
    assert identifiers.is_out_trade_no(number)
    assert not identifiers.is_out_trade_no("")
    shorter, longer = number[1:-1], "0" + number[:-1]
    assert not identifiers.is_out_trade_no(shorter + identifiers.check_symbol(shorter))
    assert not identifiers.is_out_trade_no(longer + identifiers.check_symbol(longer))
    assert not identifiers.is_out_trade_no(number.lower() if number.upper() != number.lower()
                                           else "x" * len(number))
    other = "0" if number[-1] != "0" else "1"
    assert not identifiers.is_out_trade_no(number[:-1] + other)
