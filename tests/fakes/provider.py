"""A payment provider without a network: a gateway with scripted states."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from shared.domain.money import Money
from shared.domain.order import PaymentInstruction
from shared.domain.payment import Payee, PaymentFact, TradeState
from shared.errors import ProviderRefused
from shared.ports import AlreadyPaid
from tests.fakes.script import Script

if TYPE_CHECKING:
    from shared.domain.order import Snapshot

PAYEE = Payee(merchant_id="1900000001", app_id="wxfake00000000001")
CODE_LIFETIME_S = 7200


@dataclass(frozen=True)
class Trade:
    """One order as the provider knows it."""

    provider_request: str
    amount: Money
    state: TradeState
    instruction: PaymentInstruction
    transaction_id: str | None = None
    paid_at_s: int | None = None
    payer_hash: str | None = None


class FakeGateway:
    """A deterministic `PaymentGateway`. `script` takes the methods place, query and close.

    `calls` lists (method, out_trade_no); `trades` is what the provider knows, `burnt` the
    numbers that were closed before they were placed. Tests move a trade with `pay`, `refund`
    and `close`.
    """

    provider = "wechatpay"
    currencies = frozenset({"CNY"})

    def __init__(self, payee: Payee = PAYEE) -> None:
        self.payee = payee
        self.script = Script()
        self.calls: list[tuple[str, str]] = []
        self.trades: dict[str, Trade] = {}
        self.burnt: set[str] = set()

    def prepare(self, out_trade_no: str, snapshot: Snapshot, expires_at_s: int) -> str:
        """See the port."""
        return json.dumps({
            "amount": snapshot.price.as_dict(), "description": snapshot.title,
            "expires_at_s": expires_at_s, "out_trade_no": out_trade_no}, sort_keys=True)

    def place(self, provider_request: str, now_s: int) -> PaymentInstruction:
        """See the port: other bytes for a known order are refused, as WeChat does."""
        request = json.loads(provider_request)
        number = request["out_trade_no"]
        self.calls.append(("place", number))
        self.script.enter("place")
        instruction = self._place(number, provider_request, request, now_s)
        self.script.leave("place")
        return instruction

    def query(self, out_trade_no: str) -> PaymentFact | None:
        """See the port."""
        self.calls.append(("query", out_trade_no))
        self.script.enter("query")
        known = out_trade_no in self.trades
        fact = self.fact(out_trade_no, source="query") if known else None
        self.script.leave("query")
        return fact

    def pay(self, out_trade_no: str, paid_at_s: int, *, transaction_id: str | None = None,
            amount: Money | None = None, payer_hash: str | None = None) -> PaymentFact:
        """The buyer pays; the fact that the provider's notify then states."""
        digest = hashlib.sha256(out_trade_no.encode()).hexdigest()
        trade = self.trades[out_trade_no]
        self.trades[out_trade_no] = replace(
            trade, state=TradeState.PAID, amount=amount or trade.amount, paid_at_s=paid_at_s,
            payer_hash=payer_hash,
            transaction_id=transaction_id or f"42{int(digest, 16) % 10**26:026d}")
        return self.fact(out_trade_no, source="notify")

    def refund(self, out_trade_no: str) -> PaymentFact:
        """The seller refunds at the provider's console."""
        self.trades[out_trade_no] = replace(self.trades[out_trade_no], state=TradeState.REFUNDED)
        return self.fact(out_trade_no, source="notify")

    def close(self, out_trade_no: str) -> None:
        """See the port. An unknown number is taken note of, as at WeChat: it is burnt."""
        self.calls.append(("close", out_trade_no))
        self.script.enter("close")
        trade = self.trades.get(out_trade_no)
        if trade is None:
            self.burnt.add(out_trade_no)
        elif trade.transaction_id is not None:
            self.script.leave("close")
            raise AlreadyPaid
        else:
            self.trades[out_trade_no] = replace(trade, state=TradeState.CLOSED)
        self.script.leave("close")

    def fact(self, out_trade_no: str, *, source: str) -> PaymentFact:
        """What the provider knows of a trade, as a fact from `source`."""
        trade = self.trades[out_trade_no]
        paid = trade.state in (TradeState.PAID, TradeState.REFUNDED)
        return PaymentFact(
            self.provider, self.payee, out_trade_no, trade.state, source,
            trade.transaction_id if paid else None, trade.amount if paid else None,
            trade.paid_at_s if paid else None, trade.payer_hash if paid else None)

    def _place(self, number: str, text: str, request: dict[str, Any],
               now_s: int) -> PaymentInstruction:
        trade = self.trades.get(number)
        if number in self.burnt:
            raise ProviderRefused(reason="ORDER_CLOSED")
        if trade is not None:
            if trade.provider_request != text:
                raise ProviderRefused(reason="OUT_TRADE_NO_USED")
            if trade.state in (TradeState.PAID, TradeState.REFUNDED):
                raise AlreadyPaid
            if trade.state is TradeState.CLOSED:
                raise ProviderRefused(reason="ORDER_CLOSED")
            if now_s < trade.instruction.expires_at_s:
                return trade.instruction
        seed = hashlib.sha256(f"{number}\n{now_s}".encode()).hexdigest()[:12]
        instruction = PaymentInstruction(
            "qr", f"weixin://wxpay/bizpayurl?pr={seed}",
            min(now_s + CODE_LIFETIME_S, request["expires_at_s"]))
        amount = Money(**request["amount"])
        self.trades[number] = Trade(text, amount, TradeState.UNPAID, instruction)
        return instruction
