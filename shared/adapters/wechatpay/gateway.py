"""Native payments (a QR code per order) at WeChat Pay. Implements the port PaymentGateway.

Endpoints: place 4012791877, query 4012791880, close 4012791881.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import quote

from shared import strict_json
from shared.adapters.wechatpay import rfc3339
from shared.adapters.wechatpay.facts import PROVIDER, payment_fact
from shared.adapters.wechatpay.reasons import Rejected
from shared.adapters.wechatpay.transport import Answer, Call
from shared.domain.order import PaymentInstruction
from shared.errors import ProviderRefused, ProviderUnavailable
from shared.ports import AlreadyPaid

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.adapters.wechatpay.transport import Transport
    from shared.domain.order import Snapshot
    from shared.domain.payment import Payee, PaymentFact

PLACE = "/v3/pay/transactions/native"
BY_NUMBER = "/v3/pay/transactions/out-trade-no/"
CODE_LIFETIME_S = 7_200
"""A code_url lives two hours; placing again with the same bytes yields a fresh one."""
LONGEST_DESCRIPTION = 127
LONGEST_CODE_URL = 512

PAID_CODES = frozenset({"ORDERPAID"})
PAID_SUB_CODES = frozenset({"268449538", "268498689"})
USED_CODES = frozenset({"OUTTRADENOUSED"})
UNKNOWN_ORDER_CODES = frozenset({"ORDERNOTEXIST", "RESOURCENOTEXISTS"})
CLOSED_CODES = frozenset({"ORDERCLOSED"})


class WeChatNativeGateway:
    """One merchant's Native orders; `notify_url` is https, public and without a query.

    `payer_hasher` (see `payer`) gives facts of paid orders their payer_hash.
    """

    provider = PROVIDER
    currencies = frozenset({"CNY"})

    def __init__(self, transport: Transport, *, payee: Payee, notify_url: str,
                 payer_hasher: Callable[[str], str] | None = None) -> None:
        self._transport = transport
        self.payee = payee
        self._notify_url = notify_url
        self._payer_hasher = payer_hasher

    def prepare(self, out_trade_no: str, snapshot: Snapshot, expires_at_s: int) -> str:
        """The request body, in one fixed spelling; raises ValueError for a price not in CNY.

        WeChat takes a repetition only with equal content (sub-code 268498688), so these bytes
        are stored and sent again as they are.
        """
        if snapshot.price.currency != "CNY" or snapshot.price.amount_minor < 1:
            raise ValueError("WeChat Pay takes at least 1 fen, in CNY")
        body = {
            "appid": self.payee.app_id, "mchid": self.payee.merchant_id,
            "description": _description(snapshot), "out_trade_no": out_trade_no,
            "notify_url": self._notify_url,
            "amount": {"total": snapshot.price.amount_minor, "currency": "CNY"},
            "time_expire": rfc3339.format_china(expires_at_s)}
        return json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    def place(self, provider_request: str, now_s: int) -> PaymentInstruction:
        """A QR text for the stored request, valid until the code or the order expires.

        Raises ProviderUnavailable, ProviderRefused and AlreadyPaid, as the port says.
        """
        body = provider_request.encode()
        answer = self._transport.call(Call("native.place", "POST", PLACE, body))
        if answer.status != 200:
            raise self._refusal_of_place(answer, provider_request)
        code_url = answer.object().get("code_url")
        if (type(code_url) is not str or not code_url.startswith("weixin://")
                or len(code_url) > LONGEST_CODE_URL or not code_url.isprintable()):
            raise ProviderUnavailable(reason="answer_malformed")
        expires_at_s = rfc3339.parse(strict_json.loads_object(body)["time_expire"])
        return PaymentInstruction("qr", code_url, min(now_s + CODE_LIFETIME_S, expires_at_s))

    def query(self, out_trade_no: str) -> PaymentFact | None:
        """What WeChat knows of this number; None when it does not know it.

        Raises ProviderUnavailable and ProviderRefused.
        """
        target = f"{_by_number(out_trade_no)}?mchid={quote(self.payee.merchant_id, safe='')}"
        answer = self._transport.call(Call("native.query", "GET", target))
        if answer.status == 404 and answer.plain_code in UNKNOWN_ORDER_CODES:
            return None
        if answer.status != 200:
            raise _refused(answer)
        try:
            fact = payment_fact(answer.object(), "query", self._payer_hasher)
        except Rejected as rejected:
            raise ProviderUnavailable(reason=f"answer_{rejected.reason.value}") from None
        if fact.out_trade_no != out_trade_no:
            raise ProviderUnavailable(reason="answer_about_another_order")
        return fact

    def close(self, out_trade_no: str) -> None:
        """No payment of this number is taken any more; done again it changes nothing.

        Raises AlreadyPaid when the buyer was faster, ProviderUnavailable, ProviderRefused.
        """
        body = json.dumps({"mchid": self.payee.merchant_id}, separators=(",", ":")).encode()
        answer = self._transport.call(
            Call("native.close", "POST", f"{_by_number(out_trade_no)}/close", body))
        if _says_paid(answer):
            raise AlreadyPaid
        gone = CLOSED_CODES | UNKNOWN_ORDER_CODES
        if answer.status != 204 and answer.plain_code not in gone:
            raise _refused(answer)

    def _refusal_of_place(self, answer: Answer, provider_request: str) -> Exception:
        if _says_paid(answer):
            return AlreadyPaid()
        if answer.plain_code in USED_CODES:
            # "Used" may be our own success whose answer was lost: WeChat says to look.
            number = strict_json.loads_object(provider_request.encode())["out_trade_no"]
            fact = self.query(number)
            if fact is not None and fact.was_paid:
                return AlreadyPaid()
        return _refused(answer)


def _by_number(out_trade_no: str) -> str:
    return BY_NUMBER + quote(out_trade_no, safe="")


def _says_paid(answer: Answer) -> bool:
    return answer.status >= 400 and (answer.plain_code in PAID_CODES
                                     or answer.sub_code in PAID_SUB_CODES)


def _refused(answer: Answer) -> ProviderRefused:
    return ProviderRefused(reason=answer.code or f"status_{answer.status}")


def _description(snapshot: Snapshot) -> str:
    """The title as WeChat takes it: at most 127 characters, none beyond the BMP (emoji).

    And no back-tick: in the day's bill, which repeats the title, it would begin a cell.
    """
    text = "".join(symbol if symbol.isprintable() and symbol != "`" and ord(symbol) <= 0xFFFF
                   else "?" for symbol in snapshot.title)[:LONGEST_DESCRIPTION]
    return text if text.strip() else snapshot.product_id
