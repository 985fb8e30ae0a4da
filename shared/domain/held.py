"""A verified payment that fits no order, or not its amount, and what an operator made of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING

from shared.domain import identifiers
from shared.domain.history import Event, begin

if TYPE_CHECKING:
    from shared.domain.history import History
    from shared.domain.money import Money
    from shared.domain.payment import Mismatch, Payee, PaymentFact

KIND = "held_payment"


class HeldState(str, Enum):
    """Where a held payment stands."""

    WAITING = "waiting"
    """For an operator."""
    REFUND_REQUESTED = "refund_requested"
    """Reserved here and asked of the provider until it says how that ended."""
    REFUNDED = "refunded"
    REFUND_FAILED = "refund_failed"
    """The provider will not refund it: an operator must look again."""
    DISMISSED = "dismissed"
    """An operator settled it in another way."""
    BOOKED = "booked"
    """It was booked after all, once what did not fit was mended."""


SETTLED = frozenset({HeldState.REFUNDED, HeldState.DISMISSED, HeldState.BOOKED})
"""Nobody has to do anything about it any more."""

MOVES: dict[tuple[HeldState, str], HeldState] = {
    (HeldState.WAITING, "refund_requested"): HeldState.REFUND_REQUESTED,
    (HeldState.REFUND_FAILED, "refund_requested"): HeldState.REFUND_REQUESTED,
    (HeldState.REFUND_REQUESTED, "refund_succeeded"): HeldState.REFUNDED,
    (HeldState.REFUND_REQUESTED, "refund_failed"): HeldState.REFUND_FAILED,
    (HeldState.WAITING, "refund_succeeded"): HeldState.REFUNDED,
    (HeldState.REFUND_FAILED, "refund_succeeded"): HeldState.REFUNDED,
    (HeldState.DISMISSED, "refund_succeeded"): HeldState.REFUNDED,
    (HeldState.WAITING, "booked"): HeldState.BOOKED,
    (HeldState.REFUND_FAILED, "booked"): HeldState.BOOKED,
    (HeldState.WAITING, "dismissed"): HeldState.DISMISSED,
    (HeldState.REFUND_FAILED, "dismissed"): HeldState.DISMISSED,
}
"""Every move of a held payment, by the kind of its event."""


@dataclass(frozen=True)
class HeldPayment:
    """A verified payment that fits no order, or not its amount: an operator must decide.

    Recorded once per transaction; nothing personal is kept. `out_trade_no` is what the payment
    named. While a refund of it is on its way, `provider_request` holds the exact request.
    """

    provider: str
    transaction_id: str
    order_id: str
    out_trade_no: str
    reason: Mismatch
    payee: Payee
    amount: Money | None
    paid_at_s: int | None
    source: str
    recorded_at_s: int
    history: History
    state: HeldState = HeldState.WAITING
    provider_request: str = ""
    version: int = 1


def hold_payment(fact: PaymentFact, order_id: str, reason: Mismatch, now_s: int) -> HeldPayment:
    """The held payment of a fact that names a transaction."""
    assert fact.transaction_id is not None
    event = Event("held", now_s, "provider", fact.source, {"reason": reason.value})
    return HeldPayment(
        provider=fact.provider, transaction_id=fact.transaction_id, order_id=order_id,
        out_trade_no=fact.out_trade_no, reason=reason, payee=fact.payee, amount=fact.amount,
        paid_at_s=fact.paid_at_s, source=fact.source, recorded_at_s=now_s,
        history=begin(KIND, held_id(fact.provider, fact.transaction_id)).add(event))


def move_held(held: HeldPayment, event: Event, *, provider_request: str = "") -> HeldPayment:
    """The held payment after an act or an end; the same when its state has no such move."""
    state = MOVES.get((held.state, event.kind))
    if state is None:
        return held
    return replace(held, state=state, version=held.version + 1,
                   history=held.history.add(event),
                   provider_request=provider_request or held.provider_request)


def refund_number(held: HeldPayment) -> str:
    """The out_refund_no of its refund: one for as long as the provider may know it.

    A refund that the provider closed is at its end there, and would be closed for ever: then
    there is a new number. One that it refused does not exist there, and keeps its number.
    """
    closed = sum(event.kind == "refund_failed" and "reason" not in event.data
                 for event in held.history.events)
    return identifiers.out_refund_no(
        held.out_trade_no, f"held {held.transaction_id} {closed}".removesuffix(" 0"))


def held_id(provider: str, transaction_id: str) -> str:
    """The one name of a held payment."""
    return f"{provider}:{transaction_id}"
