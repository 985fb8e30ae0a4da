"""Turns a notify of WeChat Pay into a fact, or into InvalidNotify. Port: NotifyVerifier.

The function `notify` imports this on its way to answering within five seconds from cold, so
nothing heavy is imported on this path (a test holds the list), and what only refunds and
complaints need is imported when one comes. There is no special treatment
of any sender, host or signature, WeChat's own probes (4012075420) included: they fail here
like every wrong signature.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from shared import strict_json
from shared.adapters.wechatpay.facts import PROVIDER, payment_fact
from shared.adapters.wechatpay.keys import load_verification_keys
from shared.adapters.wechatpay.reasons import CONTENT, GENUINE, Reason, Rejected
from shared.adapters.wechatpay.resource import ResourceCipher
from shared.adapters.wechatpay.verifier import SignatureVerifier
from shared.errors import InvalidNotify
from shared.ports import ProviderReply

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shared.domain.complaint import ComplaintNotice
    from shared.domain.payment import PaymentFact
    from shared.domain.refund import RefundFact

LARGEST_BODY = 64 * 1024
RESOURCE_TYPE = "encrypt-resource"
ORIGINAL_TYPES = {
    "TRANSACTION.SUCCESS": "transaction",
    "REFUND.SUCCESS": "refund",
    "REFUND.ABNORMAL": "refund",
    "REFUND.CLOSED": "refund",
    "COMPLAINT.CREATE": "complaint",
    "COMPLAINT.STATE_CHANGE": "complaint",
}
"""What the encrypted part is about, by the envelope's event_type; all others are foreign."""


class WeChatNotifyVerifier:
    """Verifies notifies for one merchant account.

    `keys` maps each `Wechatpay-Serial` we trust to its PEM public key (or platform
    certificate); `api_v3_key` has 32 bytes. Raises UnusableKey when one cannot be used.
    `payer_hasher` (see `payer`) gives payments their payer_hash.
    """

    provider = PROVIDER

    def __init__(self, keys: Mapping[str, str], api_v3_key: bytes,
                 payer_hasher: Callable[[str], str] | None = None) -> None:
        self._signatures = SignatureVerifier(load_verification_keys(keys))
        self._resources = ResourceCipher(api_v3_key)
        self._payer_hasher = payer_hasher

    def verify(self, headers: Mapping[str, str], body: bytes,
               now_s: int) -> PaymentFact | RefundFact | ComplaintNotice:
        """What a genuine, fresh notify states; raises InvalidNotify for all else.

        `headers` has lower-case names, `body` the bytes as received. Status 401 when it may
        not be WeChat's, 400 when it is and we cannot use it; reasons: `reasons.Reason`.
        """
        try:
            if len(body) > LARGEST_BODY:
                raise Rejected(Reason.BODY_TOO_LARGE)
            self._signatures.verify(headers, body, now_s)
            event_type, resource = _announced(body)
            stated = _object(self._resources.decrypt(resource))
            if event_type == "TRANSACTION.SUCCESS":
                return _payment(stated, self._payer_hasher)
            if ORIGINAL_TYPES[event_type] == "refund":
                return _refund(stated, event_type)
            return _complaint(stated)
        except Rejected as rejected:
            raise _invalid(rejected.reason) from None

    def accepted(self) -> ProviderReply:
        """The answer that ends WeChat's repetitions."""
        return ProviderReply(200, '{"code":"SUCCESS","message":"成功"}'.encode())

    def refused(self, status: int, code: str) -> ProviderReply:
        """The answer that makes WeChat repeat; it reads the status, people read the body."""
        if not 400 <= status <= 599:
            raise ValueError("only a 4xx or 5xx makes WeChat send a notify again")
        return ProviderReply(status, json.dumps({"code": "FAIL", "message": code}).encode())


def _announced(body: bytes) -> tuple[str, dict[str, Any]]:
    """The event_type of an envelope that we take, and its encrypted part."""
    try:
        envelope = strict_json.loads_object(body, max_bytes=LARGEST_BODY)
    except strict_json.InvalidJson:
        raise Rejected(Reason.BODY_NOT_JSON) from None
    event_type, resource = envelope.get("event_type"), envelope.get("resource")
    if type(event_type) is not str:
        raise Rejected(Reason.ENVELOPE_MALFORMED)
    original_type = ORIGINAL_TYPES.get(event_type)
    if original_type is None:
        raise Rejected(Reason.EVENT_TYPE_FOREIGN)
    if (envelope.get("resource_type") != RESOURCE_TYPE or type(resource) is not dict
            or resource.get("original_type") != original_type
            or resource.get("associated_data", "") not in ("", original_type)):
        raise Rejected(Reason.ENVELOPE_MALFORMED)
    return event_type, resource


def _object(plaintext: bytes) -> dict[str, Any]:
    try:
        return strict_json.loads_object(plaintext, max_bytes=LARGEST_BODY)
    except strict_json.InvalidJson:
        raise Rejected(Reason.RESOURCE_NOT_JSON) from None


def _payment(transaction: dict[str, Any],
             payer_hasher: Callable[[str], str] | None) -> PaymentFact:
    """The payment, if the decrypted part agrees with an envelope that announces one."""
    fact = payment_fact(transaction, "notify", payer_hasher)
    if not fact.was_paid:
        raise Rejected(Reason.TRADE_STATE_CONTRADICTS)
    return fact


def _refund(refund: dict[str, Any], event_type: str) -> RefundFact:
    """The refund, if it stands where the envelope says."""
    from shared.adapters.wechatpay.refund_facts import notified_refund
    fact = notified_refund(refund)
    if event_type != f"REFUND.{refund['refund_status']}":
        raise Rejected(Reason.REFUND_STATUS_CONTRADICTS)
    return fact


def _complaint(notice: dict[str, Any]) -> ComplaintNotice:
    from shared.adapters.wechatpay.complaint_facts import complaint_notice
    return complaint_notice(notice)


def _invalid(reason: Reason) -> InvalidNotify:
    error = InvalidNotify(reason=reason.value)
    error.genuine = reason in GENUINE
    if reason in CONTENT:
        error.status = 400
    return error
