"""Money is exact, or it is refused."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.money import MOST_MINOR, Money

CODES = st.text(alphabet="ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=3, max_size=3)


@given(st.integers(0, MOST_MINOR), CODES)
def test_every_amount_survives_its_json_form(amount: int, currency: str) -> None:
    money = Money(amount, currency)
    assert money.as_dict() == {"amount_minor": amount, "currency": currency}
    assert Money(**money.as_dict()) == money


@pytest.mark.parametrize("amount", [-1, MOST_MINOR + 1, 99.0, True, "99", None, 99.5])
def test_an_amount_is_a_plain_int_within_bounds(amount: Any) -> None:
    with pytest.raises(ValueError, match="amount_minor"):
        Money(amount, "CNY")


@pytest.mark.parametrize("currency", [
    "", "cny", "CN", "CNYX", "CN1", "A-B", "CN ", "\u00c9UR", "\uff23NY", None, 156])
def test_a_currency_is_three_capital_letters(currency: Any) -> None:
    with pytest.raises(ValueError, match="currency"):
        Money(1, currency)
