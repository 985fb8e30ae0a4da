"""Capacity units: what an operation costs, in steps of 4 KB, read and write apart.

Source: the "consumed capacity" sections of PutRow, UpdateRow, DeleteRow, GetRow and GetRange.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from .limits import size_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .cells import Columns
    from .plain_buffer import Cell, Value

_UNIT_BYTES = 4096


class Capacity(NamedTuple):
    """Read and write capacity units."""

    read: int = 0
    write: int = 0

    def plus(self, other: Capacity) -> Capacity:
        """The sum, unit by unit."""
        return Capacity(self.read + other.read, self.write + other.write)


FAILED_CONDITION = Capacity(1, 1)
FAILED_WRITE = Capacity(0, 1)
FAILED_READ = Capacity(1, 0)


def units(size: int) -> int:
    """Capacity units of `size` bytes: every started 4 KB, at least one."""
    return max(1, -(-size // _UNIT_BYTES))


def key_size(key: Iterable[tuple[str, Value]]) -> int:
    """Bytes of a primary key: names and values."""
    return sum(len(name) + size_of(value) for name, value in key)


def cells_size(cells: Iterable[Cell]) -> int:
    """Bytes of cells; a deletion counts its column's name only."""
    return sum(
        len(cell.name) + (0 if cell.value is None else size_of(cell.value)) for cell in cells
    )


def columns_size(columns: Columns) -> int:
    """Bytes of stored columns, every version counted."""
    return sum(
        len(name) + size_of(value) for name, versions in columns.items() for _, value in versions
    )
