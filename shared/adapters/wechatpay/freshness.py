"""The five-minute window of every signed message (WeChat Pay 4013053420 §2.1).

A repeated notify is signed anew, so the window never turns a genuine one away. It is
two-sided: a message from the future would otherwise stay replayable until then.
"""

from __future__ import annotations

from shared.adapters.wechatpay.reasons import Reason, Rejected

WINDOW_S = 300
_LONGEST_TIMESTAMP = 11


def parse_timestamp(text: str) -> int:
    """Seconds since 1970 from plain ASCII digits; raises Rejected for all else.

    int() alone would take spaces, signs, underscores and the digits of other scripts.
    """
    if not (0 < len(text) <= _LONGEST_TIMESTAMP and text.isascii() and text.isdigit()
            and text[0] != "0"):
        raise Rejected(Reason.TIMESTAMP_MALFORMED)
    return int(text)


def check_fresh(timestamp_s: int, now_s: int) -> None:
    """Raises Rejected when the two are more than WINDOW_S apart."""
    if abs(now_s - timestamp_s) > WINDOW_S:
        raise Rejected(Reason.TIMESTAMP_STALE)
