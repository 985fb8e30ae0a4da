"""What a table is: key columns, predefined columns, options, and the index it may be.

An index is itself a table (`base` names the table it belongs to), as in the service.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from .plain_buffer import Marker

if TYPE_CHECKING:
    from .plain_buffer import Value

INTEGER, STRING, BINARY, BOOLEAN = "INTEGER", "STRING", "BINARY", "BOOLEAN"

# The numbers of the protobuf enums PrimaryKeyType and DefinedColumnType.
KEY_TYPES = {1: INTEGER, 2: STRING, 3: BINARY, 5: BOOLEAN}
COLUMN_TYPES = {1: INTEGER, 2: "DOUBLE", 3: BOOLEAN, 4: STRING, 7: BINARY}

_PYTHON_TYPES = {bool: BOOLEAN, int: INTEGER, float: "DOUBLE", str: STRING, bytes: BINARY}


def type_name(value: Value) -> str:
    """The service's name of a value's type; a marker's own name (INF_MIN, ...) for a marker."""
    return value.name if isinstance(value, Marker) else _PYTHON_TYPES[type(value)]


@dataclass(frozen=True)
class KeyColumn:
    """One primary-key column; `type` is one of KEY_TYPES' names."""

    name: str
    type: str
    auto_increment: bool = False


@dataclass
class Options:
    """Table options. `ttl_s` is -1 for data that never expires."""

    ttl_s: int = -1
    max_versions: int = 1
    max_deviation_s: int = 86_400
    allow_update: bool = True


@dataclass
class Table:
    """One table or index table. `columns` of an index are the copied attribute columns."""

    name: str
    key: list[KeyColumn]
    defined: dict[str, str] = field(default_factory=dict)
    options: Options = field(default_factory=Options)
    read_capacity: int = 0
    write_capacity: int = 0
    capacity_changed_s: int = 0
    base: str | None = None
    local: bool = False
    building_until_ms: int = 0
    index_key: list[str] = field(default_factory=list)
    columns: list[str] = field(default_factory=list)
    id: int = 0

    @property
    def key_names(self) -> list[str]:
        """The key columns' names in order."""
        return [column.name for column in self.key]

    @property
    def auto_increment_at(self) -> int | None:
        """The position of the auto-increment key column, if there is one."""
        return next((at for at, column in enumerate(self.key) if column.auto_increment), None)

    def to_json(self) -> str:
        """The table as the store keeps it."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Table:
        """The inverse of `to_json`."""
        fields = json.loads(text)
        fields["key"] = [KeyColumn(**column) for column in fields["key"]]
        fields["options"] = Options(**fields["options"])
        return cls(**fields)
