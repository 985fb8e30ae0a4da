"""What handing out licenses needs from the world: who signs, and who checks a device's proof."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from shared.domain.lease import Window
    from shared.domain.license import License
    from shared.domain.order import Order, Payment


class IssuedLease(NamedTuple):
    """A signed lease, ready to hand out; None in `token` means: pending, ask again."""

    token: str | None


class LicenseIssuer(Protocol):
    """Signs leases and receipts with the key of today; never called inside `notify`."""

    def issue(self, license_: License, thumbprint: str, window: Window) -> IssuedLease:
        """The lease for this license, device and window: the same bytes while the key stays
        the same, the same claims always; or pending.
        """

    def receipt(self, order: Order, payment: Payment) -> str | None:
        """The signed receipt of a paid order; None while it is being signed."""


class ProvenRequest(NamedTuple):
    """What a device's proof (RFC 9449) must be about.

    `proof` is the header's text; `host` may be None where the platform does not tell it;
    `bearer` is the secret that came with the request.
    """

    proof: str
    method: str
    path: str
    host: str | None
    body: bytes
    bearer: str | None


class DeviceProofs(Protocol):
    """Checks that a request comes from who holds a device's key; keeps nothing."""

    def thumbprint_of(self, request: ProvenRequest, now_s: int) -> str:
        """The thumbprint (RFC 7638) of the key that signed this request, just now.

        Raises DeviceUnproven(DEVICE_PROOF_INVALID or, with a fresh nonce, DEVICE_PROOF_STALE).
        """

    def nonce(self, now_s: int) -> str:
        """What a proof must contain that is made now."""
