"""The license: the sum of its grants.

A grant is one durable reason to use a product for a while. A paid grant needs a verified
payment; a gift, an import or a trial names its own durable proof. Applying a grant is
idempotent by its id, so it does not matter how often, or by whom, it is tried.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from shared.domain.history import Event, History, begin

KIND = "license"
DAY_S = 86_400


@dataclass(frozen=True)
class Proof:
    """Why a grant exists: `kind` (payment, gift, import, trial) and its durable reference."""

    kind: str
    reference: str


@dataclass(frozen=True)
class Grant:
    """`term_days` of `entitlements` (None: for ever) from `granted_at_s` on.

    `granted_at_s` of a paid grant is the provider's time of payment. `kid` names the key
    that signs the license; payment, time and kid are fixed by one conditional write.
    """

    grant_id: str
    license_id: str
    product_id: str
    entitlements: tuple[str, ...]
    term_days: int | None
    granted_at_s: int
    kid: str
    proof: Proof


@dataclass(frozen=True)
class License:
    """What one buyer may use, and since which grants. One license is one row."""

    license_id: str
    environment: str
    product_id: str
    grants: tuple[Grant, ...]
    history: History
    version: int = 1

    @property
    def kid(self) -> str:
        """The key that signs this license's leases: that of its newest grant."""
        return self._oldest_first()[-1].kid

    @property
    def paid_at_s(self) -> int:
        """When the first grant was paid (or given)."""
        return self._oldest_first()[0].granted_at_s

    @property
    def entitlements(self) -> tuple[str, ...]:
        """All that any grant gives, each once, in order of name."""
        return tuple(sorted({name for grant in self.grants for name in grant.entitlements}))

    def ends_at_s(self) -> int | None:
        """When it ends: a later grant adds its days to what is left. None: never."""
        end = 0
        for grant in self._oldest_first():
            if grant.term_days is None:
                return None
            end = max(end, grant.granted_at_s) + grant.term_days * DAY_S
        return end

    def _oldest_first(self) -> list[Grant]:
        """By time of payment: grants may be claimed, and so applied, in any order."""
        return sorted(self.grants, key=lambda grant: (grant.granted_at_s, grant.grant_id))


def open_license(grant: Grant, environment: str, *, now_s: int, source: str) -> License:
    """A license made by its first grant."""
    history = begin(KIND, grant.license_id).add(_granted(grant, now_s, source))
    return License(grant.license_id, environment, grant.product_id, (grant,), history)


def apply_grant(license_: License, grant: Grant, *, now_s: int, source: str) -> License:
    """The license with this grant; the same license when it already has it."""
    if grant.license_id != license_.license_id:
        raise ValueError("the grant names another license")
    if any(known.grant_id == grant.grant_id for known in license_.grants):
        return license_
    return replace(license_, grants=(*license_.grants, grant), version=license_.version + 1,
                   history=license_.history.add(_granted(grant, now_s, source)))


def _granted(grant: Grant, now_s: int, source: str) -> Event:
    return Event("granted", now_s, "system", source, {
        "grant_id": grant.grant_id, "proof": grant.proof.kind,
        "reference": grant.proof.reference, "term_days": grant.term_days,
        "entitlements": list(grant.entitlements), "granted_at_s": grant.granted_at_s,
        "kid": grant.kid})
