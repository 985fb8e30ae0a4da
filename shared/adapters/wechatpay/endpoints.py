"""The rest of WeChat Pay (refunds, bills, complaints …) by `wechatpayv3`, over our transport.

wechatpayv3 knows the paths and fields of some 160 endpoints; its own transport has no
time-outs, no time window, and verifies only good answers. So only its endpoint methods are
used: each builds a request and hands it to `_core.request`, which here is ours. For timers
and operators; never imported on a buyer's path.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from shared import strict_json
from shared.adapters.wechatpay.transport import Answer, Call
from shared.errors import ProviderUnavailable

if TYPE_CHECKING:
    from shared.adapters.wechatpay.transport import Transport
    from shared.domain.payment import Payee

BILL_FILE = "/v3/billdownload/file?"
LARGEST_BILL = 8 * 1024 * 1024
"""Bytes as sent, gzipped: some hundred thousand lines, more than one day of one shop."""
REPEATABLE_POSTS = re.compile(r"/v3/pay/transactions/.*|/v3/refund/domestic/refunds")
"""POSTs that WeChat carries out once for equal content or an equal out_refund_no."""
_CODE = re.compile(r"[A-Z0-9_]{1,64}")


class UnsupportedEndpoint(NotImplementedError):
    """The method needs file upload or field encryption, which this transport does not do."""


def open_endpoints(transport: Transport, payee: Payee) -> Any:
    """A `wechatpayv3.WeChatPay` whose methods answer (status, text) through `transport`.

    A bill file comes as bytes. Methods raise ProviderUnavailable while an outcome is unknown,
    UnsupportedEndpoint, and ValueError for values that cannot stand in a path as they are.
    """
    from wechatpayv3 import WeChatPay, WeChatPayType
    # Its constructor would load the keys into the transport that is replaced here.
    endpoints = WeChatPay.__new__(WeChatPay)
    endpoints._type = WeChatPayType.NATIVE
    endpoints._mchid = payee.merchant_id
    endpoints._appid = payee.app_id
    endpoints._notify_url = None
    endpoints._partner_mode = False
    endpoints._core = _Core(transport, payee)
    return endpoints


def answer_of(told: tuple[int, str | bytes]) -> Answer:
    """What an endpoint method returned, as the transport's own kind of answer."""
    status, content = told
    body = content if isinstance(content, bytes) else content.encode()
    return Answer(status, body, code=_code(body) if status >= 400 else None)


def _code(body: bytes) -> str | None:
    try:
        code = strict_json.loads_object(body).get("code")
    except strict_json.InvalidJson:
        return None
    return code if type(code) is str and _CODE.fullmatch(code) else None


class _Core:
    """What wechatpayv3's endpoint methods know of its `core.Core`."""

    def __init__(self, transport: Transport, payee: Payee) -> None:
        self._transport = transport
        self._gate_way = transport.base_url
        self._mchid = payee.merchant_id

    def request(self, path: str, method: Any = None, data: Any = None,
                skip_verify: bool = False, sign_data: Any = None, files: Any = None,
                cipher_data: bool = False, headers: Any = None) -> tuple[int, str | bytes]:
        """Replaces `Core.request`; a method cannot switch verification off, bill files apart."""
        if sign_data or files or headers:
            raise UnsupportedEndpoint("file upload")
        if skip_verify and not path.startswith(BILL_FILE):
            raise UnsupportedEndpoint("an unverified answer")
        verb = "GET" if method is None else method.value
        answer = self._transport.call(Call(
            _operation(verb, path), verb, path, _body(data),
            repeatable=verb == "GET" or REPEATABLE_POSTS.fullmatch(path) is not None,
            unsigned_answer=skip_verify,
            **({"largest_answer": LARGEST_BILL} if skip_verify else {})))
        if skip_verify and answer.status == 200:
            return answer.status, answer.body  # whatever an unsigned header calls it
        return answer.status, _content(answer)

    def encrypt(self, _text: str) -> str:
        """Called for personal data in requests (bank accounts, names)."""
        raise UnsupportedEndpoint("field encryption")


def _operation(verb: str, path: str) -> str:
    """A name for the log: the fixed words of the path, without the identifiers in it."""
    words = [word for word in path.partition("?")[0].split("/")[2:]
             if re.fullmatch(r"[a-z][a-z\-]*(?:-v2)?", word)]
    return f"{verb.lower()}.{'.'.join(words)}"


def _body(data: Any) -> bytes:
    if not data:
        return b""
    if isinstance(data, str):
        return data.encode()
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()


def _content(answer: Answer) -> str | bytes:
    if answer.content_type.startswith("application/json"):
        try:
            return answer.body.decode()
        except UnicodeDecodeError:
            raise ProviderUnavailable(reason="answer_malformed") from None
    return answer.body or ""
