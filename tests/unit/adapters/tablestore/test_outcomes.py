"""The classification, code by code."""

from __future__ import annotations

import pytest

from emulators.tablestore.errors import STANDARD
from shared.adapters.tablestore.outcomes import (
    TOO_FREQUENT,
    Answer,
    Outcome,
    Stage,
    StoreFailure,
    classify_answer,
    classify_break,
)

FAILED, RETRYABLE, UNKNOWN, FATAL = (
    Outcome.CONDITION_FAILED, Outcome.RETRYABLE, Outcome.UNKNOWN, Outcome.FATAL)

CODES = [
    (403, "OTSConditionCheckFail", FAILED),
    (403, "OTSNotEnoughCapacityUnit", RETRYABLE),
    (403, "OTSCapacityUnitExhausted", RETRYABLE),
    (404, "OTSTableNotReady", RETRYABLE),
    (409, "OTSRowOperationConflict", RETRYABLE),
    (409, "OTSOperationConflict", RETRYABLE),
    (503, "OTSServerBusy", RETRYABLE),
    (503, "OTSPartitionUnavailable", RETRYABLE),
    (503, "OTSOperationThrottled", RETRYABLE),
    (503, "OTSTimeout", UNKNOWN),
    (408, "OTSRequestTimeout", UNKNOWN),
    (500, "OTSInternalServerError", UNKNOWN),
    (503, "OTSServerUnavailable", UNKNOWN),
    (503, "OTSSomethingNew", UNKNOWN),
    (400, "OTSParameterInvalid", FATAL),
    (400, "OTSInvalidPK", FATAL),
    (400, "OTSOutOfRowSizeLimit", FATAL),
    (400, "OTSOutOfColumnCountLimit", FATAL),
    (403, "OTSAuthFailed", FATAL),
    (403, "OTSNoPermissionAccess", FATAL),
    (404, "OTSObjectNotExist", FATAL),
    (409, "OTSObjectAlreadyExist", FATAL),
    (405, "OTSMethodNotAllowed", FATAL),
    (413, "OTSRequestBodyTooLarge", FATAL),
    (403, "OTSQuotaExhausted", FATAL),
]


OF_TRANSACTIONS = {"OTSDataOutOfRange", "OTSOutOfTransactionDataSizeLimit", "OTSSessionBusy",
                   "OTSSessionNotExist"}
"""We use no transactions."""


@pytest.mark.parametrize(("status", "code", "outcome"), CODES)
def test_each_code_has_its_outcome(status: int, code: str, outcome: Outcome) -> None:
    assert classify_answer(Answer(status, code)) is outcome


@pytest.mark.parametrize(("status", "code", "outcome"),
                         [row for row in CODES if row[1] != "OTSSomethingNew"])
def test_a_row_of_a_batch_is_judged_by_its_code_alone(status: int, code: str,
                                                      outcome: Outcome) -> None:
    assert classify_answer(Answer(None, code)) is outcome


def test_a_quota_of_table_operations_passes_with_time() -> None:
    assert classify_answer(Answer(403, "OTSQuotaExhausted", TOO_FREQUENT)) is RETRYABLE


@pytest.mark.parametrize("code", ["", "Unknown", "<html>"])
@pytest.mark.parametrize("status", [400, 403, 502, None])
def test_an_answer_that_is_not_the_service_s_proves_nothing(status: int | None,
                                                            code: str) -> None:
    assert classify_answer(Answer(status, code)) is UNKNOWN


def test_too_many_requests_means_later() -> None:
    assert classify_answer(Answer(429, "OTSSomethingNew")) is RETRYABLE


def test_every_code_that_the_emulator_speaks_is_judged_on_purpose() -> None:
    judged = {code for _, code, _ in CODES}
    assert set(STANDARD) - judged == OF_TRANSACTIONS


@pytest.mark.parametrize(("stage", "outcome"), [
    (Stage.PREPARING, FATAL), (Stage.CONNECTING, RETRYABLE), (Stage.SENT, UNKNOWN)])
def test_without_an_answer_the_stage_decides(stage: Stage, outcome: Outcome) -> None:
    assert classify_break(stage) is outcome


def test_a_failure_says_what_and_where_and_nothing_else() -> None:
    failure = StoreFailure(UNKNOWN, "update_row", "OTSTimeout", "0005-af")
    assert str(failure) == "unknown: update_row OTSTimeout 0005-af"
