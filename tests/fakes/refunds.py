"""A payment provider's refunds and bills without a network, over the trades of a FakeGateway."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from shared.domain.bill import Bill, BillLine
from shared.domain.calendar import day_of
from shared.domain.money import Money
from shared.domain.payment import TradeState
from shared.domain.refund import RefundFact, RefundState
from shared.errors import ProviderRefused, ProviderUnavailable
from tests.fakes.script import Script

if TYPE_CHECKING:
    from shared.ports import RefundTerms
    from tests.fakes.clock import FakeClock
    from tests.fakes.provider import FakeGateway


@dataclass(frozen=True)
class MoneyBack:
    """One refund as the provider knows it."""

    request: str
    out_trade_no: str
    amount: Money
    state: RefundState
    asked_at_s: int
    settled_at_s: int | None = None


class FakeRefundGateway:
    """A deterministic `RefundGateway`. `script` takes the methods place and query.

    `refunds` is what the provider knows, by out_refund_no. `has_balance` False refuses as a
    merchant without money does. Tests settle a refund with `settle`, make one as the merchant
    console does with `console_refund`, and read `fact`.
    """

    def __init__(self, gateway: FakeGateway, clock: FakeClock) -> None:
        self.gateway = gateway
        self.clock = clock
        self.script = Script()
        self.calls: list[tuple[str, str]] = []
        self.refunds: dict[str, MoneyBack] = {}
        self.has_balance = True

    def prepare(self, terms: RefundTerms) -> str:
        """See the port."""
        return json.dumps({
            "out_refund_no": terms.out_refund_no, "out_trade_no": terms.out_trade_no,
            "transaction_id": terms.transaction_id, "amount": terms.amount.as_dict(),
            "total": terms.total.as_dict()}, sort_keys=True)

    def place(self, provider_request: str) -> RefundFact:
        """See the port: one refund per number; no more than was paid, in all."""
        request = json.loads(provider_request)
        number = request["out_refund_no"]
        self.calls.append(("place", number))
        self.script.enter("place")
        known = self.refunds.get(number)
        if known is not None and known.request != provider_request:
            self.script.leave("place")
            raise ProviderUnavailable(reason="INVALID_REQUEST")
        if known is None:
            self._place(number, request, provider_request)
        self.script.leave("place")
        return self.fact(number, source="place")

    def query(self, out_refund_no: str) -> RefundFact | None:
        """See the port."""
        self.calls.append(("query", out_refund_no))
        self.script.enter("query")
        known = out_refund_no in self.refunds
        fact = self.fact(out_refund_no, source="query") if known else None
        self.script.leave("query")
        return fact

    def settle(self, out_refund_no: str, state: RefundState = RefundState.SUCCEEDED) -> RefundFact:
        """The provider brings a refund on; the fact that its notify then states."""
        self.refunds[out_refund_no] = replace(
            self.refunds[out_refund_no], state=state,
            settled_at_s=self.clock.now_s() if state is RefundState.SUCCEEDED else None)
        return self.fact(out_refund_no, source="notify")

    def console_refund(self, out_trade_no: str, amount: Money | None = None,
                       number: str | None = None) -> RefundFact:
        """The seller refunds in the provider's own console: it succeeds at once."""
        trade = self.gateway.trades[out_trade_no]
        number = number or f"console-{len(self.refunds) + 1}"
        self._keep(number, out_trade_no, amount or trade.amount, "")
        return self.settle(number)

    def fact(self, out_refund_no: str, *, source: str) -> RefundFact:
        """What the provider knows of a refund."""
        refund = self.refunds[out_refund_no]
        trade = self.gateway.trades[refund.out_trade_no]
        assert trade.transaction_id is not None
        return RefundFact(
            self.gateway.provider, self.gateway.payee.merchant_id, refund.out_trade_no,
            trade.transaction_id, out_refund_no,
            "50" + hashlib.sha256(out_refund_no.encode()).hexdigest()[:26], refund.state,
            refund.amount, trade.amount, source, refund.settled_at_s)

    def refunded_minor(self, out_trade_no: str) -> int:
        """What went back for this order, or is on its way."""
        return sum(refund.amount.amount_minor for refund in self.refunds.values()
                   if refund.out_trade_no == out_trade_no
                   and refund.state is not RefundState.CLOSED)

    def _place(self, number: str, request: dict[str, object], text: str) -> None:
        if not self.has_balance:
            self.script.leave("place")
            raise ProviderUnavailable(reason="NOT_ENOUGH")
        out_trade_no = str(request["out_trade_no"])
        amount = Money(**request["amount"])  # type: ignore[arg-type]
        trade = self.gateway.trades.get(out_trade_no)
        left = 0 if trade is None else trade.amount.amount_minor - self.refunded_minor(out_trade_no)
        if trade is None or trade.transaction_id is None or amount.amount_minor > left:
            self.script.leave("place")
            raise ProviderRefused(reason="INVALID_REQUEST")
        self._keep(number, out_trade_no, amount, text)

    def _keep(self, number: str, out_trade_no: str, amount: Money, text: str) -> None:
        self.refunds[number] = MoneyBack(
            text, out_trade_no, amount, RefundState.PROCESSING, self.clock.now_s())
        self.gateway.trades[out_trade_no] = replace(
            self.gateway.trades[out_trade_no], state=TradeState.REFUNDED)


class FakeBills:
    """A `BillSource` that tells the truth about its gateways, unless `script` says otherwise."""

    def __init__(self, gateway: FakeGateway, refunds: FakeRefundGateway) -> None:
        self.gateway = gateway
        self.refunds = refunds
        self.script = Script()
        self.calls: list[str] = []

    def fetch(self, day: str) -> Bill:
        """See the port."""
        self.calls.append(day)
        self.script.enter("fetch")
        # A payment's line says "paid", whatever came later.
        facts = [self.gateway.fact(number, source="bill")._replace(trade_state=TradeState.PAID)
                 for number, trade in self.gateway.trades.items()
                 if trade.paid_at_s is not None and day_of(trade.paid_at_s) == day]
        lines = [BillLine(place, fact, None) for place, fact in enumerate(facts, 1)]
        backs = [self.refunds.fact(number, source="bill")._replace(billed_on=day)
                 for number, refund in self.refunds.refunds.items()
                 if day_of(refund.asked_at_s) == day]
        lines += [BillLine(place, None, fact) for place, fact in enumerate(backs, len(lines) + 1)]
        self.script.leave("fetch")
        return Bill(day, tuple(lines), digest_of(tuple(lines)))


def digest_of(lines: tuple[BillLine, ...]) -> str:
    """What stands for the SHA-1 of the file: other lines, another digest."""
    return hashlib.sha256(repr(lines).encode()).hexdigest()
