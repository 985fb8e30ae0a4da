"""Bring one open refund nearer to its end: send it, or ask how it stands.

The timer calls this. A refund that is REQUESTED is sent, and sent again with the same bytes
until the provider says something certain: its number makes that one refund, however often.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.domain.refund import Refund, RefundOrigin, RefundState
from shared.errors import ProviderRefused, ProviderUnavailable
from shared.use_cases.decide_refund import REFUSED, decide_refund, decision
from shared.use_cases.record_refund import record_refund

if TYPE_CHECKING:
    from shared.domain.license import License
    from shared.domain.order import Order
    from shared.use_cases.record_payment import Books
    from shared.use_cases.request_refund import RefundCounter

SOURCE = "timer"
SENT_APART_S = 60
"""WeChat Pay wants refunds of one order to be asked for a minute apart (4012791862)."""
PATIENCE_S = 3_600
"""A refund that cannot be placed for longer than this is somebody's business."""


def follow_refund(order: Order, refund: Refund, license_: License,
                  counter: RefundCounter) -> Order:
    """The order after one step of this refund. Raises RefundUnfit and the Unavailable family.

    `license_` is up to date with the order: once it is suspended, nobody can activate it any
    more, so what the policy asks about that is final here.
    """
    books = counter.books
    if refund.state is RefundState.AWAITING_APPROVAL:
        books.log.fact("refund.needs_approval", alarm=True, order_id=order.order_id,
                       refund_id=refund.refund_id)
        return order
    if refund.state is RefundState.REQUESTED:
        if _was_used_meanwhile(order, refund, license_):
            return _refused(order, refund, "activated", counter)
        if _another_was_just_sent(order, books.clock.now_s()):
            return order
        return _sent(order, refund, counter)
    return _asked(order, refund, counter)


def _another_was_just_sent(order: Order, now_s: int) -> bool:
    """A refund of the same order that comes sooner may be refused for good: the next look."""
    return any(event.source == "place" and event.at_s > now_s - SENT_APART_S
               for event in order.history.events)


def _asked(order: Order, refund: Refund, counter: RefundCounter) -> Order:
    books = counter.books
    try:
        fact = counter.gateway.query(refund.out_refund_no)
    except ProviderUnavailable as error:
        return _postponed(order, refund, error, books)
    if fact is not None:
        order = record_refund(fact, books, order) or order
    if fact is None or fact.state is RefundState.ABNORMAL:
        books.log.fact("refund.needs_operator", alarm=True, order_id=order.order_id,
                       refund_id=refund.refund_id,
                       state="unknown" if fact is None else fact.state.value)
    return order


def _sent(order: Order, refund: Refund, counter: RefundCounter) -> Order:
    books = counter.books
    try:
        fact = counter.gateway.place(refund.provider_request)
    except ProviderUnavailable as error:
        return _postponed(order, refund, error, books)
    except ProviderRefused as refusal:
        books.log.fact("refund.refused", alarm=True, order_id=order.order_id,
                       refund_id=refund.refund_id, reason=refusal.reason)
        return _refused(order, refund, refusal.reason or "", counter)
    return record_refund(fact, books, order) or order


def _postponed(order: Order, refund: Refund, error: ProviderUnavailable,
               books: Books) -> Order:
    """Unknown, or a "no" that may pass (too little balance): the amount stays reserved."""
    waited_s = books.clock.now_s() - refund.requested_at_s
    books.log.fact("refund.postponed", alarm=waited_s > PATIENCE_S, order_id=order.order_id,
                   refund_id=refund.refund_id, reason=error.reason, waited_s=waited_s)
    return order


def _refused(order: Order, refund: Refund, reason: str, counter: RefundCounter) -> Order:
    books = counter.books
    event = decision(REFUSED, refund.refund_id, books.clock.now_s(), actor="system",
                     source=SOURCE, reason=reason)
    return decide_refund(order.order_id, refund.refund_id, event, books, counter.licenses)


def _was_used_meanwhile(order: Order, refund: Refund, license_: License) -> bool:
    policy = order.snapshot.refund_policy
    return (refund.origin is RefundOrigin.BUYER and policy is not None
            and policy.only_if_never_activated and license_.activated_at_s is not None)
