"""I14: every row came to its end, or somebody will look at it, or a person was told to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.domain.due import next_look, waits_for_operator
from shared.domain.held import HeldState
from shared.domain.refund import RefundState
from shared.domain.refunding import has_unexplained_refund
from tests.invariants.ground import must

if TYPE_CHECKING:
    from shared.domain.order import Order
    from tests.invariants.ground import Outside
    from tests.unit.use_cases.world import World

def nothing_is_stuck(world: World, outside: Outside) -> None:
    """I14: what is not at its end has a row in the work list, or a person who knows."""
    due = {(work.kind, work.subject_id): work for work in world.work.rows()}
    now_s = world.clock.now_s()
    for work in due.values():
        must(work.due_at_s > now_s - 600, "I14", f"a due row of kind {work.kind} is never done")
    for order in world.orders.all():
        _order_ended(order, due, world)
    for held in world.held.rows():
        subject = ("held", f"{held.provider}:{held.transaction_id}")
        told = _alarmed(world, held.order_id)
        must(told, "I14", "a payment is held, and nobody was told")
        must(held.state is not HeldState.REFUND_REQUESTED or subject in due, "I14",
             "a held payment's refund is not followed")
    for complaint in world.complaints.rows():
        must(not complaint.is_open or ("complaint", complaint.complaint_id) in due, "I14",
             "an open complaint that nobody looks at")


def _order_ended(order: Order, due: dict[tuple[str, str], object], world: World) -> None:
    now_s = world.clock.now_s()
    subject = ("order", order.order_id)
    if _nobody_can_pay(order, world):
        return
    if next_look(order, now_s) is not None:
        must(subject in due, "I14", f"an order stays {order.state.value}, and no row finds it")
        held = any(one.order_id == order.order_id for one in world.held.rows())
        must(not order.is_open() or held or now_s < order.expires_at_s + 3_600, "I14",
             "an order stays open long after its end")
        requested = [one for one in order.refunds if one.state is RefundState.REQUESTED
                     and now_s - one.requested_at_s > 7_200]
        must(not requested, "I14", "a refund is reserved, and was not placed for hours")
    if waits_for_operator(order) or has_unexplained_refund(order):
        must(_alarmed(world, order.order_id), "I14", "it waits for a person, and none was told")
    if order.payment is not None and subject not in due:
        numbers = {line.number for line in world.ledger.rows() if line.order_id == order.order_id}
        must(order.payment.transaction_id in numbers, "I14", "paid, and never in the ledger")
        must(any(one.license_id == order.license_id for one in world.licenses.all()), "I14",
             "paid, and no license row")


def _nobody_can_pay(order: Order, world: World) -> bool:
    """Half of a batch, and its client never came again: the provider never heard of the order,
    and no code ever left. The same key would bring it to life, with its due row.
    """
    return order.version == 1 and order.out_trade_no not in world.gateway.trades


def _alarmed(world: World, order_id: str) -> bool:
    return any(fields.get("alarm") and fields.get("order_id") == order_id
               for _, fields in world.log.facts)
