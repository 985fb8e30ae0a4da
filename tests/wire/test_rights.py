"""What each function asks of Tablestore is within its role's policy (infra/ram)."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from emulators.wechatpay import Account
from scripts.packaging.contents import PACKAGES
from shared.domain.calendar import DAY_S, day_of
from tests.deploy.test_ram import RIGHTS
from tests.wire.deployment import Buyer, Deployment

if TYPE_CHECKING:
    from collections.abc import Callable

Rights = dict[str, dict[str, set[str]]]

class Watched(Deployment):
    """Notes which function asked what of which table."""

    def __enter__(self) -> Watched:
        super().__enter__()
        self.asked: Rights = defaultdict(lambda: defaultdict(set))
        for name, app in list(self.apps.items()):
            self.apps[name] = self._watching(name, app)
        self.timers = self._watching("timers", self.timers)
        self.admin = self._watching("admin", self.admin)
        return self

    def _watching(self, name: str, app: Callable[..., Any]) -> Any:
        def watching(event: object, context: object) -> Any:
            before = len(self.store.requests)
            try:
                return app(event, context)
            finally:
                for request in self.store.requests[before:]:
                    for table in request.tables:
                        self.asked[name][table].add(request.api)
        return watching


@pytest.fixture(scope="module")
def asked() -> Rights:
    """One shop's life: bought, refunded, cancelled, complained, held, reconciled, forgotten."""
    with Watched(Account.create(), TONGBAO_COMPLAINT_HOLDS_LICENSE="1",
                 TONGBAO_REFUND_HELD="1", TONGBAO_KEEP_PAYER_DAYS="1",
                 TONGBAO_PAYER_PEPPER="pepper-of-the-tests-of-rights-0001") as shop:
        _sell_and_refund(shop)
        _cancel_and_ask_back(shop)
        _complain(shop)
        _hold_and_settle(shop)
        _reconcile(shop)
        _forget(shop)
        return shop.asked


def _paid(shop: Deployment) -> tuple[Buyer, dict[str, Any]]:
    buyer = Buyer.fresh()
    order: dict[str, Any] = shop.order(buyer).body["order"]
    shop.wechat.pay(order["payment"]["value"])
    assert shop.notify(order["out_trade_no"]).status == 200
    shop.claim(buyer, order["order_id"])
    return buyer, order


def _look(shop: Deployment, order: dict[str, Any]) -> None:
    shop.make_due(order["order_id"])
    shop.timer("due")


def _forget(shop: Deployment) -> None:
    """A payer whose refund is counted: once when the time has come, once when they ask."""
    for days_ago in (2, 0):
        buyer = Buyer.fresh()
        order = shop.order(buyer).body["order"]
        shop.wechat_offset_s = -days_ago * DAY_S
        shop.wechat.pay(order["payment"]["value"])
        shop.wechat_offset_s = 0
        secret = [("Authorization", f"Bearer {buyer.secret}")]
        path = f"/v1/orders/{order['order_id']}"
        shop.call("create-order", "POST", f"{path}/cancel", secret)  # which finds it paid
        asked = shop.call("create-order", "POST", f"{path}/refunds",
                          [*secret, ("Idempotency-Key", Buyer.fresh().key)])
        assert asked.status < 300, asked.body
        if days_ago:
            _look(shop, order)
        else:
            shop.operate("export", order=order["order_id"])
            shop.operate("erase", order=order["order_id"])
        shown = shop.operate("order", order=order["order_id"])["order"]
        assert {"refund_requested", "payer_forgotten"} <= {
            event["kind"] for event in shown["history"]}


def _sell_and_refund(shop: Deployment) -> None:
    _, order = _paid(shop)
    shop.operate("gift", order=order["order_id"], term_days=3, key="gift-0001")
    shop.operate("hold", order=order["order_id"])
    shop.operate("release", order=order["order_id"])
    shop.operate("refund", order=order["order_id"], key="key-00001")
    _look(shop, order)
    shop.notifies_arrive, shop.wechat_offset_s = True, 120
    shop.wechat.deliver_due_notifies()
    shop.notifies_arrive, shop.wechat_offset_s = False, 0
    _look(shop, order)


def _cancel_and_ask_back(shop: Deployment) -> None:
    buyer = Buyer.fresh()
    order = shop.order(buyer).body["order"]
    secret = [("Authorization", f"Bearer {buyer.secret}")]
    path = f"/v1/orders/{order['order_id']}"
    assert shop.call("create-order", "POST", f"{path}/cancel", secret).status == 200
    buyer, order = _paid(shop)
    path = f"/v1/orders/{order['order_id']}"
    secret = [("Authorization", f"Bearer {buyer.secret}")]
    asked = shop.call("create-order", "POST", f"{path}/refunds",
                      [*secret, ("Idempotency-Key", Buyer.fresh().key)])
    assert asked.status < 300, asked.body
    assert shop.call("license-fetch", "GET", f"{path}/receipt", secret).status == 200


def _complain(shop: Deployment) -> None:
    _, order = _paid(shop)
    complaint = shop.wechat.complain(out_trade_no=order["out_trade_no"])
    shop.timer("complaints")
    shop.make_due(complaint.complaint_id, "complaint")
    shop.timer("due-everywhere")
    shop.operate("complaints")
    shop.operate("answer", complaint_id=complaint.complaint_id, text="Soon.")
    shop.operate("complete", complaint_id=complaint.complaint_id)


def _hold_and_settle(shop: Deployment) -> None:
    order = shop.order(Buyer.fresh()).body["order"]
    transaction_id = shop.wechat.pay(order["payment"]["value"])
    shop.lose_order(order["order_id"])
    assert shop.notify(order["out_trade_no"]).status == 500
    assert len(shop.operate("held")["held"]) == 1
    shop.operate("resolve", transaction_id=transaction_id, how="refund")
    shop.make_due(f"wechatpay:{transaction_id}", "held")
    shop.timer("due")
    assert shop.operate("due")["due"] >= 0


def _reconcile(shop: Deployment) -> None:
    buyer = Buyer.fresh()
    order = shop.order(buyer).body["order"]
    shop.wechat_offset_s = -2 * DAY_S
    shop.wechat.pay(order["payment"]["value"])
    shop.wechat_offset_s = 0
    shop.timer("bill")
    shop.operate("reconcile", day=day_of(int(time.time()) - 2 * DAY_S))
    shop.poll(buyer, order["order_id"])


@pytest.mark.parametrize("name", PACKAGES)
def test_a_function_asks_nothing_that_its_role_may_not(asked: Rights, name: str) -> None:
    beyond = {table: apis - RIGHTS[name].get(table, set())
              for table, apis in asked[name].items() if apis - RIGHTS[name].get(table, set())}
    assert beyond == {}


@pytest.mark.parametrize("name", PACKAGES)
def test_no_role_has_a_table_that_its_function_never_touches(asked: Rights, name: str) -> None:
    assert set(RIGHTS[name]) - set(asked[name]) <= RARE[name]


RARE: dict[str, set[str]] = {
    "create-order": {"held_payments"}, "notify": set(),
    "license-fetch": {"held_payments", "payer_refunds", "due"}, "timers": set(), "admin": set()}
"""Tables that take a refund policy, a payment that fits nothing or one that comes late."""


def test_the_policies_are_those_that_are_compared_here() -> None:
    policies = Path(__file__).resolve().parents[2] / "infra" / "ram"
    for name in PACKAGES:
        text = json.dumps(json.loads((policies / f"{name}.json").read_text()))
        for table in RIGHTS[name]:
            assert f"table/{table}" in text
