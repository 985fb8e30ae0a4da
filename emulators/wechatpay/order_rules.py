"""The rules of a Native create body (documents 4012791877, 4012525171) beyond single fields."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from emulators.wechatpay.errors import (
    APPID_MCHID_NOT_MATCH,
    MCHID_MISMATCH,
    ORDER_EXPIRED,
    ApiError,
    param_error,
)
from emulators.wechatpay.times import DAY_S, parse_rfc3339
from emulators.wechatpay.validation import (
    Choice,
    Fields,
    Flag,
    JsonObject,
    ListOf,
    Text,
    Whole,
    read_body,
)

if TYPE_CHECKING:
    from emulators.wechatpay.context import Context

OUT_TRADE_NO = re.compile(r"[0-9A-Za-z_\-|*]+", re.ASCII)
SHORTEST_LIFE_S = 60
DEFAULT_LIFE_S = 7 * DAY_S
LONGEST_LIFE_S = 90 * DAY_S

GOODS = Fields({
    "merchant_goods_id": Text(32, required=True, shortest=1),
    "wechatpay_goods_id": Text(32),
    "goods_name": Text(256),
    "quantity": Whole(required=True, least=1),
    "unit_price": Whole(required=True),
})
STORE = Fields({
    "id": Text(32, required=True, shortest=1),
    "name": Text(256),
    "area_code": Text(32),
    "address": Text(512),
})
NATIVE_BODY = Fields({
    "appid": Text(32, required=True, shortest=1),
    "mchid": Text(32, required=True, shortest=1),
    "description": Text(127, required=True, shortest=1),
    "out_trade_no": Text(32, required=True, shortest=6, pattern=OUT_TRADE_NO),
    "time_expire": Text(64),
    "attach": Text(128),
    "notify_url": Text(255, required=True, shortest=1),
    "goods_tag": Text(32),
    "support_fapiao": Flag(),
    "amount": Fields({
        "total": Whole(required=True, least=1),
        "currency": Choice(frozenset({"CNY"})),
    }, required=True),
    "detail": Fields({
        "cost_price": Whole(),
        "invoice_id": Text(32),
        "goods_detail": ListOf(GOODS),
    }),
    "scene_info": Fields({
        "payer_client_ip": Text(45, required=True, shortest=1),
        "device_id": Text(32),
        "store_info": STORE,
    }),
    "settle_info": Fields({"profit_sharing": Flag()}),
})


def read_native_body(ctx: Context, body: bytes) -> JsonObject:
    """The create body when every rule holds that does not depend on a stored order."""
    request = read_body(body, NATIVE_BODY)
    if request["mchid"] != ctx.account.mchid:
        raise ApiError(MCHID_MISMATCH)
    if request["appid"] != ctx.account.appid:
        raise ApiError(APPID_MCHID_NOT_MATCH)
    check_notify_url(ctx, str(request["notify_url"]))
    if "time_expire" in request and parse_rfc3339(str(request["time_expire"])) is None:
        raise param_error("/time_expire", "is not RFC 3339 with an offset")
    return request


def check_notify_url(ctx: Context, url: str, *, pointer: str = "/notify_url") -> None:
    """A full https address without query or fragment; http only to the emulator's own hosts."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError as error:
        raise param_error(pointer, "is not an address") from error
    plain_allowed = host in ctx.settings.http_notify_hosts
    if not host or parts.scheme not in ("https", *(["http"] if plain_allowed else [])):
        raise param_error(pointer, "does not start with https://")
    if "?" in url or "#" in url or parts.username is not None:
        raise param_error(pointer, "carries more than scheme, host and path")
    if not url.isascii() or any(character <= " " for character in url):
        raise param_error(pointer, "has characters that are not allowed")


def expiry_s(request: JsonObject, now_s: int) -> int:
    """When paying stops being possible: raised to a minute, cut to 90 days, 7 days by default.

    Raises ApiError when ``time_expire`` is already over.
    """
    if "time_expire" not in request:
        return now_s + DEFAULT_LIFE_S
    wanted = parse_rfc3339(str(request["time_expire"]))
    if wanted is None:
        raise param_error("/time_expire", "is not RFC 3339 with an offset")
    if wanted <= now_s:
        raise ApiError(ORDER_EXPIRED)
    return min(max(wanted, now_s + SHORTEST_LIFE_S), now_s + LONGEST_LIFE_S)
