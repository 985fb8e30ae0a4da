"""Refunds at WeChat Pay. Implements the port RefundGateway; for timers and operators.

Endpoints: apply 4012791862, query 4012791863, both by `wechatpayv3` over our transport. WeChat
makes each out_refund_no once, and a second number would pay a second time: so a stored request
is replayed as it is, and "no" is believed only when asking for the number confirms it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from shared import strict_json
from shared.adapters.wechatpay.endpoints import answer_of, open_endpoints
from shared.adapters.wechatpay.reasons import Rejected
from shared.adapters.wechatpay.refund_facts import OUT_REFUND_NO, answered_refund
from shared.adapters.wechatpay.refusals import (
    is_final,
    knows_nothing_of_it,
    refused,
    unavailable,
)
from shared.errors import ProviderUnavailable

if TYPE_CHECKING:
    from shared.adapters.wechatpay.transport import Answer, Transport
    from shared.domain.payment import Payee
    from shared.domain.refund import RefundFact
    from shared.ports import RefundTerms


class WeChatRefundGateway:
    """One merchant's refunds; `notify_url` is https, public and without a query."""

    def __init__(self, transport: Transport, *, payee: Payee, notify_url: str) -> None:
        self._transport = transport
        self._payee = payee
        self._notify_url = notify_url
        self._opened: Any = None

    def prepare(self, terms: RefundTerms) -> str:
        """The request's content, in one fixed spelling.

        Raises ValueError for amounts not in CNY, of nothing, or beyond what was paid.
        """
        amount, total = terms.amount, terms.total
        if amount.currency != "CNY" or total.currency != "CNY":
            raise ValueError("WeChat Pay gives back CNY")
        if not 1 <= amount.amount_minor <= total.amount_minor:
            raise ValueError("a refund is at least 1 fen, and at most what was paid")
        if OUT_REFUND_NO.fullmatch(terms.out_refund_no) is None:
            raise ValueError("not an out_refund_no")
        content = {
            "out_refund_no": terms.out_refund_no, "transaction_id": terms.transaction_id,
            "notify_url": self._notify_url,
            "amount": {"refund": amount.amount_minor, "total": total.amount_minor,
                       "currency": "CNY"}}
        return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    def place(self, provider_request: str) -> RefundFact:
        """Ask for the stored refund, or ask again; raises as the port says."""
        asked = strict_json.loads_object(provider_request.encode())
        answer = answer_of(self._endpoints().refund(**asked))
        if answer.status == 200:
            return _same(asked, self._fact(answer, "place"))
        if not is_final(answer):
            raise unavailable(answer)
        # An earlier attempt of ours may have landed, and be why this one is refused.
        known = self.query(asked["out_refund_no"])
        if known is None:
            raise refused(answer)
        return _same(asked, known)

    def query(self, out_refund_no: str) -> RefundFact | None:
        """What WeChat knows of this number; None when it does not know it.

        Raises ProviderUnavailable.
        """
        if OUT_REFUND_NO.fullmatch(out_refund_no) is None:
            return None  # no refund can have it
        answer = answer_of(self._endpoints().query_refund(quote(out_refund_no, safe="")))
        if knows_nothing_of_it(answer):
            return None
        if answer.status != 200:
            raise unavailable(answer)
        fact = self._fact(answer, "query")
        if fact.out_refund_no != out_refund_no:
            raise _about_another()
        return fact

    def _fact(self, answer: Answer, source: str) -> RefundFact:
        try:
            return answered_refund(answer.object(), source, self._payee.merchant_id)
        except Rejected as rejected:
            raise ProviderUnavailable(reason=f"answer_{rejected.reason.value}") from None

    def _endpoints(self) -> Any:
        if self._opened is None:
            self._opened = open_endpoints(self._transport, self._payee)
        return self._opened


def _same(asked: dict[str, Any], fact: RefundFact) -> RefundFact:
    """The fact, if it is about what was asked for; raises ProviderUnavailable."""
    amount = asked["amount"]
    if (asked["out_refund_no"], asked["transaction_id"]) != (
            fact.out_refund_no, fact.transaction_id):
        raise _about_another()
    for stated, expected in ((fact.amount, amount["refund"]), (fact.total, amount["total"])):
        if stated is None or (stated.amount_minor, stated.currency) != (
                expected, amount["currency"]):
            raise _about_another()
    return fact


def _about_another() -> ProviderUnavailable:
    return ProviderUnavailable(reason="answer_about_another_refund")
