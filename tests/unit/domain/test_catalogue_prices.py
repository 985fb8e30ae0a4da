"""The catalogue is the only source of a price."""

from __future__ import annotations

from shared.domain.catalogue import Product
from shared.domain.money import MOST_MINOR, Money

PRODUCT = Product("pro", {"en": "Pro"}, {"en": ""},
                  {"CNY": Money(9900, "CNY"), "USD": Money(1500, "USD")}, None, ("pro",))


def test_a_price_is_that_of_its_currency_or_none() -> None:
    assert PRODUCT.price_in("CNY") == Money(9900, "CNY")
    assert PRODUCT.price_in("USD") == Money(1500, "USD")
    assert PRODUCT.price_in("EUR") is None


def test_a_product_that_says_nothing_of_refunds_offers_none() -> None:
    assert PRODUCT.refund_policy is None


def test_a_product_that_says_nothing_of_devices_is_for_three() -> None:
    assert PRODUCT.device_limit == 3


def test_no_amount_is_above_ten_to_the_twelfth() -> None:
    assert MOST_MINOR == 1_000_000_000_000
    assert Money(MOST_MINOR, "CNY").amount_minor == MOST_MINOR
    assert Money(0, "CNY").amount_minor == 0
