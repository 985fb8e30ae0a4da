"""Four timers that fire at once over one bucket of the work list."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING

from tests.concurrency.processes import run_at_once, timer

if TYPE_CHECKING:
    from tests.concurrency.conftest import Crossroads

ORDERS, PAID, WORKERS = 200, 40, 4


def test_four_workers_on_one_bucket_share_its_orders(world: Crossroads) -> None:
    orders = [world.placed()[1] for _ in range(ORDERS)]
    for order in orders[:PAID]:
        world.wechat.pay(order["payment"]["value"])
    for order in orders:
        world.make_due(order["order_id"])
    world.store.let_meet("GetRange", "due", WORKERS)

    done = run_at_once(world.environ, [timer("due")] * WORKERS)

    assert world.store.met
    answers = [each.answer for each in done]
    assert sum(answer["looked"] for answer in answers) == ORDERS, answers
    assert all(answer["looked"] + answer["taken"] == ORDERS for answer in answers), answers
    assert all(answer["failed"] == 0 for answer in answers), answers
    queries = Counter(record.target.partition("?")[0].rpartition("/")[2]
                      for record in world.wechat.requests if record.endpoint == "query")
    assert queries == {order["out_trade_no"]: 1 for order in orders}
    paid = [world.seen(order)["order"] for order in orders[:PAID]]
    assert {order["state"] for order in paid} == {"paid"}
    waiting = {work.subject_id for work in world.work().list(int(time.time()) + 3_600, ORDERS)}
    assert waiting >= {order["order_id"] for order in orders[PAID:]}
    assert world.work().count(int(time.time())) == 0


def test_a_rival_leaves_a_leased_row_alone_until_its_lease_ends(world: Crossroads) -> None:
    _, order = world.placed()
    world.make_due(order["order_id"])
    now_s = int(time.time())
    (row,) = world.work().list(now_s, 10)
    leased = world.work().lease(row, now_s + 300)
    assert leased is not None

    done = run_at_once(world.environ, [timer("due")] * WORKERS)

    assert [each.answer["looked"] for each in done] == [0] * WORKERS
    assert world.calls_of_wechat("query") == 0
    assert world.work().lease(leased, now_s) is not None  # the lease is over
    done = run_at_once(world.environ, [timer("due")] * WORKERS)
    assert sum(each.answer["looked"] for each in done) == 1
    assert world.calls_of_wechat("query") == 1
