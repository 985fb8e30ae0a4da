"""Signing keys in the town: a token says which key signed it; keys change, and are withdrawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared.license_ports import IssuedLease
from tests.fakes.issuer import FakeLicenseIssuer

if TYPE_CHECKING:
    from shared.domain.lease import Window
    from shared.domain.license import License


class TownIssuer(FakeLicenseIssuer):
    """A `LicenseIssuer` whose tokens are "kid:claims". `tokens` are all that ever left."""

    def __init__(self) -> None:
        super().__init__()
        self.kid = "k1"
        self.tokens: set[str] = set()

    def issue(self, license_: License, thumbprint: str, window: Window) -> IssuedLease:
        """See the port."""
        issued = super().issue(license_, thumbprint, window)
        if issued.token is None:
            return issued
        self.tokens.add(issued.token)
        return IssuedLease(f"{self.kid}:{issued.token}")

    def rotate(self) -> str:
        """Sign with a new key from now on; the old one's name."""
        old, self.kid = self.kid, f"k{int(self.kid[1:]) + 1}"
        return old

    def opened(self, token: str) -> tuple[str, dict[str, Any]]:
        """Which key signed a token, and its claims."""
        kid, _, rest = token.partition(":")
        return kid, self.read(rest)
