"""The lines that the functions logged, read; `log_checks` asks whether the rows bear them out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable


class LogLine(NamedTuple):
    """One fact, with its fields."""

    fact: str
    at_s: int
    fields: dict[str, Any]


def read_log(lines: Iterable[str]) -> list[LogLine]:
    """Every line that is a fact; a log service may put text around it, other lines are no facts."""
    found = []
    for text in lines:
        start = text.find('{"fact":')
        if start < 0:
            continue
        try:
            raw, _ = json.JSONDecoder().raw_decode(text[start:])
        except ValueError:
            continue
        if isinstance(raw.get("fact"), str) and type(raw.get("at_s")) is int:
            found.append(LogLine(raw["fact"], raw["at_s"], raw))
    return found
