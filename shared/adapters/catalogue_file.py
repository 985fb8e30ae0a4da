"""Reads and checks shared/catalogue.json, the one home of what is for sale."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from shared.domain.catalogue import Catalogue, Product
from shared.domain.device import DEFAULT_DEVICE_LIMIT, MOST_DEVICES
from shared.domain.money import Money
from shared.domain.refund_policy import RefundPolicy
from shared.strict_json import InvalidJson, loads

CATALOGUE_FILE = Path(__file__).resolve().parents[1] / "catalogue.json"
LANGUAGES = ("en", "zh")

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9:._-]{0,63}$")]
Text = Annotated[str, Field(min_length=1, max_length=120)]
Price = Annotated[int, Field(strict=True, ge=1, le=10**9)]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]


class InvalidCatalogue(Exception):
    """The catalogue cannot be sold from; the message says where it is wrong."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _RefundPolicy(_Strict):
    window_days: Annotated[int, Field(strict=True, ge=1, le=365)]
    only_if_never_activated: Annotated[bool, Field(strict=True)] = False
    most_per_payer: Annotated[int, Field(strict=True, ge=1, le=1000)] | None = None
    approval_above: dict[Currency, Price] | None = None


class _Product(_Strict):
    product_id: Name
    titles: dict[str, Text]
    descriptions: dict[str, Text]
    prices: Annotated[dict[Currency, Price], Field(min_length=1)]
    term_days: Annotated[int, Field(strict=True, ge=1, le=36_500)] | None
    entitlements: Annotated[list[Name], Field(min_length=1, max_length=32)]
    refund_policy: _RefundPolicy | None = None
    device_limit: Annotated[int, Field(strict=True, ge=1, le=MOST_DEVICES)] = DEFAULT_DEVICE_LIMIT

    @model_validator(mode="after")
    def _has_every_language(self) -> _Product:
        for texts in (self.titles, self.descriptions):
            if sorted(texts) != sorted(LANGUAGES):
                raise ValueError(f"texts are needed in exactly {', '.join(LANGUAGES)}")
        return self

    @model_validator(mode="after")
    def _has_one_approval_limit(self) -> _Product:
        above = self.refund_policy.approval_above if self.refund_policy else None
        if above is not None and (len(self.prices) != 1 or above.keys() != self.prices.keys()):
            raise ValueError("approval_above names the one currency of the prices")
        return self


class _Catalogue(_Strict):
    version: Name
    products: Annotated[list[_Product], Field(min_length=1)]

    @model_validator(mode="after")
    def _names_each_product_once(self) -> _Catalogue:
        names = [product.product_id for product in self.products]
        if len(set(names)) != len(names):
            raise ValueError("two products have the same product_id")
        return self


def load_catalogue(path: Path = CATALOGUE_FILE) -> Catalogue:
    """The catalogue in this file; raises InvalidCatalogue, with the place of the mistake."""
    try:
        raw = _Catalogue.model_validate(loads(path.read_bytes()))
    except OSError:
        raise InvalidCatalogue("the catalogue file cannot be read") from None
    except (InvalidJson, ValidationError) as error:
        raise InvalidCatalogue(str(error)) from None
    return Catalogue(raw.version, {item.product_id: _product(item) for item in raw.products})


def _product(item: _Product) -> Product:
    return Product(
        product_id=item.product_id, titles=item.titles, descriptions=item.descriptions,
        prices={currency: Money(minor, currency) for currency, minor in item.prices.items()},
        term_days=item.term_days, entitlements=tuple(item.entitlements),
        refund_policy=_policy(item.refund_policy), device_limit=item.device_limit)


def _policy(item: _RefundPolicy | None) -> RefundPolicy | None:
    if item is None:
        return None
    above = next(iter(item.approval_above.values())) if item.approval_above else None
    return RefundPolicy(item.window_days, item.only_if_never_activated, item.most_per_payer,
                        above)
