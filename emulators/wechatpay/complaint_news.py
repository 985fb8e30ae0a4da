"""The complaint notify address, the negotiation history, and telling the merchant of news."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulators.wechatpay import notifies
from emulators.wechatpay.complaint_rules import URL_BODY
from emulators.wechatpay.errors import COMPLAINT_URL_EXISTS, COMPLAINT_URL_NOT_EXIST, ApiError
from emulators.wechatpay.order_rules import check_notify_url
from emulators.wechatpay.records import Complaint, ComplaintEntry, ComplaintUrl, JsonObject
from emulators.wechatpay.validation import read_body

if TYPE_CHECKING:
    from emulators.wechatpay.context import Context

BUYER, MERCHANT, PLATFORM = "投诉人", "商户", "微信支付客服"


def create_url(ctx: Context, body: bytes) -> JsonObject:
    """POST …/complaint-notifications: only where there is none yet."""
    if ctx.store.complaint_urls.get(ctx.account.mchid) is not None:
        raise ApiError(COMPLAINT_URL_EXISTS)
    return _put_url(ctx, body)


def update_url(ctx: Context, body: bytes) -> JsonObject:
    """PUT …/complaint-notifications: only where there is one."""
    read_url(ctx)
    return _put_url(ctx, body)


def read_url(ctx: Context) -> JsonObject:
    """GET …/complaint-notifications."""
    found = ctx.store.complaint_urls.get(ctx.account.mchid)
    if found is None:
        raise ApiError(COMPLAINT_URL_NOT_EXIST)
    return {"mchid": found.mchid, "url": found.url}


def delete_url(ctx: Context) -> None:
    """DELETE …/complaint-notifications: what happens from now on is not notified."""
    read_url(ctx)
    ctx.store.complaint_urls.clear()


def _put_url(ctx: Context, body: bytes) -> JsonObject:
    url = str(read_body(body, URL_BODY)["url"])
    check_notify_url(ctx, url, pointer="/url")
    ctx.store.complaint_urls.put(ComplaintUrl(ctx.account.mchid, url))
    return read_url(ctx)


def event_type_of(action_type: str) -> str:
    """``COMPLAINT.CREATE`` for the first filing, ``COMPLAINT.STATE_CHANGE`` for all else."""
    return "COMPLAINT.CREATE" if action_type == "CREATE_COMPLAINT" else "COMPLAINT.STATE_CHANGE"


def notify_plaintext(complaint: Complaint, action_type: str) -> JsonObject:
    """All that a complaint notify says."""
    return {"complaint_id": complaint.complaint_id, "action_type": action_type}


def tell(ctx: Context, complaint: Complaint, action_type: str) -> None:
    """Notify the merchant of what was done, when there is an address to notify."""
    found = ctx.store.complaint_urls.get(ctx.account.mchid)
    if found is not None:
        notifies.schedule(ctx, notifies.News(
            event_type_of(action_type), complaint.out_trade_no, found.url,
            notify_plaintext(complaint, action_type)))


def note(ctx: Context, complaint: Complaint, entry: tuple[str, str, str],
         images: list[str] | None = None) -> None:
    """Add (operator, operate_type, operate_details) to the negotiation history."""
    operator, operate_type, details = entry
    now_s = ctx.clock.now_s()
    entries = ctx.store.complaint_entries
    entries.put(ComplaintEntry(
        seq=entries.next_seq(), log_id=ctx.ids.complaint_log_id(now_s),
        complaint_id=complaint.complaint_id, operator=operator, operate_type=operate_type,
        operate_details=details, at_s=now_s, image_list=images or []))
