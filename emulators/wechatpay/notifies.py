"""The queue of notifies: scheduling, the retry ladder, sending, and the journal of attempts.

Acceptance rule: document 4012075420. Every resend is encrypted and signed afresh.
Nothing here runs by itself: ``deliver_due`` is called by a test or by the server's thread, and it
posts without holding the lock, so that the merchant may call WeChat while it is being notified.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from emulators.wechatpay.envelopes import (
    Envelope,
    envelope_body,
    notify_key,
    sign_and_spoil,
    summary_of,
)
from emulators.wechatpay.records import JsonObject, Notify, NotifyAttempt
from emulators.wechatpay.retry_ladders import retry_wait_s

if TYPE_CHECKING:
    from emulators.wechatpay.context import Context
    from emulators.wechatpay.faults import Taken

PostNotify = Callable[[str, dict[str, str], bytes], int]
FIXED_HEADERS = {"Content-Type": "application/json", "Accept": "*/*",
                 "User-Agent": "Mozilla/4.0", "Pragma": "no-cache"}


@dataclass(frozen=True)
class News:
    """Something the merchant is to be told."""

    event_type: str
    out_trade_no: str
    url: str
    plaintext: JsonObject


def schedule(ctx: Context, news: News) -> None:
    """Queue a notify for now, or as a lost, delayed or out_of_order fault has it."""
    faults = ctx.faults.take_for_notify(news.event_type, scheduling=True)
    delay = faults.get("delayed")
    wait_ms = 0 if delay is None else ctx.clock.wait_ms(delay.number("delay_s", 60))
    state = "due"
    if "lost" in faults:
        state = "lost"
    elif "out_of_order" in faults:
        state = "held"
    envelope = Envelope(ctx.ids.notify_id(), news.event_type, ctx.clock.now_s(), news.plaintext)
    ctx.store.notifies.put(Notify(
        seq=ctx.store.notifies.next_seq(),
        notify_id=envelope.notify_id,
        event_type=news.event_type,
        summary=summary_of(news.event_type),
        original_type=envelope.original_type,
        out_trade_no=news.out_trade_no,
        url=news.url,
        plaintext=news.plaintext,
        created_at_s=envelope.created_at_s,
        due_at_ms=ctx.clock.now_ms() + wait_ms,
        state=state,
    ))


def next_due_ms(ctx: Context) -> int | None:
    """When the next notify is due, in business milliseconds; None when none waits."""
    first = ctx.store.notifies.first_by("due_at_ms", state="due")
    return None if first is None else first.due_at_ms


def resume(ctx: Context) -> None:
    """After a restart, whatever was being sent is due again."""
    with ctx.store.database.transaction():
        for notify in ctx.store.notifies.where(state="sending"):
            notify.state = "due"
            ctx.store.notifies.put(notify)


def deliver_due(ctx: Context, post: PostNotify) -> list[NotifyAttempt]:
    """Send every notify that is due now, earliest first; the attempts made."""
    attempts: list[NotifyAttempt] = []
    horizon_ms = ctx.clock.now_ms()
    while (notify := _claim(ctx, horizon_ms)) is not None:
        faults = ctx.faults.take_for_notify(notify.event_type, scheduling=False)
        attempts += _replay_old(ctx, post, faults)
        made = _send_copies(ctx, post, notify, faults)
        _settle(ctx, notify, made)
        attempts += made
    return attempts


def _claim(ctx: Context, horizon_ms: int) -> Notify | None:
    with ctx.store.database.transaction():
        notify = ctx.store.notifies.first_by("due_at_ms", "seq", state="due")
        if notify is None or notify.due_at_ms > horizon_ms:
            return None
        notify.state = "sending"
        notify.sent += 1
        ctx.store.notifies.put(notify)
        return notify


def _settle(ctx: Context, notify: Notify, made: list[NotifyAttempt]) -> None:
    """Delivered, or due again at the next rung; then whatever was held back for it is let go."""
    with ctx.store.database.transaction():
        if any(each.accepted for each in made):
            notify.state = "delivered"
        elif (wait_s := retry_wait_s(notify.original_type, notify.sent)) is None:
            notify.state = "given_up"
        else:
            notify.state = "due"
            notify.due_at_ms = ctx.clock.now_ms() + ctx.clock.wait_ms(wait_s)
        ctx.store.notifies.put(notify)
        for held in ctx.store.notifies.where(state="held"):
            held.state = "due"
            ctx.store.notifies.put(held)


def _send_copies(ctx: Context, post: PostNotify, notify: Notify,
                 faults: Taken) -> list[NotifyAttempt]:
    """One POST, or under a ``duplicate`` fault several at the same moment."""
    duplicate = faults.get("duplicate")
    copies = 1 if duplicate is None else int(duplicate.number("copies", 2))
    prepared = [_prepare(ctx, notify, faults) for _ in range(copies)]
    if copies == 1:
        _post(post, prepared[0])
    else:
        _post_together(post, prepared)
    return [_record(ctx, each) for each in prepared]


def _post_together(post: PostNotify, prepared: list[NotifyAttempt]) -> None:
    start = threading.Barrier(len(prepared))

    def one(attempt: NotifyAttempt) -> None:
        start.wait()
        _post(post, attempt)

    threads = [threading.Thread(target=one, args=(each,)) for each in prepared]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _prepare(ctx: Context, notify: Notify, faults: Taken) -> NotifyAttempt:
    envelope = Envelope(notify.notify_id, notify.event_type, notify.created_at_s,
                        notify.plaintext)
    headers, body = signed(ctx, envelope, faults)
    return NotifyAttempt(
        seq=0, notify_seq=notify.seq, event_type=notify.event_type,
        out_trade_no=notify.out_trade_no, url=notify.url, sent_at_s=ctx.clock.now_s(),
        headers=headers, body=body, status=None, error=None, faults=faults.kinds)


def signed(ctx: Context, envelope: Envelope, faults: Taken) -> tuple[dict[str, str], bytes]:
    """Headers and body of one freshly encrypted and signed notify."""
    body = envelope_body(ctx, envelope, faults)
    headers, body = sign_and_spoil(ctx, body, notify_key(ctx), faults)
    truncated = faults.get("truncated_body")
    if truncated is not None:
        body = body[:int(truncated.number("keep", len(body) // 2))]
    return {**FIXED_HEADERS, **headers}, body


def _post(post: PostNotify, attempt: NotifyAttempt) -> None:
    try:
        attempt.status = post(attempt.url, dict(attempt.headers), attempt.body)
    except OSError as error:
        attempt.error = f"{type(error).__name__}: {error}"


def _record(ctx: Context, attempt: NotifyAttempt) -> NotifyAttempt:
    with ctx.store.database.transaction():
        attempt.seq = ctx.store.attempts.next_seq()
        ctx.store.attempts.put(attempt)
    return attempt


def _replay_old(ctx: Context, post: PostNotify, faults: Taken) -> list[NotifyAttempt]:
    fault = faults.get("replayed")
    if fault is None:
        return []
    attempt = replay(ctx, post, fault.text("out_trade_no", ""))
    return [] if attempt is None else [attempt]


def replay(ctx: Context, post: PostNotify, out_trade_no: str = "",
           event_type: str = "") -> NotifyAttempt | None:
    """Send the first recorded attempt (of that order and event) again, byte for byte; None
    without one."""
    wanted = {"out_trade_no": out_trade_no, "event_type": event_type}
    equal = {name: value for name, value in wanted.items() if value}
    recorded = ctx.store.attempts.where(**equal)
    if not recorded:
        return None
    attempt = recorded[0]
    attempt.sent_at_s = ctx.clock.now_s()
    attempt.status, attempt.error, attempt.faults = None, None, ["replayed"]
    _post(post, attempt)
    return _record(ctx, attempt)
