"""Consumer complaints 2.0 (投诉 2.0): the buyer's side, the merchant's calls, and their states.

PENDING until the merchant answers, PROCESSING until it reports completion, PROCESSED until the
buyer goes on. Sources: chapter 10_2 of the API v3 documents; README.md lists what is assumed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from emulators.wechatpay import funds
from emulators.wechatpay.complaint_news import BUYER, MERCHANT, PLATFORM, note, tell
from emulators.wechatpay.complaint_rules import (
    COMPLETE_BODY,
    HISTORY_LIMITS,
    LIST_LIMITS,
    LONGEST_DETAIL,
    PROBLEM_TYPES,
    RESPONSE_BODY,
    check_mchid,
    read_page,
    read_refund_progress,
    read_span,
)
from emulators.wechatpay.errors import COMPLAINT_NOT_EXIST, COMPLAINT_STATE, ApiError
from emulators.wechatpay.records import Complaint, JsonObject, Order
from emulators.wechatpay.signing import seal
from emulators.wechatpay.times import beijing, rfc3339
from emulators.wechatpay.validation import read_body

if TYPE_CHECKING:
    from emulators.wechatpay.context import Context

PROBLEM_TEXTS = {"REFUND": "申请退款", "SERVICE_NOT_WORK": "服务权益未生效", "OTHERS": "其他类型"}


@dataclass(frozen=True)
class Filing:
    """What a buyer writes. ``apply_refund_fen`` None asks for all that is left, and only a
    complaint of the type REFUND asks for money."""

    detail: str
    problem_type: str
    apply_refund_fen: int | None
    payer_phone: str


def file(ctx: Context, order: Order, filing: Filing) -> Complaint:
    """A buyer complains about a paid order. Raises ValueError when that cannot be."""
    if order.paid_at_s is None or order.transaction_id is None:
        raise ValueError(f"{order.out_trade_no} is not paid")
    if ctx.store.complaints.where(out_trade_no=order.out_trade_no):
        raise ValueError(f"{order.out_trade_no} has its complaint: reopen it")
    if filing.problem_type not in PROBLEM_TYPES:
        raise ValueError(f"problem_type is one of {', '.join(PROBLEM_TYPES)}")
    now_s = ctx.clock.now_s()
    complaint = Complaint(
        complaint_id=ctx.ids.complaint_id(now_s), out_trade_no=order.out_trade_no,
        transaction_id=order.transaction_id, amount_fen=order.total_fen,
        problem_type=filing.problem_type, detail=_checked(filing.detail),
        payer_openid=order.payer_openid or "", payer_phone=filing.payer_phone,
        apply_refund_fen=_asked_fen(ctx, order, filing), created_at_s=now_s)
    ctx.store.complaints.put(complaint)
    note(ctx, complaint, (BUYER, "USER_CREATE_COMPLAINT", complaint.detail))
    tell(ctx, complaint, "CREATE_COMPLAINT")
    return complaint


def _asked_fen(ctx: Context, order: Order, filing: Filing) -> int:
    if filing.problem_type != "REFUND":
        return 0
    left_fen = order.total_fen - sum(
        each.refund_fen for each in funds.counted_refunds(ctx, order))
    asked_fen = left_fen if filing.apply_refund_fen is None else filing.apply_refund_fen
    if not 0 <= asked_fen <= order.total_fen:
        raise ValueError("apply_refund_fen is at least 0 and at most the total")
    return asked_fen


def _checked(text: str) -> str:
    if not 1 <= len(text) <= LONGEST_DETAIL:
        raise ValueError(f"the text has 1 to {LONGEST_DETAIL} characters")
    return text


def reopen(ctx: Context, complaint: Complaint, detail: str) -> None:
    """The buyer goes on with a processed complaint. Raises ValueError for an open one."""
    if complaint.state != "PROCESSED":
        raise ValueError(f"a complaint that is {complaint.state} is open: reply to it")
    complaint.detail = _checked(detail)
    complaint.state, complaint.refund_decision = "PENDING", ""
    complaint.times += 1
    _save(ctx, complaint, (BUYER, "USER_CONTINUE_COMPLAINT", detail), "CONTINUE_COMPLAINT")


def buyer_replies(ctx: Context, complaint: Complaint, text: str) -> None:
    """The buyer adds to an open complaint. Raises ValueError for a processed one."""
    if complaint.state == "PROCESSED":
        raise ValueError("a complaint that is PROCESSED has to be reopened")
    complaint.incoming_user_response = True
    _save(ctx, complaint, (BUYER, "USER_RESPONSE", _checked(text)), "USER_RESPONSE")


def platform_replies(ctx: Context, complaint: Complaint, text: str) -> None:
    """WeChat's own staff adds a message."""
    _save(ctx, complaint, (PLATFORM, "PLATFORM_RESPONSE", _checked(text)), "RESPONSE_BY_PLATFORM")


def _save(ctx: Context, complaint: Complaint, entry: tuple[str, str, str], action_type: str,
          images: list[str] | None = None) -> None:
    ctx.store.complaints.put(complaint)
    note(ctx, complaint, entry, images)
    tell(ctx, complaint, action_type)


def listed(ctx: Context, query: dict[str, str]) -> JsonObject:
    """GET /v3/merchant-service/complaints-v2: by the day of the complaint, newest first."""
    first, last = read_span(query)
    page = read_page(query, limits=LIST_LIMITS, default=10)
    check_mchid(ctx, query.get("complainted_mchid", ctx.account.mchid))
    found = [each for each in ctx.store.complaints.where()
             if first <= beijing(each.created_at_s).date() <= last]
    return page.document(found[::-1], lambda each: document(ctx, each))


def detail(ctx: Context, complaint_id: str) -> JsonObject:
    """GET …/{complaint_id}."""
    return {**document(ctx, find(ctx, complaint_id)), "complainted_mchid": ctx.account.mchid}


def history(ctx: Context, complaint_id: str, query: dict[str, str]) -> JsonObject:
    """GET …/{complaint_id}/negotiation-historys, newest first."""
    page = read_page(query, limits=HISTORY_LIMITS, default=100)
    find(ctx, complaint_id)
    entries = ctx.store.complaint_entries.where(complaint_id=complaint_id)
    return page.document(entries[::-1], lambda each: {
        "log_id": each.log_id, "operator": each.operator, "operate_time": rfc3339(each.at_s),
        "operate_type": each.operate_type, "operate_details": each.operate_details,
        "image_list": each.image_list})


def respond(ctx: Context, complaint_id: str, body: bytes) -> None:
    """POST …/response. Not idempotent: the same words twice are two messages."""
    complaint, request = find(ctx, complaint_id), read_body(body, RESPONSE_BODY)
    check_mchid(ctx, request["complainted_mchid"])
    _refuse_unless(complaint.state != "PROCESSED")
    images = request.get("response_images", [])
    assert isinstance(images, list)
    complaint.state, complaint.incoming_user_response = "PROCESSING", False
    _save(ctx, complaint, (MERCHANT, "MERCHANT_RESPONSE", str(request["response_content"])),
          "MERCHANT_RESPONSE", images)


def complete(ctx: Context, complaint_id: str, body: bytes) -> None:
    """POST …/complete: after an answer or a decision, and no message of the buyer since."""
    complaint, request = find(ctx, complaint_id), read_body(body, COMPLETE_BODY)
    check_mchid(ctx, request["complainted_mchid"])
    _refuse_unless(complaint.state == "PROCESSING" and not complaint.incoming_user_response)
    complaint.state = "PROCESSED"
    _save(ctx, complaint, (MERCHANT, "MERCHANT_CONFIRM_COMPLETE", ""),
          "MERCHANT_CONFIRM_COMPLETE")


def update_refund_progress(ctx: Context, complaint_id: str, body: bytes) -> None:
    """POST …/update-refund-progress: an open REFUND complaint, approved once at most."""
    complaint, request = find(ctx, complaint_id), read_refund_progress(body)
    _refuse_unless(complaint.problem_type == "REFUND" and complaint.state != "PROCESSED"
                   and complaint.refund_decision != "APPROVE")
    complaint.refund_decision, complaint.state = str(request["action"]), "PROCESSING"
    if complaint.refund_decision == "APPROVE":
        entry = (MERCHANT, "MERCHANT_APPROVE_REFUND", str(request.get("remark", "")))
        _save(ctx, complaint, entry, "MERCHANT_APPROVE_REFUND")
    else:  # the history spells it so
        entry = (MERCHANT, "MERCHANT_REFUSE_RERUND", str(request["reject_reason"]))
        _save(ctx, complaint, entry, "MERCHANT_REJECT_REFUND")


def _refuse_unless(allowed: bool) -> None:
    if not allowed:
        raise ApiError(COMPLAINT_STATE)


def find(ctx: Context, complaint_id: str) -> Complaint:
    """The complaint of this number. Raises ApiError."""
    complaint = ctx.store.complaints.get(complaint_id)
    if complaint is None:
        raise ApiError(COMPLAINT_NOT_EXIST)
    return complaint


def on_refund_accepted(ctx: Context, order: Order) -> None:
    """A full refund is told to whoever follows the order's complaint."""
    for complaint in _open_ones(ctx, order):
        if funds.refunded_fen(ctx, order, settled=False) == order.total_fen:
            note(ctx, complaint, (MERCHANT, "COMPLAINT_FULL_REFUNDED", ""))
            tell(ctx, complaint, "SELLER_REFUND")


def on_refund_success(ctx: Context, order: Order) -> None:
    """Money that arrived ends the complaint whose refund was approved."""
    for complaint in _open_ones(ctx, order):
        arrived_fen = funds.refunded_fen(ctx, order, settled=True, since_s=complaint.created_at_s)
        if complaint.refund_decision == "APPROVE" and arrived_fen >= complaint.apply_refund_fen:
            complaint.state = "PROCESSED"
            entry = (PLATFORM, "COMPLAINT_REFUND_RECEIVED_SYSTEM_MESSAGE", "")
            _save(ctx, complaint, entry, "REFUND_SUCCESS")


def _open_ones(ctx: Context, order: Order) -> list[Complaint]:
    return [each for each in ctx.store.complaints.where(out_trade_no=order.out_trade_no)
            if each.state != "PROCESSED"]


def document(ctx: Context, complaint: Complaint) -> JsonObject:
    """The complaint as the list shows it; the phone is sealed for the merchant."""
    order = ctx.store.orders.get(complaint.out_trade_no)
    assert order is not None
    result: JsonObject = {
        "complaint_id": complaint.complaint_id,
        "complaint_time": rfc3339(complaint.created_at_s),
        "complaint_detail": complaint.detail,
        "complaint_state": complaint.state,
        "payer_openid": complaint.payer_openid,
        "complaint_order_info": [{"transaction_id": complaint.transaction_id,
                                  "out_trade_no": complaint.out_trade_no,
                                  "amount": complaint.amount_fen}],
        "complaint_media_list": [],
        "complaint_full_refunded":
            funds.refunded_fen(ctx, order, settled=True) == order.total_fen,
        "incoming_user_response": complaint.incoming_user_response,
        "problem_description": PROBLEM_TEXTS[complaint.problem_type],
        "problem_type": complaint.problem_type,
        "user_complaint_times": complaint.times,
    }
    if complaint.payer_phone:
        result["payer_phone"] = seal(ctx.account.merchant_public_key, complaint.payer_phone)
    if complaint.problem_type == "REFUND":
        result["apply_refund_amount"] = complaint.apply_refund_fen
    return result
