"""What must be true when a run is over: the invariants, the second checker, and that all ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scripts.auditing.audit import audit, findings
from scripts.auditing.evidence import Evidence
from scripts.auditing.journal import Journal, Paid, Returned
from scripts.auditing.reading import read
from scripts.simulation.export import tables
from shared.domain.calendar import day_of
from shared.domain.complaint import ComplaintState
from shared.domain.held import HeldState
from shared.domain.order import OrderState
from tests.invariants import ALWAYS, AT_REST, check_end
from tests.invariants.ground import Broken, must

if TYPE_CHECKING:
    from scripts.simulation.town import Town

SKEW_S = 65
SETTLED = (HeldState.REFUNDED, HeldState.DISMISSED, HeldState.BOOKED)


def judge(town: Town) -> int:
    """Raise Broken unless all is well; how many questions were asked of the rows."""
    for line in town.log:
        # The timer lets no mistake in one look stop the others: here each one ends the run.
        must(line.fact != "work.crashed", "mistake", f"a look crashed: {line.fields}")
    check_end(town.world, town.outside)
    _all_ended(town)
    for family in town.families:
        family.promises.hold_at_the_end()
    results = audit(evidence_of(town))
    found = findings(results)
    if found:
        raise Broken("audit", "; ".join(
            f"{one.check}: {one.key}: {one.text}" for one in found[:5]))
    return len(ALWAYS) + len(AT_REST) + sum(
        result.looked_at is not None for result in results)


def evidence_of(town: Town) -> Evidence:
    """What the second checker may look at: rows, WeChat's journal, the log."""
    return Evidence(read(tables(town.world)), town.engine.now_s, _journal(town), town.log,
                    skew_s=SKEW_S)


def _journal(town: Town) -> Journal:
    world = town.world
    paid = [Paid(fact.out_trade_no, fact.transaction_id or "", fact.amount.amount_minor,
                 fact.amount.currency, fact.paid_at_s or 0)
            for fact in town.outside.payments(world) if fact.amount is not None]
    back = [Returned(number, one.out_trade_no, one.amount.amount_minor, one.state.value,
                     day_of(one.asked_at_s)) for number, one in world.refunds.refunds.items()]
    return Journal(paid, back, town.wechat.accepted)


def _all_ended(town: Town) -> None:
    """After the quiet days nothing is under way: the operators have settled what was theirs."""
    world = town.world
    for order in world.orders.all():
        abandoned = order.state is OrderState.CREATED and len(order.history.events) == 1
        must(not order.is_open() or abandoned, "liveness",
             f"{order.order_id} is {order.state.value} at the end")
        must(not any(refund.is_open for refund in order.refunds), "liveness",
             f"{order.order_id} has a refund that never ended")
    for one in world.held.rows():
        must(one.state in SETTLED, "liveness", f"a held payment is {one.state.value} at the end")
    for complaint in world.complaints.rows():
        must(complaint.state is ComplaintState.PROCESSED, "liveness",
             f"a complaint is {complaint.state.value} at the end")
