"""A license issuer without keys."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

from shared.domain.lease import claims
from shared.domain.receipt import receipt_claims
from shared.license_ports import IssuedLease
from tests.fakes.script import Script

if TYPE_CHECKING:
    from shared.domain.lease import Window
    from shared.domain.license import License
    from shared.domain.order import Order, Payment

ISSUER = "https://tongbao.example"


class FakeLicenseIssuer:
    """A `LicenseIssuer` whose token is its claims in base64url: readable, signed by nobody.

    While `is_pending` is set, every lease is pending. `issued` lists the license ids asked for.
    """

    def __init__(self) -> None:
        self.script = Script()
        self.is_pending = False
        self.issued: list[str] = []

    def issue(self, license_: License, thumbprint: str, window: Window) -> IssuedLease:
        """See the port."""
        self.issued.append(license_.license_id)
        self.script.enter("issue")
        token = None if self.is_pending else self._token(
            claims(license_, thumbprint, window, ISSUER))
        self.script.leave("issue")
        return IssuedLease(token)

    def receipt(self, order: Order, payment: Payment) -> str | None:
        """See the port."""
        return None if self.is_pending else self._token(receipt_claims(order, payment, ISSUER))

    @staticmethod
    def read(token: str) -> dict[str, Any]:
        """The claims of a token that `issue` made."""
        padded = token.removeprefix("fake.") + "=="
        found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(padded))
        return found

    @staticmethod
    def _token(content: dict[str, Any]) -> str:
        text = json.dumps(content, sort_keys=True)
        return "fake." + base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
