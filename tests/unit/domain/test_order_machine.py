"""Random facts in any order: at most one grant, never one without a payment."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from shared.domain.history import verify_chain
from shared.domain.matching import find_mismatch
from shared.domain.order import (
    KIND,
    TRANSITIONS,
    ForbiddenTransition,
    Order,
    OrderState,
    close,
    record_payment,
    schedule_query,
)
from shared.domain.payment import TradeState
from tests.fakes import samples

TIMES = st.integers(samples.NOW_S, samples.NOW_S + 10_000)
TRANSACTIONS = st.sampled_from(["4200000001", "4200000002"])
STATES = st.sampled_from(list(TradeState))


class OrderMachine(RuleBasedStateMachine):
    """Plays the provider, a buyer, a timer and their duplicates against one order."""

    def __init__(self) -> None:
        super().__init__()
        self.order = samples.order()
        self.money_moved = False
        self.refund_told = False
        self.transaction: str | None = None
        self.first_grant = self.order.grant

    def _accept(self, after: Order) -> None:
        before, self.order = self.order, after
        if after is before:
            return
        assert after.version == before.version + 1
        old, new = before.history.events, after.history.events
        assert new[:len(old)] == old
        state = before.state
        for event in new[len(old):]:
            state = TRANSITIONS[state, event.kind]
        assert state is after.state

    @rule(now_s=TIMES)
    def instruct(self, now_s: int) -> None:
        try:
            self._accept(samples.instructed(self.order, now_s))
        except ForbiddenTransition:
            assert (self.order.state, "instructed") not in TRANSITIONS

    @rule(now_s=TIMES)
    def close(self, now_s: int) -> None:
        try:
            self._accept(close(self.order, now_s, actor="provider", source="query"))
        except ForbiddenTransition:
            assert (self.order.state, "closed") not in TRANSITIONS

    @rule(now_s=TIMES)
    def look(self, now_s: int) -> None:
        self._accept(schedule_query(self.order, now_s))

    @rule(state=STATES, transaction=TRANSACTIONS, now_s=TIMES,
          source=st.sampled_from(["notify", "query"]))
    def tell(self, state: TradeState, transaction: str, now_s: int, source: str) -> None:
        fact = samples.paid_fact(self.order, trade_state=state, source=source)._replace(
            transaction_id=transaction, paid_at_s=now_s - 5)
        if find_mismatch(self.order, fact) is not None:
            assert self.transaction not in (None, transaction)
            return
        self._accept(record_payment(self.order, fact, now_s))
        if fact.was_paid:
            self.money_moved = True
            self.refund_told = self.refund_told or state is TradeState.REFUNDED
            self.transaction = self.transaction or transaction

    @invariant()
    def a_grant_is_there_exactly_when_money_moved(self) -> None:
        assert (self.order.grant is not None) == self.money_moved
        assert (self.order.payment is not None) == self.money_moved
        kinds = [event.kind for event in self.order.history.events]
        assert kinds.count("paid") == int(self.money_moved)
        assert kinds.count("refund_reported") == int(self.refund_told)

    @invariant()
    def a_grant_never_changes(self) -> None:
        self.first_grant = self.first_grant or self.order.grant
        assert self.order.grant == self.first_grant
        if self.order.payment is not None:
            assert self.order.payment.transaction_id == self.transaction
            assert self.order.payment.amount == self.order.price

    @invariant()
    def the_state_says_what_is_known(self) -> None:
        expected = {(False, False): None, (True, False): OrderState.PAID,
                    (True, True): OrderState.REFUNDING}[self.money_moved, self.refund_told]
        if expected is None:
            assert self.order.state not in (OrderState.PAID, OrderState.REFUNDING)
        else:
            assert self.order.state is expected

    @invariant()
    def the_history_leads_to_its_head(self) -> None:
        verify_chain(KIND, self.order.order_id, self.order.history.events,
                     self.order.history.head)


TestOrderMachine = OrderMachine.TestCase
TestOrderMachine.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
