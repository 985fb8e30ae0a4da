"""A deployment whose store can hold requests back until as many rivals have read the same."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from emulators.fc import FakeContext
from emulators.tablestore import TablestoreEmulator
from emulators.wechatpay import Account
from shared.domain.device import VOICE_AFTER_S
from tests.concurrency.processes import Call, Done, http
from tests.wire.deployment import ADDRESS, Buyer, Deployment
from tests.wire.device import Client, Device, Reply

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from shared.domain.license import License

PATIENCE_S = 30


class MeetingTablestore(TablestoreEmulator):
    """Lets rivals meet: each has its answer when all have asked, so all act on the same state."""

    _meeting: tuple[str, str, threading.Barrier] | None = None

    def let_meet(self, api: str, table: str, rivals: int) -> None:
        """Hold the next answers to this API on this table until there are that many."""
        self._meeting = (api, table, threading.Barrier(rivals, self._end_meeting, PATIENCE_S))

    @property
    def met(self) -> bool:
        """Whether the last meeting took place."""
        return self._meeting is None

    def handle(self, path: str, headers: Mapping[str, str], body: bytes) -> Any:
        """One request; its answer may have to wait."""
        meeting = self._meeting
        answer = super().handle(path, headers, body)
        if meeting is not None and path == f"/{meeting[0]}" and meeting[1].encode() in body:
            meeting[2].wait()
        return answer

    def outcomes(self, api: str, table: str) -> list[str]:
        """How the requests of this kind ended, in order."""
        return [record.outcome for record in self.requests
                if record.api == api and table in record.tables]

    def _end_meeting(self) -> None:
        self._meeting = None


class Crossroads(Deployment):
    """A deployment where many processes meet."""

    tablestore = MeetingTablestore
    store: MeetingTablestore

    def __enter__(self) -> Crossroads:
        super().__enter__()
        self.buckets = 1
        return self

    def placed(self) -> tuple[Buyer, dict[str, Any]]:
        """A fresh order that can be paid."""
        buyer = Buyer.fresh()
        order: dict[str, Any] = self.order(buyer).body["order"]
        return buyer, order

    def paid(self) -> tuple[Buyer, dict[str, Any]]:
        """An order that is paid and booked."""
        buyer, order = self.placed()
        self.wechat.pay(order["payment"]["value"])
        assert self.notify(order["out_trade_no"]).status == 200
        assert self.poll(buyer, order["order_id"]).status == 200  # with a nonce for its device
        return buyer, order

    def devices(self, buyer: Buyer, count: int) -> list[Device]:
        """New devices that know a nonce."""
        found = [Device() for _ in range(count)]
        for device in found:
            device.nonce = buyer.device.nonce
        return found

    def license(self, order: Mapping[str, Any]) -> License:
        """The license of an order as stored."""
        stored = self.orders().load(order["order_id"])
        assert stored is not None
        license_ = self.licenses().load(stored.license_id)
        assert license_ is not None
        return license_

    def age(self, order: Mapping[str, Any]) -> License:
        """The license with devices that are three days older: all have a voice by now."""
        license_ = self.license(order)
        older = replace(license_, version=license_.version + 1, devices=tuple(
            replace(device, activated_at_s=device.activated_at_s - VOICE_AFTER_S)
            for device in license_.devices))
        self.licenses().save(older)
        return older

    def settled(self, calls: Sequence[Call], done: Sequence[Done]) -> list[Done]:
        """What came of calls once those whose time was over on a busy machine are sent again."""
        return [self.again(call) if each.status == 503 else each
                for call, each in zip(calls, done, strict=True)]

    def again(self, call: Call) -> Done:
        """The same event once more, in this process."""
        return Done(self.apps[call.function](call.event, FakeContext()), None, ())

    def seen(self, order: Mapping[str, Any]) -> dict[str, Any]:
        """The order as operators see it."""
        shown: dict[str, Any] = self.operate("order", order=order["order_id"])
        return shown

    def calls_of_wechat(self, endpoint: str) -> int:
        """How often WeChat was called at this endpoint."""
        return sum(record.endpoint == endpoint for record in self.wechat.requests)


@pytest.fixture(scope="session")
def account() -> Account:
    return Account.create()


@pytest.fixture
def world(account: Account) -> Iterator[Crossroads]:
    with Crossroads(account, TONGBAO_DUE_BUCKETS="1") as started:
        yield started


def count(events: list[dict[str, Any]], kind: str) -> int:
    """How many events of this kind a history has."""
    return sum(event["kind"] == kind for event in events)


def notify(world: Crossroads, order: Mapping[str, Any]) -> Call:
    """A genuine notify of this order's payment."""
    headers, body = world.wechat.build_notify(order["out_trade_no"])
    return http("notify", "POST", "/v1/notify/wechatpay", list(headers.items()), body)


def claim(buyer: Buyer, order: Mapping[str, Any], device: Device | None = None) -> Call:
    """The buyer's claim of the license, for the buyer's own device or another."""
    return asks(device or buyer.device, lambda it: it.claim(order["order_id"], buyer.secret))


def asks(device: Device, request: Callable[[Client], Reply]) -> Call:
    """A device's request with its proof, signed now and not sent yet."""
    calls: list[Call] = []

    def send(method: str, path: str, headers: list[tuple[str, str]], body: bytes) -> Reply:
        calls.append(http("license-fetch", method, path, headers, body))
        return Reply(0, None)

    request(Client(device, ADDRESS, send))
    (call,) = calls
    return call
