"""Requests to Tablestore and to WeChat Pay, counted by their emulators: exact, no timing.

The functions are built by `shared.bootstrap` and called with events, as when deployed.
tests/budgets holds the same counts.
"""

from __future__ import annotations

import io
from contextlib import redirect_stdout
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from emulators.wechatpay import Account
from scripts.benchmark.figures import Aim, Row
from shared.domain.calendar import DAY_S
from tests.wire.deployment import Buyer, Deployment
from tests.wire.device import Device

if TYPE_CHECKING:
    from collections.abc import Callable

    from scripts.benchmark.run import Run
    from tests.wire.device import Client, Reply

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
    "activation: claim": "2R 1W",
    "activation, again": "2R",
    "activation: by order number": "2R 1W",
    "activation: by license key": "2R 1W",
    "no free slot": None,
    "refresh, same day": "2R",
    "refresh": "2R 1W",
    "refresh, no proof": "0",
    "refresh, forged proof": "0",
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
        _count_licenses(deployment, meter, buyer, placed.body["order"])
    costs = meter.costs
    costs["whole purchase, one poll"] = (
        costs["create order"] + costs["notify"] + costs["poll"] + costs["activation: claim"])
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


def _count_licenses(deployment: Deployment, meter: _Meter, buyer: Buyer,
                    order: dict[str, Any]) -> None:
    """What devices ask for; the nonce of the poll before makes the first proof good."""
    claimed = meter("activation: claim", lambda: deployment.claim(buyer, order["order_id"]))
    license_id = claimed.body["license"]["license_id"]
    key = claimed.body["license"]["license_key"]
    meter("activation, again", lambda: deployment.claim(buyer, order["order_id"]))
    second, third, fourth = (_prepared(deployment, buyer) for _ in range(3))
    meter("activation: by order number", lambda: second.restore(
        order_number=order["out_trade_no"]))
    meter("activation: by license key", lambda: third.restore(license_key=key))
    meter("no free slot", lambda: fourth.restore(license_key=key), 409)
    first, path = deployment.client(buyer.device), f"/v1/licenses/{license_id}/lease"
    meter("refresh, same day", lambda: first.refresh(license_id))
    _make_lease_old(deployment, license_id)
    meter("refresh", lambda: first.refresh(license_id))
    meter("refresh, no proof", lambda: deployment.call("license-fetch", "POST", path, []), 401)
    meter("refresh, forged proof", lambda: first.once("POST", path, b"", htm="GET"), 401)


def _prepared(deployment: Deployment, buyer: Buyer) -> Client:
    """Another device, with a nonce that is good now."""
    device = Device()
    device.nonce = buyer.device.nonce
    return deployment.client(device)


def _make_lease_old(deployment: Deployment, license_id: str) -> None:
    """As if days had passed since the devices got their leases."""
    found = deployment.licenses().load(license_id)
    assert found is not None
    deployment.licenses().save(replace(found, version=found.version + 1, devices=tuple(
        replace(device, dark_at_s=device.dark_at_s - DAY_S) for device in found.devices)))


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
