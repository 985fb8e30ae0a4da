"""WeChat Pay as the town knows it: takes payments, tells of them, refunds, and makes bills.

The states are those of the fakes; here is when they change, and what is told of it when. Its
clock is the true one.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from scripts.auditing.journal import Accepted
from scripts.simulation.engine import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS
from scripts.simulation.instances import Gone
from shared.domain.money import Money
from shared.domain.payment import TradeState
from shared.domain.refund import RefundState
from shared.errors import TongbaoError
from shared.use_cases.receive_notify import receive_notify
from tests.invariants import answers

if TYPE_CHECKING:
    from scripts.simulation.faults import Faults
    from scripts.simulation.instances import Instance, Network
    from shared.domain.order import Order
    from shared.domain.payment import PaymentFact
    from tests.invariants.ground import Outside
    from tests.unit.use_cases.world import World

LADDER_S = (0, 15, 15, 30, 180, 600, 1_200, 1_800, 1_800, 1_800, 3_600, 10_800, 10_800, 10_800,
            21_600, 21_600)
"""Seconds between the tries of one notify (document 4012791861)."""

IN_FLIGHT_S = 20
"""A payment that was begun in time may land so much later."""

SLOW_REFUNDS = 0.25
"""So many refunds take hours instead of minutes."""


class WeChat:
    """Its acts. `accepted` lists the notifies that were answered with success."""

    def __init__(self, world: World, outside: Outside, network: Network, faults: Faults) -> None:
        self.world, self.outside, self.network, self.faults = world, outside, network, faults
        self.engine = faults.engine
        self.accepted: list[Accepted] = []
        self.paid_at_ms: dict[str, int] = {}
        self._settling: set[str] = set()
        self._burdened: set[str] = set()

    def pay(self, order: Order, payer: str, amount: Money | None = None) -> bool:
        """The buyer confirms in WeChat; False when WeChat takes no payment (any more)."""
        trade = self.world.gateway.trades.get(order.out_trade_no)
        if (trade is None or trade.state is not TradeState.UNPAID
                or self.engine.now_s >= order.expires_at_s + IN_FLIGHT_S):
            return False
        self._take(order.out_trade_no, payer, amount)
        return True

    def pay_after_closing(self, order: Order, payer: str) -> None:
        """A payment that lands though the order was closed."""
        trade = self.world.gateway.trades.get(order.out_trade_no)
        if trade is not None and trade.state is TradeState.CLOSED:
            self.faults.count("payment_after_closing")
            self._take(order.out_trade_no, payer, None)

    def pay_again(self, order: Order) -> None:
        """A second payment for one order: the journal has both, queries show the newer."""
        first = self.world.gateway.fact(order.out_trade_no, source="journal")
        stored = self.world.orders.load(order.order_id)
        if first.trade_state is TradeState.PAID and stored is not None and stored.payment:
            self.faults.count("second_payment")
            self.outside.more_payments.append(first)
            number = len(self.outside.more_payments)
            self._burdened.add(order.out_trade_no)
            fact = self.world.gateway.pay(order.out_trade_no, self.engine.now_s,
                                          transaction_id=f"43{number:026d}")
            self.tell(fact)

    def take_for(self, number: str, *, tells: bool) -> None:
        """A payment for a number that this deployment did not make."""
        trades = self.world.gateway.trades
        some = next(iter(trades.values()))
        trades[number] = replace(some, provider_request="", state=TradeState.UNPAID,
                                 amount=Money(4_200, "CNY"))
        fact = self.world.gateway.pay(number, self.engine.now_s)
        if tells:
            self.outside.unknown.add(number)
            self.tell(fact)

    def is_plain(self, number: str) -> bool:
        """Whether nothing odd was done to this order's trade, so that refunds are clear."""
        return number not in self._burdened

    def refund_in_console(self, number: str, share: float) -> None:
        """The seller gives back all, or a share, in WeChat's own console."""
        trade = self.world.gateway.trades[number]
        left = trade.amount.amount_minor - self.world.refunds.refunded_minor(number)
        amount = int(left * share)
        if trade.transaction_id is None or not self.is_plain(number) or amount < 1:
            return
        self.faults.count("console_refund")
        name = f"console-{len(self.world.refunds.refunds) + 1:06d}"
        self.tell(self.world.refunds.console_refund(number, Money(amount, "CNY"), name))

    def will_settle(self, number: str) -> None:
        """A refund was placed: it comes to an end some time later, once."""
        if number not in self._settling:
            self._settling.add(number)
            self.engine.after(self._refund_takes_ms(), self._settler(number))

    def settle(self, number: str, state: RefundState) -> None:
        """Bring a refund on, and tell of it."""
        if self.world.refunds.refunds[number].state in (
                RefundState.PROCESSING, RefundState.ABNORMAL):
            self.tell(self.world.refunds.settle(number, state))

    def complain(self, *numbers: str) -> None:
        """A buyer complains."""
        self.tell(self.world.complaint_desk.complain(*numbers))

    def complain_again(self, complaint_id: str) -> None:
        """And once more."""
        self.tell(self.world.complaint_desk.complain_again(complaint_id))

    def tell(self, fact: Any) -> None:
        """Send a notify, and again, until it is accepted or a day is over."""
        odds, chance = self.faults.odds, self.engine.random
        if self.faults.happens("notify_lost", odds.notify_lost):
            return
        delay_ms = chance.randint(100, 1_500)
        if self.faults.happens("notify_late", odds.notify_late):
            delay_ms += chance.randint(MINUTE_MS, 4 * HOUR_MS)
        copies = 2 if self.faults.happens("notify_doubled", odds.notify_doubled) else 1
        for _ in range(copies):
            self.engine.spawn(lambda: self._deliver(fact), delay_ms)

    def _deliver(self, fact: Any) -> None:
        headers, body = self.world.verifier.sign(fact)

        def receive(instance: Instance) -> None:
            receive_notify(headers, body, verifier=self.world.verifier, books=instance.books)
            answers.accepted(self.world, fact)

        for wait_s in LADDER_S:
            self.engine.sleep_ms(wait_s * SECOND_MS)
            try:
                self.network.ask("notify", receive)
            except (TongbaoError, Gone):
                continue
            self._note_accepted(fact)
            return

    def _note_accepted(self, fact: Any) -> None:
        self.engine.note("notify accepted")
        if hasattr(fact, "out_refund_no"):
            self.accepted.append(Accepted("refund", fact.out_trade_no, fact.out_refund_no))
        elif hasattr(fact, "trade_state"):
            self.accepted.append(Accepted("payment", fact.out_trade_no, fact.transaction_id))

    def _take(self, number: str, payer: str, amount: Money | None) -> PaymentFact:
        if amount is not None:
            self._burdened.add(number)
        self.paid_at_ms[number] = self.engine.now_ms
        self.engine.note("paid")
        fact = self.world.gateway.pay(number, self.engine.now_s, amount=amount,
                                      payer_hash=payer)
        self.tell(fact)
        return fact

    def _refund_takes_ms(self) -> int:
        chance = self.engine.random
        if chance.random() < SLOW_REFUNDS:
            return chance.randint(HOUR_MS, DAY_MS // 2)
        return chance.randint(MINUTE_MS, 30 * MINUTE_MS)

    def _settler(self, number: str) -> Any:
        state = self.engine.random.choices(
            (RefundState.SUCCEEDED, RefundState.ABNORMAL, RefundState.CLOSED), (88, 7, 5))[0]
        return lambda: self.settle(number, state)
