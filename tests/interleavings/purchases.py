"""Purchases: who meets whom before money goes back."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
from tests.interleavings.ends import (
    delivered,
    delivered_or_closed,
    held_once,
    ordered_once,
    paid_and_second_held,
)
from tests.interleavings.recovery import misfit_stays, purchase_goes_on
from tests.interleavings.runs import Scenario

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.interleavings.actors import Act
    from tests.interleavings.scene import Scene


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
