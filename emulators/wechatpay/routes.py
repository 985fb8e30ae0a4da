"""Every path of API v3 that is emulated, and what runs behind it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote

from emulators.wechatpay import (
    abnormal_refunds,
    bills,
    certificates,
    complaint_news,
    complaints,
    payments,
    refunds,
)
from emulators.wechatpay.answers import Reply
from emulators.wechatpay.errors import param_error
from emulators.wechatpay.validation import required_parameter

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from emulators.wechatpay.context import Context


@dataclass(frozen=True)
class Call:
    """A request that passed the signature check."""

    arguments: Mapping[str, str]
    query: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Endpoint:
    """One row of the routes table. ``signed`` is False where answers are unsigned by design."""

    name: str
    method: str
    pattern: re.Pattern[str]
    run: Callable[[Context, Call], Reply]
    signed: bool = True


def _native(ctx: Context, call: Call) -> Reply:
    return Reply(200, payments.create_native(ctx, call.body))


def _query(ctx: Context, call: Call) -> Reply:
    return Reply(200, payments.query_by_out_trade_no(
        ctx, call.arguments["number"], required_parameter(call.query, "mchid")))


def _query_by_id(ctx: Context, call: Call) -> Reply:
    return Reply(200, payments.query_by_transaction_id(
        ctx, call.arguments["number"], required_parameter(call.query, "mchid")))


def _close(ctx: Context, call: Call) -> Reply:
    payments.close(ctx, call.arguments["number"], call.body)
    return Reply(204)


def _refund(ctx: Context, call: Call) -> Reply:
    return Reply(200, refunds.apply(ctx, call.body))


def _refund_query(ctx: Context, call: Call) -> Reply:
    return Reply(200, refunds.query(ctx, call.arguments["number"]))


def _abnormal_refund(ctx: Context, call: Call) -> Reply:
    return Reply(200, abnormal_refunds.apply(ctx, call.arguments["number"], call.body))


def _complaints(ctx: Context, call: Call) -> Reply:
    return Reply(200, complaints.listed(ctx, call.query))


def _complaint(ctx: Context, call: Call) -> Reply:
    return Reply(200, complaints.detail(ctx, call.arguments["number"]))


def _complaint_history(ctx: Context, call: Call) -> Reply:
    return Reply(200, complaints.history(ctx, call.arguments["number"], call.query))


def _complaint_response(ctx: Context, call: Call) -> Reply:
    complaints.respond(ctx, call.arguments["number"], call.body)
    return Reply(204)


def _complaint_complete(ctx: Context, call: Call) -> Reply:
    complaints.complete(ctx, call.arguments["number"], call.body)
    return Reply(204)


def _complaint_refund(ctx: Context, call: Call) -> Reply:
    complaints.update_refund_progress(ctx, call.arguments["number"], call.body)
    return Reply(204)


def _create_complaint_url(ctx: Context, call: Call) -> Reply:
    return Reply(200, complaint_news.create_url(ctx, call.body))


def _update_complaint_url(ctx: Context, call: Call) -> Reply:
    return Reply(200, complaint_news.update_url(ctx, call.body))


def _read_complaint_url(ctx: Context, _: Call) -> Reply:
    return Reply(200, complaint_news.read_url(ctx))


def _delete_complaint_url(ctx: Context, _: Call) -> Reply:
    complaint_news.delete_url(ctx)
    return Reply(204)


def _trade_bill(ctx: Context, call: Call) -> Reply:
    return Reply(200, bills.trade_bill(ctx, call.query))


def _fund_flow_bill(ctx: Context, call: Call) -> Reply:
    return Reply(200, bills.fund_flow_bill(ctx, call.query))


def _bill_download(ctx: Context, call: Call) -> Reply:
    return Reply(200, content=bills.download(ctx, call.query), content_type="text/plain")


def _certificates(ctx: Context, _: Call) -> Reply:
    return Reply(200, certificates.certificates(ctx))


def _path(template: str) -> re.Pattern[str]:
    return re.compile(template.replace("{}", "(?P<number>[^/]+)"))


_ORDERS = "/v3/pay/transactions/out-trade-no/{}"
_REFUNDS = "/v3/refund/domestic/refunds"
_COMPLAINTS = "/v3/merchant-service/complaints-v2"
_COMPLAINT_URL = "/v3/merchant-service/complaint-notifications"
ENDPOINTS = (
    Endpoint("native", "POST", _path("/v3/pay/transactions/native"), _native),
    Endpoint("query", "GET", _path(_ORDERS), _query),
    Endpoint("query", "GET", _path("/v3/pay/transactions/id/{}"), _query_by_id),
    Endpoint("close", "POST", _path(_ORDERS + "/close"), _close),
    Endpoint("refund", "POST", _path(_REFUNDS), _refund),
    Endpoint("refund_query", "GET", _path(_REFUNDS + "/{}"), _refund_query),
    Endpoint("abnormal_refund", "POST", _path(_REFUNDS + "/{}/apply-abnormal-refund"),
             _abnormal_refund),
    Endpoint("complaints", "GET", _path(_COMPLAINTS), _complaints),
    Endpoint("complaint", "GET", _path(_COMPLAINTS + "/{}"), _complaint),
    Endpoint("complaint_history", "GET", _path(_COMPLAINTS + "/{}/negotiation-historys"),
             _complaint_history),
    Endpoint("complaint_response", "POST", _path(_COMPLAINTS + "/{}/response"),
             _complaint_response),
    Endpoint("complaint_complete", "POST", _path(_COMPLAINTS + "/{}/complete"),
             _complaint_complete),
    Endpoint("complaint_refund", "POST", _path(_COMPLAINTS + "/{}/update-refund-progress"),
             _complaint_refund),
    Endpoint("complaint_url", "POST", _path(_COMPLAINT_URL), _create_complaint_url),
    Endpoint("complaint_url", "GET", _path(_COMPLAINT_URL), _read_complaint_url),
    Endpoint("complaint_url", "PUT", _path(_COMPLAINT_URL), _update_complaint_url),
    Endpoint("complaint_url", "DELETE", _path(_COMPLAINT_URL), _delete_complaint_url),
    Endpoint("tradebill", "GET", _path("/v3/bill/tradebill"), _trade_bill),
    Endpoint("fundflowbill", "GET", _path("/v3/bill/fundflowbill"), _fund_flow_bill),
    Endpoint("billdownload", "GET", _path("/v3/billdownload/file"), _bill_download, signed=False),
    Endpoint("certificates", "GET", _path("/v3/certificates"), _certificates),
)


def find(method: str, target: str) -> tuple[Endpoint, Mapping[str, str]] | int:
    """The endpoint and its path arguments, or the status that says why there is none."""
    path = target.partition("?")[0]
    status = 404
    for endpoint in ENDPOINTS:
        match = endpoint.pattern.fullmatch(path)
        if match is not None:
            if endpoint.method == method:
                return endpoint, {name: unquote(value)
                                  for name, value in match.groupdict().items()}
            status = 405
    return status


def read_query(target: str) -> dict[str, str]:
    """The query parameters. Raises ApiError when one is given twice."""
    pairs = parse_qsl(target.partition("?")[2], keep_blank_values=True)
    query = dict(pairs)
    if len(query) != len(pairs):
        raise param_error("query", "names a parameter twice", location="query")
    return query
