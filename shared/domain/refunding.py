"""Refunds as part of their order: reserved, followed, found, and what they do to the license.

The amount is reserved in the order's own row, in the write that makes the refund, so no two
refunds can promise the same money, and nothing is sent to the provider that is not reserved.
"""

from __future__ import annotations

from dataclasses import replace
from enum import Enum
from typing import Any

from shared.domain import identifiers
from shared.domain.history import Event
from shared.domain.license import Standing
from shared.domain.money import Money
from shared.domain.order import ForbiddenTransition, Order, OrderState
from shared.domain.refund import (
    AT_PROVIDER,
    MOVES,
    RESERVING,
    Refund,
    RefundFact,
    RefundOrigin,
    RefundState,
)


class RefundMismatch(str, Enum):
    """Why a verified statement about a refund cannot be booked on the order it names."""

    NO_ORDER = "no_order"
    NOT_PAID = "not_paid"
    PROVIDER = "provider"
    MERCHANT = "merchant"
    ORDER_NUMBER = "order_number"
    TRANSACTION = "transaction"
    TOTAL = "total"
    AMOUNT = "amount"
    EXCEEDS_PAYMENT = "exceeds_payment"
    STATE = "state"
    """It contradicts an end that was booked before."""


def reserved_minor(order: Order) -> int:
    """What refunds of this order hold or have taken, in the currency's smallest unit."""
    return sum(refund.amount.amount_minor for refund in order.refunds
               if refund.state in RESERVING)


def refunded_minor(order: Order) -> int:
    """What has gone back to the buyer."""
    return sum(refund.amount.amount_minor for refund in order.refunds
               if refund.state is RefundState.SUCCEEDED)


def refundable(order: Order) -> Money:
    """What could still be refunded; nothing while nothing is paid."""
    paid = 0 if order.payment is None else order.payment.amount.amount_minor
    return Money(max(0, paid - reserved_minor(order)), order.price.currency)


def has_unexplained_refund(order: Order) -> bool:
    """The provider says "refunded", and no refund that it told us of explains that."""
    return order.refund_reported_at_s is not None and not any(
        refund.state in AT_PROVIDER for refund in order.refunds)


def standing_of(order: Order) -> Standing:
    """What the license of this paid order is worth now.

    A refund of a part leaves the license alone; the whole amount gone ends it, and the whole
    amount on its way back suspends it, as any hold does.
    """
    if order.payment is None:
        return Standing.SUSPENDED
    paid = order.payment.amount.amount_minor
    if refunded_minor(order) >= paid:
        return Standing.REVOKED
    if order.holds or has_unexplained_refund(order) or reserved_minor(order) >= paid:
        return Standing.SUSPENDED
    return Standing.ACTIVE


def find_refund(order: Order, out_refund_no: str) -> Refund | None:
    """The order's refund of this number."""
    return next((refund for refund in order.refunds
                 if refund.out_refund_no == out_refund_no), None)


def request_refund(order: Order, refund: Refund, *, source: str) -> Order:
    """The order with this refund reserved; the same order when it has it already.

    Raises ForbiddenTransition when the order was not paid, or not that much is left.
    """
    if find_refund(order, refund.out_refund_no) is not None:
        return order
    amount = refund.amount
    left = refundable(order)
    if (order.payment is None or amount.currency != left.currency
            or not 0 < amount.amount_minor <= left.amount_minor):
        raise ForbiddenTransition("more than is left cannot be refunded")
    if refund.state not in (RefundState.REQUESTED, RefundState.AWAITING_APPROVAL):
        raise ForbiddenTransition("a refund begins as a request")
    event = Event("refund_requested", refund.requested_at_s, refund.requested_by, source, {
        "refund_id": refund.refund_id, "amount": amount.as_dict(),
        "origin": refund.origin.value, "state": refund.state.value})
    return _with(order, refund, event)


def decide_refund(order: Order, refund_id: str, event: Event) -> Order:
    """The order after an operator's refund_approved or refund_declined, or a refund_refused.

    The same order when that was decided before; raises ForbiddenTransition otherwise.
    """
    refund = next((one for one in order.refunds if one.refund_id == refund_id), None)
    if refund is None:
        raise ForbiddenTransition("there is no such refund")
    if any(known.kind == event.kind and known.data.get("refund_id") == refund_id
           for known in order.history.events):
        return order
    state = MOVES.get((refund.state, event.kind))
    if state is None:
        raise ForbiddenTransition(f"a refund that is {refund.state.value} has no {event.kind}")
    return _with(order, replace(refund, state=state), event)


def find_refund_mismatch(order: Order | None, fact: RefundFact) -> RefundMismatch | None:
    """The first reason why `fact` cannot be booked on `order`; None when it can."""
    if order is None:
        return RefundMismatch.NO_ORDER
    if fact.provider != order.provider:
        return RefundMismatch.PROVIDER
    if fact.merchant_id != order.payee.merchant_id:
        return RefundMismatch.MERCHANT
    if fact.out_trade_no != order.out_trade_no:
        return RefundMismatch.ORDER_NUMBER
    if order.payment is None:
        return RefundMismatch.NOT_PAID
    if fact.transaction_id != order.payment.transaction_id:
        return RefundMismatch.TRANSACTION
    if fact.total is not None and fact.total != order.payment.amount:
        return RefundMismatch.TOTAL
    return _find_wrong_refund(order, order.payment.amount, fact)


def _find_wrong_refund(order: Order, paid: Money, fact: RefundFact) -> RefundMismatch | None:
    known = find_refund(order, fact.out_refund_no)
    if fact.amount.currency != paid.currency or fact.amount.amount_minor < 1:
        return RefundMismatch.AMOUNT
    if known is not None and known.amount != fact.amount:
        return RefundMismatch.AMOUNT
    if known is not None and _contradicts(known, fact):
        return RefundMismatch.STATE
    gone = sum(refund.amount.amount_minor for refund in order.refunds
               if refund.state is RefundState.SUCCEEDED and refund is not known)
    if (fact.state is RefundState.SUCCEEDED
            and gone + fact.amount.amount_minor > paid.amount_minor):
        return RefundMismatch.EXCEEDS_PAYMENT
    return None


def _contradicts(known: Refund, fact: RefundFact) -> bool:
    """Two different ends cannot both be true; an older state after an end is only late."""
    return ((known.state is RefundState.SUCCEEDED and fact.state is RefundState.CLOSED)
            or known.state in (RefundState.AWAITING_APPROVAL, RefundState.DECLINED))


def record_refund(order: Order, fact: RefundFact, now_s: int) -> Order:
    """The order after a statement that fits it; the same order when it is not news."""
    known = find_refund(order, fact.out_refund_no)
    if known is None:
        return _found(order, fact, now_s)
    kind = f"refund_{fact.state.value}"
    state = MOVES.get((known.state, kind))
    billed = fact.billed_on if known.billed_on is None else None
    if state is None and billed is None:
        return order
    if state is None:
        event = Event("refund_billed", now_s, "provider", fact.source, {
            "refund_id": known.refund_id, "billed_on": billed})
        return _with(order, replace(known, billed_on=billed), event)
    event = Event(kind, now_s, "provider", fact.source, _told(known.refund_id, fact))
    return _with(order, replace(
        known, state=state, provider_refund_id=fact.provider_refund_id,
        settled_at_s=fact.settled_at_s if state is RefundState.SUCCEEDED else None,
        billed_on=known.billed_on or fact.billed_on), event)


def _found(order: Order, fact: RefundFact, now_s: int) -> Order:
    """A refund that nobody asked for here: made in the provider's merchant console."""
    refund = Refund(
        refund_id=identifiers.refund_id(fact.out_refund_no), out_refund_no=fact.out_refund_no,
        amount=fact.amount, state=fact.state, origin=RefundOrigin.CONSOLE,
        requested_by="provider", requested_at_s=now_s,
        provider_refund_id=fact.provider_refund_id,
        settled_at_s=fact.settled_at_s if fact.state is RefundState.SUCCEEDED else None,
        billed_on=fact.billed_on)
    event = Event("refund_found", now_s, "provider", fact.source, {
        **_told(refund.refund_id, fact), "state": fact.state.value,
        "amount": fact.amount.as_dict()})
    return _with(order, refund, event)


def _told(refund_id: str, fact: RefundFact) -> dict[str, Any]:
    data: dict[str, Any] = {"refund_id": refund_id,
                            "provider_refund_id": fact.provider_refund_id}
    if fact.settled_at_s is not None:
        data["settled_at_s"] = fact.settled_at_s
    if fact.billed_on is not None:
        data["billed_on"] = fact.billed_on
    return data


def place_hold(order: Order, hold: str, event: Event) -> Order:
    """The order with its license held back for this reason; the same order if it was."""
    if order.payment is None:
        raise ForbiddenTransition("what is not paid has no license to hold back")
    if hold in order.holds:
        return order
    return _next(order, event, holds=tuple(sorted((*order.holds, hold))))


def release_hold(order: Order, hold: str, event: Event) -> Order:
    """The order without this reason; the same order if it had none."""
    if hold not in order.holds:
        return order
    return _next(order, event, holds=tuple(one for one in order.holds if one != hold))


def _with(order: Order, refund: Refund, event: Event) -> Order:
    others = tuple(refund if one.out_refund_no == refund.out_refund_no else one
                   for one in order.refunds)
    if refund not in others:
        others = (*others, refund)
    return _next(order, event, refunds=others)


def _next(order: Order, event: Event, **changes: Any) -> Order:
    """The next version, in the state that its refunds put it in."""
    changed = replace(order, version=order.version + 1, history=order.history.add(event),
                      **changes)
    return replace(changed, state=_state_of(changed))


def _state_of(order: Order) -> OrderState:
    if order.payment is None:
        return order.state
    if refunded_minor(order) >= order.payment.amount.amount_minor:
        return OrderState.REFUNDED
    if has_unexplained_refund(order) or any(refund.is_open for refund in order.refunds):
        return OrderState.REFUNDING
    return OrderState.PAID
