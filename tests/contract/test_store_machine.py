"""Memory and the emulator, driven side by side through any history, with faults on the way.

Every call must have the same result in both worlds; one fault per call must never show.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from emulators.tablestore import Fault
from shared.domain.order import (
    ForbiddenTransition,
    close,
    record_payment,
    schedule_query,
)
from shared.domain.payment import TradeState
from shared.errors import AlreadyExists, VersionConflict
from shared.ports import DueOrder
from tests.contract.worlds import EmulatorWorld, MemoryWorld
from tests.fakes import samples
from tests.fakes.samples import NOW_S

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.domain.order import Order
    from tests.contract.worlds import Stores

NUMBERS = st.integers(1, 3)
SECONDS = st.integers(NOW_S, NOW_S + 4)
FAULTS = st.sampled_from([
    None, None, ("OTSServerBusy", False), ("OTSTimeout", False), ("OTSTimeout", True),
    ("OTSInternalServerError", True), ("lost_request", False), ("lost_answer", False)])

STEPS: dict[str, Callable[[Order], Order]] = {
    "instruct": lambda order: samples.instructed(order),
    "query": lambda order: schedule_query(order, NOW_S + order.version),
    "close": lambda order: close(order, NOW_S, actor="system", source="timer"),
    "pay": lambda order: record_payment(order, samples.paid_fact(order), NOW_S, "k1"),
    "refund": lambda order: record_payment(
        order, samples.paid_fact(order, trade_state=TradeState.REFUNDED), NOW_S, "k2"),
}


class BothWorlds(RuleBasedStateMachine):
    """Two instances in each world; `versions` are all orders that anybody ever held."""

    def __init__(self) -> None:
        super().__init__()
        self.memory = MemoryWorld().open()
        self.world = EmulatorWorld()
        self.instances = (self.world.open(), self.world.open())
        self.versions: dict[int, list[Order]] = {n: [samples.order(n)] for n in range(1, 4)}

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

    @rule(number=NUMBERS, due_at_s=SECONDS, who=st.integers(0, 1), fault=FAULTS)
    def forget(self, number: int, due_at_s: int, who: int,
               fault: tuple[str, bool] | None) -> None:
        """Forget a due row that may be there."""
        due = DueOrder(self.versions[number][0].order_id, due_at_s)
        self.same(who, fault, lambda stores: stores.orders.forget_due(due))

    @rule(now_s=SECONDS, limit=st.integers(0, 4), fault=FAULTS)
    def look(self, now_s: int, limit: int, fault: tuple[str, bool] | None) -> None:
        """List and count what is due."""
        self.same(0, fault, lambda stores: stores.orders.list_due(now_s, limit))
        self.same(1, None, lambda stores: stores.orders.count_due(now_s))

    @rule(number=NUMBERS, who=st.integers(0, 1), fault=FAULTS)
    def hold(self, number: int, who: int, fault: tuple[str, bool] | None) -> None:
        """Record a payment that fits nothing."""
        held = samples.held(number)
        self.same(who, fault, lambda stores: stores.held.record_once(held))

    @invariant()
    def every_order_is_the_same(self) -> None:
        """Whatever happened, both worlds hold the same orders."""
        for versions in self.versions.values():
            self.same(0, None, partial(_load, versions[0].order_id))


def _load(order_id: str, stores: Stores) -> object:
    return stores.orders.load(order_id)


def _result(call: Callable[[Stores], object], stores: Stores) -> object:
    try:
        return call(stores)
    except (AlreadyExists, VersionConflict) as conflict:
        return type(conflict)


TestBothWorlds = BothWorlds.TestCase
TestBothWorlds.settings = settings(max_examples=20, stateful_step_count=20, deadline=None)
