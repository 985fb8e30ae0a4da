"""A log that remembers."""

from __future__ import annotations

import json
from typing import Any


class RecordingLog:
    """A `FactLog` that keeps (name, fields) in `facts`; fields must be JSON, as in the real one."""

    def __init__(self) -> None:
        self.facts: list[tuple[str, dict[str, Any]]] = []

    def fact(self, name: str, **fields: Any) -> None:
        """Remember that `name` happened."""
        json.dumps(fields)
        self.facts.append((name, fields))

    def names(self) -> list[str]:
        """The names of all facts, in order."""
        return [name for name, _ in self.facts]

    def named(self, name: str) -> list[dict[str, Any]]:
        """The fields of every fact called `name`."""
        return [fields for known, fields in self.facts if known == name]

    def text(self) -> str:
        """All that was logged as one text, to search for what must not be there."""
        return "\n".join(json.dumps([name, fields], ensure_ascii=False)
                         for name, fields in self.facts)
