"""The content of one row: column versions, their expiry, and how the store writes them down.

`Columns` maps a column name to its versions, newest first, each a pair (version_ms, value).
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .plain_buffer import Value

if TYPE_CHECKING:
    from .schema import Options

Versions = list[tuple[int, Value]]
Columns = dict[str, Versions]


@dataclass
class StoredRow:
    """A row's attribute columns. `touched_ms` is the last write: what a row without columns has."""

    touched_ms: int
    columns: Columns = field(default_factory=dict)

    def copy(self) -> StoredRow:
        """A copy whose columns can be changed."""
        return StoredRow(
            self.touched_ms, {name: list(versions) for name, versions in self.columns.items()}
        )


def _bytes_to_json(value: object) -> dict[str, str]:
    if not isinstance(value, bytes):
        raise TypeError(type(value).__name__)
    return {"base64": base64.b64encode(value).decode()}


def _value_from_json(value: Any) -> Any:
    return base64.b64decode(value["base64"]) if isinstance(value, dict) else value


def columns_to_json(columns: Columns) -> str:
    """The columns as the store keeps them: {"name": [[version_ms, value], ...]}."""
    return json.dumps(columns, default=_bytes_to_json, ensure_ascii=False, separators=(",", ":"))


def columns_from_json(text: str) -> Columns:
    """The inverse of `columns_to_json`."""
    return {
        name: [(version_ms, _value_from_json(value)) for version_ms, value in versions]
        for name, versions in json.loads(text).items()
    }


def put_version(columns: Columns, name: str, version_ms: int, value: Value) -> None:
    """Add one version of one column; the same version again replaces the value."""
    versions = [pair for pair in columns.get(name, ()) if pair[0] != version_ms]
    versions.append((version_ms, value))
    versions.sort(key=lambda pair: -pair[0])
    columns[name] = versions


def trim(columns: Columns, max_versions: int) -> None:
    """Drop the versions beyond `max_versions`, and columns without any version."""
    for name in list(columns):
        del columns[name][max_versions:]
        if not columns[name]:
            del columns[name]


def alive(row: StoredRow | None, options: Options, now_ms: int) -> StoredRow | None:
    """The row as a reader sees it now, or None: expired and surplus versions are not there.

    A version expires when its second plus the table's TTL is before the current second. A row
    that never had a column lives by its last write.
    """
    if row is None:
        return None
    if options.ttl_s < 0:
        if all(len(versions) <= options.max_versions for versions in row.columns.values()):
            return row
        oldest_s = None
    else:
        oldest_s = now_ms // 1000 - options.ttl_s
    columns: Columns = {}
    for name, versions in row.columns.items():
        kept = [pair for pair in versions if oldest_s is None or pair[0] // 1000 >= oldest_s]
        if kept:
            columns[name] = kept[: options.max_versions]
    if columns:
        return StoredRow(row.touched_ms, columns)
    expired = oldest_s is not None and (row.columns or row.touched_ms // 1000 < oldest_s)
    return None if expired else StoredRow(row.touched_ms)
