"""WeChatPayEmulator: one merchant's WeChat Pay, in process or served over HTTP.

Tests call ``handle`` and ``deliver_due_notifies`` and get the same answer every time; ``serve``
adds sockets and a thread that delivers notifies when they fall due.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from emulators.wechatpay import crafted, envelopes, funds, notifies, refunds
from emulators.wechatpay.actions import Actions
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
    import socket
    from collections.abc import Callable, Iterator, Mapping

    from emulators.wechatpay.account import Account
    from emulators.wechatpay.answers import Answer
    from emulators.wechatpay.records import (
        Complaint,
        ComplaintEntry,
        JsonObject,
        NotifyAttempt,
        Order,
        Refund,
        RequestRecord,
    )
    from emulators.wechatpay.server import Serving

ADVANCED = "advanced_s"


class WeChatPayEmulator(Actions):
    """``now_s`` is the clock (seconds; the real one by default). ``post_notify(url, headers,
    body)`` returns the merchant's status or raises OSError; by default it is an HTTP POST.
    ``data`` is a SQLite file that outlives the process. Close it, or use it in ``with``."""

    def __init__(self, account: Account, now_s: Callable[[], float] | None = None,
                 post_notify: notifies.PostNotify | None = None,
                 data: str | os.PathLike[str] = ":memory:", *,
                 settings: Settings | None = None, rng: random.Random | None = None) -> None:
        super().__init__(Context(account, settings or Settings(), Clock(now_s), Store(data),
                                 Faults(), Ids(rng)))
        self.ctx.clock.advanced_s = self.ctx.store.fact(ADVANCED)
        self._post_notify = post_notify or post_over_http
        self._gateway = Gateway(self.ctx, self._pay_first)
        self._control = Control(self)
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
    def complaints(self) -> dict[str, Complaint]:
        """Every complaint by complaint_id, oldest first (a snapshot)."""
        return {each.complaint_id: each for each in self.ctx.store.complaints.where()}

    def complaint_entries(self, complaint_id: str) -> list[ComplaintEntry]:
        """The negotiation history of a complaint, oldest first (a snapshot)."""
        return self.ctx.store.complaint_entries.where(complaint_id=complaint_id)

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

    def _pay_first(self, code_url: str, fault: Fault) -> None:
        openid = fault.params.get("payer_openid")
        self.pay(code_url, payer_openid=None if openid is None else str(openid),
                 coupon_fen=int(fault.number("coupon_fen", 0)))
        self.deliver_due_notifies()

    def deliver_due_notifies(self) -> list[NotifyAttempt]:
        """Settle refunds whose time has come, send what is due, and return the attempts."""
        with self.ctx.store.database.transaction():
            refunds.settle_due(self.ctx)
        # Who returns from here can rely on it that nothing due is still on its way.
        with self._delivering:
            return notifies.deliver_due(self.ctx, self._post_notify)

    def replay_notify(self, out_trade_no: str = "", *,
                      event_type: str = "") -> NotifyAttempt | None:
        """Send the first recorded notify (of that order, of that event) again, byte for byte."""
        return notifies.replay(self.ctx, self._post_notify, out_trade_no, event_type)

    def build_notify(self, out_trade_no: str | None = None, *, out_refund_no: str | None = None,
                     complaint_id: str | None = None, event_type: str | None = None,
                     action_type: str | None = None,
                     changes: Mapping[str, object] | None = None,
                     plaintext: JsonObject | None = None,
                     faults: tuple[Fault, ...] = ()) -> tuple[dict[str, str], bytes]:
        """Headers and body of a validly signed notify about an order, a refund or a complaint
        that is not sent.

        An order not paid yet is told as if it were paid now, a refund without outcome as if it
        succeeded now; ``REFUND.CLOSED`` and the like as ``event_type`` tell another outcome. A
        complaint is told with ``action_type``, by default CREATE_COMPLAINT. ``changes`` replaces
        values by dotted name (``{"amount.total": 1}``), ``plaintext`` everything; ``faults`` are
        signing faults to apply. Raises LookupError for what is unknown.
        """
        subject = crafted.Subject(out_trade_no, out_refund_no, complaint_id, event_type,
                                  action_type)
        taken = Taken(list(faults))
        if plaintext is None:
            return crafted.build(self.ctx, subject, changes or {}, taken)
        return crafted.build_from(self.ctx, crafted.default_event_type(subject),
                                  envelopes.with_changes(plaintext, changes or {}), taken)

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
        """Forget every order, refund, complaint, notify, fault and journal; the account stays."""
        self.ctx.store.reset()
        self.ctx.faults.clear()
        self.ctx.clock.advanced_s = 0

    def next_wait_s(self) -> float | None:
        """How long until a notify or a refund falls due; None when nothing waits."""
        due = [each for each in (notifies.next_due_ms(self.ctx), refunds.next_settle_ms(self.ctx))
               if each is not None]
        return max(0, min(due) - self.ctx.clock.now_ms()) / 1000 if due else None

    @contextmanager
    def serve(self, port: int | socket.socket = 0,
              host: str = "127.0.0.1") -> Iterator[Serving]:
        """Serve over HTTP and deliver notifies in the background.

        Port 0 picks a free one; a listener is served, and closed at the end.
        """
        from emulators.wechatpay.server import Serving

        serving = Serving(self, host, port)
        try:
            yield serving
        finally:
            serving.stop()
