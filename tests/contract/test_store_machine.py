"""Memory and the emulator, driven side by side through any history, with faults on the way.

Every call must have the same result in both worlds; one fault per call must never show.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from emulators.tablestore import Fault
from shared.domain.activation import (
    claim_slot,
    forget_devices,
    refresh_slot,
    remove_device,
    restore_slot,
)
from shared.domain.calendar import DAY_S
from shared.domain.device import Refused, Wanted, Way
from shared.domain.due import Work
from shared.domain.held import move_held
from shared.domain.history import Event
from shared.domain.identifiers import device_id
from shared.domain.money import Money
from shared.domain.order import (
    KIND,
    ForbiddenTransition,
    close,
    record_payment,
    schedule_query,
)
from shared.domain.payment import TradeState
from shared.domain.refund import RefundState
from shared.domain.refunding import record_refund, request_refund
from shared.errors import AlreadyExists, VersionConflict
from tests.contract.worlds import EmulatorWorld, MemoryWorld
from tests.fakes import samples
from tests.fakes.samples import NOW_S

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.domain.complaint import Complaint
    from shared.domain.held import HeldPayment
    from shared.domain.license import License
    from shared.domain.order import Order
    from tests.contract.worlds import Stores

NUMBERS = st.integers(1, 3)
SECONDS = st.integers(NOW_S, NOW_S + 4)
FAULTS = st.sampled_from([
    None, None, ("OTSServerBusy", False), ("OTSTimeout", False), ("OTSTimeout", True),
    ("OTSInternalServerError", True), ("lost_request", False), ("lost_answer", False)])

def ask(order: Order) -> Order:
    """One more refund of a part."""
    part = Money(order.price.amount_minor // 3, "CNY")
    return request_refund(order, samples.refund(order, len(order.refunds), amount=part),
                          source="license-fetch")


def give_back(order: Order) -> Order:
    """The newest refund succeeds."""
    if not order.refunds:
        raise ForbiddenTransition
    fact = samples.refund_fact(order, order.refunds[-1], RefundState.SUCCEEDED)
    return record_refund(order, fact, NOW_S + 1)


STEPS: dict[str, Callable[[Order], Order]] = {
    "instruct": lambda order: samples.instructed(order),
    "query": lambda order: schedule_query(order, NOW_S + order.version),
    "close": lambda order: close(order, NOW_S, actor="system", source="timer"),
    "pay": lambda order: record_payment(order, samples.paid_fact(order), NOW_S),
    "refund": lambda order: record_payment(
        order, samples.paid_fact(order, trade_state=TradeState.REFUNDED), NOW_S),
    "ask for a refund": ask,
    "refunded in part": give_back,
}

DEVICE_STEPS: dict[str, Callable[[License, Wanted, int], License]] = {
    "claim": claim_slot,
    "restore": lambda it, wanted, at_s: restore_slot(
        it, wanted, Way.ORDER_NUMBER, it.devices[0].device_id if it.devices else None, at_s),
    "refresh": lambda it, wanted, at_s: refresh_slot(it, wanted.thumbprint, at_s + 5 * DAY_S),
    "leave": lambda it, wanted, at_s: remove_device(
        it, device_id(it.license_id, wanted.thumbprint), by=wanted.thumbprint, now_s=at_s),
    "forget": lambda it, _, at_s: forget_devices(
        it, now_s=at_s, actor="operator:li", source="admin"),
}


class BothWorlds(RuleBasedStateMachine):
    """Two instances in each world; `versions` are all orders that anybody ever held."""

    def __init__(self) -> None:
        super().__init__()
        self.memory = MemoryWorld().open()
        self.world = EmulatorWorld()
        self.instances = (self.world.open(), self.world.open())
        self.versions: dict[int, list[Order]] = {n: [samples.order(n)] for n in range(1, 4)}
        self.licenses = {n: [samples.license_of(samples.paid(samples.order(n)))]
                         for n in range(1, 4)}

    def teardown(self) -> None:
        """Close the emulator."""
        self.world.close()

    def same(self, who: int, fault: tuple[str, bool] | None,
             call: Callable[[Stores], object]) -> object:
        """The result of `call`, which is the same in both worlds."""
        if fault is not None:
            self.world.emulator.inject(Fault(fault[0], applied=fault[1]))
        results = [_result(call, stores) for stores in (self.memory, self.instances[who])]
        self.world.emulator.clear_faults()
        assert results[0] == results[1]
        return results[0]

    @rule(number=NUMBERS, due_at_s=SECONDS, who=st.integers(0, 1), fault=FAULTS)
    def create(self, number: int, due_at_s: int, who: int,
               fault: tuple[str, bool] | None) -> None:
        """Create an order, or find that it exists."""
        order = self.versions[number][0]
        self.same(who, fault, lambda stores: stores.orders.create(order, due_at_s))

    @rule(number=NUMBERS, back=st.integers(0, 2), step=st.sampled_from(sorted(STEPS)),
          who=st.integers(0, 1), fault=FAULTS)
    def save(self, number: int, back: int, step: str, who: int,
             fault: tuple[str, bool] | None) -> None:
        """Save a next version, of the newest order or of a stale one."""
        held = self.versions[number]
        try:
            following = STEPS[step](held[max(0, len(held) - 1 - back)])
        except ForbiddenTransition:
            return
        result = self.same(who, fault, lambda stores: stores.orders.save(following))
        if result is None:
            held.append(following)

    @rule(number=NUMBERS, who=st.integers(0, 1), fault=FAULTS)
    def open_license(self, number: int, who: int, fault: tuple[str, bool] | None) -> None:
        """Create a license, or find that it exists."""
        license_ = self.licenses[number][0]
        self.same(who, fault, lambda stores: stores.licenses.create(license_))

    @rule(number=NUMBERS, back=st.integers(0, 2), device=st.integers(1, 6), at_s=SECONDS,
          step=st.sampled_from(sorted(DEVICE_STEPS)), who=st.integers(0, 1), fault=FAULTS)
    def use_license(self, number: int, back: int, device: int, at_s: int, step: str, who: int,
                    fault: tuple[str, bool] | None) -> None:
        """A device comes or goes, on the newest version of a license or on a stale one."""
        held = self.licenses[number]
        before = held[max(0, len(held) - 1 - back)]
        try:
            after = DEVICE_STEPS[step](before, Wanted(f"{device:043d}"), at_s)
        except Refused:
            return
        following = replace(after, version=before.version + 1)
        if self.same(who, fault, lambda stores: stores.licenses.save(following)) is None:
            held.append(following)

    @rule(number=NUMBERS, due_at_s=SECONDS, who=st.integers(0, 1), fault=FAULTS)
    def add_work(self, number: int, due_at_s: int, who: int,
                 fault: tuple[str, bool] | None) -> None:
        """Put a row that may be there, leased or not."""
        work = Work(KIND, self.versions[number][0].order_id, due_at_s)
        self.same(who, fault, lambda stores: stores.work.add(work))

    @rule(number=NUMBERS, due_at_s=SECONDS, version=st.integers(1, 3), until_s=SECONDS,
          who=st.integers(0, 1), fault=FAULTS)
    def lease(self, number: int, due_at_s: int, version: int, until_s: int, who: int,
              fault: tuple[str, bool] | None) -> None:
        """Take a row that may be there, in a version that may be old."""
        work = Work(KIND, self.versions[number][0].order_id, due_at_s, version=version)
        self.same(who, fault, lambda stores: stores.work.lease(work, until_s))

    @rule(number=NUMBERS, due_at_s=SECONDS, who=st.integers(0, 1), fault=FAULTS)
    def remove(self, number: int, due_at_s: int, who: int,
               fault: tuple[str, bool] | None) -> None:
        """Remove a row that may be there."""
        work = Work(KIND, self.versions[number][0].order_id, due_at_s)
        self.same(who, fault, lambda stores: stores.work.remove(work))

    @rule(now_s=SECONDS, limit=st.integers(0, 4), fault=FAULTS)
    def look(self, now_s: int, limit: int, fault: tuple[str, bool] | None) -> None:
        """List and count what is due."""
        self.same(0, fault, lambda stores: stores.work.list(now_s, limit))
        self.same(1, None, lambda stores: stores.work.count(now_s))

    @rule(number=NUMBERS, who=st.integers(0, 1), fault=FAULTS)
    def hold(self, number: int, who: int, fault: tuple[str, bool] | None) -> None:
        """Record a payment that fits nothing."""
        held = samples.held(number)
        self.same(who, fault, lambda stores: stores.held.record_once(held))

    @rule(number=NUMBERS, who=st.integers(0, 1), fault=FAULTS)
    def dismiss(self, number: int, who: int, fault: tuple[str, bool] | None) -> None:
        """Settle it, though it may not be there or be settled already."""
        held = move_held(samples.held(number), Event("dismissed", NOW_S, "operator:li", "admin"))
        self.same(who, fault, lambda stores: stores.held.save(held))

    @rule(number=NUMBERS, who=st.integers(0, 1), fault=FAULTS)
    def complain(self, number: int, who: int, fault: tuple[str, bool] | None) -> None:
        """Hear of a complaint, perhaps again."""
        complaint = samples.complaint(number)
        self.same(who, fault, lambda stores: stores.complaints.create(complaint))

    @rule(number=NUMBERS, who=st.integers(0, 1), fault=FAULTS)
    def book(self, number: int, who: int, fault: tuple[str, bool] | None) -> None:
        """Enter a movement of money and note its payer, perhaps again."""
        line = samples.ledger_line(number)
        self.same(who, fault, lambda stores: stores.ledger.enter(line))
        self.same(who, fault, lambda stores: stores.payer_refunds.note("payer", line.number))

    @rule(version=st.integers(1, 3), who=st.integers(0, 1), fault=FAULTS)
    def reconcile(self, version: int, who: int, fault: tuple[str, bool] | None) -> None:
        """Save a run of a day that others may have run."""
        result = replace(samples.reconciliation(), version=version, payments=version)
        self.same(who, fault, lambda stores: stores.reconciliations.save(result))

    @invariant()
    def every_order_is_the_same(self) -> None:
        """Whatever happened, both worlds hold the same orders and licenses."""
        for versions in self.versions.values():
            self.same(0, None, partial(_load, versions[0].order_id))
        for held in self.licenses.values():
            self.same(1, None, partial(_load_license, held[0].license_id))

    @invariant()
    def everything_else_is_the_same(self) -> None:
        """So do they the held payments, the complaints and the books."""
        self.same(0, None, lambda stores: stores.reconciliations.load("2025-10-09"))
        self.same(0, None, lambda stores: list(stores.ledger.lines("2025-10-09")))
        self.same(0, None, lambda stores: stores.payer_refunds.list("payer"))
        self.same(0, None, lambda stores: sorted(stores.held.all(), key=_held_name))
        self.same(0, None, lambda stores: sorted(stores.complaints.all(), key=_complaint_name))


def _load(order_id: str, stores: Stores) -> object:
    return stores.orders.load(order_id)


def _load_license(license_id: str, stores: Stores) -> object:
    return stores.licenses.load(license_id)


def _held_name(held: HeldPayment) -> str:
    return held.transaction_id


def _complaint_name(complaint: Complaint) -> str:
    return complaint.complaint_id


def _result(call: Callable[[Stores], object], stores: Stores) -> object:
    try:
        return call(stores)
    except (AlreadyExists, VersionConflict) as conflict:
        return type(conflict)


TestBothWorlds = BothWorlds.TestCase
TestBothWorlds.settings = settings(max_examples=20, stateful_step_count=25, deadline=None)
