"""Refunds: who meets whom when money goes back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.domain.money import Money
from shared.domain.refund import RefundState
from tests.interleavings import openings
from tests.interleavings.actors import claim, console, notify, own_refund, refund, timer
from tests.interleavings.ends import given_up, part_refunded, refunded
from tests.interleavings.recovery import refund_goes_on
from tests.interleavings.runs import Scenario
from tests.unit.use_cases.world import PRICE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.interleavings.actors import Act
    from tests.interleavings.scene import Scene

PART = Money(4_000, PRICE.currency)
REST = Money(PRICE.amount_minor - PART.amount_minor, PRICE.currency)


def _refund(name: str, prepare: Callable[[Scene], None], cast: Mapping[str, Act], *,
            check: Callable[[Scene], None] = refunded,
            end: RefundState = RefundState.SUCCEEDED, notifies: bool = True,
            alone: tuple[str, ...] = ("ledger",)) -> Scenario:
    return Scenario(name, prepare, cast, refund_goes_on(cast, end, notifies), check,
                    frozenset(alone))


TWO_NOTIFIES = {"notify-1": notify(), "notify-2": notify()}

REFUNDS = (
    _refund("two notifies, a refund and the timer", openings.paid_for,
            {**TWO_NOTIFIES, "refund": refund(), "timer": timer}),
    _refund("a refund, a claim and the timer", openings.booked,
            {"refund": own_refund(), "claim": claim, "timer": timer}),
    _refund("a refund against a license in use", openings.in_use,
            {"refund": refund(), "claim": claim, "timer": timer}),
    _refund("two whole refunds and the timer", openings.in_use,
            {"refund-1": refund("one"), "refund-2": refund("two"), "timer": timer}),
    _refund("one refund asked for twice, and the timer", openings.in_use,
            {"refund-1": refund("same"), "refund-2": refund("same"), "timer": timer}),
    _refund("one part asked for twice, and the timer", openings.in_use,
            {"refund-1": refund("same", PART), "refund-2": refund("same", PART),
             "timer": timer}, check=part_refunded),
    _refund("two parts of the money and a claim", openings.booked,
            {"refund-1": refund("one", PART), "refund-2": refund("two", REST),
             "claim": claim}),
    _refund("two timers over one refund", openings.reserved,
            {"timer-1": timer, "timer-2": timer}, alone=(), notifies=False),
    _refund("a late notify, a refund's notify and the timer", openings.placed_unseen,
            {"notify": notify(), "refunded": notify("refunded"), "timer": timer,
             "claim": claim}),
    _refund("a refund's notify twice and the timer", openings.placed_unseen,
            {"refunded-1": notify("refunded"), "refunded-2": notify("refunded"),
             "timer": timer}),
    _refund("a refund that the provider gave up", openings.placed_and_failed_unseen,
            {"refunded": notify("refunded"), "timer": timer, "claim": claim},
            check=given_up),
    _refund("a refund in the provider's console", openings.paid_for,
            {"notify": notify(), "console": console, "timer": timer, "claim": claim}),
    _refund("a refund here and one in the console", openings.in_use,
            {"refund": refund(), "console": console, "timer": timer}),
)
