"""Why a message that claims to come from WeChat Pay was not accepted: all codes, one place.

The codes go to our log and to `InvalidNotify.reason`; a sender never sees them.
"""

from __future__ import annotations

from enum import Enum


class Reason(str, Enum):
    """Stable codes; the order is the order of the checks."""

    BODY_TOO_LARGE = "body_too_large"
    HEADER_MISSING = "header_missing"
    HEADER_AMBIGUOUS = "header_ambiguous"
    """A value with a comma: two headers of one name may have been joined."""
    HEADER_MALFORMED = "header_malformed"
    SIGNATURE_TYPE = "signature_type_unsupported"
    TIMESTAMP_MALFORMED = "timestamp_malformed"
    TIMESTAMP_STALE = "timestamp_stale"
    """More than five minutes from our clock, either way."""
    SERIAL_UNKNOWN = "serial_unknown"
    KEY_NOT_VALID_NOW = "key_not_valid_now"
    """A platform certificate before or after its validity."""
    SIGNATURE_MALFORMED = "signature_malformed"
    """Not the one canonical base64 text of a signature of this key's size."""
    SIGNATURE_WRONG = "signature_wrong"

    BODY_NOT_JSON = "body_not_json"
    EVENT_TYPE_FOREIGN = "event_type_not_payment"
    """Genuine, but neither about a payment nor a refund nor a complaint."""
    ENVELOPE_MALFORMED = "envelope_malformed"
    ALGORITHM_UNSUPPORTED = "resource_algorithm_unsupported"
    RESOURCE_MALFORMED = "resource_malformed"
    RESOURCE_NOT_DECRYPTABLE = "resource_not_decryptable"
    RESOURCE_NOT_JSON = "resource_not_json"
    FACT_MALFORMED = "fact_malformed"
    TRADE_STATE_UNKNOWN = "trade_state_unknown"
    TRADE_STATE_CONTRADICTS = "trade_state_contradicts_event"
    REFUND_STATUS_UNKNOWN = "refund_status_unknown"
    REFUND_STATUS_CONTRADICTS = "refund_status_contradicts_event"


CONTENT = frozenset({
    Reason.BODY_TOO_LARGE, Reason.BODY_NOT_JSON, Reason.EVENT_TYPE_FOREIGN,
    Reason.ENVELOPE_MALFORMED, Reason.ALGORITHM_UNSUPPORTED, Reason.RESOURCE_MALFORMED,
    Reason.RESOURCE_NOT_JSON, Reason.FACT_MALFORMED, Reason.TRADE_STATE_UNKNOWN,
    Reason.TRADE_STATE_CONTRADICTS, Reason.REFUND_STATUS_UNKNOWN,
    Reason.REFUND_STATUS_CONTRADICTS})
"""Reasons that say nothing about who sent it: answered 400; all others are 401."""

GENUINE = CONTENT - {Reason.BODY_TOO_LARGE} | {Reason.RESOURCE_NOT_DECRYPTABLE}
"""Reasons of the checks after the signature's: WeChat did send it."""


class Rejected(Exception):
    """One check failed. Inside this adapter only: its edges turn it into the ports' errors."""

    def __init__(self, reason: Reason) -> None:
        self.reason = reason
        super().__init__(reason.value)
