"""The lease: what a device holds and verifies offline, bound to its key (RFC 7800).

It is short, so that a refund ends it, and counts from the last UTC midnight, so that the same
device, asked again on the same day, gets the same bytes. After its end there is grace, so that
an outage of ours is not a buyer's. docs/licenses.md has the table of times.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shared.domain import identifiers
from shared.domain.calendar import DAY_S

if TYPE_CHECKING:
    from shared.domain.license import License

LEASE_TYPE = "tongbao-lease+jwt"
"""The `typ` of a lease (RFC 7515 §4.1.9): no other token is taken for one."""
BUCKET_S = DAY_S
SLOW_CLOCK_S = 3_600
"""How slow a buyer's clock may be: a lease of five past midnight must not look unborn."""

FIRST_DAYS_S = 7 * DAY_S
"""While most refunds are asked for, leases are short and grace is long."""
FIRST_LEASE_S, FIRST_GRACE_S = 3 * DAY_S, 14 * DAY_S
LEASE_S, GRACE_S = 14 * DAY_S, 7 * DAY_S

WORST_CASE_S = max(FIRST_LEASE_S + FIRST_GRACE_S, LEASE_S + GRACE_S) + SLOW_CLOCK_S
"""The longest that anything can be good offline after we learn of a refund."""


@dataclass(frozen=True)
class Window:
    """From when until when a lease is good, and for how long after that in grace, in seconds.

    `issued_at_s` is what its times are counted from.
    """

    issued_at_s: int
    ends_at_s: int
    grace_s: int

    @property
    def starts_at_s(self) -> int:
        """From when on it is good: a little early, for slow clocks."""
        return self.issued_at_s - SLOW_CLOCK_S

    @property
    def refresh_at_s(self) -> int:
        """When its holder should ask for the next one, at the latest: at half its life.

        Not before the next midnight, for until then the answer is this very lease.
        """
        half_s = (self.ends_at_s - self.issued_at_s) // 2
        return min(self.ends_at_s, self.issued_at_s + max(half_s, BUCKET_S))

    @property
    def dark_at_s(self) -> int:
        """From when on it is good for nothing, on the slowest clock allowed for."""
        return self.ends_at_s + self.grace_s + SLOW_CLOCK_S


def window_at(license_: License, now_s: int) -> Window | None:
    """The window of a lease handed out now; None when the license has ended.

    Neither the lease nor its grace outlives the license.
    """
    license_end_s = license_.ends_at_s()
    if license_end_s is not None and now_s >= license_end_s:
        return None
    midnight_s = now_s - now_s % BUCKET_S
    paid_at_s = license_.newest_payment_at_s
    early = paid_at_s is not None and midnight_s < paid_at_s + FIRST_DAYS_S
    lease_s, grace_s = (FIRST_LEASE_S, FIRST_GRACE_S) if early else (LEASE_S, GRACE_S)
    ends_at_s = midnight_s + lease_s
    if license_end_s is not None:
        ends_at_s = min(ends_at_s, license_end_s)
        grace_s = min(grace_s, license_end_s - ends_at_s)
    return Window(midnight_s, ends_at_s, grace_s)


def claims(license_: License, thumbprint: str, window: Window, issuer: str) -> dict[str, Any]:
    """The claims of a lease: a pure function of license, device and window. Nothing personal.

    Registered names are those of RFC 7519; `ent` entitlements, `env` environment, `lexp` end of
    the license (null: never), `grc` seconds of grace, `cnf` the device's key (RFC 7800).
    """
    said = {
        "v": 1, "iss": issuer, "aud": license_.product_id, "sub": license_.license_id,
        "env": license_.environment, "ent": list(license_.entitlements),
        "lexp": license_.ends_at_s(), "iat": window.issued_at_s, "nbf": window.starts_at_s,
        "exp": window.ends_at_s, "grc": window.grace_s, "cnf": {"jkt": thumbprint}}
    return {**said, "jti": identifiers.lease_id(json.dumps(said, sort_keys=True))}
