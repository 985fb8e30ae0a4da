"""When a buyer may have their money back without asking anybody: agreed before they pay.

The policy is the catalogue's at the time of the order and is kept in the order's snapshot. An
operator is not bound by it, only by what was paid.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from shared.domain.calendar import DAY_S
from shared.domain.refunding import refundable

if TYPE_CHECKING:
    from shared.domain.money import Money
    from shared.domain.order import Order


@dataclass(frozen=True)
class RefundPolicy:
    """`window_days` after payment; None as a policy: no refunds by the buyer alone.

    `only_if_never_activated`: not once the license was used on any device. `most_per_payer`:
    how many refunds one payer may have over all orders (None: any number; needs a deployment
    that keeps payer hashes). `approval_above_minor`: a refund that brings those of its order
    above this waits for an operator, in the smallest unit of the order's currency (None: none
    does).
    """

    window_days: int
    only_if_never_activated: bool = False
    most_per_payer: int | None = None
    approval_above_minor: int | None = None

    def needs_approval(self, all_refunds_minor: int) -> bool:
        """Whether an operator must look first at a refund with which the order's come to so much.

        Not at its own amount: whoever may refund alone could go above the limit in parts.
        """
        return (self.approval_above_minor is not None
                and all_refunds_minor > self.approval_above_minor)


class Objection(str, Enum):
    """Why the policy does not give the money back; the values are error codes of the API."""

    NOT_PAID = "ORDER_NOT_PAID"
    NOT_OFFERED = "REFUND_NOT_OFFERED"
    NOTHING_LEFT = "REFUND_EXCEEDS_PAYMENT"
    TOO_LATE = "REFUND_WINDOW_OVER"
    ACTIVATED = "REFUND_AFTER_ACTIVATION"
    PAYER_LIMIT = "REFUND_LIMIT_REACHED"


class Circumstances(NamedTuple):
    """What the policy looks at besides the order: `payer_refunds` are those of other orders."""

    now_s: int
    was_activated: bool
    payer_refunds: int


def find_objection(order: Order, amount: Money, circumstances: Circumstances) -> Objection | None:
    """Why the buyer may not have `amount` back now; None when they may."""
    if order.payment is None:
        return Objection.NOT_PAID
    policy = order.snapshot.refund_policy
    if policy is None:
        return Objection.NOT_OFFERED
    if circumstances.now_s >= order.payment.paid_at_s + policy.window_days * DAY_S:
        return Objection.TOO_LATE
    if policy.only_if_never_activated and circumstances.was_activated:
        return Objection.ACTIVATED
    if (policy.most_per_payer is not None
            and circumstances.payer_refunds >= policy.most_per_payer):
        return Objection.PAYER_LIMIT
    if not 0 < amount.amount_minor <= refundable(order).amount_minor:
        return Objection.NOTHING_LEFT
    return None
