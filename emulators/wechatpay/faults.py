"""Faults to inject: what WeChat Pay, the network between, or a wrong setting may do.

A fault waits for a call of its endpoint (or the next notify), spends one of its ``times`` and
shapes that call. README.md lists every kind with its parameters.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

ENDPOINTS = ("native", "query", "close", "refund", "refund_query", "abnormal_refund",
             "complaints", "complaint", "complaint_history", "complaint_response",
             "complaint_complete", "complaint_refund", "complaint_url", "tradebill",
             "fundflowbill", "billdownload", "certificates")
NOTIFY = "notify"
ANY = "*"

_BOTH = frozenset({"answer", "notify"})
_ANSWER = frozenset({"answer"})
_NOTIFY = frozenset({"notify"})

KINDS: Mapping[str, tuple[frozenset[str], frozenset[str]]] = {
    # kind: (where it applies, its parameters)
    "signtest": (_BOTH, frozenset()),
    "wrong_serial": (_BOTH, frozenset({"serial"})),
    "mixed_keys": (_BOTH, frozenset()),
    "unsigned": (_BOTH, frozenset()),
    "tampered_body": (_BOTH, frozenset()),
    "tampered_amount": (_BOTH, frozenset({"changes"})),
    "truncated_body": (_BOTH, frozenset({"keep"})),
    "clock_skew": (_BOTH, frozenset({"skew_s"})),
    "delayed": (_BOTH, frozenset({"delay_s"})),
    "rate_limited": (_ANSWER, frozenset({"applied"})),
    "system_error": (_ANSWER, frozenset({"applied"})),
    "bad_gateway": (_ANSWER, frozenset({"applied"})),
    "redirect": (_ANSWER, frozenset({"location"})),
    "timeout_after_commit": (_ANSWER, frozenset({"hold_s"})),
    "request_lost": (_ANSWER, frozenset({"hold_s"})),
    "notify_before_answer": (_ANSWER, frozenset({"payer_openid", "coupon_fen"})),
    "bill_late": (_ANSWER, frozenset()),
    "bill_wrong_hash": (_ANSWER, frozenset()),
    "bill_foreign_host": (_ANSWER, frozenset({"base_url"})),
    "bill_bomb": (_ANSWER, frozenset({"size_bytes", "true_hash"})),
    "bill_duplicated_row": (_ANSWER, frozenset({"row", "true_summary"})),
    "bill_missing_row": (_ANSWER, frozenset({"row", "true_summary"})),
    "bill_changed_amount": (_ANSWER, frozenset({"row", "add_fen", "true_summary"})),
    "bill_truncated": (_ANSWER, frozenset({"keep", "packed"})),
    "bill_garbage": (_ANSWER, frozenset({"body"})),
    "bill_not_gzip": (_ANSWER, frozenset()),
    "duplicate": (_NOTIFY, frozenset({"copies"})),
    "lost": (_NOTIFY, frozenset()),
    "replayed": (_NOTIFY, frozenset({"out_trade_no"})),
    "out_of_order": (_NOTIFY, frozenset()),
    "wrong_api_v3_key": (_NOTIFY, frozenset()),
}
_APPLIED_FOR = frozenset({"tradebill", "fundflowbill"})
_TRADE = frozenset({"tradebill"})
_DOWNLOAD = frozenset({"billdownload"})
ONLY_ON: Mapping[str, frozenset[str]] = {
    "bill_late": _APPLIED_FOR, "bill_wrong_hash": _APPLIED_FOR,
    "bill_foreign_host": _APPLIED_FOR, "bill_bomb": _APPLIED_FOR,
    "bill_duplicated_row": _TRADE, "bill_missing_row": _TRADE, "bill_changed_amount": _TRADE,
    "bill_truncated": _DOWNLOAD, "bill_garbage": _DOWNLOAD, "bill_not_gzip": _DOWNLOAD,
}
_NUMBERS = frozenset({"keep", "skew_s", "delay_s", "hold_s", "copies", "coupon_fen", "row",
                      "add_fen", "size_bytes"})
_LEAST = {"copies": 1, "size_bytes": 1, "skew_s": float("-inf"), "add_fen": float("-inf")}
_FLAGS = frozenset({"applied", "packed", "true_hash", "true_summary"})
WHEN_SCHEDULED = frozenset({"lost", "delayed", "out_of_order"})


class Fault:
    """``Fault(kind="signtest", endpoint="query", times=2)``.

    ``endpoint`` is one of ENDPOINTS, ``"notify"`` or ``"*"`` (any endpoint, never notifies);
    faults of bills name the call they are on. ``times=None`` lasts until it is cleared. For
    notifies, ``event_type`` limits the fault to ``"TRANSACTION.SUCCESS"``, ``"REFUND.SUCCESS"``
    and so on. Raises ValueError for a kind, endpoint or parameter that does not exist, so that a
    misspelled test cannot pass.
    """

    def __init__(self, kind: str, endpoint: str = ANY, times: int | None = 1,
                 **params: object) -> None:
        if kind not in KINDS:
            raise ValueError(f"no fault is called {kind!r}")
        places, allowed = KINDS[kind]
        place = "notify" if endpoint == NOTIFY else "answer"
        if endpoint not in (*ENDPOINTS, NOTIFY, ANY) or place not in places:
            raise ValueError(f"{kind!r} does not apply to {endpoint!r}")
        if kind in ONLY_ON and endpoint not in ONLY_ON[kind]:
            raise ValueError(f"{kind!r} applies to {', '.join(sorted(ONLY_ON[kind]))} alone")
        if place == "notify":
            allowed = allowed | {"event_type"}
        if unknown := set(params) - allowed:
            raise ValueError(f"{kind!r} knows no {', '.join(sorted(unknown))}")
        if times is not None and times < 1:
            raise ValueError("times is at least 1, or None for ever")
        _check_values(kind, params)
        self.kind = kind
        self.endpoint = endpoint
        self.times = times
        self.params = params

    def __repr__(self) -> str:
        return f"Fault({self.kind!r}, {self.endpoint!r}, times={self.times}, **{self.params!r})"

    def number(self, name: str, default: float) -> float:
        """A numeric parameter."""
        value = self.params.get(name, default)
        assert isinstance(value, (int, float))
        return value

    def flag(self, name: str) -> bool:
        """A parameter that is true or, when it was not given, false."""
        return bool(self.params.get(name, False))

    def changes(self, default: Mapping[str, object]) -> Mapping[str, object]:
        """The values to replace, by dotted name."""
        value = self.params.get("changes", default)
        assert isinstance(value, Mapping)
        return value

    def text(self, name: str, default: str) -> str:
        """A text parameter."""
        return str(self.params.get(name, default))

    def document(self) -> dict[str, object]:
        """The fault as the control API shows it."""
        return {"kind": self.kind, "endpoint": self.endpoint, "times": self.times,
                **self.params}


def _check_values(kind: str, params: Mapping[str, object]) -> None:
    for name in _NUMBERS & params.keys():
        value = params[name]
        if not isinstance(value, (int, float)) or isinstance(value, bool):
            raise ValueError(f"{name} of {kind!r} is a number")
        if value < _LEAST.get(name, 0):
            raise ValueError(f"{name} of {kind!r} is too small")
    for name in _FLAGS & params.keys():
        if not isinstance(params[name], bool):
            raise ValueError(f"{name} of {kind!r} is true or false")
    if not isinstance(params.get("changes", {}), Mapping):
        raise ValueError(f"changes of {kind!r} is an object")


class Taken:
    """The faults that shape one call, by kind."""

    def __init__(self, faults: list[Fault]) -> None:
        self._by_kind = {fault.kind: fault for fault in faults}

    def __contains__(self, kind: str) -> bool:
        return kind in self._by_kind

    def get(self, kind: str) -> Fault | None:
        """The fault of this kind, if it strikes."""
        return self._by_kind.get(kind)

    @property
    def kinds(self) -> list[str]:
        """Their names, for the journals."""
        return sorted(self._by_kind)


class Faults:
    """The faults still waiting."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[Fault] = []

    def inject(self, fault: Fault) -> None:
        """Let ``fault`` wait for its call."""
        with self._lock:
            self._waiting.append(fault)

    def clear(self, kind: str | None = None, endpoint: str | None = None) -> None:
        """Drop the waiting faults of this kind and endpoint; None means any."""
        with self._lock:
            self._waiting = [each for each in self._waiting
                             if (kind is not None and each.kind != kind)
                             or (endpoint is not None and each.endpoint != endpoint)]

    def waiting(self) -> list[Fault]:
        """What has not struck yet."""
        with self._lock:
            return list(self._waiting)

    def take_for_answer(self, endpoint: str) -> Taken:
        """Spend one time of every fault waiting for this endpoint."""
        return self._take(lambda fault: fault.endpoint in (endpoint, ANY))

    def take_for_notify(self, event_type: str, *, scheduling: bool) -> Taken:
        """Spend one time of every fault waiting for such a notify, when it is scheduled or sent."""
        return self._take(lambda fault: (
            fault.endpoint == NOTIFY
            and (fault.kind in WHEN_SCHEDULED) is scheduling
            and fault.params.get("event_type", event_type) == event_type))

    def _take(self, wanted: Callable[[Fault], bool]) -> Taken:
        taken: dict[str, Fault] = {}
        with self._lock:
            for fault in self._waiting:
                if fault.kind not in taken and wanted(fault):
                    taken[fault.kind] = fault
                    if fault.times is not None:
                        fault.times -= 1
            self._waiting = [each for each in self._waiting if each.times != 0]
        return Taken(list(taken.values()))
