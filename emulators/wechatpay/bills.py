"""Daily bills: applying for one and downloading it (documents 4012791872, 4012791873, 4012791874).

The file is frozen when it is applied for, so that its SHA-1 stays true; the download is unsigned.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from emulators.wechatpay import bill_files
from emulators.wechatpay.bill_packing import pack, sha1_of
from emulators.wechatpay.errors import (
    BILL_TOKEN_DEAD,
    NO_STATEMENT_EXIST,
    STATEMENT_CREATING,
    ApiError,
    param_error,
)
from emulators.wechatpay.records import BillFile, JsonObject
from emulators.wechatpay.times import beijing
from emulators.wechatpay.validation import (
    chosen_parameter,
    date_parameter,
    required_parameter,
)

if TYPE_CHECKING:
    from datetime import date

    from emulators.wechatpay.context import Context

READY_HOUR = 10
KEPT_DAYS = 92
TOKEN_LIFE_S = 300


def trade_bill(ctx: Context, query: dict[str, str]) -> JsonObject:
    """GET /v3/bill/tradebill: one row a payment or refund of that Beijing day."""
    day = _bill_date(ctx, query)
    kind = chosen_parameter(query, "bill_type",
                            among=("ALL", "SUCCESS", "REFUND", "RECHARGE_REFUND"))
    return _apply(ctx, query, bill_files.trade_bill(ctx, day, kind))


def fund_flow_bill(ctx: Context, query: dict[str, str]) -> JsonObject:
    """GET /v3/bill/fundflowbill: one row a movement; only the BASIC account ever has any."""
    day = _bill_date(ctx, query)
    account = chosen_parameter(query, "account_type", among=("BASIC", "OPERATION", "FEES"))
    content = bill_files.fund_flow_bill(ctx, day) if account == "BASIC" else None
    return _apply(ctx, query, content)


def download(ctx: Context, query: dict[str, str]) -> bytes:
    """GET /v3/billdownload/file?token=: the file, gzipped when that was asked for."""
    bill = ctx.store.bills.get(required_parameter(query, "token"))
    if bill is None or ctx.clock.now_s() >= bill.made_at_s + TOKEN_LIFE_S:
        raise ApiError(BILL_TOKEN_DEAD)
    return pack(bill.content, bill.filler_bytes) if bill.gzipped else bill.content


def _apply(ctx: Context, query: dict[str, str], content: bytes | None) -> JsonObject:
    gzipped = chosen_parameter(query, "tar_type", among=("", "GZIP")) == "GZIP"
    if content is None:
        raise ApiError(NO_STATEMENT_EXIST)
    token = ctx.ids.text(64)
    ctx.store.bills.put(BillFile(token, ctx.clock.now_s(), gzipped, content))
    return {
        "hash_type": "SHA1",
        "hash_value": sha1_of(content),
        "download_url": f"{ctx.base_url}/v3/billdownload/file?token={token}",
    }


def _bill_date(ctx: Context, query: dict[str, str]) -> date:
    """The day asked for, when its bill can exist. Raises ApiError."""
    day = date_parameter(query, "bill_date")
    now = beijing(ctx.clock.now_s())
    if day >= now.date():
        raise param_error("bill_date", "is not a past day", location="query")
    if day < now.date() - timedelta(days=KEPT_DAYS):
        raise param_error("bill_date", "is more than three months ago", location="query")
    if day == now.date() - timedelta(days=1) and now.hour < READY_HOUR:
        raise ApiError(STATEMENT_CREATING)
    return day
