"""A price in another currency is offered only where it can be collected, under its own key."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.domain.catalogue import Catalogue, Product
from shared.domain.money import Money
from shared.errors import AlreadyExists, Conflict, NotFound, StoreUnknown
from shared.use_cases.create_order import Shop, create_order
from tests.fakes.provider import FakeGateway
from tests.fakes.script import raises
from tests.unit.use_cases.world import World, request


class TwoCurrencies(FakeGateway):
    """A provider that collects dollars as well."""

    currencies = frozenset({"CNY", "USD"})


@pytest.fixture
def shop(world: World) -> Shop:
    """One product with two prices, at a provider of one currency."""
    texts = {"en": "Reader Pro", "zh": "Reader Pro"}
    prices = {"CNY": Money(9900, "CNY"), "USD": Money(1400, "USD")}
    product = Product("reader-pro", texts, texts, prices, 365, ("pro",))
    return replace(world.shop, catalogue=Catalogue("2", {"reader-pro": product}))


def test_a_price_that_the_provider_cannot_collect_is_not_offered(world: World,
                                                                 shop: Shop) -> None:
    with pytest.raises(NotFound) as caught:
        create_order(request(currency="USD"), shop)
    assert (caught.value.code, caught.value.field) == ("PRODUCT_NOT_FOUND", "product_id")
    assert world.orders.all() == []
    both = replace(shop, gateway=TwoCurrencies())
    assert create_order(request(currency="USD"), both).price == Money(1400, "USD")


def test_a_key_is_good_for_one_currency_only(shop: Shop) -> None:
    both = replace(shop, gateway=TwoCurrencies())
    first = create_order(request(), both)
    with pytest.raises(Conflict) as caught:
        create_order(request(currency="USD"), both)
    assert caught.value.code == "IDEMPOTENCY_KEY_REUSED"
    assert create_order(request(), both) == first


def test_an_order_that_exists_and_cannot_be_read_is_not_known(world: World) -> None:
    world.orders.script.before("create", raises(AlreadyExists("by its row")))
    with pytest.raises(StoreUnknown) as caught:
        create_order(request(), world.shop)
    assert caught.value.retry_after_s == 1
    assert world.gateway.calls == []
