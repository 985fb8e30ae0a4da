"""Notifies built and signed now but not sent: what tests hand to a merchant themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from emulators.wechatpay import complaint_news, notifies, payments, refunds
from emulators.wechatpay.envelopes import Envelope, with_changes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from emulators.wechatpay.context import Context
    from emulators.wechatpay.faults import Taken
    from emulators.wechatpay.records import JsonObject


@dataclass(frozen=True)
class Subject:
    """What a notify is about: exactly one of the three numbers. ``event_type`` and
    ``action_type`` None are what would be told about it now."""

    out_trade_no: str | None = None
    out_refund_no: str | None = None
    complaint_id: str | None = None
    event_type: str | None = None
    action_type: str | None = None

    def __post_init__(self) -> None:
        given = (self.out_trade_no, self.out_refund_no, self.complaint_id)
        if sum(each is not None for each in given) != 1:
            raise ValueError("give one of out_trade_no, out_refund_no, complaint_id")
        if self.action_type is not None and self.complaint_id is None:
            raise ValueError("only a complaint notify has an action_type")


def build(ctx: Context, subject: Subject, changes: Mapping[str, object],
          faults: Taken) -> tuple[dict[str, str], bytes]:
    """Headers and body about the subject as it is known. Raises LookupError."""
    event_type, plaintext = _told(ctx, subject)
    return build_from(ctx, event_type, with_changes(plaintext, changes), faults)


def build_from(ctx: Context, event_type: str, plaintext: JsonObject,
               faults: Taken) -> tuple[dict[str, str], bytes]:
    """Headers and body that say ``plaintext``, true or not."""
    envelope = Envelope(ctx.ids.notify_id(), event_type, ctx.clock.now_s(), plaintext)
    return notifies.signed(ctx, envelope, faults)


def default_event_type(subject: Subject) -> str:
    """What a notify is called when nothing is known of its subject."""
    if subject.event_type is not None:
        return subject.event_type
    if subject.complaint_id is not None:
        return complaint_news.event_type_of(subject.action_type or "CREATE_COMPLAINT")
    return "TRANSACTION.SUCCESS" if subject.out_refund_no is None else "REFUND.SUCCESS"


def _told(ctx: Context, subject: Subject) -> tuple[str, JsonObject]:
    if subject.out_refund_no is not None:
        return _refund(ctx, subject.out_refund_no, subject.event_type)
    event_type = default_event_type(subject)
    if subject.complaint_id is not None:
        complaint = ctx.store.complaints.get(subject.complaint_id)
        if complaint is None:
            raise LookupError(f"no complaint {subject.complaint_id}")
        return event_type, complaint_news.notify_plaintext(
            complaint, subject.action_type or "CREATE_COMPLAINT")
    return event_type, _transaction(ctx, str(subject.out_trade_no))


def _transaction(ctx: Context, out_trade_no: str) -> JsonObject:
    order = ctx.store.orders.get(out_trade_no)
    if order is None:
        raise LookupError(f"no order {out_trade_no}")
    if order.paid_at_s is None:
        now_s = ctx.clock.now_s()
        order.trade_state, order.paid_at_s = "SUCCESS", now_s
        order.payer_openid = ctx.ids.openid()
        order.transaction_id = ctx.ids.transaction_id(now_s)
    return payments.transaction_document(ctx, order)


def _refund(ctx: Context, out_refund_no: str, event_type: str | None) -> tuple[str, JsonObject]:
    """The outcome is the refund's own, else what the event type says, else SUCCESS."""
    refund = ctx.store.refunds.get(out_refund_no)
    if refund is None:
        raise LookupError(f"no refund {out_refund_no}")
    order = ctx.store.orders.get(refund.out_trade_no)
    assert order is not None
    own = refund.status if refund.status in refunds.FINAL else "SUCCESS"
    event_type = event_type or f"REFUND.{own}"
    outcome = event_type.rpartition(".")[2]
    if outcome in refunds.FINAL and outcome != refund.status:
        refund.status = outcome
        refund.success_at_s = ctx.clock.now_s() if outcome == "SUCCESS" else None
    return event_type, refunds.notify_plaintext(ctx, order, refund)
