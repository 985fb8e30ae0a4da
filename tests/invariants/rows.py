"""Rows: their histories, what they say of each other and of the provider, and the log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.domain.history import BrokenHistory, verify_chain
from shared.domain.order import OrderState
from shared.domain.payment import TradeState
from shared.domain.refunding import standing_of
from tests.invariants.ground import Broken, must

if TYPE_CHECKING:
    from shared.domain.history import History
    from tests.invariants.ground import Outside
    from tests.unit.use_cases.world import World

ALARMS = frozenset({
    "complaint.changed", "complaint.unanswered", "complaint.unknown",
    "order.refused_by_provider", "payment.fact_unfit", "payment.held", "payment.held_waits",
    "reconcile.difference", "reconcile.overdue", "reconcile.untrusted_bill", "refund.given_up",
    "refund.needs_approval",
    "refund.needs_operator", "refund.postponed", "refund.refused", "refund.unexplained",
    "refund.unfit", "work.backlog", "work.crashed", "work.failed"})
"""Every fact that may call a person, by its stable name (I16)."""


def histories_are_whole(world: World, outside: Outside) -> None:
    """I10: every row's events lead to its head."""
    for order in world.orders.all():
        _whole("order", order.order_id, order.history)
    for license_ in world.licenses.all():
        _whole("license", license_.license_id, license_.history)
    for held in world.held.rows():
        _whole("held_payment", f"{held.provider}:{held.transaction_id}", held.history)
    for complaint in world.complaints.rows():
        _whole("complaint", complaint.complaint_id, complaint.history)


def _whole(kind: str, aggregate_id: str, history: History) -> None:
    must(history.events, "I10", f"a {kind} without a history")
    try:
        verify_chain(kind, aggregate_id, history.events, history.head)
    except BrokenHistory as error:
        raise Broken("I10", str(error)) from None


def license_follows_order(world: World, outside: Outside) -> None:
    """I5: what each grant is worth is what its order says, told by its newest version."""
    licenses = {one.license_id: one for one in world.licenses.all()}
    for order in world.orders.all():
        license_ = licenses.get(order.license_id)
        if order.grant is None or license_ is None:
            continue
        must(license_.standing_of(order.grant.grant_id) is standing_of(order), "I5",
             f"{standing_of(order).value} by its order, {license_.standing.value} in its row")


def one_key_one_order(world: World, outside: Outside) -> None:
    """I13: what the provider was asked to collect is what the rows say, byte for byte."""
    orders = {order.out_trade_no: order for order in world.orders.all()}
    must(not outside.order_keys or len(orders) <= len(outside.order_keys), "I13",
         "one key placed two orders")
    for number, trade in world.gateway.trades.items():
        if not number.startswith(world.shop.prefix) or number in outside.unknown:
            continue
        must(number in orders, "I13", "an order at the provider that no row knows")
        must(orders[number].provider_request == trade.provider_request, "I13",
             "the provider was asked for something else")


def closed_is_closed(world: World, outside: Outside) -> None:
    """I17: nobody can pay any more for what is closed here.

    What was paid, and was held, cannot be paid again either.
    """
    for order in world.orders.all():
        trade = world.gateway.trades.get(order.out_trade_no)
        if order.state is OrderState.CLOSED:
            must(order.out_trade_no in world.gateway.burnt if trade is None
                 else trade.state is TradeState.CLOSED or trade.transaction_id is not None, "I17",
                 "closed here, and the provider would still take a payment")


def alarms_have_stable_names(world: World, outside: Outside) -> None:
    """I16: who is woken finds the name in the runbooks."""
    for name, fields in world.log.facts:
        must(not fields.get("alarm") or name in ALARMS, "I16", f"an unknown alarm: {name}")
