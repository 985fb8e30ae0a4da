"""What a timer may ask of Tablestore and of WeChat Pay: it runs 1,440 times a day."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from emulators.wechatpay import Account
from tests.wire.deployment import Buyer, Deployment

if TYPE_CHECKING:
    from collections.abc import Iterator

BUCKETS = 4


@pytest.fixture
def shop() -> Iterator[Deployment]:
    with Deployment(Account.create(), TONGBAO_DUE_BUCKETS=str(BUCKETS)) as running:
        running.buckets = BUCKETS
        yield running


def cost(shop: Deployment, job: str) -> tuple[Counter[str], int]:
    """Requests to Tablestore by name, and calls of WeChat Pay, of one firing."""
    shop.store.clear_requests()
    before = len(shop.wechat.requests)
    shop.timer(job)
    return (Counter(request.api for request in shop.store.requests),
            len(shop.wechat.requests) - before)


def test_with_nothing_due_it_is_one_read_for_each_bucket(shop: Deployment) -> None:
    assert cost(shop, "due") == (Counter(GetRange=BUCKETS), 0)
    assert cost(shop, "due-everywhere") == (Counter(GetRange=16), 0)


def test_an_unpaid_order_costs_one_read_three_writes_and_one_query(shop: Deployment) -> None:
    """Leased, read, asked about, put where it is due next, removed."""
    order = shop.order(Buyer.fresh()).body["order"]
    shop.make_due(order["order_id"])
    assert cost(shop, "due") == (
        Counter(GetRange=BUCKETS, UpdateRow=1, GetRow=1, PutRow=1, DeleteRow=1), 1)


def test_a_payment_that_was_found_costs_three_writes_instead_of_the_next_row(
        shop: Deployment) -> None:
    """Booked in its order, entered in the ledger, its license made."""
    order = shop.order(Buyer.fresh()).body["order"]
    shop.wechat.pay(order["payment"]["value"])
    shop.make_due(order["order_id"])
    assert cost(shop, "due") == (
        Counter(GetRange=BUCKETS, UpdateRow=2, GetRow=2, PutRow=2, DeleteRow=1), 1)


def test_with_no_complaint_it_is_one_call(shop: Deployment) -> None:
    assert cost(shop, "complaints") == (Counter(), 1)


def test_an_empty_week_of_bills_is_one_call_and_four_requests_a_day_and_then_one_read(
        shop: Deployment) -> None:
    requests, calls = cost(shop, "bill")
    ours_of_the_days_that_are_not_overdue = 2
    assert (calls, sum(requests.values())) == (7, 7 * 4 + ours_of_the_days_that_are_not_overdue)
    assert cost(shop, "bill") == (Counter(GetRow=7), 0)
