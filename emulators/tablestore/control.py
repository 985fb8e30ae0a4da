"""The control path /_emulator/...: faults, records, clock-free settings; JSON, never signed.

GET    /_emulator/requests   {"requests": [record...], "by_api": {...}, "by_table": {...}}
DELETE /_emulator/requests   forget the records
GET    /_emulator/faults     {"in_force": n}
POST   /_emulator/faults     {"kind": "OTSServerBusy", "api": "PutRow", "times": 2, ...}
DELETE /_emulator/faults     lift all faults
POST   /_emulator/settings   {"index_delay_ms": 500}
POST   /_emulator/reset      drop tables, rows, faults and records
GET    /_emulator/health     {"ok": true}
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from .faults import Fault

if TYPE_CHECKING:
    from collections.abc import Callable

    from .emulator import TablestoreEmulator

PREFIX = "/_emulator/"
_FAULT_FIELDS = (
    "kind",
    "api",
    "times",
    "after",
    "table",
    "contains",
    "applied",
    "row",
    "message",
)


class _Refused(Exception):
    """The control request makes no sense."""


def handle_control(
    emulator: TablestoreEmulator, method: str, path: str, body: bytes
) -> tuple[int, bytes]:
    """One control request: HTTP status and JSON body."""
    action = _ACTIONS.get((method, path.removeprefix(PREFIX).rstrip("/")))
    if action is None:
        return 404, _json({"error": f"no such control request: {method} {path}"})
    try:
        given = json.loads(body) if body else {}
        if not isinstance(given, dict):
            raise _Refused("the body must be a JSON object")
        return 200, _json(action(emulator, given))
    except (_Refused, json.JSONDecodeError, UnicodeDecodeError) as error:
        return 400, _json({"error": str(error)})


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()


def _requests(emulator: TablestoreEmulator, _: dict[str, Any]) -> Any:
    records = list(emulator.requests)
    return {
        "requests": [asdict(record) for record in records],
        "by_api": Counter(record.api for record in records),
        "by_table": Counter(table for record in records for table in record.tables),
    }


def _clear_requests(emulator: TablestoreEmulator, _: dict[str, Any]) -> Any:
    emulator.clear_requests()
    return {}


def _faults(emulator: TablestoreEmulator, _: dict[str, Any]) -> Any:
    return {"in_force": emulator.faults_in_force}


def _inject(emulator: TablestoreEmulator, given: dict[str, Any]) -> Any:
    unknown = set(given) - set(_FAULT_FIELDS)
    if unknown:
        raise _Refused(f"unknown fields: {', '.join(sorted(unknown))}")
    try:
        emulator.inject(Fault(**given))
    except (TypeError, ValueError) as error:
        raise _Refused(str(error)) from None
    return {}


def _clear_faults(emulator: TablestoreEmulator, _: dict[str, Any]) -> Any:
    emulator.clear_faults()
    return {}


def _settings(emulator: TablestoreEmulator, given: dict[str, Any]) -> Any:
    delay_ms = given.get("index_delay_ms")
    if set(given) != {"index_delay_ms"} or type(delay_ms) is not int or delay_ms < 0:
        raise _Refused("settings are: index_delay_ms, a whole number of milliseconds")
    emulator.index_delay_ms = delay_ms
    return {}


def _reset(emulator: TablestoreEmulator, _: dict[str, Any]) -> Any:
    emulator.reset()
    return {}


_ACTIONS: dict[tuple[str, str], Callable[[TablestoreEmulator, dict[str, Any]], Any]] = {
    ("GET", "health"): lambda _emulator, _given: {"ok": True},
    ("GET", "requests"): _requests,
    ("DELETE", "requests"): _clear_requests,
    ("GET", "faults"): _faults,
    ("POST", "faults"): _inject,
    ("DELETE", "faults"): _clear_faults,
    ("POST", "settings"): _settings,
    ("POST", "reset"): _reset,
}
