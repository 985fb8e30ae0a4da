"""What of a buyer is kept, for how long, and how it goes (docs/compliance.md).

Nothing personal is asked for. What could still be linked to a person is a keyed hash of the payer,
where refunds are counted by payer, and the keys of devices. Both can go without the accounts
losing anything: amounts, times and numbers of payments stay, as tax law wants.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from shared.domain.calendar import DAY_S
from shared.domain.history import Event

if TYPE_CHECKING:
    from shared.domain.order import Order

KEEP_PAYER_S = 400 * DAY_S
"""WeChat refunds for 365 days after a payment; after that nobody counts refunds by payer."""


def payer_goes_at_s(order: Order, keep_payer_s: int) -> int | None:
    """When the hash of this order's payer is to be forgotten; None where none is kept."""
    if order.payment is None or order.payment.payer_hash is None:
        return None
    return order.payment.paid_at_s + keep_payer_s


def forget_payer(order: Order, *, now_s: int, actor: str, source: str) -> Order:
    """The order without its payer's hash; the same order when it has none."""
    if order.payment is None or order.payment.payer_hash is None:
        return order
    return replace(order, payment=replace(order.payment, payer_hash=None),
                   history=order.history.add(Event("payer_forgotten", now_s, actor, source)),
                   version=order.version + 1)
