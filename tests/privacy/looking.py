"""The look: at forms, at what must be nowhere whatever its form, and at known secrets."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from shared.domain.identifiers import InvalidIdentifier
from shared.domain.license_key import parse_license_key
from tests.privacy.declared import (
    ANY_ROW,
    FLAG,
    INT,
    LOG,
    NONE,
    TABLES,
    TEXTS,
    Each,
    Either,
    Json,
    Optional,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

FACT = re.compile(r"[a-z_]+(\.[a-z_]+)+")
PERSONAL = {
    "an IP address": re.compile(r"(?<![\d.])(\d{1,3}\.){3}\d{1,3}(?![\d.])"
                                r"|(?<![0-9a-f:])([0-9a-f]{1,4}:){3,7}[0-9a-f]{1,4}(?![0-9a-f:])"),
    "an openid": re.compile(r"(?<![\w-])o[A-Za-z0-9_-]{27}(?![\w-])"),
    "a token": re.compile(r"(?<![\w-])eyJ[\w-]+\.[\w-]+\.[\w-]*"),
    "an e-mail address": re.compile(r"[\w.+-]+@[\w-]+\.\w+"),
    "a telephone number": re.compile(r"(?<!\w)1[3-9]\d{9}(?!\w)")}
LIKE_A_LICENSE_KEY = re.compile(r"TB[1-9](?:-?[0-9A-Z]){20}")


def tables_wrong(tables: Mapping[str, list[dict[str, Any]]],
                 known: Iterable[str]) -> list[str]:
    """What is in rows and may not be: where, and what kind of thing."""
    known, found = tuple(known), set[str]()
    for table, rows in tables.items():
        for row in rows:
            for column, value in row.items():
                place = f"{table}.{re.sub(r'[0-9]{4}$', '#', column)}"
                form = {**ANY_ROW, **TABLES[table]}.get(place.partition(".")[2])
                found.update(_wrong(place, value, form, known))
    return sorted(found)


def lines_wrong(lines: Iterable[str], known: Iterable[str]) -> list[str]:
    """The same of log lines."""
    known, found = tuple(known), set[str]()
    for line in lines:
        for field, value in json.loads(line).items():
            found.update(_wrong(f"log.{field}", value, LOG.get(field), known))
    return sorted(found)


def claims_wrong(claims: dict[str, Any], form: Any, known: Iterable[str]) -> list[str]:
    """The same of what a token says."""
    return sorted(set(_wrong("token", claims, form, tuple(known))))


def _wrong(place: str, value: Any, form: Any, known: tuple[str, ...]) -> Iterator[str]:
    if form is None:
        yield f"{place} is not declared"
    elif not _fits(value, form):
        yield f"{place} has not the form that is declared"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    yield from (f"{place} holds {what}" for what, pattern in PERSONAL.items()
                if pattern.search(text))
    yield from (f"{place} holds something secret" for one in known if one in text)
    if any(_is_license_key(one) for one in LIKE_A_LICENSE_KEY.findall(text.upper())):
        yield f"{place} holds a license key"


def _is_license_key(text: str) -> bool:
    try:
        parse_license_key(text)
    except InvalidIdentifier:
        return False
    return True


def _fits(value: Any, form: Any) -> bool:
    if isinstance(form, Either):
        return any(_fits(value, one) for one in form.forms)
    if isinstance(form, Each):
        return type(value) is list and all(_fits(one, form.form) for one in value)
    if isinstance(form, Json):
        return type(value) is str and _is_json(value) and _fits(json.loads(value), form.form)
    if isinstance(form, dict):
        return type(value) is dict and value.keys() <= form.keys() and (
            isinstance(form, Optional) or value.keys() == form.keys()) and all(
                _fits(one, form[name]) for name, one in value.items())
    return _fits_plain(value, form)


def _fits_plain(value: Any, form: str) -> bool:
    plain = {INT: type(value) is int, FLAG: type(value) is bool, NONE: value is None,
             "empty": value == ""}
    if form in plain:
        return plain[form]
    pattern = FACT if form == "fact" else TEXTS[form]
    return type(value) is str and pattern.fullmatch(value) is not None


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True
