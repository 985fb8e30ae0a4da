"""Who made a version of a row: marks that tell our lost write from a rival's.

Every write of version v puts "v:token", with a fresh random token, into one of eight columns
w0…w7 (v mod 8). After an unknown outcome the mark of that very version says who won it, even
when two rivals wrote equal content, and even when others have saved on top since.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from shared.adapters.tablestore.cells import Cell, RowReader

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.adapters.tablestore.cells import Key

SLOTS = 8
VERSION = "ver"


class Winner(Enum):
    """Who made the version in question."""

    US = "us"
    A_RIVAL = "a_rival"
    NOBODY_YET = "nobody_yet"
    FORGOTTEN = "forgotten"
    """Eight versions or more have come since: the mark is overwritten."""


def slot(version: int) -> str:
    """The column that holds the mark of this version."""
    return f"w{version % SLOTS}"


def mark(version: int, token: str) -> dict[str, Cell]:
    """The columns by which a write of this version can be recognized."""
    return {VERSION: version, slot(version): f"{version}:{token}"}


def find_winner(key: Key, columns: Mapping[str, object] | None, version: int,
                token: str) -> Winner:
    """Whose write made `version`, by the columns read back (None: there is no row)."""
    if columns is None:
        return Winner.NOBODY_YET
    reader = RowReader(key, columns)
    stored = reader.integer(VERSION)
    if stored < version:
        return Winner.NOBODY_YET
    if stored - version >= SLOTS:
        return Winner.FORGOTTEN
    return Winner.US if reader.text(slot(version)) == f"{version}:{token}" else Winner.A_RIVAL
