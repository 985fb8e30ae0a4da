"""What the complaint calls accept: request bodies, the day span of the list, page sizes.

Chapter 10_2 of the API v3 documents (consumer complaints 2.0).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from emulators.wechatpay.errors import COMPLAINT_NOT_YOURS, ApiError, param_error
from emulators.wechatpay.validation import (
    Choice,
    Fields,
    ListOf,
    Text,
    Whole,
    date_parameter,
    read_body,
    whole_parameter,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date

    from emulators.wechatpay.context import Context
    from emulators.wechatpay.records import JsonObject

Row = TypeVar("Row")
LONGEST_DETAIL = 300
LONGEST_ANSWER = 200
MOST_DAYS = 30
LIST_LIMITS = range(1, 51)
HISTORY_LIMITS = range(1, 301)
OFFSETS = range(10_000_000)
PROBLEM_TYPES = ("REFUND", "SERVICE_NOT_WORK", "OTHERS")

_MCHID = Text(64, required=True, shortest=1)
_IMAGES = ListOf(Text(512, shortest=1), most=4)
RESPONSE_BODY = Fields({
    "complainted_mchid": _MCHID,
    "response_content": Text(LONGEST_ANSWER, required=True, shortest=1),
    "response_images": _IMAGES,
    "jump_url": Text(512, pattern=re.compile(r"https://\S+")),
    "jump_url_text": Text(10),
    "mini_program_jump_info": Fields({
        "appid": Text(32, required=True, shortest=1),
        "path": Text(512, required=True, shortest=1),
        "text": Text(20, required=True, shortest=1),
    }),
})
COMPLETE_BODY = Fields({"complainted_mchid": _MCHID})
REFUND_PROGRESS_BODY = Fields({
    "action": Choice(frozenset({"APPROVE", "REJECT"}), required=True),
    "launch_refund_day": Whole(),
    "reject_reason": Text(LONGEST_ANSWER, shortest=1),
    "reject_media_list": _IMAGES,
    "remark": Text(LONGEST_ANSWER),
})
URL_BODY = Fields({"url": Text(255, required=True, shortest=1)})


@dataclass(frozen=True)
class Page:
    """Which part of a listing is asked for."""

    limit: int
    offset: int

    def document(self, rows: Sequence[Row], show: Callable[[Row], JsonObject]) -> JsonObject:
        """This part of ``rows`` as ``show`` has them, with the numbers a client pages by."""
        shown = [show(each) for each in rows[self.offset:self.offset + self.limit]]
        return {"data": shown, "limit": self.limit, "offset": self.offset,
                "total_count": len(rows)}


def read_page(query: dict[str, str], *, limits: range, default: int) -> Page:
    """``limit`` and ``offset``. Raises ApiError."""
    return Page(whole_parameter(query, "limit", default=default, among=limits),
                whole_parameter(query, "offset", default=0, among=OFFSETS))


def read_span(query: dict[str, str]) -> tuple[date, date]:
    """First and last day of the list, both included, at most thirty. Raises ApiError."""
    first, last = date_parameter(query, "begin_date"), date_parameter(query, "end_date")
    if not 0 <= (last - first).days < MOST_DAYS:
        raise param_error("end_date", "is not within 30 days from begin_date", location="query")
    return first, last


def check_mchid(ctx: Context, mchid: object) -> None:
    """Refuse another merchant's complaints. Raises ApiError."""
    if mchid != ctx.account.mchid:
        raise ApiError(COMPLAINT_NOT_YOURS)


def read_refund_progress(body: bytes) -> JsonObject:
    """The decision, which says when the refund comes, or why not. Raises ApiError."""
    request = read_body(body, REFUND_PROGRESS_BODY)
    needed = "launch_refund_day" if request["action"] == "APPROVE" else "reject_reason"
    if needed not in request:
        raise param_error(f"/{needed}", "is missing")
    return request
