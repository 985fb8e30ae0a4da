"""Which of WeChat's verified refusals are final, and which may pass: for money, the rest waits.

Codes: https://pay.weixin.qq.com/doc/v3/merchant/4012791862 (apply for a refund). The list of codes
is open, so an unknown one is never taken as a "no" for good.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.errors import ProviderRefused, ProviderUnavailable

if TYPE_CHECKING:
    from shared.adapters.wechatpay.transport import Answer

UNKNOWN_THERE = "RESOURCENOTEXISTS"
FINAL_CODES = frozenset({"PARAMERROR", "INVALIDREQUEST", "RESOURCEALREADYEXISTS", UNKNOWN_THERE})
"""The same request gets the same answer whenever it is sent: its content is what is wrong.

Not among them: NOT_ENOUGH, RULE_LIMIT, FREQUENCY_LIMITED, SYSTEM_ERROR (pass by waiting), NO_AUTH,
SIGN_ERROR and their kin (pass when somebody mends the account or the keys).
"""


def is_final(answer: Answer) -> bool:
    """Whether asking again later is certain to end the same."""
    return 400 <= answer.status < 500 and answer.plain_code in FINAL_CODES


def knows_nothing_of_it(answer: Answer) -> bool:
    """Whether WeChat says that it has no such thing."""
    return answer.status == 404 and answer.plain_code == UNKNOWN_THERE


def reason_of(answer: Answer) -> str:
    """The code, or the status where there is none."""
    return answer.code or f"status_{answer.status}"


def unavailable(answer: Answer) -> ProviderUnavailable:
    """The error for a refusal that may pass."""
    return ProviderUnavailable(reason=reason_of(answer))


def refused(answer: Answer) -> ProviderRefused:
    """The error for a refusal that is final."""
    return ProviderRefused(reason=reason_of(answer))
