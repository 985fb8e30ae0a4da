"""Reads WeChat's transaction object, the same in a notify and in a query, into our words.

Fields: 4012791861 (notify), 4012791859 (query). Amounts are fen; only here is that word known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared.adapters.wechatpay import rfc3339
from shared.adapters.wechatpay.reasons import Reason, Rejected
from shared.domain.money import Money
from shared.domain.payment import Payee, PaymentFact, TradeState

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PROVIDER = "wechatpay"
LONGEST_ID = 32
LONGEST_OPENID = 128

TRADE_STATES = {
    "SUCCESS": TradeState.PAID,
    "REFUND": TradeState.REFUNDED,
    "NOTPAY": TradeState.UNPAID,
    "USERPAYING": TradeState.PENDING,
    "ACCEPT": TradeState.PENDING,
    "CLOSED": TradeState.CLOSED,
    "REVOKED": TradeState.CLOSED,
    "PAYERROR": TradeState.FAILED,
}
"""trade_state of WeChat Pay; ACCEPT is its legacy word for a payment under way."""

_UNPAID_WORDS = frozenset(TRADE_STATES) - {"SUCCESS", "REFUND"}


def payment_fact(transaction: Mapping[str, Any], source: str,
                 payer_hasher: Callable[[str], str] | None = None) -> PaymentFact:
    """What `transaction` states; raises Rejected when a field is missing or of a wrong kind.

    Nothing is compared with an order here: `shared.domain.matching` does that. The payer's
    openid goes through `payer_hasher`, or nowhere.
    """
    word = transaction.get("trade_state")
    state = TRADE_STATES.get(word) if type(word) is str else None
    if state is None:
        raise Rejected(Reason.TRADE_STATE_UNKNOWN)
    payee = Payee(identifier(transaction, "mchid"), identifier(transaction, "appid"))
    number = identifier(transaction, "out_trade_no")
    if word in _UNPAID_WORDS:
        return PaymentFact(PROVIDER, payee, number, state, source)
    return PaymentFact(PROVIDER, payee, number, state, source,
                       identifier(transaction, "transaction_id"), _amount(transaction),
                       _paid_at_s(transaction), _payer_hash(transaction, payer_hasher))


def identifier(transaction: Mapping[str, Any], name: str) -> str:
    """The id of this name (printable ASCII, 1 to 32 characters); raises Rejected."""
    value = transaction.get(name)
    if (type(value) is str and 0 < len(value) <= LONGEST_ID
            and value.isascii() and value.isprintable()):
        return value
    raise Rejected(Reason.FACT_MALFORMED)


def _amount(transaction: Mapping[str, Any]) -> Money:
    """What the buyer owed (total, in fen), not what was left after coupons (payer_total)."""
    amount = transaction.get("amount")
    if type(amount) is not dict:
        raise Rejected(Reason.FACT_MALFORMED)
    total: Any = amount.get("total")
    currency: Any = amount.get("currency")
    try:
        return Money(total, currency)
    except ValueError:
        raise Rejected(Reason.FACT_MALFORMED) from None


def _paid_at_s(transaction: Mapping[str, Any]) -> int:
    text = transaction.get("success_time")
    if type(text) is not str:
        raise Rejected(Reason.FACT_MALFORMED)
    try:
        return rfc3339.parse(text)
    except ValueError:
        raise Rejected(Reason.FACT_MALFORMED) from None


def _payer_hash(transaction: Mapping[str, Any],
                payer_hasher: Callable[[str], str] | None) -> str | None:
    """None as well when WeChat names no payer: nobody's payment waits for that."""
    payer = transaction.get("payer")
    if payer_hasher is None or type(payer) is not dict:
        return None
    openid: Any = payer.get("openid")
    if type(openid) is not str or not 0 < len(openid) <= LONGEST_OPENID:
        return None
    return payer_hasher(openid)
