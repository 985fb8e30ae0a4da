"""When a notify that was not accepted is sent again, and when WeChat gives up.

Payments and refunds: document 4012075420. Complaints: chapter10_2_16 of 2023-06-06.
"""

from __future__ import annotations

MINUTE_S = 60
PAYMENT_LADDER_S = (15, 15, 30, 3 * MINUTE_S, 10 * MINUTE_S, 20 * MINUTE_S, 30 * MINUTE_S,
                    30 * MINUTE_S, 30 * MINUTE_S, 60 * MINUTE_S, 180 * MINUTE_S, 180 * MINUTE_S,
                    180 * MINUTE_S, 360 * MINUTE_S, 360 * MINUTE_S)
COMPLAINT_FIRST_S = 5
COMPLAINT_MINUTES = 10
COMPLAINT_LAST_S = 5 * MINUTE_S
COMPLAINT_RETRIES = 1000


def retry_wait_s(original_type: str, sent: int) -> int | None:
    """The wait after the ``sent``-th try, in seconds; None when that was the last one."""
    if original_type == "complaint":
        return _complaint_wait_s(sent)
    return PAYMENT_LADDER_S[sent - 1] if sent <= len(PAYMENT_LADDER_S) else None


def _complaint_wait_s(sent: int) -> int | None:
    """The thousandth retry comes after three and a half days, so the week never ends first."""
    if sent > COMPLAINT_RETRIES:
        return None
    if sent == 1:
        return COMPLAINT_FIRST_S
    return MINUTE_S if sent <= 1 + COMPLAINT_MINUTES else COMPLAINT_LAST_S
