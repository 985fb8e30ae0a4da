"""One day, reconciled by two at once."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from shared.adapters.tablestore.ledger import TablestoreLedger
from shared.domain.calendar import DAY_S, day_of
from tests.concurrency.conftest import count
from tests.concurrency.processes import operator, run_at_once

if TYPE_CHECKING:
    from tests.concurrency.conftest import Crossroads

BACK_S = 2 * DAY_S


def test_two_reconciliations_of_a_day_at_once_book_what_it_has_once(world: Crossroads) -> None:
    buyer, order = world.placed()
    world.wechat_offset_s = -BACK_S
    day = day_of(int(time.time()) - BACK_S)
    world.wechat.pay(order["payment"]["value"])
    world.wechat.settle_refund(
        world.wechat.console_refund(order["out_trade_no"]).out_refund_no)
    world.wechat_offset_s = 0
    world.store.let_meet("GetRow", "orders", 2)

    done = run_at_once(world.environ, [operator("reconcile", "ann", day=day),
                                       operator("reconcile", "bob", day=day)])

    assert world.store.met
    results = [each.answer["ok"]["reconciliation"] for each in done]
    assert [(result["state"], result["payments"], result["refunds"])
            for result in results] == [("done", 1, 1)] * 2
    seen = world.seen(order)["order"]
    assert (seen["state"], count(seen["history"], "paid"), len(seen["refunds"])) == (
        "refunded", 1, 1)
    ledger = TablestoreLedger(world.books_store)
    assert sorted(line.kind for line in ledger.lines(day)) == ["payment", "refund"]
    refused = world.claim(buyer, order["order_id"])
    assert refused.body["error"]["code"] == "LICENSE_REVOKED"
    again = world.operate("reconcile", day=day)["reconciliation"]
    assert (again["state"], again["differences"]) == ("done", [])
