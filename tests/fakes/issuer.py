"""A license issuer without keys."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

from shared.domain.lease import claims
from shared.ports import IssuedLease
from tests.fakes.script import Script

if TYPE_CHECKING:
    from shared.domain.lease import Window
    from shared.domain.license import License

ISSUER = "https://tongbao.example"


class FakeLicenseIssuer:
    """A `LicenseIssuer` whose token is its claims in base64url: readable, signed by nobody.

    While `is_pending` is set, every lease is pending. `issued` lists the license ids asked for.
    """

    def __init__(self) -> None:
        self.script = Script()
        self.is_pending = False
        self.issued: list[str] = []

    def issue(self, license_: License, window: Window) -> IssuedLease:
        """See the port."""
        self.issued.append(license_.license_id)
        self.script.enter("issue")
        token = None if self.is_pending else self._token(license_, window)
        self.script.leave("issue")
        return IssuedLease(token)

    def public_keys(self) -> list[dict[str, Any]]:
        """See the port."""
        return [{"kty": "OKP", "crv": "Ed25519", "kid": "fake", "alg": "Ed25519",
                 "use": "sig", "x": ""}]

    @staticmethod
    def read(token: str) -> dict[str, Any]:
        """The claims of a token that `issue` made."""
        padded = token.removeprefix("fake.") + "=="
        found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(padded))
        return found

    @staticmethod
    def _token(license_: License, window: Window) -> str:
        text = json.dumps({"kid": license_.kid, **claims(license_, window, ISSUER)},
                          sort_keys=True)
        return "fake." + base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
