"""The service's errors: one exception type, its HTTP status, code and message.

Codes, statuses and texts follow the public error-code reference of Tablestore
(https://help.aliyun.com/zh/tablestore/developer-reference/error-codes). Raised by every other
module; `emulator.py` turns them into a protobuf `Error` body.
"""

from __future__ import annotations

# code -> (HTTP status, the service's standard text)
STANDARD: dict[str, tuple[int, str]] = {
    "OTSAuthFailed": (403, "Signature mismatch."),
    "OTSCapacityUnitExhausted": (403, "Capacity unit is not enough."),
    "OTSConditionCheckFail": (403, "Condition check failed."),
    "OTSDataOutOfRange": (400, "Data is out of the range of the transaction."),
    "OTSInternalServerError": (500, "Internal server error."),
    "OTSInvalidPK": (400, "Primary key schema mismatch."),
    "OTSMethodNotAllowed": (405, "Only POST method for requests is supported."),
    "OTSNotEnoughCapacityUnit": (403, "Remaining capacity unit is not enough."),
    "OTSObjectAlreadyExist": (409, "Requested table already exists."),
    "OTSObjectNotExist": (404, "Requested table does not exist."),
    "OTSOperationThrottled": (403, "Operation is throttled."),
    "OTSOutOfColumnCountLimit": (
        400,
        "The number of columns in one row exceeded the limit.",
    ),
    "OTSOutOfRowSizeLimit": (
        400,
        "The total data size of columns in one row exceeded the limit.",
    ),
    "OTSOutOfTransactionDataSizeLimit": (
        400,
        "The data size in the transaction exceeded the limit.",
    ),
    "OTSParameterInvalid": (400, "Parameter is invalid."),
    "OTSPartitionUnavailable": (503, "The partition is not available."),
    "OTSQuotaExhausted": (403, "Too frequent table operations."),
    "OTSRequestBodyTooLarge": (413, "The size of POST data is too large."),
    "OTSRequestTimeout": (408, "Request timeout."),
    "OTSRowOperationConflict": (409, "Data is being modified by the other request."),
    "OTSServerBusy": (503, "Server is busy."),
    "OTSServerUnavailable": (503, "Server is not available."),
    "OTSSessionBusy": (409, "The transaction is being used by the other request."),
    "OTSSessionNotExist": (404, "Session not exist or may be timeout."),
    "OTSTableNotReady": (404, "The table is not ready."),
    "OTSTimeout": (503, "Operation timeout."),
}


class TablestoreError(Exception):
    """One error answer of the service. `code` is stable, `message` is for people."""

    def __init__(self, code: str, message: str | None = None) -> None:
        status, text = STANDARD[code]
        self.status = status
        self.code = code
        self.message = text if message is None else message
        super().__init__(f"{status} {code}: {self.message}")


def parameter_invalid(message: str) -> TablestoreError:
    """A 400 OTSParameterInvalid with the given text."""
    return TablestoreError("OTSParameterInvalid", message)


class ConnectionLost(Exception):
    """An injected fault: the client gets no answer. `applied` tells whether the service acted."""

    def __init__(self, *, applied: bool) -> None:
        self.applied = applied
        super().__init__("answer lost" if applied else "request lost")
