"""One run: a town, its buyers, faults and time, from the first order to the last bill."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from scripts.simulation.bills import TownBills
from scripts.simulation.buyers import Buyer, Plan
from scripts.simulation.engine import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, Engine
from scripts.simulation.faults import FAULTS, Faults, Odds, Window
from scripts.simulation.instances import Network
from scripts.simulation.signing import TownIssuer
from scripts.simulation.staff import Operators, Timers
from scripts.simulation.stories import STORIES
from scripts.simulation.wechat import WeChat
from shared.domain import identifiers
from shared.domain.catalogue import Catalogue, Product
from shared.domain.money import Money
from shared.domain.refund_policy import RefundPolicy
from tests.fakes.refunds import FakeRefundGateway
from tests.invariants.ground import Outside
from tests.unit.use_cases.world import World

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from scripts.auditing.access_log import LogLine
    from scripts.simulation.families import Family
    from shared.domain.order import Order
    from shared.domain.refund import RefundFact

ARRIVAL_MS = 100 * SECOND_MS
"""Mean time between two buyers."""
SHORTEST_MS = 8 * HOUR_MS
TROUBLED_AFTER_MS = 12 * HOUR_MS
"""Faults go on so long after the last buyer came."""
QUIET_MS = 4 * DAY_MS
"""Then nothing fails any more, and everything must come to its end: two bills and a day more."""
WITHDRAWN = "course"
WEEKS = 5
"""So long devices live on after the last buyer, before the quiet days: longer than any lease."""
FAMILIES = 0.5
"""So many buyers have a story of devices; the others look once and never come back."""
DOWN_MS = 14 * DAY_MS
"""The longest outage that nobody who refreshes when due may notice (docs/licenses.md)."""


@dataclass(frozen=True)
class Settings:
    """What a run is made of, besides its seed."""

    orders: int = 1_000
    odds: Odds = FAULTS
    is_bad_bill: bool = True
    strangers: int = 6
    plan: Callable[[Random], Plan] | None = None
    quiet_ms: int = QUIET_MS
    weeks: int = WEEKS


class TownRefunds(FakeRefundGateway):
    """Refunds that come to their end later, and a merchant who sometimes has no money."""

    on_place: Callable[[str], None]
    is_broke: Callable[[], bool]

    def place(self, provider_request: str) -> RefundFact:
        """See the port."""
        self.has_balance = not self.is_broke()
        fact = super().place(provider_request)
        self.on_place(fact.out_refund_no)
        return fact


def catalogue() -> Catalogue:
    """Four things under four policies; one of them is withdrawn half-way."""
    def product(product_id: str, price: int, days: int | None,
                policy: RefundPolicy | None) -> Product:
        texts = {"en": product_id, "zh": product_id}
        return Product(product_id, texts, texts, {"CNY": Money(price, "CNY")}, days, ("pro",),
                       policy)

    return Catalogue("2026-11-22", {one.product_id: one for one in (
        product("reader-pro", 9_900, 365, RefundPolicy(7, most_per_payer=2)),
        product("reader-team", 29_900, 365,
                RefundPolicy(7, most_per_payer=2, approval_above_minor=20_000)),
        product("reader-once", 4_900, None,
                RefundPolicy(3, most_per_payer=2, only_if_never_activated=True)),
        product(WITHDRAWN, 19_900, None, None))})


def draw_plan(random: Random) -> Plan:
    """What a buyer is like."""
    after = random.choices(
        ("nothing", "refund", "refund_twice", "complaint", "console", "second_payment"),
        (770, 120, 40, 30, 35, 5))[0]
    return Plan(
        product_id=random.choices(("reader-pro", "reader-team", "reader-once", WITHDRAWN),
                                  (60, 15, 15, 10))[0],
        act=random.choices(("pays", "leaves", "cancels", "pays_late", "pays_wrong"),
                           (800, 110, 60, 25, 5))[0],
        watches=random.choices(("page", "browser", "closed"), (6, 2, 2))[0],
        thinks_ms=random.choices((random.randint(5, 120) * SECOND_MS,
                                  random.randint(2, 115) * MINUTE_MS,
                                  2 * HOUR_MS + random.randint(-20, 20) * SECOND_MS),
                                 (85, 12, 3))[0],
        clicks_twice=random.random() < 0.1,
        after=after,
        # A second payment comes soon: the bill of the first one's day has the second instead.
        after_ms=random.randint(1, 60 if after == "second_payment" else 1_200) * MINUTE_MS,
        family=draw_story(random))


def draw_story(random: Random) -> str | None:
    """What a buyer's devices will live through."""
    if random.random() >= FAMILIES:
        return None
    return random.choices(list(STORIES), [story.often for story in STORIES.values()])[0]


class Town:
    """Everything of one run. `run` lets it happen; afterwards `world` is what came of it."""

    def __init__(self, seed: int, settings: Settings) -> None:
        self.seed, self.settings = seed, settings
        self.world = World()
        self.engine = Engine(f"tongbao {seed}", self.world.clock.now_s() * SECOND_MS,
                             self.world.clock.advance_ms)
        self.span_ms = max(SHORTEST_MS, settings.orders * ARRIVAL_MS)
        self.faults = Faults(self.engine, settings.odds, self.span_ms)
        self.outside = Outside()
        self.log: list[LogLine] = []
        self.payers = max(10, settings.orders // 2)
        self._furnish()
        self.network = Network(self.world, self.faults, self.log)
        self.wechat = WeChat(self.world, self.outside, self.network, self.faults)
        self.timers, self.operators = Timers(self), Operators(self)
        self.buyers: list[Buyer] = []
        self.families: list[Family] = []
        self.acts: Counter[str] = Counter()
        self.withdrawn: set[str] = set()
        self.is_slow = False

    def _furnish(self) -> None:
        world = self.world
        self.issuer = TownIssuer()
        world.issuer = self.issuer
        world.shop = replace(world.shop, catalogue=catalogue())
        refunds = TownRefunds(world.gateway, world.clock)
        refunds.on_place = lambda number: self.wechat.will_settle(number)
        refunds.is_broke = lambda: self.faults.lasts("no_balance")
        world.refunds = refunds
        world.bills.refunds = refunds
        world.bills = TownBills(  # type: ignore[assignment]
            world, self.outside, self.engine.random, is_bad=self.settings.is_bad_bill)

    def run(self, on_progress: Callable[[int], None] = lambda _: None) -> None:
        """From the first buyer to the quiet end; raises Broken as soon as something is wrong.

        `on_progress` hears how many buyers have come.
        """
        self._expect_buyers()
        self._expect_trouble()
        self._start()
        begin_ms = self.engine.now_ms
        calm_ms = begin_ms + self.span_ms + TROUBLED_AFTER_MS
        for until_ms in range(begin_ms, calm_ms, HOUR_MS):
            self.engine.run(until_ms)
            on_progress(len(self.buyers))
        self.engine.run(calm_ms)
        calm_ms += self._live_on()
        self.faults.is_calm = True
        self.engine.run(calm_ms + self.settings.quiet_ms)
        on_progress(len(self.buyers))

    def _live_on(self) -> int:
        """The weeks of the devices: keys change, and every other town is out for 14 days."""
        weeks_ms, begin_ms = self.settings.weeks * 7 * DAY_MS, self.engine.now_ms
        if not weeks_ms:
            return 0
        chance = self.engine.random
        self.is_slow = True
        self.engine.after(chance.randrange(2 * DAY_MS, weeks_ms - 8 * DAY_MS), self._rotate)
        if self.seed % 2 == 0:
            down_ms = begin_ms + chance.randrange(DAY_MS, weeks_ms - DOWN_MS - DAY_MS)
            self.faults.down = Window(down_ms, down_ms + DOWN_MS)
        self.engine.run(begin_ms + weeks_ms)
        self.is_slow = False
        return weeks_ms

    def _rotate(self) -> None:
        """A new key signs; in half of the towns the old one is withdrawn some days later."""
        old = self.issuer.rotate()
        self.count("key rotated")
        if self.engine.random.random() < 0.5:
            self.engine.after(self.engine.random.randint(1, 6 * 24) * HOUR_MS,
                              lambda: self._withdraw_key(old))

    def _withdraw_key(self, kid: str) -> None:
        self.withdrawn.add(kid)
        self.count("key withdrawn")

    def count(self, act: str) -> None:
        """One more act of a device."""
        self.acts[act] += 1
        self.engine.note(f"device {act}")

    def _start(self) -> None:
        """Everybody who works here begins."""
        self.timers.start()
        self.operators.start()

    def stored(self, order_id: str) -> Order:
        """The order as it is in the store, at once."""
        order = self.world.orders.load(order_id)
        assert order is not None
        return order

    @property
    def virtual_days(self) -> float:
        """How much time went by."""
        return (self.engine.now_ms - self.engine.start_ms) / DAY_MS

    def _expect_buyers(self) -> None:
        draw = self.settings.plan or draw_plan
        for number in range(self.settings.orders):
            buyer = Buyer(self, f"{self.seed}-{number:05d}", draw(self.engine.random))
            self.engine.after(self.engine.random.randrange(self.span_ms),
                              lambda buyer=buyer: self._arrive(buyer))

    def _arrive(self, buyer: Buyer) -> None:
        self.buyers.append(buyer)
        self.engine.spawn(buyer.live)

    def _expect_trouble(self) -> None:
        chance = self.engine.random
        for _ in range(self.settings.odds.clock_steps):
            self.engine.after(chance.randrange(self.span_ms), self.network.step_a_clock)
        for number in range(self.settings.strangers):
            ours = number % 2 == 0
            out_trade_no = identifiers.out_trade_no(
                self.world.shop.prefix if ours else "ZZ99", "test", f"stranger {number}")
            self.engine.after(
                self.span_ms // 4 + chance.randrange(self.span_ms // 2),
                lambda number=out_trade_no, ours=ours: self._pay_strange(number, ours))
        if self.settings.odds.call:
            self.engine.after(self.span_ms // 2, self._withdraw)

    def _pay_strange(self, number: str, ours: bool) -> None:
        if self.world.gateway.trades:
            self.faults.count("payment_of_no_order" if ours else "payment_of_another_shop")
            self.wechat.take_for(number, tells=ours)
            if not ours:
                # One address a merchant hears of the complaints of all shops.
                self.wechat.complain(number)

    def _withdraw(self) -> None:
        products = self.world.shop.catalogue.products
        assert isinstance(products, dict)
        products.pop(WITHDRAWN)
