"""What a test can see of a purchase from outside: journals and logs, by order."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from scripts.demo_purchase.buyer import expect
from scripts.demo_purchase.lease import verify_keys, verify_lease

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from scripts.demo_purchase.buyer import Buyer
    from scripts.demo_purchase.lease import VerifiedLease
    from scripts.demo_purchase.stack import Stack

PRODUCT = "reader-pro"
PATIENCE_S = 30.0
LOOK_EVERY_S = 0.5


def place(buyer: Buyer) -> dict[str, Any]:
    """A freshly placed order that can be paid."""
    order: dict[str, Any] = expect(buyer.place(PRODUCT), 200)["order"]
    assert order["status"] == "awaiting_payment"
    return order


def pay(stack: Stack, order: dict[str, Any]) -> str:
    """Scan the order's code and pay; the transaction_id."""
    return stack.wechatpay.pay(order["payment"]["value"])


def look_until_paid(buyer: Buyer, order_id: str) -> dict[str, Any]:
    """Poll as the page does until the order is paid."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        order: dict[str, Any] = expect(buyer.look(order_id), 200)["order"]
        if order["status"] == "paid":
            return order
        time.sleep(LOOK_EVERY_S)
    raise AssertionError(f"the order is still {order['status']}")


def claim(stack: Stack, buyer: Buyer, order_id: str) -> VerifiedLease:
    """Claim the license and verify its lease as the buyer's device does."""
    return verified(stack, buyer, expect(buyer.claim(order_id), 200))


def verified(stack: Stack, buyer: Buyer, answer: dict[str, Any]) -> VerifiedLease:
    """The lease in an answer, good for this device by the roots that clients pin."""
    trust = verify_keys(expect(buyer.keys(), 200)["set"], stack.state.keys.pinned,
                        now_s=time.time())
    return verify_lease(answer["license"]["lease"]["token"], trust, product_id=PRODUCT,
                        thumbprint=buyer.device.thumbprint, now_s=time.time())


def statuses_of_notifies(stack: Stack, order: dict[str, Any], count: int) -> list[int | None]:
    """The answers to this order's notifies, once WeChat has got `count` of them."""
    def answers() -> list[int | None]:
        return [attempt.status for attempt in stack.wechatpay.notify_attempts
                if attempt.out_trade_no == order["out_trade_no"]]

    wait_until(lambda: len(answers()) >= count)
    return answers()


def wait_until(reached: Callable[[], bool]) -> None:
    """Return once it is so; fails when time is up."""
    deadline = time.monotonic() + PATIENCE_S
    while not reached():
        assert time.monotonic() < deadline, "time is up"
        time.sleep(0.02)


def facts(stack: Stack, name: str, order: dict[str, Any]) -> list[dict[str, Any]]:
    """What the functions logged under this name about this order."""
    return [fact for fact in _facts(stack)
            if fact["fact"] == name and fact.get("order_id") == order["order_id"]]


def calls_of_wechat(stack: Stack, order: dict[str, Any]) -> list[tuple[str | None, int | None]]:
    """(endpoint, status) of each call that WeChat Pay got about this order."""
    number = order["out_trade_no"]
    return [(record.endpoint, record.status) for record in stack.wechatpay.requests
            if number in record.target or number.encode() in record.body]


def _facts(stack: Stack) -> Iterator[dict[str, Any]]:
    for line in stack.logs():
        if line.startswith("{"):
            yield json.loads(line)
