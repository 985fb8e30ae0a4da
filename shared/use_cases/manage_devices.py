"""What an active device may do: see the devices, remove one, decide about a request.

Each is one read and at most one conditional write, and may be sent again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.domain.activation import decide_takeover as decided
from shared.domain.activation import remove_device as without
from shared.domain.device import Refused
from shared.use_cases.claim_license import as_error
from shared.use_cases.project_license import change_stored
from shared.use_cases.refresh_lease import active_license

if TYPE_CHECKING:
    from shared.domain.license import License
    from shared.use_cases.claim_license import Desk
    from shared.use_cases.project_license import Change


def list_devices(license_id: str, thumbprint: str, desk: Desk) -> License:
    """The license, for one of its devices. Raises NotFound(DEVICE_NOT_ACTIVE), Unavailable."""
    return active_license(license_id, thumbprint, desk.licenses)


def remove_device(license_id: str, thumbprint: str, device_id: str, desk: Desk) -> License:
    """The license without that device, which may be the caller's own.

    Raises NotFound(DEVICE_NOT_ACTIVE), Conflict(DEVICE_TOO_NEW),
    RateLimited(DEVICE_SWAP_LIMIT), Unavailable.
    """
    return _changed(license_id, thumbprint, desk, lambda it, now_s: without(
        it, device_id, by=thumbprint, now_s=now_s))


def decide_takeover(license_id: str, thumbprint: str, takeover_id: str, *, approve: bool,
                    desk: Desk) -> License:
    """The license after a request for a slot was approved or objected to.

    Raises NotFound(DEVICE_NOT_ACTIVE), Conflict(TAKEOVER_NOT_OPEN or DEVICE_TOO_NEW),
    RateLimited(DEVICE_SWAP_LIMIT), Unavailable.
    """
    return _changed(license_id, thumbprint, desk, lambda it, now_s: decided(
        it, thumbprint, takeover_id, approve=approve, now_s=now_s))


def _changed(license_id: str, thumbprint: str, desk: Desk, change: Change) -> License:
    stored = active_license(license_id, thumbprint, desk.licenses)
    try:
        return change_stored(stored, desk.licenses, desk.books, change)
    except Refused as refused:
        raise as_error(refused, desk) from None
