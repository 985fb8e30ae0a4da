"""Licenses over months: owners, sharers and thieves do what they like, and all invariants hold.

The stories say what should happen; here nobody knows what comes next, and nothing needs to
succeed. One seed, one life.
"""

from __future__ import annotations

import random
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from shared.domain.device import Wanted
from shared.errors import TongbaoError
from shared.use_cases.give_grant import give_grant
from shared.use_cases.hold_order import hold_order, release_order
from tests.crash_points.acts import buy, try_claim
from tests.crash_points.devices import (
    DAY_S,
    KEY,
    NUMBER,
    decide_once,
    license_row,
    remove_once,
    try_refresh,
    try_restore,
)
from tests.crash_points.faults import (
    CRASH_AFTER,
    CRASH_BEFORE,
    LOST_ANSWER,
    LOST_REQUEST,
    THROTTLED,
    Crash,
)
from tests.crash_points.stage import HOUR_S, Stage
from tests.seeded_bugs import of_devices, of_leases
from tests.seeded_bugs.bugs import BUGS, patched

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.domain.order import Order

MISTAKES = (of_devices, of_leases)
PEOPLE = [Wanted(f"{name}-device-".ljust(43, "A"), "chrome/linux")
          for name in ("first", "second", "third", "fourth", "fifth", "sixth", "seventh")]
PAUSES_S = (0, 0, 60, HOUR_S, DAY_S, DAY_S, 3 * DAY_S, 3 * DAY_S, 16 * DAY_S)
QUICK, LONG, ACTS = 60, 1_500, 60
ANYWHERE = (CRASH_BEFORE, CRASH_AFTER, LOST_REQUEST, LOST_ANSWER, THROTTLED)
"""Faults that any step can meet; one in 20 steps does, in every other life."""
WHO = {"actor": "operator:anna", "source": "admin"}


class Life:
    """One license, and what becomes of it."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.stage = Stage({at: self.chance.choice(ANYWHERE) for at in range(5_000)
                            if self.chance.random() < 0.05})
        self.stage.faults.is_on = False
        self.order: Order = buy(self.stage)
        self.stage.faults.is_on = seed % 2 == 0
        self.heard: set[tuple[str, str]] = set()
        self.answers: Counter[str] = Counter()
        self.acts: tuple[Callable[[], Any], ...] = (
            *[self._refresh] * 12, *[self._restore] * 12, *[self._decide] * 3, *[self._remove] * 3,
            self._claim, self._hold, self._free, self._free, self._give, self._refund)

    def live(self) -> Counter[str]:
        """Act after act; every write and every lease is held against the invariants."""
        for _ in range(ACTS):
            self.stage.let_pass(self.chance.choice(PAUSES_S))
            act = self.chance.choice(self.acts)
            answer = self.stage.attempt("somebody", act)
            self._forget_words(answer)
            told = answer.code if isinstance(answer, TongbaoError) else type(answer).__name__
            self.answers[f"{act.__name__[1:]}: {told}"] += 1
        self.stage.recover()
        return self.answers

    def _forget_words(self, answer: object) -> None:
        """A word is for one act; an objection stays, once it was heard."""
        words = self.stage.outside.words
        self.heard |= {word for word in words if word[0] == "object"
                       and not isinstance(answer, (Crash, TongbaoError))}
        self.stage.outside.words = set(self.heard)

    def _someone(self) -> Wanted:
        return self.chance.choice(PEOPLE)

    def _insider(self) -> Wanted:
        """Mostly somebody with a slot."""
        inside = {one.thumbprint for one in license_row(self.stage, self.order).devices}
        known = [one for one in PEOPLE if one.thumbprint in inside]
        return self.chance.choice(known) if known and self.chance.random() < 0.8 else (
            self._someone())

    def _slot(self) -> str:
        devices = license_row(self.stage, self.order).devices
        return self.chance.choice(devices).device_id if devices else "0" * 26

    def _claim(self) -> object:
        return try_claim(self.stage, self.order.order_id, self._someone())

    def _refresh(self) -> object:
        return try_refresh(self.stage, self.order, self._insider())

    def _restore(self) -> object:
        replaces = self._slot() if self.chance.random() < 0.5 else None
        return try_restore(self.stage, self.order, self._someone(),
                           self.chance.choice((NUMBER, KEY)), replaces)

    def _decide(self) -> object:
        takeover = license_row(self.stage, self.order).takeover
        return None if takeover is None else decide_once(
            self.stage, self.order, self._insider(), takeover.takeover_id,
            approve=self.chance.random() < 0.8)

    def _remove(self) -> object:
        return remove_once(self.stage, self.order, self._slot(), self._insider())

    def _hold(self) -> object:
        return hold_order(self.order.order_id, "operator", self.stage.books,
                          self.stage.licenses, **WHO)

    def _free(self) -> object:
        return release_order(self.order.order_id, "operator", self.stage.books,
                             self.stage.licenses, **WHO)

    def _give(self) -> object:
        return give_grant(self.order.order_id, 30, f"g{self.chance.randrange(3)}",
                          self.stage.books, self.stage.licenses, actor="operator:anna")

    def _refund(self) -> object:
        """At most once, and seldom: what was given then goes on, what was paid for does not."""
        if self.stage.refunds.refunds or self.chance.random() > 0.2:
            return None
        fact = self.stage.refunds.console_refund(self.order.out_trade_no)
        self.stage.tell(fact)
        return fact


def _live(seeds: range) -> Counter[str]:
    answers: Counter[str] = Counter()
    for seed in seeds:
        try:
            answers += Life(seed).live()
        except AssertionError as broken:
            raise AssertionError(f"Life({seed}).live(): {broken}") from broken
    return answers


def test_nothing_that_devices_do_breaks_an_invariant() -> None:
    answers = _live(range(QUICK))
    told = {name.split(": ")[1] for name in answers}
    assert told >= {"HandedOver", "Crash", "DEVICE_LIMIT_REACHED", "DEVICE_NOT_ACTIVE",
                    "CLAIM_SECRET_USED", "TAKEOVER_WAITS", "TAKEOVER_BUSY", "RESTORE_BARRED",
                    "DEVICE_TOO_NEW", "LICENSE_SUSPENDED", "LICENSE_REVOKED"}, sorted(told)


@pytest.mark.parametrize("name", [
    "the limit is off by one", "swaps are not counted", "a removal is not told",
    "a device that is too new decides about others", "who was objected to comes in by another slot",
    "a refresh does not move the end in the row", "a removal forgets what the device holds",
    "a dark device keeps its row beside the new one"])
def test_some_life_trips_over_a_planted_mistake(name: str) -> None:
    with patched(BUGS[name].rules), pytest.raises(AssertionError, match=BUGS[name].caught_by):
        _live(range(QUICK))


@pytest.mark.slow
def test_nothing_that_devices_do_in_many_lives_breaks_an_invariant() -> None:
    assert sum(_live(range(QUICK, QUICK + LONG)).values()) == LONG * ACTS
