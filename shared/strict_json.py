"""JSON that means one thing only (RFC 8259 read narrowly), for bytes from outside.

Python's reader keeps the last of two equal keys, knows NaN and makes infinity of 1e999; two
programs that disagree about such a text are how signed data gets reinterpreted. Every
boundary reads with `loads`: notifies, providers' answers, requests of buyers.
"""

from __future__ import annotations

import json
import re
from codecs import BOM_UTF8
from typing import Any

INT64_LIMIT = 2**63
_INT64_DIGITS = 20  # "-9223372036854775808"
_WHITESPACE = " \t\n\r"
_STRUCTURE = re.compile(r'\\.|["\[\]{}]', re.DOTALL)


class InvalidJson(ValueError):
    """Not JSON as we take it; `reason` is one of REASONS, the text itself is never repeated."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


REASONS = frozenset({
    "too_large", "too_deep", "byte_order_mark", "not_utf8", "syntax", "duplicate_key",
    "not_a_number", "number_out_of_range", "lone_surrogate", "nul_character"})
"""Every reason that `InvalidJson` can carry."""


def loads(raw: bytes, *, max_depth: int = 16, max_bytes: int = 64 * 1024) -> Any:
    """The value that `raw` states: UTF-8 without BOM, one value, nothing after it.

    Refused besides what RFC 8259 refuses: duplicate keys, more than `max_bytes` bytes or
    `max_depth` nested arrays and objects, integers beyond int64, NaN and the infinities (also
    as 1e999), lone surrogates and NUL in strings. Raises InvalidJson.
    """
    if len(raw) > max_bytes:
        raise InvalidJson("too_large")
    try:
        text = raw.decode().strip(_WHITESPACE)
        brackets = text.count("{") + (text.count("[") if "[" in text else 0)
        # As many brackets as may nest cannot nest deeper; only more of them need a closer look.
        if brackets > max_depth and _nests_deeper(text, max_depth):
            raise InvalidJson("too_deep")
        value, end = _READER.raw_decode(text)
    except (ValueError, RecursionError) as error:
        raise _refusal(error, raw) from None  # the reader's own errors carry the whole text
    if end != len(text):
        raise InvalidJson("syntax")
    if "\\" in text:  # only an escape can bring in what UTF-8 or the reader refuse
        _refuse_bad_characters(value)
    return value


def loads_object(raw: bytes, *, max_depth: int = 16, max_bytes: int = 64 * 1024) -> dict[str, Any]:
    """Like `loads`, and the value is an object; raises InvalidJson (syntax) otherwise."""
    value = loads(raw, max_depth=max_depth, max_bytes=max_bytes)
    if type(value) is not dict:
        raise InvalidJson("syntax")
    return value


def _refusal(error: Exception, raw: bytes) -> InvalidJson:
    if isinstance(error, InvalidJson):
        return error
    if isinstance(error, UnicodeDecodeError):
        return InvalidJson("not_utf8")
    return InvalidJson("byte_order_mark" if raw.startswith(BOM_UTF8) else "syntax")


def _nests_deeper(text: str, max_depth: int) -> bool:
    """One pass over quotes, escapes and brackets; stops where it gets too deep."""
    depth, in_string = 0, False
    for mark in _STRUCTURE.findall(text):
        if mark == '"':
            in_string = not in_string
        elif in_string or len(mark) > 1:
            continue
        elif mark in "[{":
            depth += 1
            if depth > max_depth:
                return True
        else:
            depth -= 1
    return False


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise InvalidJson("duplicate_key")
    return value


def _int64(digits: str) -> int:
    # The length first: converting thousands of digits costs time, or raises (CVE-2020-10735).
    if len(digits) > _INT64_DIGITS:
        raise InvalidJson("number_out_of_range")
    value = int(digits)
    if not -INT64_LIMIT <= value < INT64_LIMIT:
        raise InvalidJson("number_out_of_range")
    return value


def _finite(digits: str) -> float:
    value = float(digits)
    if value in (float("inf"), float("-inf")):
        raise InvalidJson("number_out_of_range")
    return value


def _no_constant(_name: str) -> Any:
    raise InvalidJson("not_a_number")


def _refuse_bad_characters(value: Any) -> None:
    if type(value) is str:
        if "\x00" in value:
            raise InvalidJson("nul_character")
        try:
            value.encode("utf-8")
        except UnicodeEncodeError:
            raise InvalidJson("lone_surrogate") from None
    elif type(value) is dict:
        for key, item in value.items():
            _refuse_bad_characters(key)
            _refuse_bad_characters(item)
    elif type(value) is list:
        for item in value:
            _refuse_bad_characters(item)


_READER = json.JSONDecoder(object_pairs_hook=_unique, parse_int=_int64, parse_float=_finite,
                           parse_constant=_no_constant)
