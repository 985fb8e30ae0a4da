"""A provider's notifies without cryptography."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from shared.errors import InvalidNotify
from shared.ports import ProviderReply

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.domain.complaint import ComplaintNotice
    from shared.domain.payment import PaymentFact
    from shared.domain.refund import RefundFact

    Fact = PaymentFact | RefundFact | ComplaintNotice


class FakeNotifyVerifier:
    """A `NotifyVerifier` that takes exactly what its `sign` made, unaltered."""

    provider = "wechatpay"

    def __init__(self) -> None:
        self.verified = 0
        self._signed: dict[bytes, Fact] = {}

    def sign(self, fact: Fact) -> tuple[dict[str, str], bytes]:
        """Headers and body of a genuine notify that states `fact`."""
        body = repr(fact).encode()
        self._signed[body] = fact
        return {"content-type": "application/json", "fake-signature": _digest(body)}, body

    def verify(self, headers: Mapping[str, str], body: bytes, now_s: int) -> Fact:
        """See the port."""
        if "fake-signature" not in headers:
            raise InvalidNotify(reason="signature_missing")
        if headers["fake-signature"] != _digest(body) or body not in self._signed:
            raise InvalidNotify(reason="signature_wrong")
        self.verified += 1
        fact = self._signed[body]
        return fact._replace(source="notify") if hasattr(fact, "source") else fact

    def accepted(self) -> ProviderReply:
        """See the port."""
        return ProviderReply(200, b'{"code":"SUCCESS"}')

    def refused(self, status: int, code: str) -> ProviderReply:
        """See the port."""
        return ProviderReply(status, json.dumps({"code": code}).encode())


def _digest(body: bytes) -> str:
    return hashlib.sha256(b"fake notify\n" + body).hexdigest()
