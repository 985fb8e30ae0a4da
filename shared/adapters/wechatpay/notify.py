"""Turns a payment notify of WeChat Pay into a fact, or into InvalidNotify. Port: NotifyVerifier.

The function `notify` imports this on its way to answering within five seconds from cold, so
nothing heavy is imported on this path (a test holds the list). There is no special treatment
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
    from collections.abc import Mapping

    from shared.domain.payment import PaymentFact

LARGEST_BODY = 64 * 1024
PAYMENT_EVENT = "TRANSACTION.SUCCESS"
RESOURCE_TYPE = "encrypt-resource"
ORIGINAL_TYPE = "transaction"


class WeChatNotifyVerifier:
    """Verifies notifies for one merchant account.

    `keys` maps each `Wechatpay-Serial` we trust to its PEM public key (or platform
    certificate); `api_v3_key` has 32 bytes. Raises UnusableKey when one cannot be used.
    """

    provider = PROVIDER

    def __init__(self, keys: Mapping[str, str], api_v3_key: bytes) -> None:
        self._signatures = SignatureVerifier(load_verification_keys(keys))
        self._resources = ResourceCipher(api_v3_key)

    def verify(self, headers: Mapping[str, str], body: bytes, now_s: int) -> PaymentFact:
        """The payment that a genuine, fresh notify states; raises InvalidNotify for all else.

        `headers` has lower-case names, `body` the bytes as received. Status 401 when it may
        not be WeChat's, 400 when it is and we cannot use it; reasons: `reasons.Reason`.
        """
        try:
            if len(body) > LARGEST_BODY:
                raise Rejected(Reason.BODY_TOO_LARGE)
            self._signatures.verify(headers, body, now_s)
            return _payment(self._resources.decrypt(_resource(body)))
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


def _resource(body: bytes) -> dict[str, Any]:
    """The encrypted part of an envelope that announces a payment."""
    try:
        envelope = strict_json.loads_object(body, max_bytes=LARGEST_BODY)
    except strict_json.InvalidJson:
        raise Rejected(Reason.BODY_NOT_JSON) from None
    event_type, resource = envelope.get("event_type"), envelope.get("resource")
    if event_type != PAYMENT_EVENT:
        known = type(event_type) is str
        raise Rejected(Reason.EVENT_TYPE_FOREIGN if known else Reason.ENVELOPE_MALFORMED)
    if (envelope.get("resource_type") != RESOURCE_TYPE or type(resource) is not dict
            or resource.get("original_type") != ORIGINAL_TYPE
            or resource.get("associated_data", "") not in ("", ORIGINAL_TYPE)):
        raise Rejected(Reason.ENVELOPE_MALFORMED)
    return resource


def _payment(plaintext: bytes) -> PaymentFact:
    """What the decrypted part states, if that agrees with an envelope of a payment."""
    try:
        transaction = strict_json.loads_object(plaintext, max_bytes=LARGEST_BODY)
    except strict_json.InvalidJson:
        raise Rejected(Reason.RESOURCE_NOT_JSON) from None
    fact = payment_fact(transaction, "notify")
    if not fact.was_paid:
        raise Rejected(Reason.TRADE_STATE_CONTRADICTS)
    return fact


def _invalid(reason: Reason) -> InvalidNotify:
    error = InvalidNotify(reason=reason.value)
    error.genuine = reason in GENUINE
    if reason in CONTENT:
        error.status = 400
    return error
