"""The service's documented limits, and the checks of names and values against them.

Source: https://help.aliyun.com/zh/tablestore/product-overview/general-limits and .../limits-on-
secondary-indexes.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from .errors import parameter_invalid

if TYPE_CHECKING:
    from .plain_buffer import Value

MAX_BODY_BYTES = 5 * 1024 * 1024
MAX_TABLES = 64
MAX_KEY_COLUMNS = 4
MAX_DEFINED_COLUMNS = 32
MAX_INDEXES = 5
MAX_KEY_BYTES = 1024
MAX_VALUE_BYTES = 2 * 1024 * 1024
MAX_COLUMNS_WRITTEN = 1024
MAX_COLUMNS_TO_GET = 128
MAX_BATCH_GET_ROWS = 100
MAX_BATCH_WRITE_ROWS = 200
MAX_BATCH_WRITE_BYTES = 4 * 1024 * 1024
MAX_RANGE_ROWS = 5000
MAX_RANGE_BYTES = 4 * 1024 * 1024
MAX_CONDITIONS = 10
MAX_REGEX_BYTES = 256
MAX_CAPACITY_UNITS = 100_000
MIN_TTL_S = 86_400
MAX_TRANSACTION_BYTES = 4 * 1024 * 1024
MAX_TRANSACTION_MS = 60_000
MAX_CLOCK_SKEW_MS = 15 * 60_000

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,254}", re.ASCII)


def check_table_name(name: str) -> None:
    """Letters, digits and underscores, no leading digit, 1 to 255 bytes."""
    if not _NAME.fullmatch(name):
        raise parameter_invalid(f"Invalid table name: '{name}'.")


def check_column_name(name: str) -> None:
    """The same rule as for tables."""
    if not _NAME.fullmatch(name):
        raise parameter_invalid(f"Invalid column name: '{name}'.")


def size_of(value: Value) -> int:
    """A value's size in bytes as the service bills it."""
    if isinstance(value, str):
        return len(value) if value.isascii() else len(value.encode())
    if isinstance(value, bytes):
        return len(value)
    return 1 if isinstance(value, bool) else 8


def check_key_value(name: str, value: Value) -> None:
    """Strings and binaries of a key hold at most 1 KB."""
    size = size_of(value)
    if size > MAX_KEY_BYTES:
        raise parameter_invalid(
            f"The length of primary key column: '{name}' exceeds the MaxLength:"
            f"{MAX_KEY_BYTES} with CurrentLength:{size}."
        )


def check_column_value(name: str, value: Value) -> None:
    """Strings and binaries hold at most 2 MB; a double is a finite number."""
    size = size_of(value)
    if size > MAX_VALUE_BYTES:
        raise parameter_invalid(
            f"The length of attribute column: '{name}' exceeds the MaxLength:"
            f"{MAX_VALUE_BYTES} with CurrentLength:{size}."
        )
    if isinstance(value, float) and not math.isfinite(value):
        kind = "NaN" if math.isnan(value) else "Infinity"
        raise parameter_invalid(f"{kind} can't be set to double value.")
