"""Reads the Authorization header as strictly as WeChat does and checks the request's signature.

The order of the checks and the messages are those the live gateway shows to a caller without
credentials: form, then the five-minute window, then serial number and signature.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from emulators.wechatpay.errors import SIGN_ERROR, ApiError
from emulators.wechatpay.signing import (
    SIGNATURE_TYPE,
    RequestLine,
    request_message,
    signature_holds,
)

if TYPE_CHECKING:
    from emulators.wechatpay.account import Account

WINDOW_S = 300
FIELD_NAMES = frozenset({"mchid", "nonce_str", "signature", "timestamp", "serial_no"})
SHOWN_BODY_BYTES = 8

_FIELD = re.compile(r'([a-z_]+)="([^"]*)"', re.ASCII)
_FORMS = {
    "mchid": re.compile(r"\d{8,32}", re.ASCII),
    "nonce_str": re.compile(r"[0-9A-Za-z_-]{1,32}", re.ASCII),
    "signature": re.compile(r"[0-9A-Za-z+/=]{1,1024}", re.ASCII),
    "timestamp": re.compile(r"\d{1,12}", re.ASCII),
    "serial_no": re.compile(r"[0-9A-Fa-f]{1,40}", re.ASCII),
}


@dataclass(frozen=True)
class Authorization:
    """The five fields of a well-formed header."""

    mchid: str
    nonce_str: str
    signature: str
    timestamp: str
    serial_no: str


def parse_authorization(header: str) -> Authorization | None:
    """The fields of ``WECHATPAY2-SHA256-RSA2048 mchid="…",…``; None for anything else."""
    scheme, _, rest = header.partition(" ")
    if scheme != SIGNATURE_TYPE:
        return None
    values: dict[str, str] = {}
    for part in rest.split(","):
        match = _FIELD.fullmatch(part)
        if match is None or match[1] in values:
            return None
        values[match[1]] = match[2]
    if values.keys() != FIELD_NAMES:
        return None
    if not all(form.fullmatch(values[name]) for name, form in _FORMS.items()):
        return None
    return Authorization(**values)


@dataclass(frozen=True)
class SignedRequest:
    """What a signature covers, with the header that carries it."""

    method: str
    target: str
    header: str
    body: bytes


def verify_request(request: SignedRequest, account: Account, *, now_s: int) -> None:
    """Raise the 401 SIGN_ERROR WeChat would answer, or return when all is well."""
    authorization = parse_authorization(request.header)
    if authorization is None:
        raise ApiError(SIGN_ERROR, message=_malformed_message(request.target))
    if abs(now_s - int(authorization.timestamp)) > WINDOW_S:
        raise ApiError(SIGN_ERROR, message=(
            "Http头Authorization中的timestamp与发起请求的时间不得超过5分钟"))
    if authorization.mchid != account.mchid:
        raise ApiError(SIGN_ERROR, message="商户号不存在，请检查Authorization中的mchid")
    if authorization.serial_no.upper() != account.merchant_serial:
        raise ApiError(SIGN_ERROR, message="商户证书序列号有误。请使用签名私钥匹配的证书序列号")
    line = RequestLine(request.method, request.target, authorization.timestamp,
                       authorization.nonce_str)
    message = request_message(line, request.body)
    if not signature_holds(account.merchant_public_key, message, authorization.signature):
        raise _signature_error(line, request.body, len(message))


def _malformed_message(target: str) -> str:
    if target.startswith("/v3/pay/transactions/"):
        return "签名信息错误，验签失败"
    return "Http头Authorization值格式错误，请参考《微信支付商户REST API签名规则》"


def _signature_error(line: RequestLine, body: bytes, length: int) -> ApiError:
    shown = request_message(line, body[:SHOWN_BODY_BYTES]).decode("utf-8", "replace")
    return ApiError(SIGN_ERROR, detail={
        "detail": {"issue": "sign not match"},
        "field": "signature",
        "location": "authorization",
        "sign_information": {
            "method": line.method,
            "sign_message_length": length,
            "truncated_sign_message": shown,
            "url": line.target,
        },
    })
