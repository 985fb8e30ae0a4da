"""The shop that the extension buys from: real functions over HTTP, and the phone of the buyer."""

from __future__ import annotations

import io
import json
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import zxingcpp
from PIL import Image

from emulators.wechatpay import Fault
from scripts.demo_purchase.browser.sample import shop_of
from scripts.demo_purchase.buyer import Buyer
from scripts.demo_purchase.buyer import expect as answered
from scripts.demo_purchase.device import Device
from scripts.demo_purchase.stack import run_stack
from scripts.demo_purchase.state import open_state
from scripts.demo_purchase.world_clock import WorldClock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Route

    from scripts.demo_purchase.stack import Stack

ORDER_LIFETIME_S = 4 * 3_600
"""Twice as long as a code of WeChat's: a code can end before its order does."""
NO_LIMITS = {"TONGBAO_ORDERS_BURST": "1000", "TONGBAO_RESTORES_PER_MINUTE": "1000",
             "TONGBAO_ORDER_LIFETIME_S": str(ORDER_LIFETIME_S)}
WECHAT_WAITS_DIVIDED_BY = 100

MOST_MINUTES = 10
FUNCTIONS = "http://127.0.0.1:*/**"
"""Where they are, for Playwright's `route`."""


def down(route: Route) -> None:
    """What the platform answers when a function does not start."""
    route.fulfill(status=503, body="", headers={"Access-Control-Allow-Origin": "*"})


@dataclass
class World:
    """The running shop, its clock, and WeChat."""

    stack: Stack
    clock: WorldClock

    @property
    def ahead_s(self) -> int:
        """How much later it is here than on this machine."""
        return self.clock.ahead_s

    def shop(self, **changes: Any) -> dict[str, Any]:
        """What an extension has to know of this shop (extension/sample/src/shop.json)."""
        return {**shop_of(self.stack), **changes}

    def pay(self, picture: bytes) -> str:
        """Scan the code in this picture with WeChat, and pay; the transaction_id."""
        return self.stack.wechatpay.pay(scan(picture))

    def fill(self, license_key: str) -> None:
        """Let two more devices take the places that are left."""
        for platform in ("edge/macos", "chrome/windows"):
            other = Buyer(self.stack.urls, device=Device(platform))
            answered(other.restore(license_key=license_key), 200)

    def lose_notifies(self) -> None:
        """From now on WeChat's notifies reach nobody."""
        self.stack.wechatpay.inject(Fault("lost", "notify", times=None))

    def advance(self, seconds: int) -> None:
        """Let time pass for the functions and WeChat. Browsers are told at their next start."""
        self.clock.advance_to(self.clock.now_s() + seconds)
        self.stack.wechatpay.on_change()

    def order(self, order_number: str) -> dict[str, Any]:
        """An order as operators see it, with its license."""
        return self.operate("order", order=order_number)

    def operate(self, act: str, **fields: str) -> dict[str, Any]:
        """One act of an operator."""
        event = json.dumps({"act": act, "actor": "ann", **fields}).encode()
        done = self.stack.functions.invoke(self.stack.names["admin"], event)
        answer = json.loads(done.payload)
        assert done.ok and "ok" in answer, answer
        shown: dict[str, Any] = answer["ok"]
        return shown

    def settle_refund(self, order_number: str) -> None:
        """Let minutes pass until the money is back and we have heard of it."""
        for _ in range(MOST_MINUTES):
            before_s = int(self.clock.now_s())
            self.advance(60)
            self.stack.functions.run_timers(before_s, int(self.clock.now_s()))
            self.stack.wechatpay.deliver_due_notifies()
            if self.order(order_number)["order"]["state"] == "refunded":
                return
        raise AssertionError(self.order(order_number)["order"])

    def orders_at_wechat(self) -> int:
        """How many orders WeChat Pay knows."""
        return len(self.stack.wechatpay.orders)


def scan(picture: bytes) -> str:
    """The text of the one QR code in a picture, as WeChat's camera reads it: never inverted."""
    found = codes(picture)
    assert len(found) == 1, found
    return found[0]


def codes(picture: bytes) -> list[str]:
    """All QR codes that can be read."""
    with Image.open(io.BytesIO(picture)) as image:
        read = zxingcpp.read_barcodes(image.convert("L"), try_invert=False)
    return [code.text for code in read]


@contextmanager
def running(folder: Path) -> Iterator[World]:
    """A world of its own in this folder."""
    with (WorldClock(folder / "clock") as clock,
          run_stack(open_state(folder), overrides=NO_LIMITS, clock=clock) as stack):
        stack.wechatpay.set_time_scale(WECHAT_WAITS_DIVIDED_BY)
        yield World(stack, clock)
