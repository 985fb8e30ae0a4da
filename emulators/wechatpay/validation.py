"""Field rules of request bodies, and the reader that applies them.

A field that is null, of another type, too long, or not in the documents at all is refused, as
WeChat refuses it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Protocol

from emulators.wechatpay.errors import (
    NOT_JSON,
    PARAM_ERROR,
    UNKNOWN_FIELD,
    ApiError,
    param_error,
)

if TYPE_CHECKING:
    import re
    from collections.abc import Mapping

JsonObject = dict[str, object]


class Rule(Protocol):
    """Checks one value; raises ApiError."""

    @property
    def required(self) -> bool:
        """Whether the field must be there."""

    def check(self, value: object, pointer: str) -> None:
        """Refuse ``value``, which stands at JSON pointer ``pointer``."""


@dataclass(frozen=True)
class Text:
    """A string of at most ``longest`` characters, none of them beyond three UTF-8 bytes."""

    longest: int
    required: bool = False
    shortest: int = 0
    pattern: re.Pattern[str] | None = None

    def check(self, value: object, pointer: str) -> None:
        """Refuse anything but such a string."""
        if not isinstance(value, str):
            raise param_error(pointer, "is not a string")
        if not self.shortest <= len(value) <= self.longest:
            raise param_error(pointer, f"has not {self.shortest} to {self.longest} characters")
        if any(ord(character) > 0xFFFF or 0xD800 <= ord(character) <= 0xDFFF
               for character in value):
            raise param_error(pointer, "holds a character of four UTF-8 bytes")
        if self.pattern is not None and not self.pattern.fullmatch(value):
            raise param_error(pointer, "has characters that are not allowed")


@dataclass(frozen=True)
class Whole:
    """An integer of at least ``least``."""

    required: bool = False
    least: int = 0

    def check(self, value: object, pointer: str) -> None:
        """Refuse anything but such an integer; 1.0 and true are none."""
        if not isinstance(value, int) or isinstance(value, bool):
            raise param_error(pointer, "is not an integer")
        if not self.least <= value < 2**63:
            raise param_error(pointer, f"is not at least {self.least}")


@dataclass(frozen=True)
class Choice:
    """One of a few words."""

    values: frozenset[str]
    required: bool = False

    def check(self, value: object, pointer: str) -> None:
        """Refuse any other word."""
        if not isinstance(value, str) or value not in self.values:
            raise param_error(pointer, f"is not one of {', '.join(sorted(self.values))}")


@dataclass(frozen=True)
class Flag:
    """true or false."""

    required: bool = False

    def check(self, value: object, pointer: str) -> None:
        """Refuse anything else."""
        if not isinstance(value, bool):
            raise param_error(pointer, "is not a boolean")


@dataclass(frozen=True)
class ListOf:
    """A list of at most ``most`` items that all obey ``item``."""

    item: Rule
    required: bool = False
    most: int | None = None

    def check(self, value: object, pointer: str) -> None:
        """Refuse anything else."""
        if not isinstance(value, list):
            raise param_error(pointer, "is not an array")
        if self.most is not None and len(value) > self.most:
            raise param_error(pointer, f"has more than {self.most} items")
        for index, each in enumerate(value):
            self.item.check(each, f"{pointer}/{index}")


@dataclass(frozen=True)
class Fields:
    """An object with these fields and no others."""

    rules: Mapping[str, Rule] = field(default_factory=dict)
    required: bool = False

    def check(self, value: object, pointer: str) -> None:
        """Refuse a missing, unknown or bad field."""
        if not isinstance(value, dict):
            raise param_error(pointer or "/", "is not an object")
        for name in value:
            if name not in self.rules:
                raise param_error(f"{pointer}/{name}", "is not documented",
                                  problem=UNKNOWN_FIELD)
        for name, rule in self.rules.items():
            if name in value:
                rule.check(value[name], f"{pointer}/{name}")
            elif rule.required:
                raise param_error(f"{pointer}/{name}", "is missing")


def read_body(body: bytes, rules: Fields) -> JsonObject:
    """The JSON object in ``body`` when it obeys ``rules``. Raises ApiError."""
    try:
        value = json.loads(body.decode("utf-8"), parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise ApiError(NOT_JSON) from error
    rules.check(value, "")
    return dict(value)


def required_parameter(query: Mapping[str, str], name: str) -> str:
    """A query parameter that must be there. Raises ApiError."""
    value = query.get(name, "")
    if not value:
        raise param_error(name, "is missing", location="query")
    return value


def chosen_parameter(query: Mapping[str, str], name: str, *, among: tuple[str, ...]) -> str:
    """A query parameter out of ``among``; the first is the default. Raises ApiError."""
    value = query.get(name, among[0])
    if value not in among:
        raise param_error(name, f"is not one of {', '.join(each for each in among if each)}",
                          location="query", problem=PARAM_ERROR)
    return value


def whole_parameter(query: Mapping[str, str], name: str, *, default: int,
                    among: range) -> int:
    """An integer query parameter within ``among``. Raises ApiError."""
    text = query.get(name, str(default))
    if not (text.isascii() and text.isdecimal()) or int(text) not in among:
        raise param_error(name, f"is not an integer from {among[0]} to {among[-1]}",
                          location="query")
    return int(text)


def date_parameter(query: Mapping[str, str], name: str) -> date:
    """A query parameter that is a day as yyyy-MM-dd. Raises ApiError."""
    text = required_parameter(query, name)
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise param_error(name, "is not yyyy-MM-dd", location="query") from error
    if text != day.isoformat():
        raise param_error(name, "is not yyyy-MM-dd", location="query")
    return day


def _no_constant(name: str) -> object:
    raise ValueError(name)
