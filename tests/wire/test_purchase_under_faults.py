"""One purchase with a fault at each of its requests, through the real SDK and real sockets.

First the purchase runs undisturbed and its requests to Tablestore and WeChat are counted. Then
it runs again for every request and every kind of fault, with what production does afterwards:
the client repeats with its key, WeChat repeats its notify, the buyer polls and claims. At the
end there is exactly one payment, one grant, one license, and its history verifies.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from emulators.tablestore import Fault as StoreFault
from emulators.wechatpay import Account
from emulators.wechatpay import Fault as WeChatFault
from shared.domain import history, order
from shared.domain.license import KIND as LICENSE
from tests.wire.deployment import Buyer, Deployment, Reply

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MOST_TRIES = 6
STORE_REQUESTS = 8
"""What one undisturbed purchase sends to Tablestore; the first test holds this number."""
STORE_FAULTS = {
    "lost request": {"kind": "lost_request"},
    "lost answer": {"kind": "lost_answer"},
    "throttled": {"kind": "OTSServerBusy"},
    "failed before": {"kind": "OTSInternalServerError"},
    "failed after": {"kind": "OTSInternalServerError", "applied": True},
    "timed out after": {"kind": "OTSTimeout", "applied": True},
    "row conflict": {"kind": "OTSRowOperationConflict"},
    "lost for a while": {"kind": "lost_request", "times": 3},
    "silent after applying": {"kind": "lost_answer", "times": 2},
}
WECHAT_FAULTS = {
    "signature probe": {"kind": "signtest"},
    "wrong serial": {"kind": "wrong_serial"},
    "unsigned": {"kind": "unsigned"},
    "tampered": {"kind": "tampered_body"},
    "truncated": {"kind": "truncated_body"},
    "rate limited": {"kind": "rate_limited"},
    "500": {"kind": "system_error"},
    "500 after commit": {"kind": "system_error", "applied": True},
    "502 page": {"kind": "bad_gateway"},
    "redirect": {"kind": "redirect"},
    "dropped after commit": {"kind": "timeout_after_commit"},
    "request lost": {"kind": "request_lost"},
    "clock off": {"kind": "clock_skew", "skew_s": 900},
}


@pytest.fixture(scope="module")
def deployment() -> Iterator[Deployment]:
    with Deployment(Account.create()) as running:
        yield running


@pytest.fixture(autouse=True)
def calm(deployment: Deployment) -> Iterator[None]:
    yield
    deployment.store.clear_faults()
    deployment.wechat.clear_faults()


def insist(act: Callable[[], Reply]) -> Reply:
    """Do it again after a 5xx, as a client and WeChat do; the last answer must be a 200."""
    for _ in range(MOST_TRIES):
        reply = act()
        if reply.status < 500:
            break
    assert reply.status == 200, reply
    return reply


def purchase(deployment: Deployment, buyer: Buyer) -> str:
    """A whole purchase; the order's id."""
    placed = insist(lambda: deployment.order(buyer)).body["order"]
    deployment.wechat.pay(placed["payment"]["value"])
    insist(lambda: deployment.notify(placed["out_trade_no"]))
    shown = insist(lambda: deployment.poll(buyer, placed["order_id"])).body["order"]
    assert shown["status"] == "paid"
    insist(lambda: deployment.claim(buyer, placed["order_id"]))
    return str(placed["order_id"])


def check(deployment: Deployment, buyer: Buyer, order_id: str) -> None:
    """One payment, one grant, one license; both histories lead to their heads."""
    stored = deployment.orders().load(order_id)
    assert stored is not None
    assert stored.payment is not None
    assert stored.grant is not None
    assert [event.kind for event in stored.history.events].count("paid") == 1
    history.verify_chain(order.KIND, order_id, stored.history.events, stored.history.head)
    held = deployment.licenses().load(stored.license_id)
    assert held is not None
    assert [grant.grant_id for grant in held.grants] == [stored.grant.grant_id]
    history.verify_chain(LICENSE, held.license_id, held.history.events, held.history.head)
    paid = deployment.wechat.orders[stored.out_trade_no]
    assert paid.transaction_id == stored.payment.transaction_id
    first = deployment.claim(buyer, order_id)
    assert first == deployment.claim(buyer, order_id)
    assert deployment.order(buyer).body["order"]["status"] == "paid"


def test_an_undisturbed_purchase_costs_four_reads_and_four_writes(
        deployment: Deployment) -> None:
    buyer = Buyer.fresh()
    deployment.store.clear_requests()
    order_id = purchase(deployment, buyer)
    apis = [request.api for request in deployment.store.requests]
    assert apis == ["BatchWriteRow", "UpdateRow",        # create: order + due, instruction
                    "GetRow", "UpdateRow",               # notify
                    "GetRow",                            # poll
                    "GetRow", "GetRow", "PutRow"]        # claim
    assert len(apis) == STORE_REQUESTS
    check(deployment, buyer, order_id)


@pytest.mark.parametrize("fault", STORE_FAULTS.values(), ids=STORE_FAULTS.keys())
@pytest.mark.parametrize("request_number", range(STORE_REQUESTS))
def test_a_store_fault_at_any_request_costs_nobody_anything(
        deployment: Deployment, request_number: int, fault: dict[str, object]) -> None:
    buyer = Buyer.fresh()
    deployment.store.inject(StoreFault(after=request_number, **fault))  # type: ignore[arg-type]
    order_id = purchase(deployment, buyer)
    assert deployment.store.faults_in_force == 0
    check(deployment, buyer, order_id)


@pytest.mark.parametrize("fault", WECHAT_FAULTS.values(), ids=WECHAT_FAULTS.keys())
def test_a_fault_of_wechat_at_placing_costs_nobody_anything(
        deployment: Deployment, fault: dict[str, object]) -> None:
    buyer = Buyer.fresh()
    deployment.wechat.inject(WeChatFault(endpoint="native", **fault))  # type: ignore[arg-type]
    order_id = purchase(deployment, buyer)
    check(deployment, buyer, order_id)


def test_a_payment_before_the_create_call_returns_is_booked(deployment: Deployment) -> None:
    buyer = Buyer.fresh()
    deployment.wechat.inject(WeChatFault("notify_before_answer", "native"))
    placed = insist(lambda: deployment.order(buyer)).body["order"]
    insist(lambda: deployment.notify(placed["out_trade_no"]))
    insist(lambda: deployment.claim(buyer, placed["order_id"]))
    check(deployment, buyer, placed["order_id"])
