"""The faults that one call can meet, by name, for tests that go through all of them."""

from __future__ import annotations

from emulators.tablestore import Fault

NOT_APPLIED = {
    "throttled": {"kind": "OTSServerBusy"},
    "no capacity": {"kind": "OTSNotEnoughCapacityUnit"},
    "row locked": {"kind": "OTSRowOperationConflict"},
    "partition moves": {"kind": "OTSPartitionUnavailable"},
}
"""Refused, and said so."""

DOUBTFUL = {
    "timeout before": {"kind": "OTSTimeout"},
    "timeout after": {"kind": "OTSTimeout", "applied": True},
    "5xx before": {"kind": "OTSInternalServerError"},
    "5xx after": {"kind": "OTSInternalServerError", "applied": True},
    "lost request": {"kind": "lost_request"},
    "lost answer": {"kind": "lost_answer"},
}
"""May or may not be applied, for all that the caller learns."""

ALL = {**NOT_APPLIED, **DOUBTFUL}
APPLIED = ("timeout after", "5xx after", "lost answer")


def fault(name: str, api: str | None = None, *, times: int | None = 1,
          row: int | None = None) -> Fault:
    """The named fault for the next `times` calls (None: for ever) of an API."""
    return Fault(api=api, times=times, row=row, **ALL[name])  # type: ignore[arg-type]
