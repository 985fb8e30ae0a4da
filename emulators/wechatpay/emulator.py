"""WeChatPayEmulator: one merchant's WeChat Pay, in process or served over HTTP.

Tests call ``handle`` and ``deliver_due_notifies`` and get the same answer every time; ``serve``
adds sockets and a thread that delivers notifies when they fall due.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from emulators.wechatpay import envelopes, funds, notifies, payments, refunds
from emulators.wechatpay.context import Context
from emulators.wechatpay.control import Control
from emulators.wechatpay.faults import Fault, Faults, Taken
from emulators.wechatpay.gateway import Gateway, Request
from emulators.wechatpay.ids import Ids
from emulators.wechatpay.notify_post import post_over_http
from emulators.wechatpay.settings import Settings
from emulators.wechatpay.storage import Store
from emulators.wechatpay.times import Clock

if TYPE_CHECKING:
    import os
    import random
    from collections.abc import Callable, Iterator, Mapping

    from emulators.wechatpay.account import Account
    from emulators.wechatpay.answers import Answer
    from emulators.wechatpay.records import (
        JsonObject,
        NotifyAttempt,
        Order,
        Refund,
        RequestRecord,
    )
    from emulators.wechatpay.server import Serving

ADVANCED = "advanced_s"


class WeChatPayEmulator:
    """``now_s`` is the clock (seconds; the real one by default). ``post_notify(url, headers,
    body)`` returns the merchant's status or raises OSError; by default it is an HTTP POST.
    ``data`` is a SQLite file that outlives the process. Close it, or use it in ``with``."""

    def __init__(self, account: Account, now_s: Callable[[], float] | None = None,
                 post_notify: notifies.PostNotify | None = None,
                 data: str | os.PathLike[str] = ":memory:", *,
                 settings: Settings | None = None, rng: random.Random | None = None) -> None:
        self.ctx = Context(account, settings or Settings(), Clock(now_s), Store(data), Faults(),
                           Ids(rng))
        self.ctx.clock.advanced_s = self.ctx.store.fact(ADVANCED)
        self._post_notify = post_notify or post_over_http
        self._gateway = Gateway(self.ctx, self._pay_first)
        self._control = Control(self)
        self.on_change: Callable[[], None] = lambda: None
        self._delivering = threading.RLock()
        notifies.resume(self.ctx)

    def __enter__(self) -> WeChatPayEmulator:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the database."""
        self.ctx.store.database.close()

    @property
    def account(self) -> Account:
        """The merchant account."""
        return self.ctx.account

    @property
    def orders(self) -> dict[str, Order]:
        """Every order by out_trade_no, in the order they were created (a snapshot)."""
        return {each.out_trade_no: each for each in self.ctx.store.orders.where()}

    @property
    def refunds(self) -> dict[str, Refund]:
        """Every refund by out_refund_no (a snapshot)."""
        return {each.out_refund_no: each for each in self.ctx.store.refunds.where()}

    @property
    def notify_attempts(self) -> list[NotifyAttempt]:
        """The journal of notifies sent, oldest first (a snapshot)."""
        return self.ctx.store.attempts.where()

    @property
    def requests(self) -> list[RequestRecord]:
        """The journal of API calls, oldest first (a snapshot)."""
        return self.ctx.store.requests.where()

    def handle(self, method: str, target: str, headers: Mapping[str, str],
               body: bytes = b"") -> Answer:
        """Answer one HTTP request; ``target`` is path and query exactly as on the wire.

        Raises ConnectionDropped when a fault loses the request or its answer.
        """
        request = Request(method.upper(), target,
                          {name.lower(): value for name, value in headers.items()}, body)
        try:
            if self._control.owns(target):
                return self._control.handle(request)
            return self._gateway.handle(request)
        finally:
            self.on_change()

    def scan(self, code_url: str, payer_openid: str | None = None) -> Order:
        """Open an order in somebody's wallet. Raises PaymentRefused."""
        with self.ctx.store.database.transaction():
            order = payments.find_by_code(self.ctx, code_url)
            payments.scan(self.ctx, order, payer_openid or self.ctx.ids.openid())
            return order

    def pay(self, code_url: str | None = None, *, out_trade_no: str | None = None,
            payer_openid: str | None = None, coupon_fen: int = 0) -> str:
        """Pay by code or by number; the transaction_id. The notify falls due at once.

        Raises PaymentRefused, LookupError for an unknown number, ValueError for a coupon that
        is not below the total.
        """
        with self.ctx.store.database.transaction():
            order = self._order(code_url, out_trade_no)
            transaction_id = payments.pay(
                self.ctx, order, payer_openid=payer_openid, coupon_fen=coupon_fen)
        self.on_change()
        return transaction_id

    def _order(self, code_url: str | None, out_trade_no: str | None) -> Order:
        if (code_url is None) == (out_trade_no is None):
            raise ValueError("give code_url or out_trade_no")
        if code_url is not None:
            return payments.find_by_code(self.ctx, code_url)
        order = self.ctx.store.orders.get(out_trade_no)
        if order is None:
            raise LookupError(f"no order {out_trade_no}")
        return order

    def _pay_first(self, code_url: str, fault: Fault) -> None:
        openid = fault.params.get("payer_openid")
        self.pay(code_url, payer_openid=None if openid is None else str(openid),
                 coupon_fen=int(fault.number("coupon_fen", 0)))
        self.deliver_due_notifies()

    def console_refund(self, out_trade_no: str, refund_fen: int | None = None) -> Refund:
        """Refund from the merchant portal (all that is left by default); nothing is notified.

        Raises LookupError, or ApiError when the refund is not possible.
        """
        with self.ctx.store.database.transaction():
            order = self._order(None, out_trade_no)
            left = order.total_fen - sum(
                each.refund_fen for each in funds.counted_refunds(self.ctx, order))
            number = f"{self.account.mchid}portal{self.ctx.ids.text(16)}"
            refund = refunds.accept(self.ctx, order, {"out_refund_no": number},
                                    refund_fen=left if refund_fen is None else refund_fen)
        self.on_change()
        return refund

    def settle_refund(self, out_refund_no: str, status: str = "SUCCESS") -> Refund:
        """Give a refund its outcome now: SUCCESS, ABNORMAL or CLOSED.

        Raises LookupError for an unknown refund, ValueError for one that has its outcome.
        """
        with self.ctx.store.database.transaction():
            refund = self.ctx.store.refunds.get(out_refund_no)
            if refund is None:
                raise LookupError(f"no refund {out_refund_no}")
            refunds.settle(self.ctx, refund, status)
        self.on_change()
        return refund

    def deliver_due_notifies(self) -> list[NotifyAttempt]:
        """Settle refunds whose time has come, send what is due, and return the attempts."""
        with self.ctx.store.database.transaction():
            refunds.settle_due(self.ctx)
        # Who returns from here can rely on it that nothing due is still on its way.
        with self._delivering:
            return notifies.deliver_due(self.ctx, self._post_notify)

    def replay_notify(self, out_trade_no: str = "") -> NotifyAttempt | None:
        """Send the first recorded notify (of that order) again, byte for byte."""
        return notifies.replay(self.ctx, self._post_notify, out_trade_no)

    def build_notify(self, out_trade_no: str, *, event_type: str = "TRANSACTION.SUCCESS",
                     changes: Mapping[str, object] | None = None,
                     plaintext: JsonObject | None = None,
                     faults: tuple[Fault, ...] = ()) -> tuple[dict[str, str], bytes]:
        """Headers and body of a validly signed notify that is not sent.

        For an order not paid yet it says what would be said if it were paid now. ``changes``
        replaces values by dotted name (``{"amount.total": 1}``), ``plaintext`` everything;
        ``faults`` are signing faults to apply. Raises LookupError for an unknown order.
        """
        document = plaintext
        if document is None:
            document = self._transaction(self._order(None, out_trade_no))
        document = envelopes.with_changes(document, changes or {})
        envelope = envelopes.Envelope(self.ctx.ids.notify_id(), event_type,
                                      self.ctx.clock.now_s(), document)
        taken = Taken(list(faults))
        return notifies.signed(self.ctx, envelope, taken)

    def _transaction(self, order: Order) -> JsonObject:
        if order.paid_at_s is None:
            now_s = self.ctx.clock.now_s()
            order.trade_state, order.paid_at_s = "SUCCESS", now_s
            order.payer_openid = self.ctx.ids.openid()
            order.transaction_id = self.ctx.ids.transaction_id(now_s)
        return payments.transaction_document(self.ctx, order)

    def inject(self, fault: Fault) -> None:
        """Let a fault wait for its call."""
        self.ctx.faults.inject(fault)

    def clear_faults(self, kind: str | None = None, endpoint: str | None = None) -> None:
        """Drop waiting faults, all of them by default."""
        self.ctx.faults.clear(kind, endpoint)

    def advance(self, seconds: int) -> None:
        """Move business time ahead: orders expire, notifies fall due, bills appear."""
        with self.ctx.store.database.transaction():
            self.ctx.clock.advanced_s += seconds
            self.ctx.store.set_fact(ADVANCED, self.ctx.clock.advanced_s)
        self.on_change()

    def set_time_scale(self, factor: float) -> None:
        """Divide WeChat's own waits from now on: retries and refunds come ``factor`` sooner."""
        if not factor > 0:
            raise ValueError("the time scale is above 0")
        self.ctx.clock.scale = factor

    def set_balance(self, amount_fen: int) -> None:
        """Make the merchant's balance this, as after a withdrawal."""
        funds.set_balance_fen(self.ctx, amount_fen)

    def reset(self) -> None:
        """Forget every order, refund, notify, fault and journal; the account stays."""
        self.ctx.store.reset()
        self.ctx.faults.clear()
        self.ctx.clock.advanced_s = 0

    def next_wait_s(self) -> float | None:
        """How long until a notify or a refund falls due; None when nothing waits."""
        due = [each for each in (notifies.next_due_ms(self.ctx), refunds.next_settle_ms(self.ctx))
               if each is not None]
        return max(0, min(due) - self.ctx.clock.now_ms()) / 1000 if due else None

    @contextmanager
    def serve(self, port: int = 0, host: str = "127.0.0.1") -> Iterator[Serving]:
        """Serve over HTTP (port 0 picks a free one) and deliver notifies in the background."""
        from emulators.wechatpay.server import Serving

        serving = Serving(self, host, port)
        try:
            yield serving
        finally:
            serving.stop()
