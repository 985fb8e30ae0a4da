"""Buyers and their browsers: how they order, pay, watch, come back, and want their money back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from scripts.simulation.engine import HOUR_MS, MINUTE_MS, SECOND_MS
from scripts.simulation.families import Family
from scripts.simulation.instances import Gone
from shared.domain.device import Wanted
from shared.domain.money import Money
from shared.domain.order import OrderState
from shared.errors import Conflict, TongbaoError, Unavailable
from shared.use_cases.cancel_order import cancel_order
from shared.use_cases.claim_license import claim_license
from shared.use_cases.create_order import OrderRequest, create_order
from shared.use_cases.fetch_order import fetch_order
from shared.use_cases.request_refund import request_own_refund
from shared.use_cases.show_receipt import show_receipt
from tests.invariants import answers
from tests.unit.use_cases.world import hash_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from scripts.simulation.instances import Instance
    from scripts.simulation.town import Town
    from shared.domain.order import Order
    from shared.use_cases.claim_license import HandedOver

T = TypeVar("T")
PATIENCE = 8
"""So often a client repeats a request that got no answer."""
POLL_MS = {"page": 2 * SECOND_MS, "browser": 30 * SECOND_MS}
PAGE_STAYS_MS = 10 * MINUTE_MS
BROWSER_RUNS_MS = 150 * MINUTE_MS


@dataclass
class Plan:
    """What one buyer will do; drawn before anything happens."""

    product_id: str
    act: str
    """pays, leaves, cancels, pays_late (after the order is closed), pays_wrong (another amount)."""
    watches: str
    """page, browser, closed."""
    thinks_ms: int
    clicks_twice: bool
    after: str
    """What comes after: nothing, refund, refund_twice, complaint, console, second_payment."""
    after_ms: int
    family: str | None = None
    """The story of the license's devices over the weeks; None: nobody looks at them again."""


@dataclass
class Story:
    """What became of one buyer, for the summary and for the promises."""

    plan: Plan
    order_id: str = ""
    paid_at_ms: int = 0
    license_at_ms: int = 0
    gave_up: str = ""


class Buyer:
    """One buyer and one order. `key` and `secret` are what the client keeps."""

    def __init__(self, town: Town, name: str, plan: Plan) -> None:
        self.town = town
        self.engine = town.engine
        self.key = f"{name}-0f8fad5b-d9cb-469f-a165"
        self.secret = f"{name}-claim-secret-0123456789abcdefghijklmnopqrstuvwxyz"
        self.story = Story(plan)
        self.device = Wanted(hash_of(f"{name} first device"), "chrome/windows")
        self.family = None if plan.family is None else Family(town, name, plan.family)
        self.payer = f"{self.engine.random.randrange(town.payers):064x}"

    def live(self) -> None:
        """The whole visit."""
        plan = self.story.plan
        if plan.clicks_twice:
            self.engine.spawn(self._order)
        order = self._order()
        if order is None:
            self.story.gave_up = "no order"
            return
        self.story.order_id = order.order_id
        if plan.watches != "closed":
            self.engine.spawn(self._watch)
        self.engine.sleep_ms(plan.thinks_ms)
        self._decide(order)

    def _decide(self, order: Order) -> None:
        act, wechat = self.story.plan.act, self.town.wechat
        if act == "leaves":
            self.story.gave_up = "never paid"
            return
        if act == "cancels":
            self._cancel(order.order_id)
            return
        if act == "pays_late":
            self.engine.sleep_ms(self.town.world.shop.order_lifetime_s * SECOND_MS
                                 + self.engine.random.randint(0, 2 * HOUR_MS))
            wechat.pay_after_closing(order, self.payer)
        else:
            amount = Money(1, "CNY") if act == "pays_wrong" else None
            if not wechat.pay(order, self.payer, amount):
                self.story.gave_up = "WeChat took no payment"
                return
        self.story.paid_at_ms = wechat.paid_at_ms.get(order.out_trade_no, 0)
        if self.story.plan.watches == "closed":
            self.engine.spawn(self._come_back, self.engine.random.randint(
                10 * MINUTE_MS, 12 * HOUR_MS))
        self.engine.spawn(lambda: self._after(order), self.story.plan.after_ms)

    def _order(self) -> Order | None:
        request = OrderRequest(self.story.plan.product_id, "CNY", self.key,
                               hash_of(self.secret))

        def place(instance: Instance) -> Order:
            order = create_order(request, instance.shop)
            answers.shown(self.town.world, order)
            return order

        order = self._insist("create-order", place)
        return order if order is not None and order.instruction is not None else None

    def _watch(self) -> None:
        """Poll: every 2 s while the page is open, every 30 s while the browser runs."""
        mode, began_ms = self.story.plan.watches, self.engine.now_ms
        while self.engine.now_ms < began_ms + BROWSER_RUNS_MS:
            if self.engine.now_ms > began_ms + PAGE_STAYS_MS + self.story.plan.thinks_ms:
                mode = "browser"
            self.engine.sleep_ms(POLL_MS[mode])
            order = self._once("license-fetch", self._poll)
            if order is not None and not order.is_open():
                if order.state is not OrderState.CLOSED:
                    self._claim()
                return

    def _poll(self, instance: Instance) -> Order:
        order = fetch_order(self.story.order_id, self.secret, instance.counter)
        answers.shown(self.town.world, order)
        return order

    def _come_back(self) -> None:
        if not self._claim():
            self._insist("license-fetch", self._poll)
            self._claim()

    def _claim(self) -> bool:
        """Whether a lease came; every one that comes is held to what the order said."""
        def claim(instance: Instance) -> HandedOver:
            before = self.town.stored(self.story.order_id)
            handed = claim_license(self.story.order_id, self.secret, self.device,
                                   instance.desk)
            if handed.lease is not None:
                answers.leased(self.town.world, handed.license, before)
            return handed

        handed = self._insist("license-fetch", claim)
        if handed is None or handed.lease is None:
            return False
        if not self.story.license_at_ms:
            self.story.license_at_ms = self.engine.now_ms
        if self.family is not None:
            self.family.begin(self.town.stored(self.story.order_id), handed)
        return True

    def _cancel(self, order_id: str) -> None:
        def cancel(instance: Instance) -> Order:
            order = cancel_order(order_id, self.secret, instance.books, instance.shop.gateway)
            answers.shown(self.town.world, order)
            return order

        done = self._insist("license-fetch", cancel)
        self.story.gave_up = "cancelled" if done is not None else "never paid"

    def _after(self, order: Order) -> None:
        after, wechat = self.story.plan.after, self.town.wechat
        number = order.out_trade_no
        if after == "complaint":
            wechat.complain(number)
        elif after == "console":
            wechat.refund_in_console(number, self.engine.random.choice((1.0, 1.0, 0.5)))
        elif after == "second_payment":
            wechat.pay_again(order)
        elif after.startswith("refund") and wechat.is_plain(number):
            self._want_back(order, "first")
            if after == "refund_twice":
                self.engine.spawn(lambda: self._want_back(order, "first"))
                self.engine.spawn(lambda: self._want_back(order, "second"))
        self._insist("license-fetch", self._read_receipt)
        self.engine.sleep_ms(self.engine.random.randint(1, 60) * MINUTE_MS)
        self._claim()

    def _read_receipt(self, instance: Instance) -> Any:
        return show_receipt(self.story.order_id, self.secret, instance.refunds)

    def _want_back(self, order: Order, key: str) -> None:
        self.town.outside.refund_keys.setdefault(order.order_id, set()).add(key)

        def ask(instance: Instance) -> Order:
            after = request_own_refund(order.order_id, self.secret, key, instance.refunds)
            answers.shown(self.town.world, after)
            return after

        self._insist("license-fetch", ask)

    def _insist(self, function: str, act: Callable[[Instance], T]) -> T | None:
        """Ask until there is an answer; None for a "no", and when patience is over."""
        for attempt in range(PATIENCE):
            try:
                return self.town.network.ask(function, act)
            except (Unavailable, Gone):
                self.engine.sleep_ms((2 + 4 * attempt) * SECOND_MS)
            except Conflict as error:
                if error.code != "ORDER_NOT_PAID":
                    return None
                self.engine.sleep_ms(2 * SECOND_MS)
            except TongbaoError:
                return None
        return None

    def _once(self, function: str, act: Callable[[Instance], T]) -> T | None:
        try:
            return self.town.network.ask(function, act)
        except (TongbaoError, Gone):
            return None
