"""A small store in which nearly everything has happened once, and nothing is wrong."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scripts.auditing.access_log import LogLine
from scripts.auditing.audit import audit, findings
from scripts.auditing.evidence import Evidence
from scripts.auditing.journal import Accepted, Journal, Paid, Returned
from scripts.auditing.names import canonical, heads
from scripts.auditing.reading import read
from scripts.simulation.export import tables
from shared.domain.calendar import DAY_S, day_of
from shared.domain.device import Claim, Wanted, Way
from shared.domain.money import Money
from shared.domain.refund import RefundOrigin, RefundState
from shared.domain.refund_policy import RefundPolicy
from shared.errors import Conflict
from shared.use_cases.claim_license import claim_license
from shared.use_cases.create_order import create_order
from shared.use_cases.give_grant import give_grant
from shared.use_cases.manage_devices import decide_takeover, remove_device
from shared.use_cases.reconcile_day import reconcile_open_days
from shared.use_cases.record_payment import PaymentHeld, record_payment
from shared.use_cases.record_refund import record_refund
from shared.use_cases.request_refund import RefundRequest, request_own_refund, request_refund
from shared.use_cases.restore_license import restore_license
from shared.use_cases.watch_complaint import answer_complaint, list_new_complaints
from tests.unit.use_cases.world import DEVICE, SECRET, World, request

if TYPE_CHECKING:
    from scripts.auditing.evidence import Finding, Tables
    from shared.domain.order import Order

PAYER = "ab" * 32


@dataclass
class Town:
    """A world, its rows, and what the provider and the log say; `orders` are ids by story."""

    world: World
    orders: dict[str, str]
    rows: Tables
    journal: Journal
    log: list[LogLine]
    now_s: int

    def order(self, story: str) -> dict[str, Any]:
        """The row of a story's order."""
        return one(self.rows["orders"], order_id=self.orders[story])

    def license(self, story: str) -> dict[str, Any]:
        """The row of its license."""
        return one(self.rows["licenses"], license_id=self.order(story)["license_id"])

    def evidence(self) -> Evidence:
        """All of it."""
        return Evidence(read(self.rows), self.now_s, self.journal, self.log)

    def findings(self) -> list[Finding]:
        """What the audit finds."""
        return findings(audit(self.evidence()))


def one(rows: list[dict[str, Any]], **wanted: Any) -> dict[str, Any]:
    """The one row with these values."""
    [row] = [row for row in rows if all(row.get(name) == value
                                        for name, value in wanted.items())]
    return row


def build() -> Town:
    """Live through it all."""
    world = World(RefundPolicy(window_days=7, most_per_payer=3))
    facts = world.log.facts = Facts(world)
    orders = {story: _placed(world, story) for story in (
        "paid", "refunded", "partly", "held", "complained", "closed", "gifted", "open")}
    del orders["open"]
    paid = {story: _pay(world, orders[story]) for story in (
        "paid", "refunded", "partly", "complained", "gifted")}
    _hold_wrong_amount(world, orders["held"])
    for order in paid.values():
        claim_license(order.order_id, SECRET, DEVICE, world.desk())
    for story in ("paid", "gifted"):
        restore_devices(world, paid[story])
    _refund(world, paid["refunded"], None)
    _refund(world, paid["partly"], Money(1_000, "CNY"))
    give_grant(paid["gifted"].order_id, 30, "gift", world.books, world.licenses,
               actor="operator:ada")
    world.complaint_desk.complain(paid["complained"].out_trade_no)
    list_new_complaints(world.complaint_room)
    answer_complaint(next(iter(world.complaint_desk.facts)), "sorry", world.complaint_room,
                     actor="operator:ada")
    world.run_timers_for(3 * 3_600)
    world.clock.advance_s(3 * DAY_S)
    change_devices(world, paid)
    reconcile_open_days(world.audit_room)
    orders["open"] = _placed(world, "new")
    world.run_timers_for(1_800)
    return Town(world, {story: _id(order) for story, order in orders.items()}, tables(world),
                _journal(world), _log(world, facts), world.clock.now_s())


def _id(order: Order) -> str:
    return order.order_id


def _placed(world: World, story: str) -> Order:
    return create_order(request(f"{story}-0f8fad5b-d9cb-469f-a165-70867728950e"), world.shop)


def _pay(world: World, order: Order) -> Order:
    world.clock.advance_s(10)
    fact = world.gateway.pay(order.out_trade_no, world.clock.now_s(), payer_hash=PAYER)
    return record_payment(fact, world.books)


def _hold_wrong_amount(world: World, order: Order) -> None:
    fact = world.gateway.pay(order.out_trade_no, world.clock.now_s(), amount=Money(1, "CNY"))
    try:
        record_payment(fact, world.books)
    except PaymentHeld:
        return
    raise AssertionError("a payment of another amount is held")


def _refund(world: World, order: Order, amount: Money | None) -> None:
    if amount is None:
        after = request_own_refund(order.order_id, SECRET, "key", world.refund_counter)
    else:
        after = request_refund(order.order_id, RefundRequest(
            "key", amount, RefundOrigin.OPERATOR, "operator:ada", "admin"), world.refund_counter)
    world.clock.advance_s(61)
    world.run_timer()
    record_refund(world.refunds.settle(after.refunds[0].out_refund_no), world.books)


def _journal(world: World) -> Journal:
    facts = [world.gateway.fact(number, source="journal")
             for number, trade in world.gateway.trades.items() if trade.transaction_id]
    refunds = [(number, world.refunds.fact(number, source="journal"), refund)
               for number, refund in world.refunds.refunds.items()]
    return Journal(
        [Paid(fact.out_trade_no, fact.transaction_id or "", fact.amount.amount_minor,
              fact.amount.currency, fact.paid_at_s or 0) for fact in facts if fact.amount],
        [Returned(number, fact.out_trade_no, fact.amount.amount_minor, fact.state.value,
                  day_of(refund.asked_at_s)) for number, fact, refund in refunds],
        [Accepted("payment", fact.out_trade_no) for fact in facts
         if fact.amount == Money(9900, "CNY")]
        + [Accepted("refund", fact.out_trade_no, number) for number, fact, _ in refunds
           if fact.state is RefundState.SUCCEEDED])


class Facts(list[tuple[str, dict[str, Any]]]):
    """The facts of the fakes' log, each with the time at which it was written."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self._clock = world.clock
        self.times: list[int] = []

    def append(self, fact: tuple[str, dict[str, Any]]) -> None:
        """One more."""
        self.times.append(self._clock.now_s())
        super().append(fact)


def _log(world: World, facts: Facts) -> list[LogLine]:
    """All facts, and what notifies would have said."""
    accepted = [LogLine("notify.accepted", 0, {"kind": "payment", "order_id": one.order_id})
                for one in world.orders.all() if one.payment is not None]
    return accepted + [LogLine(name, at_s, fields)
                       for (name, fields), at_s in zip(facts, facts.times, strict=True)]


def _wanted(name: str) -> Wanted:
    return Wanted(name.ljust(43, "-"), "edge/windows")


def _restore(world: World, order: Order, name: str, way: Way = Way.ORDER_NUMBER,
             replaces: str | None = None) -> bool:
    keys = world.desk().license_keys
    typed = (order.out_trade_no if way is Way.ORDER_NUMBER
             else keys.key_of(order.order_id, order.license_id) or "")
    try:
        restore_license(Claim(way, typed, replaces), _wanted(name), world.desk())
    except Conflict as error:
        if error.code != "TAKEOVER_WAITS":
            raise
        return False
    return True


def _devices(world: World, order: Order) -> list[str]:
    found = world.licenses.load(order.license_id)
    assert found is not None
    return [device.device_id for device in found.devices]


def restore_devices(world: World, order: Order) -> None:
    """Two devices more, so that all slots are taken, and another that asks for one of them."""
    assert _restore(world, order, "second")
    assert _restore(world, order, "third", Way.LICENSE_KEY)
    assert not _restore(world, order, "fourth", replaces=_devices(world, order)[1])


def change_devices(world: World, paid: dict[str, Order]) -> None:
    """Three days later one request is approved and another one is ripe; one more is objected to,
    and a device that just came is thrown out.
    """
    first = paid["paid"]
    license_ = world.licenses.load(first.license_id)
    assert license_ is not None
    assert license_.takeover is not None
    decide_takeover(first.license_id, DEVICE.thumbprint, license_.takeover.takeover_id,
                    approve=True, desk=world.desk())
    assert _restore(world, first, "fourth")
    assert _restore(world, paid["gifted"], "fourth")
    remove_device(first.license_id, DEVICE.thumbprint, _devices(world, first)[1], world.desk())
    assert _restore(world, paid["partly"], "second")
    remove_device(paid["partly"].license_id, DEVICE.thumbprint,
                  _devices(world, paid["partly"])[1], world.desk())


def retell(row: dict[str, Any], kind: str, subject: str, change: Any) -> None:
    """Alter the events of a row by `change(list of events)` and make the chain fit again."""
    events = [json.loads(row.pop(name)) for name in sorted(row) if name[:2] == "e0"]
    change(events)
    texts = [canonical(event) for event in events]
    row.update({f"e{place:04d}": text for place, text in enumerate(texts, 1)})
    row["head"] = heads(kind, subject, texts)[-1]


def alter(row: dict[str, Any], column: str, **changes: Any) -> None:
    """Change fields of a record in a column."""
    row[column] = canonical({**json.loads(row[column]), **changes})
