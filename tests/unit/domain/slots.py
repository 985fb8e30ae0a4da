"""A license with devices to try rules on, for the tests of activation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.domain.activation import (
    claim_slot,
    decide_takeover,
    remove_device,
    restore_slot,
)
from shared.domain.device import Device, Refusal, Refused, Takeover, Wanted, Way
from shared.domain.identifiers import device_id
from shared.domain.license import DAY_S, GrantStanding, License, Standing, set_standing
from tests.unit.domain.test_license import LICENSE, grant, license_of

if TYPE_CHECKING:
    from collections.abc import Callable

PAID_AT_S = 20_370 * DAY_S
NOW_S = PAID_AT_S + 30 * DAY_S
"""A midnight, long after the first week."""
DARK_S = 21 * DAY_S + 3_600
"""How long after a midnight what was handed out then is good for something."""
HOUR_S = 3_600
EMPTY = license_of(grant(1, term_days=None, at_s=PAID_AT_S))
NUMBER, KEY = Way.ORDER_NUMBER, Way.LICENSE_KEY

HEARD_S = NOW_S + 3 * DAY_S
"""From now on devices 2 and 3 of `filled` have a voice, as 1 has from the start."""


def wanted(n: int) -> Wanted:
    """The n-th device."""
    return Wanted(f"{n:043d}", "chrome/macos")


def thumb(n: int) -> str:
    """Its thumbprint."""
    return wanted(n).thumbprint


def id_of(n: int) -> str:
    """Its id on this license."""
    return device_id(LICENSE, thumb(n))


def who(license_: License) -> list[int]:
    """The numbers of the devices that have a slot."""
    return [int(device.thumbprint) for device in license_.devices]


def device(license_: License, n: int) -> Device:
    """The n-th device as the license has it."""
    return next(one for one in license_.devices if one.thumbprint == thumb(n))


def filled(license_: License = EMPTY, *, at_s: int = NOW_S) -> License:
    """The license with device 1, claimed, and 2 and 3, restored with the license key."""
    license_ = claim_slot(license_, wanted(1), at_s)
    for n in (2, 3):
        license_ = restore_slot(license_, wanted(n), KEY, None, at_s)
    return license_


def told(license_: License, n: int, standing: Standing) -> License:
    """The license after the order of its n-th grant spoke."""
    version = 1 + len(license_.history.events)
    return set_standing(license_, GrantStanding(f"G{n}", standing, version), now_s=NOW_S,
                        source="notify")


def kinds(before: License, after: License) -> list[str]:
    """The events that one step added."""
    assert after.history.events[:len(before.history.events)] == before.history.events
    return [event.kind for event in after.history.events[len(before.history.events):]]


def refusal(call: Callable[[], object]) -> tuple[Refusal, int | None]:
    """Why a rule says no, and until when."""
    try:
        call()
    except Refused as refused:
        return refused.refusal, refused.again_at_s
    raise AssertionError("was not refused")


def ask(license_: License, n: int = 4, *, way: Way = NUMBER, replaces: int | None = 2,
        at_s: int = HEARD_S) -> License:
    """Device n asks for the slot of another."""
    return restore_slot(license_, wanted(n), way, None if replaces is None else id_of(replaces),
                        at_s)


def the(license_: License) -> Takeover:
    """The request that was made last."""
    assert license_.takeover is not None
    return license_.takeover


def decide(license_: License, by: int = 1, *, approve: bool, at_s: int = HEARD_S) -> License:
    """Device `by` decides about it."""
    return decide_takeover(license_, thumb(by), the(license_).takeover_id, approve=approve,
                           now_s=at_s)


def remove(license_: License, n: int, by: int | None = 1, at_s: int = HEARD_S) -> License:
    """Device n is removed by another, or by the operator."""
    return remove_device(license_, id_of(n), by=None if by is None else thumb(by), now_s=at_s)
