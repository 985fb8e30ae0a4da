"""The devices of a license: one key each, and the requests of new ones for a slot."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any, NamedTuple

from shared.domain.calendar import DAY_S

DEFAULT_DEVICE_LIMIT = 3
MOST_DEVICES = 20
"""More do not fit a license's row comfortably; the catalogue refuses a higher limit."""

TAKEOVER_WAIT_S = 3 * DAY_S
"""How long the active devices can object to a request for one of their slots."""
VOICE_AFTER_S = TAKEOVER_WAIT_S
"""A device that came by a number or key decides about others after so long: time to remove it."""
TAKEOVER_LIFE_S = 14 * DAY_S
"""A request that its device does not come back for is forgotten."""
BARRED_S = 90 * DAY_S
"""How long nobody comes by that way after somebody objected."""
MOST_SWAPS = 5
SWAP_WINDOW_S = 90 * DAY_S
"""No more than MOST_SWAPS devices are taken off a license in so long."""
NEWCOMER_SWAPS = 2
"""A device without a voice goes itself only while fewer were: it must not use up all swaps."""


class Way(str, Enum):
    """How a device came to its slot."""

    CLAIM = "claim"
    ORDER_NUMBER = "order_number"
    LICENSE_KEY = "license_key"


@dataclass(frozen=True)
class Wanted:
    """A device that asks: the thumbprint of its key (RFC 7638) and what it says it runs on.

    `platform` is a coarse "browser/system" in small letters, "" when it does not say.
    """

    thumbprint: str
    platform: str = ""


@dataclass(frozen=True)
class Device:
    """A device with a slot. From `dark_at_s` on nothing that it was ever given is good."""

    device_id: str
    thumbprint: str
    platform: str
    way: Way
    activated_at_s: int
    dark_at_s: int

    def has_voice(self, now_s: int) -> bool:
        """Whether it may decide about other devices: who posts a bill gives no such right away."""
        return self.way is Way.CLAIM or now_s >= self.activated_at_s + VOICE_AFTER_S

    def as_dict(self) -> dict[str, Any]:
        """The device as the license's other devices see it."""
        return {"device_id": self.device_id, "platform": self.platform, "way": self.way.value,
                "activated_at_s": self.activated_at_s, "dark_at_s": self.dark_at_s}


@dataclass(frozen=True)
class Takeover:
    """A new device's open request for the slot of another; `replaces` is that one's id."""

    takeover_id: str
    thumbprint: str
    platform: str
    way: Way
    replaces: str
    asked_at_s: int

    @property
    def ripe_at_s(self) -> int:
        """From when on its device gets the slot by coming back, if nobody objects before."""
        return self.asked_at_s + TAKEOVER_WAIT_S

    def is_open(self, now_s: int) -> bool:
        """Whether its device may still come back for it."""
        return now_s < self.asked_at_s + TAKEOVER_LIFE_S

    def as_dict(self) -> dict[str, Any]:
        """The request as the license's devices see it."""
        return {"takeover_id": self.takeover_id, "platform": self.platform,
                "way": self.way.value, "replaces": self.replaces,
                "asked_at_s": self.asked_at_s, "ripe_at_s": self.ripe_at_s}


class Claim(NamedTuple):
    """What a buyer knows: an order number or a license key, as typed, and which it is.

    `replaces` is the device whose slot is asked for, None for a free one.
    """

    way: Way
    typed: str
    replaces: str | None = None


class Refusal(str, Enum):
    """Why a device does not get what it asks for; the values are error codes of the API."""

    SUSPENDED = "LICENSE_SUSPENDED"
    REVOKED = "LICENSE_REVOKED"
    EXPIRED = "LICENSE_EXPIRED"
    CLAIMED = "CLAIM_SECRET_USED"
    FULL = "DEVICE_LIMIT_REACHED"
    NOT_ACTIVE = "DEVICE_NOT_ACTIVE"
    TOO_NEW = "DEVICE_TOO_NEW"
    SWAPS = "DEVICE_SWAP_LIMIT"
    WAITS = "TAKEOVER_WAITS"
    BUSY = "TAKEOVER_BUSY"
    BARRED = "RESTORE_BARRED"
    NOT_OPEN = "TAKEOVER_NOT_OPEN"


class Refused(Exception):
    """A rule says no. `again_at_s` is from when on the answer may differ, None: it will not."""

    def __init__(self, refusal: Refusal, again_at_s: int | None = None) -> None:
        super().__init__(refusal.value)
        self.refusal = refusal
        self.again_at_s = again_at_s
