"""What one attempt at the store came to, and the one table that decides it.

Codes and their meaning: Tablestore API reference, "Error codes". Two things are added to it:
which errors guarantee that nothing was written, and which leave that open.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple


class Outcome(Enum):
    """What is known after an attempt that did not simply succeed."""

    CONDITION_FAILED = "condition_failed"
    """Evaluated, and not applied."""
    RETRYABLE = "retryable"
    """Not applied, and the same request may work in a moment."""
    UNKNOWN = "unknown"
    """May have been applied, may be applied still."""
    FATAL = "fatal"
    """Not applied, and the same request will never work."""


class Stage(Enum):
    """How far an attempt got before something broke on our side of the network."""

    PREPARING = "preparing"
    CONNECTING = "connecting"
    SENT = "sent"


CONDITION_FAILED_CODES = frozenset({"OTSConditionCheckFail"})

RETRYABLE_CODES = frozenset({
    "OTSCapacityUnitExhausted",
    "OTSNotEnoughCapacityUnit",
    "OTSOperationConflict",
    "OTSOperationThrottled",
    "OTSPartitionUnavailable",
    "OTSRowOperationConflict",
    "OTSServerBusy",
    "OTSTableNotReady",
})
"""Refused before anything was written: throttling, a moving partition, a locked row."""

UNKNOWN_CODES = frozenset({
    "OTSInternalServerError", "OTSRequestTimeout", "OTSServerUnavailable", "OTSTimeout"})
"""The service says that it does not know either ("the result is undefined")."""

TOO_FREQUENT = "Too frequent table operations."
"""OTSQuotaExhausted has two meanings; with this message it is throttling, else a real limit."""


class Answer(NamedTuple):
    """An error as the service stated it; `status` is None for one row of a batch."""

    status: int | None
    code: str
    message: str = ""


class StoreFailure(Exception):
    """One attempt failed. `code` is the service's, or ours in lower case where it gave none.

    `reason` is for logs; it names the API and the code, never a key or contents.
    """

    def __init__(self, outcome: Outcome, api: str, code: str, request_id: str = "") -> None:
        self.outcome = outcome
        self.code = code
        self.reason = f"{api} {code} {request_id}".rstrip()
        super().__init__(f"{outcome.value}: {self.reason}")


def classify_answer(answer: Answer) -> Outcome:
    """The outcome that a verified error answer of the service stands for."""
    if answer.code in CONDITION_FAILED_CODES:
        return Outcome.CONDITION_FAILED
    if answer.code in RETRYABLE_CODES or answer.status == 429:
        return Outcome.RETRYABLE
    if answer.code == "OTSQuotaExhausted" and answer.message == TOO_FREQUENT:
        return Outcome.RETRYABLE
    if answer.code in UNKNOWN_CODES or not answer.code or not answer.code.startswith("OTS"):
        return Outcome.UNKNOWN
    if answer.status is not None and answer.status >= 500:
        return Outcome.UNKNOWN
    return Outcome.FATAL


def classify_break(stage: Stage) -> Outcome:
    """The outcome when no verified answer came: how far it got is all that is known."""
    return {Stage.PREPARING: Outcome.FATAL, Stage.CONNECTING: Outcome.RETRYABLE,
            Stage.SENT: Outcome.UNKNOWN}[stage]
