"""A purchase over HTTP events: every call fails once, and twice, in every way.

A purchase runs once to count its calls to the store, the provider and the issuer. Then, for
each call and each way to fail, the same purchase runs again; whoever got no answer asks again
(the client with its key, WeChat with its notify, the page with its poll). What must hold at
every answer: nobody hears of a payment or a license that is not durable. What must hold at the
end: one order, one payment of the right amount, one grant, one license.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from shared.domain.history import verify_chain
from shared.domain.license import Standing
from shared.domain.order import QUERY_INTERVAL_S, OrderState
from shared.errors import ProviderUnavailable, StoreUnavailable, StoreUnknown
from tests.functions.shopfront import Reply, Shopfront
from tests.unit.use_cases.world import PRICE, World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from shared.domain.payment import PaymentFact

MOST_TRIES = 8
FAULTS = ("crash before", "crash after", "unavailable", "unknown, applied", "unknown, not applied")


class Crash(BaseException):
    """The process is gone: nothing in our code may catch this."""


@dataclass
class Faults:
    """Which calls (counted over all ports) fail, and how; and what each call was."""

    plan: Mapping[int, str]
    seen: list[str] = field(default_factory=list)
    after_place: Callable[[], object] | None = None
    _failing: str | None = None

    def enter(self, port: str, method: str) -> None:
        fault = self.plan.get(len(self.seen))
        self.seen.append(f"{port}.{method}")
        self._failing = None
        if fault == "crash before":
            raise Crash
        if fault == "unavailable":
            raise ProviderUnavailable if port == "gateway" else StoreUnavailable
        if fault == "unknown, not applied":
            raise ProviderUnavailable if port == "gateway" else StoreUnknown
        self._failing = fault

    def leave(self, port: str, method: str) -> None:
        fault, self._failing = self._failing, None
        if method == "place" and self.after_place is not None:
            told, self.after_place = self.after_place, None
            told()
        if fault == "crash after":
            raise Crash
        if fault == "unknown, applied":
            raise ProviderUnavailable if port == "gateway" else StoreUnknown


@dataclass
class Hook:
    """Stands in for a fake's `script`: tells `faults` of each call."""

    port: str
    faults: Faults

    def enter(self, method: str) -> None:
        self.faults.enter(self.port, method)

    def leave(self, method: str) -> None:
        self.faults.leave(self.port, method)


class Purchase:
    """One purchase with everybody in it, under one plan of faults."""

    def __init__(self, story: str, plan: Mapping[int, str],
                 front: type[Shopfront] = Shopfront) -> None:
        self.story = story
        self.world = World()
        self.front = front(self.world, checked=False)
        self.faults = Faults(plan)
        self.calls: tuple[str, ...] = ()
        for port, fake in (("orders", self.world.orders), ("licenses", self.world.licenses),
                           ("held", self.world.held), ("gateway", self.world.gateway),
                           ("issuer", self.world.fake_issuer)):
            fake.script = Hook(port, self.faults)  # type: ignore[assignment]

    def run(self) -> Purchase:
        if self.story == "notify before the answer":
            self.faults.after_place = lambda: self._tell(self._pay())
        order_id = self._until(self.front.order).json["order"]["order_id"]
        if self.story != "notify before the answer" or not self._trade_is_paid():
            self._tell(self._pay())
        self._until(lambda: self.front.poll(order_id), self._shows_paid)
        if self.story == "refund":
            self._refund()
            assert self._until(lambda: self.front.claim(order_id), _is_403).status == 403
        else:
            self._until(lambda: self.front.claim(order_id))
        self.calls = tuple(self.faults.seen)
        self.faults.plan = {}
        self._check_the_end()
        return self

    def _trade_is_paid(self) -> bool:
        trade, = self.world.gateway.trades.values()
        return trade.transaction_id is not None

    def _pay(self) -> PaymentFact:
        number, = self.world.gateway.trades
        self.world.clock.advance_s(10)
        return self.world.gateway.pay(number, self.world.clock.now_s())

    def _refund(self) -> None:
        number, = self.world.gateway.trades
        fact = self.world.gateway.refund(number)
        self._until(lambda: self.front.notify(fact))
        assert self.world.orders.all()[0].state is OrderState.REFUNDING

    def _tell(self, fact: PaymentFact) -> None:
        """WeChat's ladder of notifies; each answer but 2xx brings the next one."""
        if self.story != "notifies lost":
            self._until(lambda: self.front.notify(fact), self._notify_is_durable)
            if self.story == "notify twice":
                self._until(lambda: self.front.notify(fact), self._notify_is_durable)

    def _until(self, call: Callable[[], Reply],
               done: Callable[[Reply], bool] = lambda reply: reply.ok) -> Reply:
        for _ in range(MOST_TRIES):
            try:
                reply = call()
            except Crash:
                self.world.clock.advance_s(QUERY_INTERVAL_S)
                continue
            self._check_answer(reply)
            if done(reply):
                return reply
            self.world.clock.advance_s(QUERY_INTERVAL_S)
        raise AssertionError("it never ended")

    def _notify_is_durable(self, reply: Reply) -> bool:
        if reply.ok:
            order, = self.world.orders.all()
            assert order.payment is not None, "accepted, and not booked"
            assert order.grant is not None
        return reply.ok

    def _shows_paid(self, reply: Reply) -> bool:
        return reply.ok and reply.json["order"]["status"] in ("paid", "refunding")

    def _check_answer(self, reply: Reply) -> None:
        """Nobody hears of what is not durable; a lease only for a stored license."""
        assert reply.status in (200, 403, 409, 503), reply
        if reply.ok and "order" in reply.json:
            stored, = self.world.orders.all()
            if reply.json["order"]["status"] == "paid":
                assert stored.payment is not None
                assert stored.grant is not None
        if reply.ok and "license" in reply.json:
            license_, = self.world.licenses.all()
            stored, = self.world.orders.all()
            assert license_.grants == (stored.grant,)

    def _check_the_end(self) -> None:
        order, = self.world.orders.all()
        trade, = self.world.gateway.trades.values()
        assert order.payment is not None
        assert order.grant is not None
        assert order.payment.amount == order.price == trade.amount == PRICE
        assert order.payment.transaction_id == trade.transaction_id
        assert [event.kind for event in order.history.events].count("paid") == 1
        verify_chain("order", order.order_id, order.history.events, order.history.head)
        assert trade.provider_request == order.provider_request
        assert self.world.work.count(2**40) >= 1
        assert self.world.held.rows() == []
        licenses = self.world.licenses.all()
        assert len(licenses) == 1
        is_refunding = self.story == "refund"
        for license_ in licenses:
            assert (license_.standing is Standing.ACTIVE) != is_refunding
            assert license_.grants == (order.grant,)
            verify_chain("license", license_.license_id, license_.history.events,
                         license_.history.head)


def _is_403(reply: Reply) -> bool:
    return reply.status == 403


STORIES = ("notify", "notify twice", "notifies lost", "notify before the answer", "refund")
CALLS = {story: Purchase(story, {}).run().calls for story in STORIES}
SINGLE = [(story, at, fault) for story, calls in CALLS.items() for at in range(len(calls))
          for fault in FAULTS]


@pytest.mark.parametrize("story", STORIES)
def test_an_undisturbed_purchase_is_short(story: str) -> None:
    calls = CALLS[story]
    print(f"{story}: {len(calls)} calls: {' '.join(calls)}")
    assert len(calls) <= {"notify": 11, "notify twice": 12, "notifies lost": 12,
                          "notify before the answer": 12, "refund": 11}[story]


def test_every_purchase_survives_one_fault_anywhere() -> None:
    for story, at, fault in SINGLE:
        run = _survives(story, {at: fault})
        assert len(run.calls) >= len(CALLS[story])
    print(f"{len(SINGLE)} runs with one fault")
    assert len(SINGLE) == 5 * sum(len(calls) for calls in CALLS.values())


def _pairs(story: str) -> Iterator[dict[int, str]]:
    for at in range(len(CALLS[story])):
        for fault in FAULTS:
            calls = len(Purchase(story, {at: fault}).run().calls)
            for later in range(at + 1, calls):
                for second in FAULTS:
                    yield {at: fault, later: second}


@pytest.mark.parametrize("story", STORIES)
def test_every_purchase_survives_two_faults_anywhere(story: str) -> None:
    runs = 0
    for runs, plan in enumerate(_pairs(story), 1):  # noqa: B007
        _survives(story, plan)
    print(f"{story}: {runs} runs with two faults")
    assert runs > 25 * sum(range(len(CALLS[story])))


def _survives(story: str, plan: Mapping[int, str]) -> Purchase:
    try:
        return Purchase(story, plan).run()
    except (AssertionError, ValueError, IndexError) as error:
        calls = CALLS[story]
        where = {at: (calls[at] if at < len(calls) else "?", fault)
                 for at, fault in plan.items()}
        raise AssertionError(f"{story} does not survive {where}: {error}") from error


class HastyFront(Shopfront):
    """A mistake on purpose: it accepts a notify although the store did not answer."""

    def notify(self, fact: PaymentFact) -> Reply:
        reply = super().notify(fact)
        return Reply(200, reply.headers, reply.text) if reply.status == 503 else reply


class DoubleFront(Shopfront):
    """A mistake on purpose: every retry of the client draws a new key."""

    def order(self, key: str = "", **fields: Any) -> Reply:
        drawn = f"{self.world.clock.now_s():08x}-d9cb-469f-a165-70867728950e"
        return super().order(drawn, **fields)


@pytest.mark.parametrize(("front", "at", "fault", "complaint"), [
    (HastyFront, 4, "unknown, not applied", "accepted, and not booked"),
    (DoubleFront, 1, "crash after", "too many values")])
def test_the_checker_itself_finds_planted_mistakes(front: type[Shopfront], at: int, fault: str,
                                                   complaint: str) -> None:
    assert CALLS["notify"][at] in ("orders.save", "gateway.place")
    Purchase("notify", {}, front).run()
    Purchase("notify", {at: fault}).run()
    with pytest.raises((AssertionError, ValueError), match=complaint):
        Purchase("notify", {at: fault}, front).run()
