"""The catalogue is checked as a whole before anything is sold from it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from shared.adapters.catalogue_file import CATALOGUE_FILE, InvalidCatalogue, load_catalogue
from shared.domain.money import Money

if TYPE_CHECKING:
    from pathlib import Path

    from shared.domain.catalogue import Catalogue

PRODUCT = {
    "product_id": "pro", "titles": {"en": "Pro", "zh": "\u4e13\u4e1a\u7248"},
    "descriptions": {"en": "All of it.", "zh": "\u5168\u90e8\u529f\u80fd\u3002"},
    "prices": {"CNY": 9900}, "term_days": 365, "entitlements": ["pro"]}
GOOD: dict[str, Any] = {"version": "2026-11-22", "products": [PRODUCT]}


def load(tmp_path: Path, value: object) -> Catalogue:
    path = tmp_path / "catalogue.json"
    path.write_bytes(value if isinstance(value, bytes)
                     else json.dumps(value, ensure_ascii=False).encode())
    return load_catalogue(path)


def test_the_catalogue_of_this_repository_is_good() -> None:
    catalogue = load_catalogue()
    assert CATALOGUE_FILE.name == "catalogue.json"
    assert catalogue.products
    for product in catalogue.products.values():
        assert product.price_in("CNY") is not None


def test_a_product_is_what_the_file_says(tmp_path: Path) -> None:
    catalogue = load(tmp_path, GOOD)
    product = catalogue.products["pro"]
    assert catalogue.version == "2026-11-22"
    assert product.price_in("CNY") == Money(9900, "CNY")
    assert product.price_in("USD") is None
    assert (product.term_days, product.entitlements) == (365, ("pro",))


def test_a_term_of_null_is_for_ever(tmp_path: Path) -> None:
    forever = {**GOOD, "products": [{**PRODUCT, "term_days": None}]}
    assert load(tmp_path, forever).products["pro"].term_days is None


@pytest.mark.parametrize("limit", [1, 3, 20])
def test_a_product_says_on_how_many_devices_or_it_is_three(tmp_path: Path, limit: int) -> None:
    assert load(tmp_path, GOOD).products["pro"].device_limit == 3
    said = {**GOOD, "products": [{**PRODUCT, "device_limit": limit}]}
    assert load(tmp_path, said).products["pro"].device_limit == limit


@pytest.mark.parametrize("change", [
    {"product_id": "Pro"}, {"product_id": ""}, {"product_id": "x" * 65}, {"product_id": "a b"},
    {"titles": {"en": "Pro"}}, {"titles": {"en": "Pro", "zh": "x", "fr": "y"}},
    {"titles": {"en": "", "zh": "x"}}, {"titles": {"en": "x" * 121, "zh": "x"}},
    {"descriptions": {}}, {"prices": {}}, {"prices": {"CNY": 0}}, {"prices": {"CNY": -1}},
    {"prices": {"CNY": 99.0}}, {"prices": {"CNY": "9900"}}, {"prices": {"CNY": True}},
    {"prices": {"cny": 9900}}, {"prices": {"CNY": 10**9 + 1}}, {"prices": {"CNYX": 1}},
    {"term_days": 0}, {"term_days": 36_501}, {"term_days": "365"}, {"term_days": 1.5},
    {"entitlements": []}, {"entitlements": ["Pro"]}, {"entitlements": "pro"},
    {"entitlements": ["x"] * 33}, {"discount": 1},
    {"device_limit": 0}, {"device_limit": 21}, {"device_limit": "3"}, {"device_limit": True},
    {"device_limit": 3.0}, {"device_limit": None}])
def test_one_wrong_thing_is_enough(tmp_path: Path, change: dict[str, Any]) -> None:
    load(tmp_path, GOOD)
    with pytest.raises(InvalidCatalogue):
        load(tmp_path, {**GOOD, "products": [{**PRODUCT, **change}]})


@pytest.mark.parametrize("missing", list(PRODUCT))
def test_nothing_may_be_missing(tmp_path: Path, missing: str) -> None:
    cut = {name: value for name, value in PRODUCT.items() if name != missing}
    with pytest.raises(InvalidCatalogue, match=missing):
        load(tmp_path, {**GOOD, "products": [cut]})


@pytest.mark.parametrize("value", [
    {}, [], {"version": "1"}, {"version": "1", "products": []}, {**GOOD, "more": 1},
    {**GOOD, "version": ""}, {**GOOD, "products": [PRODUCT, PRODUCT]}, b"", b"{", b"\xff",
    json.dumps(GOOD).replace('"CNY": 9900', '"CNY": 9900, "CNY": 1').encode(),
    json.dumps(GOOD).replace("9900", "NaN").encode()])
def test_a_file_of_another_shape_is_refused(tmp_path: Path, value: object) -> None:
    with pytest.raises(InvalidCatalogue):
        load(tmp_path, value)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidCatalogue):
        load_catalogue(tmp_path / "none.json")
