"""Device proofs without keys: the proof's text names the thumbprint and the nonce."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.errors import DeviceUnproven

if TYPE_CHECKING:
    from shared.license_ports import ProvenRequest

WINDOW_S = 300


class FakeDeviceProofs:
    """A `DeviceProofs`. Good is "<thumbprint> <nonce>", with the nonce of this window or the
    last; it is bound to no request. `checked` lists what was to be proven.
    """

    def __init__(self) -> None:
        self.checked: list[ProvenRequest] = []

    def thumbprint_of(self, request: ProvenRequest, now_s: int) -> str:
        """See the port."""
        self.checked.append(request)
        thumbprint, _, nonce = request.proof.partition(" ")
        if not thumbprint or not nonce:
            raise DeviceUnproven(reason="form")
        if nonce not in (self.nonce(now_s), self.nonce(now_s - WINDOW_S)):
            raise DeviceUnproven(code="DEVICE_PROOF_STALE",
                                 headers={"DPoP-Nonce": self.nonce(now_s)})
        return thumbprint

    def nonce(self, now_s: int) -> str:
        """See the port."""
        return f"nonce-{now_s // WINDOW_S}"

    def proof(self, thumbprint: str, now_s: int) -> str:
        """What this device sends now."""
        return f"{thumbprint} {self.nonce(now_s)}"
