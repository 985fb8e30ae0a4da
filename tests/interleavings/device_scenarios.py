"""Devices: who meets whom over the slots of one license."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.interleavings import device_ends as ends
from tests.interleavings import device_openings as openings
from tests.interleavings.actors import refund, timer
from tests.interleavings.device_actors import (
    FIFTH,
    FIRST,
    FOURTH,
    SECOND,
    THIRD,
    claims,
    decides,
    forgets,
    midnight,
    refreshes,
    removes,
    restores,
)
from tests.interleavings.ends import refunded
from tests.interleavings.recovery import asked_again, refund_goes_on
from tests.interleavings.runs import Scenario

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.interleavings.actors import Act
    from tests.interleavings.scene import Scene


def _devices(name: str, prepare: Callable[[Scene], None], cast: Mapping[str, Act],
             check: Callable[[Scene], None]) -> Scenario:
    return Scenario(name, prepare, cast, lambda scene: asked_again(scene, cast), check)


REFUND = {"refresh": refreshes(FIRST), "refund": refund(), "timer": timer}
FULL = openings.active(FIRST, SECOND, THIRD)

DEVICES = (
    _devices("two devices claim with one secret", openings.booked,
             {"claim-1": claims(FIRST), "claim-2": claims(SECOND)},
             ends.claimed_by(FIRST, SECOND)),
    _devices("one device claims and restores twice", openings.booked,
             {"claim": claims(FIRST), "number": restores(FIRST),
              "key": restores(FIRST, by_key=True)}, ends.one_of({FIRST})),
    _devices("three devices restore into one free slot", openings.active(FIRST, SECOND),
             {f"restore-{place + 1}": restores(place) for place in (THIRD, FOURTH, FIFTH)},
             ends.one_more(FIRST, SECOND, of=(THIRD, FOURTH, FIFTH))),
    _devices("two devices restore into two free slots, and a refresh",
             openings.active(FIRST),
             {"restore-2": restores(SECOND), "restore-3": restores(THIRD),
              "refresh": refreshes(FIRST)}, ends.one_of(ends.ALL)),
    _devices("a dark device comes back when two want its slot", openings.one_dark,
             {"refresh": refreshes(THIRD), "restore-4": restores(FOURTH),
              "restore-5": restores(FIFTH)},
             ends.one_more(FIRST, SECOND, of=(THIRD, FOURTH, FIFTH))),
    Scenario("a refresh against a refund in work", openings.active(FIRST, SECOND),
             REFUND, refund_goes_on(REFUND), refunded, frozenset({"ledger"})),
    _devices("a refresh, the removal of that device, and a restore", FULL,
             {"refresh": refreshes(SECOND), "remove": removes(FIRST, SECOND),
              "restore": restores(FOURTH)}, ends.one_of(ends.SWAPPED)),
    _devices("the first device is removed, and the secret used again",
             openings.active(FIRST, SECOND),
             {"remove": removes(SECOND, FIRST), "claim-1": claims(FIRST),
              "claim-3": claims(THIRD)}, ends.one_of({SECOND})),
    _devices("approved, objected to, and the new device asks again", openings.asked,
             {"approve": decides(FIRST, approve=True), "object": decides(THIRD, approve=False),
              "restore": restores(FOURTH)}, ends.decided_once),
    _devices("two devices ask for one slot", FULL,
             {"restore-4": restores(FOURTH, replaces=SECOND),
              "restore-5": restores(FIFTH, replaces=SECOND)}, ends.one_of(ends.ALL)),
    _devices("a request is ripe, refreshed against and objected to", openings.ripe,
             {"restore": restores(FOURTH), "refresh": refreshes(SECOND),
              "object": decides(THIRD, approve=False)}, ends.swapped_or_objected),
    _devices("approved while the slot it is about goes to another", openings.asked,
             {"approve": decides(FIRST, approve=True), "remove": removes(THIRD, SECOND),
              "restore": restores(FIFTH)},
             ends.one_of(ends.SWAPPED, {FIRST, THIRD, FIFTH})),
    _devices("two removals at the swap limit", openings.one_swap_left,
             {"remove-2": removes(FIRST, SECOND), "remove-3": removes(FIRST, THIRD)},
             ends.at_the_swap_limit),
    _devices("a new device is not welcome, and another comes the same way",
             openings.one_is_new,
             {"remove": removes(FIRST, SECOND), "refresh": refreshes(SECOND),
              "restore": restores(THIRD)}, ends.one_of({FIRST}, {FIRST, THIRD})),
    _devices("the buyer is forgotten while devices ask", openings.active(FIRST, SECOND),
             {"forget": forgets, "refresh": refreshes(FIRST), "restore": restores(THIRD)},
             ends.forgotten),
    _devices("a new device is not welcome when no swap is left", openings.no_swap_left,
             {"remove-3": removes(FIRST, THIRD), "remove-2": removes(FIRST, SECOND),
              "restore": restores(FOURTH)}, ends.one_of({FIRST, SECOND})),
    _devices("two devices remove each other", FULL,
             {"remove-2": removes(FIRST, SECOND), "remove-1": removes(SECOND, FIRST)},
             ends.one_is_left),
    _devices("midnight passes over a refresh and a restore", openings.before_midnight,
             {"refresh": refreshes(FIRST), "restore": restores(THIRD), "midnight": midnight},
             ends.one_of(ends.ALL)),
)
