"""The running world of the acts: what buyers, WeChat Pay and time do, and what can be seen of it.

Nothing is read from inside the product: orders are shown by `admin`, as operators see them, and
what was done by which function is taken from the logs.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from emulators.wechatpay import Fault
from scripts.demo_purchase.buyer import Buyer, PurchaseFailed, expect
from scripts.demo_purchase.faults.told import DAY_S, MINUTE_S
from scripts.demo_purchase.lease import verify_keys, verify_lease

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulators.fc import Invocation
    from scripts.demo_purchase.faults.told import Teller
    from scripts.demo_purchase.lease import VerifiedLease
    from scripts.demo_purchase.stack import Stack
    from scripts.demo_purchase.world_clock import WorldClock

BEIJING_AHEAD_S = 8 * 3_600
PRODUCT = "reader-pro"
PATIENCE_S = 30.0
LOOK_EVERY_S = 0.02


def promised(holds: bool, promise: str) -> None:
    """Raise PurchaseFailed unless it is as promised."""
    if not holds:
        raise PurchaseFailed(f"not as promised: {promise}")


@dataclass(frozen=True)
class Sale:
    """One buyer's order; `order` as first answered."""

    buyer: Buyer
    order: dict[str, Any]

    @property
    def order_id(self) -> str:
        """Our name of the order."""
        return str(self.order["order_id"])

    @property
    def out_trade_no(self) -> str:
        """WeChat's name of the order."""
        return str(self.order["out_trade_no"])


@dataclass(frozen=True)
class Seen:
    """An order as operators see it, with its license."""

    order: dict[str, Any]
    license: dict[str, Any] | None

    def count(self, kind: str) -> int:
        """How often this event is in the order's history."""
        return sum(event["kind"] == kind for event in self.order["history"])

    @property
    def grants(self) -> int:
        """How many grants the license has."""
        return 0 if self.license is None else len(self.license["grants"])


@dataclass
class Stage:
    """What the acts work with."""

    stack: Stack
    clock: WorldClock
    teller: Teller
    _fired_until_s: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        self._fired_until_s = self.now_s()

    def now_s(self) -> int:
        """The world's time."""
        return int(self.clock.now_s())

    def lose_notifies(self) -> None:
        """From now on WeChat's notifies reach nobody."""
        self.stack.wechatpay.inject(Fault("lost", "notify", times=None))

    def place(self) -> Sale:
        """A new buyer's order, waiting to be paid."""
        buyer = Buyer(self.stack.urls)
        order = expect(buyer.place(PRODUCT), 200)["order"]
        promised(order["status"] == "awaiting_payment", "the order can be paid")
        self.teller.happened("buyer", "places an order", f"{_money(order['price'])}, order "
                             f"{order['order_id'][:6]}…")
        return Sale(buyer, order)

    def pay(self, sale: Sale) -> None:
        """The buyer pays with the phone."""
        transaction_id = self.stack.wechatpay.pay(sale.order["payment"]["value"])
        self.teller.happened("WeChat Pay", "takes the money", f"transaction …{transaction_id[-6:]}")

    def claim(self, sale: Sale) -> VerifiedLease:
        """The buyer's page fetches the license, and the lease is verified offline."""
        token = expect(sale.buyer.claim(sale.order_id), 200)["license"]["lease"]["token"]
        trust = verify_keys(expect(sale.buyer.keys(), 200)["set"], self.stack.state.keys.pinned,
                            now_s=self.now_s())
        verified = verify_lease(token, trust, product_id=PRODUCT, now_s=self.now_s(),
                                thumbprint=sale.buyer.device.thumbprint)
        self.teller.happened("license-fetch", "hands out the license",
                             "lease verified offline ✓", "green")
        return verified

    def seen(self, sale: Sale) -> Seen:
        """The order as `admin` shows it."""
        shown = self._operate("order", order=sale.order_id)
        return Seen(shown["order"], shown["license"])

    def rows_due(self) -> int:
        """How much the timer has before it now."""
        return int(self._operate("due")["due"])

    def money_at_wechat(self, sale: Sale) -> tuple[int, int]:
        """What WeChat took for this order and what it gave back, in fen."""
        wechat = self.stack.wechatpay
        order = wechat.orders[sale.out_trade_no]
        back = sum(refund.refund_fen for refund in wechat.refunds.values()
                   if refund.out_trade_no == sale.out_trade_no and refund.status == "SUCCESS")
        return (0 if order.transaction_id is None else order.total_fen), back

    def notify_statuses(self, sale: Sale) -> list[int | None]:
        """What WeChat was answered to its notifies of this order."""
        return [attempt.status for attempt in self.stack.wechatpay.notify_attempts
                if attempt.out_trade_no == sale.out_trade_no]

    def wait_until(self, reached: Callable[[], bool], promise: str) -> None:
        """Return once it is so; raises PurchaseFailed when true time runs out."""
        deadline = time.monotonic() + PATIENCE_S
        while not reached():
            promised(time.monotonic() < deadline, promise)
            time.sleep(LOOK_EVERY_S)

    def facts(self, sale: Sale) -> list[dict[str, Any]]:
        """What functions logged about this order, in order of time."""
        lines = [json.loads(line) for line in self.stack.logs() if line.startswith("{")]
        return sorted((fact for fact in lines if fact.get("order_id") == sale.order_id),
                      key=lambda fact: int(fact["at_s"]))

    def move_on(self, at_s: int) -> None:
        """Move the world's clock to this time; whatever WeChat then has to do, it does."""
        self.clock.advance_to(at_s)
        self.stack.wechatpay.deliver_due_notifies()
        self._fired_until_s = max(self._fired_until_s, at_s - 1)

    def next_minute(self) -> list[Invocation]:
        """Let time pass to the next full minute, and fire the timers of that time."""
        at_s = (self.now_s() // MINUTE_S + 1) * MINUTE_S
        after_s = max(self._fired_until_s, at_s - MINUTE_S)
        self.clock.advance_to(at_s)
        self.stack.wechatpay.on_change()
        return self._fire(after_s, at_s)

    def tomorrow(self, hour: int, minute: int, second: int) -> int:
        """When it is this time on the next Beijing day."""
        start_s = (self.now_s() + BEIJING_AHEAD_S) // DAY_S * DAY_S - BEIJING_AHEAD_S
        return start_s + DAY_S + hour * 3_600 + minute * MINUTE_S + second

    def fire_now(self) -> list[Invocation]:
        """Fire the timers of this very second."""
        return self._fire(self._fired_until_s, self.now_s())

    def _fire(self, after_s: int, until_s: int) -> list[Invocation]:
        done = self.stack.functions.run_timers(after_s, until_s)
        self._fired_until_s = until_s
        for invocation in done:
            promised(invocation.ok, f"every timer does its job ({invocation.kind})")
        return done

    def _operate(self, act: str, **fields: str) -> dict[str, Any]:
        event = json.dumps({"act": act, "actor": "demo", **fields}).encode()
        done = self.stack.functions.invoke(self.stack.names["admin"], event)
        answer = json.loads(done.payload) if done.ok else {}
        promised("ok" in answer, f"admin answers to {act} ({done.kind})")
        shown: dict[str, Any] = answer["ok"]
        return shown


def _money(value: dict[str, Any]) -> str:
    return f"{value['amount_minor'] / 100:.2f} {value['currency']}"
