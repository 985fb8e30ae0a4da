"""Faults a test or an operator injects: which calls they hit, and what then happens.

Kinds: "lost_request" (connection dropped, nothing applied), "lost_answer" (applied, connection
dropped), or the code of an error of the service ("OTSServerBusy", "OTSTimeout", ...).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .errors import STANDARD, TablestoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

LOST_REQUEST, LOST_ANSWER = "lost_request", "lost_answer"


@dataclass
class Fault:
    """One rule. It lets `after` matching calls pass, then hits `times` of them (None: for ever).

    `api` and `table` None match all. `contains` is text that must be in the request's body, for
    example a key. `predicate` gets (api, tables, request message). `applied` makes an error answer
    come after the operation was done, as a real timeout may. `row` makes an error code hit only
    this row (from 0) of a batch, inside an answer of status 200. `message` replaces the standard
    text.
    """

    kind: str
    api: str | None = None
    times: int | None = 1
    after: int = 0
    table: str | None = None
    contains: str | None = None
    predicate: Callable[[str, Collection[str], Any], bool] | None = None
    applied: bool = False
    row: int | None = None
    message: str | None = None

    def __post_init__(self) -> None:
        if self.kind not in (LOST_REQUEST, LOST_ANSWER) and self.kind not in STANDARD:
            raise ValueError(f"unknown kind of fault: {self.kind!r}")
        if self.row is not None and self.kind not in STANDARD:
            raise ValueError("a fault of one row must be an error code")

    def error(self) -> TablestoreError:
        """The error answer of this fault."""
        return TablestoreError(self.kind, self.message)


class Faults:
    """The rules in force, oldest first; a call is hit by the first that matches it."""

    def __init__(self) -> None:
        self._rules: list[Fault] = []

    def __len__(self) -> int:
        return len(self._rules)

    def inject(self, fault: Fault) -> None:
        """Put one more rule in force."""
        self._rules.append(fault)

    def clear(self) -> None:
        """Lift all rules."""
        self._rules.clear()

    def take(self, api: str, tables: Collection[str], request: Any, body: bytes) -> Fault | None:
        """The rule that hits this call, used up by one."""
        for fault in self._rules:
            if not _matches(fault, api, tables, request, body):
                continue
            if fault.after > 0:
                fault.after -= 1
                continue
            if fault.times is not None:
                fault.times -= 1
                if fault.times <= 0:
                    self._rules.remove(fault)
            return fault
        return None


def _matches(fault: Fault, api: str, tables: Collection[str], request: Any, body: bytes) -> bool:
    return (
        fault.api in (None, api)
        and (fault.table is None or fault.table in tables)
        and (fault.contains is None or fault.contains.encode() in body)
        and (fault.predicate is None or fault.predicate(api, tables, request))
    )


def tables_of(request: Any) -> list[str]:
    """The table names a request message carries, whichever API it belongs to."""
    names: list[str] = []
    for field, value in request.ListFields():
        if field.name in ("table_name", "main_table_name"):
            names.append(value)
        elif field.name == "table_meta":
            names.append(value.table_name)
        elif field.name == "tables":
            names += [item.table_name for item in value]
    return names
