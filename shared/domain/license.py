"""The license: the sum of its grants.

A grant is one durable reason to use a product for a while. A paid grant needs a verified
payment; a gift, an import or a trial names its own durable proof. Applying a grant is
idempotent by its id, so it does not matter how often, or by whom, it is tried.

What became of a grant's money (refunded, held back) is decided in its order; the license keeps
a copy, each with the version of the order that it was read from, so that an old copy that
arrives late cannot undo a newer one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING

from shared.domain.calendar import DAY_S
from shared.domain.history import Event, History, begin

if TYPE_CHECKING:
    from shared.domain.device import Device, Takeover

KIND = "license"
PAYMENT = "payment"


class Standing(str, Enum):
    """What a grant, and so a license, is worth now."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    REVOKED = "revoked"


@dataclass(frozen=True)
class Proof:
    """Why a grant exists: `kind` (payment, gift, import, trial) and its durable reference."""

    kind: str
    reference: str


@dataclass(frozen=True)
class Grant:
    """`term_days` of `entitlements` (None: for ever) from `granted_at_s` on, on so many devices.

    `granted_at_s` of a paid grant is the provider's time of payment; `order_id` is the order
    that earned it, or on which it was given. All is fixed by one conditional write.
    """

    grant_id: str
    license_id: str
    product_id: str
    entitlements: tuple[str, ...]
    term_days: int | None
    granted_at_s: int
    order_id: str
    device_limit: int
    proof: Proof


@dataclass(frozen=True)
class GrantStanding:
    """What the order of a grant said of it, at that version of the order."""

    grant_id: str
    standing: Standing
    order_version: int


@dataclass(frozen=True)
class License:
    """What one buyer may use, and since which grants. One license is one row.

    A grant without an entry in `standings` is active. `activated_at_s` is when a device was
    first activated; `devices` are those that have a slot, `takeover` is the last request for one.
    """

    license_id: str
    environment: str
    product_id: str
    grants: tuple[Grant, ...]
    history: History
    standings: tuple[GrantStanding, ...] = ()
    activated_at_s: int | None = None
    devices: tuple[Device, ...] = ()
    takeover: Takeover | None = None
    version: int = 1

    @property
    def standing(self) -> Standing:
        """Active while any grant is; revoked when all are."""
        found = {self.standing_of(grant.grant_id) for grant in self.grants}
        if Standing.ACTIVE in found:
            return Standing.ACTIVE
        return Standing.SUSPENDED if Standing.SUSPENDED in found else Standing.REVOKED

    def standing_of(self, grant_id: str) -> Standing:
        """What this grant is worth."""
        return next((known.standing for known in self.standings
                     if known.grant_id == grant_id), Standing.ACTIVE)

    @property
    def order_id(self) -> str:
        """The order that made it."""
        return self._oldest_first()[0].order_id

    @property
    def device_limit(self) -> int:
        """How many devices may have a slot: the most that any active grant allows."""
        return max(grant.device_limit for grant in self._active() or self.grants)

    @property
    def newest_payment_at_s(self) -> int | None:
        """When the newest active grant that was paid for was paid; None: none was."""
        return max((grant.granted_at_s for grant in self._active()
                    if grant.proof.kind == PAYMENT), default=None)

    @property
    def paid_at_s(self) -> int:
        """When the first grant was paid (or given)."""
        return self._oldest_first()[0].granted_at_s

    @property
    def entitlements(self) -> tuple[str, ...]:
        """All that any active grant gives, each once, in order of name."""
        return tuple(sorted({name for grant in self._active() for name in grant.entitlements}))

    def ends_at_s(self) -> int | None:
        """When it ends: a later grant adds its days to what is left. None: never.

        Grants that are not active add nothing; without any active one it ended at 0.
        """
        end = 0
        for grant in self._active():
            if grant.term_days is None:
                return None
            end = max(end, grant.granted_at_s) + grant.term_days * DAY_S
        return end

    def _active(self) -> list[Grant]:
        return [grant for grant in self._oldest_first()
                if self.standing_of(grant.grant_id) is Standing.ACTIVE]

    def _oldest_first(self) -> list[Grant]:
        """By time of payment: grants may be claimed, and so applied, in any order."""
        return sorted(self.grants, key=lambda grant: (grant.granted_at_s, grant.grant_id))


def open_license(grant: Grant, environment: str, *, now_s: int, source: str,
                 actor: str = "system") -> License:
    """A license made by its first grant."""
    history = begin(KIND, grant.license_id).add(_granted(grant, now_s, source, actor))
    return License(grant.license_id, environment, grant.product_id, (grant,), history)


def apply_grant(license_: License, grant: Grant, *, now_s: int, source: str,
                actor: str = "system") -> License:
    """The license with this grant; the same license when it already has it."""
    if grant.license_id != license_.license_id:
        raise ValueError("the grant names another license")
    if any(known.grant_id == grant.grant_id for known in license_.grants):
        return license_
    return replace(license_, grants=(*license_.grants, grant), version=license_.version + 1,
                   history=license_.history.add(_granted(grant, now_s, source, actor)))


def set_standing(license_: License, told: GrantStanding, *, now_s: int, source: str) -> License:
    """The license after its order spoke; the same license when that is no news.

    Only a newer version of the order counts. An event is written when the worth changes.
    """
    known = next((one for one in license_.standings if one.grant_id == told.grant_id), None)
    if known is not None and told.order_version <= known.order_version:
        return license_
    before = license_.standing_of(told.grant_id)
    others = tuple(one for one in license_.standings if one.grant_id != told.grant_id)
    history = license_.history
    if told.standing is not before:
        history = history.add(Event(_WORDS[told.standing], now_s, "system", source, {
            "grant_id": told.grant_id, "order_version": told.order_version}))
    return replace(license_, standings=(*others, told), history=history,
                   version=license_.version + 1)


_WORDS = {Standing.ACTIVE: "restored", Standing.SUSPENDED: "suspended",
          Standing.REVOKED: "revoked"}


def activate(license_: License, now_s: int, source: str) -> License:
    """The license once a device was activated; the same license when one was before."""
    if license_.activated_at_s is not None:
        return license_
    return replace(license_, activated_at_s=now_s, version=license_.version + 1,
                   history=license_.history.add(Event("activated", now_s, "buyer", source)))


def _granted(grant: Grant, now_s: int, source: str, actor: str) -> Event:
    return Event("granted", now_s, actor, source, {
        "grant_id": grant.grant_id, "proof": grant.proof.kind,
        "reference": grant.proof.reference, "term_days": grant.term_days,
        "entitlements": list(grant.entitlements), "granted_at_s": grant.granted_at_s,
        "device_limit": grant.device_limit})
