"""Which device sent a request, by its proof; and the nonce that its next proof must carry."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from shared.domain.device import Wanted
from shared.errors import DeviceUnproven, InvalidRequest
from shared.http.incoming import bearer_secret
from shared.license_ports import ProvenRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.http.request import Request
    from shared.http.source_bucket import SourceBucket
    from shared.key_set import KeySet
    from shared.license_ports import DeviceProofs
    from shared.ports import Clock

NONCE = "DPoP-Nonce"
_PLATFORM = re.compile(r"([a-z0-9]{1,16}/[a-z0-9]{1,16})?")


@dataclass(frozen=True)
class DeviceGate:
    """Lets in what a device's key signed for just this request.

    `public_host` is the name that clients call, where the platform tells another or none.
    """

    proofs: DeviceProofs
    clock: Clock
    public_host: str = ""

    def thumbprint_of(self, request: Request) -> str:
        """The thumbprint of the device's key (RFC 7638); raises DeviceUnproven."""
        proof = request.headers.get("dpop")
        if proof is None:
            raise DeviceUnproven(code="DEVICE_PROOF_REQUIRED", headers=self.nonce())
        return self.proofs.thumbprint_of(ProvenRequest(
            proof, request.method, request.path, self.public_host or request.host or None,
            request.body, bearer_secret(request)), self.clock.now_s())

    def device_of(self, request: Request, platform: object) -> Wanted:
        """The device that asks for a slot, with what it says it runs on ("chrome/windows")."""
        thumbprint = self.thumbprint_of(request)
        if not isinstance(platform, str) or not _PLATFORM.fullmatch(platform):
            raise InvalidRequest(code="INVALID_FIELD", field="platform")
        return Wanted(thumbprint, platform)

    def nonce(self) -> Mapping[str, str]:
        """The header with the nonce for proofs made from now on (RFC 9449 §8.2)."""
        return {NONCE: self.proofs.nonce(self.clock.now_s())}


class Doors(NamedTuple):
    """What stands before licenses: the devices' proofs, a limit on tries, the key set."""

    gate: DeviceGate
    bucket: SourceBucket
    key_set: KeySet
