"""Requests to Tablestore and to WeChat Pay, counted by their emulators: exact, no timing.

The functions are built by `shared.bootstrap` and called with events, as when deployed.
tests/budgets holds the same counts.
"""

from __future__ import annotations

import io
from contextlib import redirect_stdout
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from emulators.wechatpay import Account
from scripts.benchmark.figures import Aim, Row
from tests.wire.deployment import Buyer, Deployment

if TYPE_CHECKING:
    from collections.abc import Callable

    from scripts.benchmark.run import Run
    from tests.wire.deployment import Reply

SECTION = "Requests: R read, W write, C call"
READS = frozenset({"GetRow", "GetRange", "BatchGetRow"})
WRITES = frozenset({"PutRow", "UpdateRow", "DeleteRow", "BatchWriteRow"})
NOTIFY_PATH = "/v1/notify/wechatpay"
WANTED = {
    "create order": None,
    "create order, repeated": None,
    "notify": "1R 1W",
    "notify, duplicate": "1R",
    "notify, forged": "0",
    "notify, stale": "0",
    "poll": "1R",
    "poll, query due": "1R 1W 1C",
    "poll, wrong secret": None,
    "claim": None,
    "claim, again": None,
    "whole purchase, one poll": "4R 4W 1C",
}
"""What each step should cost; None where it is only shown."""


class UnknownRequest(Exception):
    """The emulator was asked for something that is neither counted as read nor as write."""


@dataclass(frozen=True)
class Cost:
    """Requests of one step."""

    reads: int = 0
    writes: int = 0
    calls: int = 0

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.reads + other.reads, self.writes + other.writes,
                    self.calls + other.calls)

    def __str__(self) -> str:
        parts = [(self.reads, "R"), (self.writes, "W"), (self.calls, "C")]
        return " ".join(f"{count}{letter}" for count, letter in parts if count) or "0"


def plan(run: Run) -> int:
    """How many steps `measure` takes."""
    return 1


def measure(run: Run) -> list[Row]:
    """The cost of each step of a purchase."""
    costs = count()
    run.step()
    run.keep("requests", {step: str(cost) for step, cost in costs.items()})
    return [Row(SECTION, step, str(costs[step]),
                aim=None if wanted is None else Aim(wanted, count=wanted))
            for step, wanted in WANTED.items()]


def count() -> dict[str, Cost]:
    """Every step once, in a world of its own; what the functions log is not shown."""
    with redirect_stdout(io.StringIO()), Deployment(Account.create()) as deployment:
        meter, buyer = _Meter(deployment), Buyer.fresh()
        placed = meter("create order", lambda: deployment.order(buyer))
        order_id = placed.body["order"]["order_id"]
        number = placed.body["order"]["out_trade_no"]
        meter("create order, repeated", lambda: deployment.order(buyer))
        meter("poll, wrong secret", lambda: deployment.poll(Buyer.fresh(), order_id), 404)
        _make_query_due(deployment, order_id)
        meter("poll, query due", lambda: deployment.poll(buyer, order_id))
        _count_notifies(deployment, meter, number)
        meter("poll", lambda: deployment.poll(buyer, order_id))
        meter("claim", lambda: deployment.claim(buyer, order_id))
        meter("claim, again", lambda: deployment.claim(buyer, order_id))
    costs = meter.costs
    costs["whole purchase, one poll"] = (
        costs["create order"] + costs["notify"] + costs["poll"] + costs["claim"])
    return costs


def _count_notifies(deployment: Deployment, meter: _Meter, number: str) -> None:
    deployment.wechat.pay(out_trade_no=number)
    headers, body = deployment.wechat.build_notify(number)
    stale = dict(headers, **{"Wechatpay-Timestamp": str(
        int(headers["Wechatpay-Timestamp"]) - 301)})

    def send(headers: dict[str, str], body: bytes) -> Reply:
        return deployment.call("notify", "POST", NOTIFY_PATH, list(headers.items()), body)

    meter("notify, forged", lambda: send(headers, body + b" "), 401)
    meter("notify, stale", lambda: send(stale, body), 401)
    meter("notify", lambda: send(headers, body))
    meter("notify, duplicate", lambda: send(headers, body))


def _make_query_due(deployment: Deployment, order_id: str) -> None:
    """As if the seconds until the next query had passed."""
    order = deployment.orders().load(order_id)
    assert order is not None
    deployment.orders().save(replace(order, version=order.version + 1, next_query_at_s=0))


class _Meter:
    """Runs a step, and counts what it asked of the emulators."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self.costs: dict[str, Cost] = {}

    def __call__(self, name: str, step: Callable[[], Reply], status: int = 200) -> Reply:
        self._deployment.store.clear_requests()
        calls_before = len(self._deployment.wechat.requests)
        reply = step()
        assert reply.status == status, (name, reply)
        asked = [record.api for record in self._deployment.store.requests]
        reads, writes = (sum(api in kind for api in asked) for kind in (READS, WRITES))
        if reads + writes != len(asked):
            raise UnknownRequest(", ".join(sorted(set(asked) - READS - WRITES)))
        self.costs[name] = Cost(reads, writes,
                                len(self._deployment.wechat.requests) - calls_before)
        return reply
