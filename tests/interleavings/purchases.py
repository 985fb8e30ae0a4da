"""Purchases: who meets whom before money goes back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.domain.order import OrderState
from shared.domain.payment import TradeState
from tests.interleavings import openings
from tests.interleavings.actors import (
    buyer,
    cancel,
    claim,
    create,
    notify,
    poll,
    timer,
    until_answered,
)
from tests.interleavings.invariants import (
    histories_are_whole,
    must,
    never_paid,
    nothing_is_left_to_do,
    order_of,
    paid_and_delivered_once,
)
from tests.interleavings.openings import SECOND_TRANSACTION
from tests.interleavings.recovery import misfit_stays, purchase_goes_on
from tests.interleavings.runs import Scenario

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.interleavings.actors import Act
    from tests.interleavings.scene import Scene


def delivered(scene: Scene) -> None:
    """Paid for, delivered, and at its end."""
    paid_and_delivered_once(scene)
    nothing_is_left_to_do(scene)


def held_once(scene: Scene) -> None:
    """What does not fit is kept for an operator, once; and nothing is sold."""
    never_paid(scene)
    must(len(scene.held.rows()) == 1, "a payment that does not fit is held, once")


def paid_and_second_held(scene: Scene) -> None:
    """Of two payments one buys, the other is held: whichever was booked first."""
    order, held = order_of(scene), scene.held.rows()
    assert order.payment is not None
    must({order.payment.transaction_id, *(it.transaction_id for it in held)}
         == {scene.facts["paid"].transaction_id, SECOND_TRANSACTION}, "money is accounted for")
    must(len(held) == 1, "the second payment is held, once")
    must(len(scene.licenses.all()) == 1, "two payments, one license")


def ordered_once(scene: Scene) -> None:
    """One order, which can be paid, at the provider as well as here."""
    order = order_of(scene)
    must(order.instruction is not None, "an order that can be paid")
    trade, = scene.gateway.trades.values()
    must(trade.provider_request == order.provider_request, "the provider has our bytes")
    must(len(scene.work.rows()) == 1, "the work list finds the order")
    histories_are_whole(scene)


def delivered_or_closed(scene: Scene) -> None:
    """Paid for and delivered, or never to be paid; never in between."""
    trade, = scene.gateway.trades.values()
    if trade.transaction_id is not None:
        delivered(scene)
    else:
        never_paid(scene)
        must(order_of(scene).state is OrderState.CLOSED, "not paid, and not closed")
        must(trade.state is TradeState.CLOSED, "closed here, and the provider takes money")
        nothing_is_left_to_do(scene)


def _orders_again(scene: Scene) -> None:
    until_answered(scene, create)


def _purchase(name: str, prepare: Callable[[Scene], None], cast: Mapping[str, Act],
              check: Callable[[Scene], None] = delivered) -> Scenario:
    return Scenario(name, prepare, cast, purchase_goes_on(cast), check)


TWO_NOTIFIES = {"notify-1": notify(), "notify-2": notify()}

PURCHASES = (
    Scenario("two tries of one order", openings.nothing_yet,
             {"create-1": create, "create-2": create}, _orders_again, ordered_once),
    _purchase("two notifies", openings.paid_for, TWO_NOTIFIES),
    _purchase("two notifies and a poll", openings.paid_for, {**TWO_NOTIFIES, "poll": poll}),
    _purchase("a notify, a poll and two claims", openings.paid_for,
              {"notify": notify(), "poll": poll, "claim-1": claim, "claim-2": claim}),
    _purchase("a notify, a poll and the order again", openings.paid_before_the_code_is_stored,
              {"notify": notify(), "poll": poll, "create": create}),
    Scenario("two notifies of a wrong amount and a poll", openings.paid_wrongly,
             {**TWO_NOTIFIES, "poll": poll}, misfit_stays({**TWO_NOTIFIES, "poll": poll}),
             held_once),
    _purchase("two payments of one order", openings.paid_twice,
              {"notify-1": notify("paid"), "notify-2": notify("second"), "poll": poll},
              paid_and_second_held),
    _purchase("a notify and two timers", openings.paid_for,
              {"notify": notify(), "timer-1": timer, "timer-2": timer}),
    _purchase("the buyer pays, cancels and polls", openings.ordered,
              {"buyer": buyer, "cancel": cancel, "poll": poll}, delivered_or_closed),
    _purchase("the buyer pays when the time is over", openings.expired,
              {"buyer": buyer, "timer": timer, "claim": claim}, delivered_or_closed),
)
