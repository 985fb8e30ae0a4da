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
from shared.use_cases.claim_license import HandedOver
from shared.use_cases.give_grant import give_grant
from shared.use_cases.hold_order import free_order, hold_order
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
from tests.crash_points.stage import HOUR_S, Stage
from tests.invariants import check_end

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.domain.order import Order

PEOPLE = [Wanted(f"{name}-device-".ljust(43, "A"), "chrome/linux")
          for name in ("first", "second", "third", "fourth", "fifth", "sixth", "seventh")]
PAUSES_S = (0, 0, 60, HOUR_S, DAY_S, DAY_S, 3 * DAY_S, 3 * DAY_S, 16 * DAY_S)
QUICK, LONG, ACTS = 30, 1_500, 60
WHO = {"actor": "operator:anna", "source": "admin"}


class Life:
    """One license, and what becomes of it."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.stage = Stage()
        self.stage.faults.is_on = False
        self.order: Order = buy(self.stage)
        self.answers: Counter[str] = Counter()
        self.acts: tuple[Callable[[], Any], ...] = (
            *[self._refresh] * 12, *[self._restore] * 12, *[self._decide] * 3, *[self._remove] * 3,
            self._claim, self._hold, self._free, self._free, self._give)

    def live(self) -> Counter[str]:
        """Act after act; every write and every lease is held against the invariants."""
        for _ in range(ACTS):
            self.stage.let_pass(self.chance.choice(PAUSES_S))
            act = self.chance.choice(self.acts)
            answer = self.stage.attempt("somebody", act)
            self.stage.outside.words = {word for word in self.stage.outside.words
                                        if word[0] == "object"}
            told = answer.code if isinstance(answer, TongbaoError) else "handed" if isinstance(
                answer, HandedOver) else "done"
            self.answers[f"{act.__name__[1:]}: {told}"] += 1
        check_end(self.stage, self.stage.outside)
        return self.answers

    def _someone(self) -> Wanted:
        return self.chance.choice(PEOPLE)

    def _slot(self) -> str:
        devices = license_row(self.stage, self.order).devices
        return self.chance.choice(devices).device_id if devices else "0" * 26

    def _claim(self) -> object:
        return try_claim(self.stage, self.order.order_id, self._someone())

    def _refresh(self) -> object:
        return try_refresh(self.stage, self.order, self._someone())

    def _restore(self) -> object:
        replaces = self._slot() if self.chance.random() < 0.5 else None
        return try_restore(self.stage, self.order, self._someone(),
                           self.chance.choice((NUMBER, KEY)), replaces)

    def _decide(self) -> object:
        takeover = license_row(self.stage, self.order).takeover
        return None if takeover is None else decide_once(
            self.stage, self.order, self._someone(), takeover.takeover_id,
            approve=self.chance.random() < 0.8)

    def _remove(self) -> object:
        return remove_once(self.stage, self.order, self._slot(), self._someone())

    def _hold(self) -> object:
        return hold_order(self.order.order_id, "operator", self.stage.books,
                          self.stage.licenses, **WHO)

    def _free(self) -> object:
        return free_order(self.order.order_id, "operator", self.stage.books,
                          self.stage.licenses, **WHO)

    def _give(self) -> object:
        return give_grant(self.order.order_id, 30, f"g{self.chance.randrange(3)}",
                          self.stage.books, self.stage.licenses, actor="operator:anna")


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
    assert told >= {"handed", "done", "DEVICE_LIMIT_REACHED", "DEVICE_NOT_ACTIVE",
                    "CLAIM_SECRET_USED", "TAKEOVER_WAITS", "TAKEOVER_BUSY", "RESTORE_BARRED",
                    "DEVICE_TOO_NEW", "LICENSE_SUSPENDED"}, sorted(told)


@pytest.mark.slow
def test_nothing_that_devices_do_in_many_lives_breaks_an_invariant() -> None:
    assert sum(_live(range(QUICK, QUICK + LONG)).values()) == LONG * ACTS
