"""Browsers with a key: what each holds, what it believes offline, and when it asks again.

A browser knows its own clock and the last lease it got, and nothing else. It asks for the next
one when its share of the lease has passed, a little earlier each time than the time before
says, and then every hour until somebody answers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scripts.simulation.engine import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS
from scripts.simulation.instances import Gone
from shared.domain import identifiers
from shared.domain.device import Wanted
from shared.errors import TongbaoError, Unavailable
from shared.use_cases.refresh_lease import refresh_lease
from tests.invariants import answers
from tests.invariants.ground import must
from tests.unit.use_cases.world import hash_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from scripts.simulation.families import Family
    from scripts.simulation.instances import Instance
    from shared.use_cases.claim_license import HandedOver

MOST_SKEW_S = 50 * 60
"""Buyers' clocks; a lease allows for an hour."""
EARLIEST, LATEST = 0.40, 0.49
"""The share of a lease after which the next one is asked for."""
TRIES = 4
SILENT = "no answer"
"""The code of no answer."""


class Browser:
    """One browser. `claims` are those of the lease it holds; None: it has none.

    `guards` says that its owner looks at the license's devices every day; `away` is a time, in
    milliseconds from and to, without a network.
    """

    def __init__(self, family: Family, name: str, *, guards: bool = False) -> None:
        self.family, self.town = family, family.town
        self.engine = family.town.engine
        self.wanted = Wanted(hash_of(name), "chrome/windows")
        self.guards = guards
        self.skew_s = self.engine.random.randint(-MOST_SKEW_S, MOST_SKEW_S)
        self.claims: dict[str, Any] | None = None
        self.kid = ""
        self.share = EARLIEST
        self.seated_at_s = 0
        self.is_lost = False
        self.was_refused = False
        self.was_away = self.was_silent = False
        self.away = (0, 0)

    @property
    def device_id(self) -> str:
        """Its id among the license's devices."""
        return identifiers.device_id(self.family.license_id, self.wanted.thumbprint)

    @property
    def own_s(self) -> int:
        """The time, as it believes."""
        return self.engine.now_s + self.skew_s

    @property
    def dark_at_s(self) -> int:
        """The true time from which on it unlocks nothing."""
        if self.claims is None:
            return 0
        return int(self.claims["exp"] + self.claims["grc"] - self.skew_s)

    @property
    def must_last(self) -> bool:
        """Whether it did its part, so that its lease must not end before the next one comes.

        A lease that ends with its license is followed by none.
        """
        if self.claims is None or self.is_lost or self.was_refused or self.was_away:
            return False
        ends_at_s = self.claims["exp"] + self.claims["grc"]
        return self.claims["lexp"] is None or bool(ends_at_s < self.claims["lexp"])

    def state(self) -> str:
        """What it believes now: good, grace or dark."""
        if self.claims is None or self.own_s < self.claims["nbf"]:
            return "dark"
        if self.own_s < self.claims["exp"]:
            return "good"
        return "grace" if self.engine.now_s < self.dark_at_s else "dark"

    def live(self) -> None:
        """From its first lease on, for as long as its key exists."""
        while not self.is_lost:
            self.engine.sleep_ms(self._pause_ms())
            if self.is_lost:
                return
            if self._is_away():
                self.was_away = True
                continue
            if self.claims is not None and self.kid in self.town.withdrawn and (
                    not self.town.faults.is_down()):
                # It saw the new key set: the lease counts for nothing any more.
                self.claims = None
            if self.claims is None or self.own_s >= self._due_s():
                self._refresh()
            if self.guards and not self.is_lost:
                self.family.guard(self)

    def take(self, handed: HandedOver) -> None:
        """A lease came."""
        if handed.lease is None:
            return
        kid, claims = self.town.issuer.opened(handed.lease)
        self.family.promises.hold_for_lease(self, kid, claims, handed)
        self.seated_at_s = self.seated_at_s or self.engine.now_s
        self.claims, self.kid = claims, kid
        self.was_refused = self.was_away = False
        self.share = self.engine.random.uniform(EARLIEST, LATEST)

    def ask(self, act: Callable[[Instance], Any]) -> tuple[Any, TongbaoError | None, str]:
        """What license-fetch answers: the answer, or the error and its code."""
        for attempt in range(1 if self.was_silent else TRIES):
            try:
                answer = self.town.network.ask("license-fetch", act)
                self.was_silent = False
                return answer, None, ""
            except (Unavailable, Gone):
                self.engine.sleep_ms((2 + 4 * attempt) * SECOND_MS)
            except TongbaoError as error:
                self.was_silent = False
                return None, error, error.code
        self.was_silent = True
        return None, None, SILENT

    def ask_for_lease(self, act: Callable[[Instance], HandedOver]) -> tuple[
            TongbaoError | None, str]:
        """The same, for requests that a lease answers, and held to I5 and I7."""
        def held(instance: Instance) -> HandedOver:
            before = self.town.stored(self.family.order_id)
            handed = act(instance)
            if handed.lease is not None:
                answers.leased(self.town.world, handed.license, before)
            return handed

        handed, error, code = self.ask(held)
        if handed is not None:
            self.take(handed)
        return error, code

    def _refresh(self) -> None:
        _, code = self.ask_for_lease(lambda it: refresh_lease(
            self.family.license_id, self.wanted.thumbprint, it.desk))
        self.town.count("refreshed" if not code else f"refresh: {code}")
        if code not in ("", SILENT):
            self.was_refused = True

    def _due_s(self) -> int:
        assert self.claims is not None
        return int(self.claims["iat"]
                   + self.share * (self.claims["exp"] - self.claims["iat"]))

    def _pause_ms(self) -> int:
        chance = self.engine.random
        if self._is_away():
            # It left while it was asking: it wakes when all of that time is over.
            self.was_away = True
            return self.away[1] - self.engine.now_ms + SECOND_MS
        if self.was_refused:
            return chance.randint(DAY_MS, 2 * DAY_MS)
        due_ms = HOUR_MS if self.claims is None else max(
            (self._due_s() - self.own_s) * SECOND_MS, 55 * MINUTE_MS)
        most_ms = chance.randint(20, 28) * HOUR_MS if self.guards else due_ms
        if self.town.withdrawn:
            most_ms = min(most_ms, DAY_MS)
        return min(due_ms, most_ms)

    def _is_away(self) -> bool:
        return self.away[0] <= self.engine.now_ms < self.away[1]


def held_to_the_end(browser: Browser) -> None:
    """Whoever asked when due, and was not refused, is not dark when the run is over."""
    if browser.must_last:
        must(browser.state() != "dark", "I29", "a paid device that refreshed is dark at the end")
