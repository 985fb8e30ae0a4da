"""When somebody must look at an order again, although nobody asks.

All times lie on a grid that starts with the order (or its refund), so that two rows for one
order that come from a retry meet on the same place and become one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from shared.domain.calendar import DAY_S
from shared.domain.privacy import KEEP_PAYER_S
from shared.domain.privacy import payer_goes_at_s as payer_goes_at_s_of
from shared.domain.refund import RefundState
from shared.domain.refunding import has_unexplained_refund

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.domain.order import Order

FIRST_LOOK_AFTER_S = 60
LONGEST_STEP_S = 240
"""With a timer every minute, a payment that nobody reported is found within 5 minutes."""

UNPAID_LOOKS_S = (60, 120, 240, 480)
"""Seconds after the order was placed; from then on every LONGEST_STEP_S, until it expires."""

REFUND_LOOKS_S = (60, 120, 300, 900, 1_800, 3_600, 7_200, 14_400, 28_800, 57_600)
"""Seconds after the refund was requested; from then on daily."""

LEASE_S = 300
"""How long a worker that took a row may be silent before another takes it."""


UNREADABLE = "unreadable"
"""The kind of a row that nobody of us wrote so: it is told, and must not stop the others."""


class Work(NamedTuple):
    """One row of the work list: look at `subject_id` when `due_at_s` has come.

    `kind` is order, held or complaint. Who raises `version` by a conditional write, with a new
    `leased_until_s`, works on it; nobody else does until then.
    """

    kind: str
    subject_id: str
    due_at_s: int
    leased_until_s: int = 0
    version: int = 1


def next_look(order: Order, now_s: int, keep_payer_s: int = KEEP_PAYER_S) -> int | None:
    """When to look at the order next (later than now); None when it has come to an end."""
    looks = []
    if order.is_open():
        looks.append(_next_unpaid_look(order, now_s))
    looks += [_on_grid(refund.requested_at_s, REFUND_LOOKS_S, DAY_S, now_s)
              for refund in order.refunds if refund.is_open]
    if has_unexplained_refund(order) and order.refund_reported_at_s is not None:
        looks.append(_on_grid(order.refund_reported_at_s, REFUND_LOOKS_S, DAY_S, now_s))
    payer_goes_at_s = payer_goes_at_s_of(order, keep_payer_s)
    if payer_goes_at_s is not None:
        looks.append(max(payer_goes_at_s, now_s + 1))
    return min(looks, default=None)


def waits_for_operator(order: Order) -> bool:
    """Whether only a person can bring it to its end (each look says so, with an alarm)."""
    return any(refund.state in (RefundState.AWAITING_APPROVAL, RefundState.ABNORMAL)
               for refund in order.refunds)


def _next_unpaid_look(order: Order, now_s: int) -> int:
    look = _on_grid(order.created_at_s, UNPAID_LOOKS_S, LONGEST_STEP_S, now_s)
    if now_s < order.expires_at_s:
        return min(look, order.expires_at_s)
    return look


def _on_grid(start_s: int, steps_s: Sequence[int], then_every_s: int, now_s: int) -> int:
    """The first point of the grid after now."""
    for step_s in steps_s:
        if start_s + step_s > now_s:
            return start_s + step_s
    last_s = start_s + steps_s[-1]
    return last_s + ((now_s - last_s) // then_every_s + 1) * then_every_s
