"""I7 and I5: what holds at the very moment at which somebody is told something."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.domain.license import Standing
from shared.domain.payment import PaymentFact
from shared.domain.refund import RefundFact, RefundState
from shared.domain.refunding import find_refund, standing_of
from tests.invariants.ground import must

if TYPE_CHECKING:
    from shared.domain.complaint import ComplaintNotice
    from shared.domain.license import License
    from shared.domain.order import Order
    from tests.unit.use_cases.world import World


ENDS = (RefundState.SUCCEEDED, RefundState.CLOSED)


def accepted(world: World, fact: PaymentFact | RefundFact | ComplaintNotice) -> None:
    """I7: a notify was answered 2xx: what it stated is stored, now."""
    if isinstance(fact, PaymentFact):
        _payment_is_stored(world, fact)
    elif isinstance(fact, RefundFact):
        _refund_is_stored(world, fact)
    else:
        waits = any((work.kind, work.subject_id) == ("complaint", fact.complaint_id)
                    for work in world.work.rows())
        must(waits, "I7", "a complaint was announced, and nobody will read it")


def _payment_is_stored(world: World, fact: PaymentFact) -> None:
    order = _by_number(world, fact.out_trade_no)
    must(order is not None and order.payment is not None and order.grant is not None, "I7",
         "accepted, and not booked")
    assert order is not None
    assert order.payment is not None
    must(order.payment.transaction_id == fact.transaction_id, "I7",
         "accepted for another payment")


def _refund_is_stored(world: World, fact: RefundFact) -> None:
    order = _by_number(world, fact.out_trade_no)
    known = find_refund(order, fact.out_refund_no) if order is not None else None
    if known is not None:
        # What is told late, once the refund came to an end, is no news.
        is_late = fact.state not in ENDS and known.state in ENDS
        must(known.state in (fact.state, RefundState.SUCCEEDED) or is_late
             or fact.state is RefundState.PROCESSING, "I7",
             "accepted, and the refund is not where the provider says")
        return
    held = [one for one in world.held.rows() if one.transaction_id == fact.transaction_id]
    must(held, "I7", "a refund was accepted that no row knows")


def shown(world: World, order: Order) -> None:
    """I7: a buyer was shown an order: nothing in it is news to the store."""
    stored = next((one for one in world.orders.all() if one.order_id == order.order_id), None)
    must(stored is not None and stored.version >= order.version, "I7", "shown, and not stored")
    assert stored is not None
    must(order.payment is None or stored.payment == order.payment, "I7",
         "shown as paid, and it is not")
    must(all(find_refund(stored, one.out_refund_no) is not None for one in order.refunds), "I7",
         "a refund was promised that is not stored")


def leased(world: World, license_: License, order_before: Order) -> None:
    """I7, I5: a lease was handed out: stored, paid for, and not on its way back.

    `order_before` is the order as it was stored when the claim began.
    """
    stored = [one for one in world.licenses.all() if one.license_id == license_.license_id]
    must(len(stored) == 1, "I7", "leased, and no license is stored")
    order = next(one for one in world.orders.all() if one.order_id == order_before.order_id)
    must(order.grant is not None and order.grant in stored[0].grants, "I7",
         "leased without the order's grant")
    gifted = any(grant.proof.kind != "payment" for grant in license_.grants)
    must(standing_of(order_before) is Standing.ACTIVE or gifted, "I5",
         f"a lease was handed out for an order that was {standing_of(order_before).value}")
    # The use of a gift is no use of what was paid.
    by_gift = gifted and standing_of(order_before) is not Standing.ACTIVE
    must(stored[0].activated_at_s is not None or by_gift, "I7",
         "leased, and not noted as used")


def _by_number(world: World, out_trade_no: str) -> Order | None:
    return next((one for one in world.orders.all() if one.out_trade_no == out_trade_no), None)
