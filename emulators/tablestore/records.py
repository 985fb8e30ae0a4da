"""What was asked of the emulator: one record a request, for tests and benchmarks to count."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .capacity import Capacity


@dataclass
class RequestRecord:
    """One request. `outcome` is "OK", an error code, "lost_request" or "lost_answer".

    `rows` counts rows written, read or returned; `row_errors` the error codes of single rows in a
    batch; `index_*_cu` what the request costs in the table's secondary indexes.
    """

    api: str
    tables: tuple[str, ...] = ()
    rows: int = 0
    request_bytes: int = 0
    response_bytes: int = 0
    read_cu: int = 0
    write_cu: int = 0
    index_read_cu: int = 0
    index_write_cu: int = 0
    outcome: str = "OK"
    status: int = 200
    row_errors: tuple[str, ...] = ()
    request_id: str = ""


@dataclass
class Usage:
    """What an operation counts while it runs; `refuse_row` is the hook of row-level faults."""

    tables: list[str] = field(default_factory=list)
    rows: int = 0
    capacity: Capacity = field(default_factory=Capacity)
    index_capacity: Capacity = field(default_factory=Capacity)
    row_errors: list[str] = field(default_factory=list)
    row_faults: dict[int, Any] = field(default_factory=dict)

    def add(self, capacity: Capacity, rows: int = 0) -> None:
        """Count consumed capacity and rows."""
        self.capacity = self.capacity.plus(capacity)
        self.rows += rows

    def add_index(self, capacity: Capacity) -> None:
        """Count what secondary indexes consumed."""
        self.index_capacity = self.index_capacity.plus(capacity)
