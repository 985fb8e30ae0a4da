"""Rows without an SDK: keys, columns, writes, and a reader that trusts no stored row."""

from __future__ import annotations

import json
from enum import Enum
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from shared.errors import TongbaoError

if TYPE_CHECKING:
    from collections.abc import Mapping

Cell = str | int
INT64_MAX = 2**63 - 1


class Bound(Enum):
    """The open ends of a key range."""

    LOWEST = "lowest"
    HIGHEST = "highest"


class Table(NamedTuple):
    """A table: name, and primary key columns as (name, "STRING" or "INTEGER")."""

    name: str
    key: tuple[tuple[str, str], ...]

    def row(self, *values: Cell) -> Key:
        """The key of one row of this table."""
        if len(values) != len(self.key):
            raise ValueError(f"a key of {self.name} has {len(self.key)} parts")
        return Key(self, tuple(values))

    def found(self, values: tuple[object, ...]) -> Key:
        """The key of a row that was read; CorruptRow when it does not have this table's types."""
        kinds = [str if kind == "STRING" else int for _, kind in self.key]
        if [type(value) for value in values] != kinds:
            raise CorruptRow(reason=f"corrupt row in {self.name}: key")
        return Key(self, cast("tuple[Cell, ...]", values))

    def bound(self, *values: Cell | Bound) -> tuple[tuple[str, Cell | Bound], ...]:
        """One end of a range: the given values, then the lowest of what is left out."""
        ends = (*values, *(Bound.LOWEST,) * (len(self.key) - len(values)))
        return tuple((name, end) for (name, _), end in zip(self.key, ends, strict=True))


class Key(NamedTuple):
    """The place of one row."""

    table: Table
    values: tuple[Cell, ...]

    def pairs(self) -> list[tuple[str, Cell]]:
        """(column, value) as the wire wants it."""
        return [(name, value)
                for (name, _), value in zip(self.table.key, self.values, strict=True)]


class Expect(Enum):
    """What must hold for a write to be applied."""

    NOTHING = "nothing"
    NO_ROW = "no_row"
    VERSION_BEFORE = "version_before"
    """The row exists and its `ver` is one below the version that is written."""


class RowWrite(NamedTuple):
    """One row to write: these columns change, those in `removed` go, all others stay.

    `version` is what `ver` becomes; a row that others never write on a condition has none (0).
    """

    key: Key
    columns: Mapping[str, Cell]
    expect: Expect
    version: int = 0
    removed: tuple[str, ...] = ()


class CorruptRow(TongbaoError):
    """A stored row is not what we write. Nothing may be decided from it; look at it by hand."""


class RowReader:
    """Columns of one stored row, each read with its exact type or refused as CorruptRow."""

    def __init__(self, key: Key, columns: Mapping[str, object]) -> None:
        self.key = key
        self.columns = columns

    def text(self, name: str) -> str:
        """A STRING column."""
        value = self.columns.get(name)
        if not isinstance(value, str):
            raise self.corrupt(name)
        return value

    def integer(self, name: str) -> int:
        """An INTEGER column."""
        value = self.columns.get(name)
        if type(value) is not int:
            raise self.corrupt(name)
        return value

    def optional_integer(self, name: str) -> int | None:
        """An INTEGER column that may be absent."""
        return self.integer(name) if name in self.columns else None

    def optional_text(self, name: str) -> str | None:
        """A STRING column that may be absent."""
        return self.text(name) if name in self.columns else None

    def flag(self, name: str) -> bool:
        """An INTEGER column that is 0 or 1."""
        value = self.integer(name)
        if value not in (0, 1):
            raise self.corrupt(name)
        return value == 1

    def json(self, name: str) -> Any:
        """A STRING column that holds canonical JSON."""
        text = self.text(name)
        try:
            value = json.loads(text)
        except ValueError:
            raise self.corrupt(name) from None
        if canonical_json(value) != text:
            raise self.corrupt(name)
        return value

    def has_all_or_none(self, names: tuple[str, ...]) -> bool:
        """Whether these columns are there; corruption when only some are."""
        found = [name in self.columns for name in names]
        if any(found) and not all(found):
            raise self.corrupt(names[0])
        return all(found)

    def numbered(self, prefix: str) -> list[str]:
        """The names e0001, e0002, … that are there; a gap or an odd name is corruption."""
        found = sorted(name for name in self.columns
                       if name.startswith(prefix) and name[len(prefix):].isdigit())
        if found != [numbered(prefix, place) for place in range(1, len(found) + 1)]:
            raise self.corrupt(prefix)
        return found

    def corrupt(self, what: str) -> CorruptRow:
        """The error for this row; names the column, repeats no content."""
        return CorruptRow(reason=f"corrupt row in {self.key.table.name}: {what}")


def numbered(prefix: str, place: int) -> str:
    """The name of the place-th column (from 1) of a list that is spread over columns."""
    return f"{prefix}{place:04d}"


def canonical_json(value: Any) -> str:
    """One text per value: sorted keys, no spaces."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def checked(columns: Mapping[str, Cell]) -> list[tuple[str, Cell]]:
    """The columns to send, refusing what the SDK would silently store as something else.

    It stores bytes as text, and a bool as its own type; integers beyond 64 bits break it.
    Raises TypeError or ValueError: a mistake in our code.
    """
    for name, value in columns.items():
        if not (name.isascii() and name.isidentifier()):
            raise ValueError("a column name is an ASCII identifier")
        if type(value) not in (str, int):
            raise TypeError(f"column {name} holds text or an integer")
        if isinstance(value, int) and not -INT64_MAX - 1 <= value <= INT64_MAX:
            raise ValueError(f"column {name} is beyond 64 bits")
    return list(columns.items())
