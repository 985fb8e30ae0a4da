"""A deployment whose store can hold requests back until as many rivals have read the same."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

import pytest

from emulators.tablestore import TablestoreEmulator
from emulators.wechatpay import Account
from tests.concurrency.processes import Call, http
from tests.wire.deployment import JSON, Buyer, Deployment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

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
        return buyer, order

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


def claim(buyer: Buyer, order: Mapping[str, Any]) -> Call:
    """The buyer's claim of the license."""
    return http("license-fetch", "POST", "/v1/licenses/claim",
                [JSON, ("Authorization", f"Bearer {buyer.secret}")],
                json.dumps({"order_id": order["order_id"]}).encode())
