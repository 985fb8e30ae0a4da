"""How a scenario may end, besides what must hold for every store: `tests.invariants`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.domain.license import Standing
from shared.domain.order import OrderState
from shared.domain.payment import TradeState
from shared.domain.refund import RefundState
from tests.invariants import must

if TYPE_CHECKING:
    from shared.domain.license import License
    from shared.domain.order import Order
    from tests.interleavings.scene import Scene


def order_of(scene: Scene) -> Order:
    """The one order that a scene is about."""
    orders = scene.orders.all()
    must(len(orders) == 1, "I16", f"one key makes one order, not {len(orders)}")
    return orders[0]


def license_of(scene: Scene) -> License:
    """The one license of that order."""
    licenses = scene.licenses.all()
    must(len(licenses) == 1, "I1", f"one payment, one license, not {len(licenses)}")
    return licenses[0]


def ordered_once(scene: Scene) -> None:
    """One order, which can be paid, and which the work list finds."""
    must(order_of(scene).instruction is not None, "I12", "an order that nobody can pay")
    must(len(scene.work.rows()) == 1, "I12", "the work list does not find the order")


def delivered(scene: Scene) -> None:
    """Paid for, delivered, and nothing left to do."""
    stands(scene, OrderState.PAID, Standing.ACTIVE)
    must(not scene.held.rows(), "I4", "held, and it fits")
    nothing_is_left(scene)


def delivered_or_closed(scene: Scene) -> None:
    """Paid for and delivered, or never to be paid; never in between."""
    trade, = scene.gateway.trades.values()
    if trade.transaction_id is not None:
        delivered(scene)
    else:
        must(order_of(scene).state is OrderState.CLOSED, "I12", "not paid, and not closed")
        must(trade.state is TradeState.CLOSED, "I17", "closed here, and the provider takes money")
        nothing_is_left(scene)


def held_once(scene: Scene) -> None:
    """What does not fit is kept for an operator, once; and nothing is sold."""
    order = order_of(scene)
    must(order.payment is None and not scene.licenses.all(), "I3", "booked what does not fit")
    must(len(scene.held.rows()) == 1, "I4", "a payment that does not fit is held, once")


def paid_and_second_held(scene: Scene) -> None:
    """Of two payments one buys, the other is held: whichever was booked first."""
    order, held = order_of(scene), scene.held.rows()
    must(order.payment is not None and license_of(scene), "I4", "two payments, and nothing sold")
    must(len(held) == 1, "I4", "the second payment is held, once")


def refunded(scene: Scene) -> None:
    """All went back, once, and the license is revoked."""
    stands(scene, OrderState.REFUNDED, Standing.REVOKED)
    nothing_is_left(scene)


def part_refunded(scene: Scene) -> None:
    """One part went back, once, and the license stays of worth."""
    stands(scene, OrderState.PAID, Standing.ACTIVE)
    must([refund.state for refund in order_of(scene).refunds] == [RefundState.SUCCEEDED], "I7",
         "one part was asked for, and it went back once")
    nothing_is_left(scene)


def given_up(scene: Scene) -> None:
    """The provider gave the refund up: nothing went back, and the license is of worth again."""
    stands(scene, OrderState.PAID, Standing.ACTIVE)
    nothing_is_left(scene)


def refunded_or_declined(scene: Scene) -> None:
    """Either decision, and then all of it."""
    refund, = order_of(scene).refunds
    if refund.is_open or scene.refunds.refunds:
        refunded(scene)
    else:
        given_up(scene)


def held_back(scene: Scene) -> None:
    """The hold stays until somebody takes it away."""
    stands(scene, OrderState.PAID, Standing.SUSPENDED)


def settled_once(scene: Scene) -> None:
    """A held payment is given back once, or settled otherwise and not given back."""
    held, = scene.held.rows()
    there = [back.amount for back in scene.refunds.refunds.values()]
    wanted = {"refunded": [held.amount], "dismissed": []}
    must(there == wanted.get(held.state.value), "I7",
         f"{held.state.value}, and the provider was asked {len(there)} times")


def stands(scene: Scene, state: OrderState, standing: Standing) -> None:
    """The order's state, and what its license is worth."""
    order, license_ = order_of(scene), license_of(scene)
    must(order.state is state, "I4", f"it ends as {order.state.value}, not {state.value}")
    must(license_.standing is standing, "I5",
         f"its license is {license_.standing.value}, not {standing.value}")


def nothing_is_left(scene: Scene) -> None:
    """Nobody has to look at it any more."""
    must(not scene.work.rows(), "I12", "work that never ends")
