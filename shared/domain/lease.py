"""The lease: what the buyer's browser holds and verifies offline.

It is short (14 days) so that a refund ends it, and its window is bucketed so that the same
license, asked again in the same bucket, gives the same bytes. This first form is bound to no
device: `cnf` (RFC 7800) is the place that a device binding will take.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from shared.domain.license import DAY_S, License

LEASE_TYPE = "tongbao-lease+jwt"
"""The `typ` of a lease (RFC 7515 §4.1.9): no other token is taken for one."""
LEASE_DAYS = 14
BUCKET_S = DAY_S
SLOW_CLOCK_S = 3_600
"""How slow a buyer's clock may be: a lease of five past midnight must not look unborn."""


@dataclass(frozen=True)
class Window:
    """From when until when a lease is good, in seconds."""

    starts_at_s: int
    ends_at_s: int


def window_at(license_: License, now_s: int) -> Window | None:
    """The window of a lease handed out now; None when the license has ended.

    It counts from the last UTC midnight, so that all leases of a day are the same bytes,
    starts an hour before that, for slow clocks, and never outlives the license.
    """
    license_end_s = license_.ends_at_s()
    if license_end_s is not None and now_s >= license_end_s:
        return None
    midnight_s = now_s - now_s % BUCKET_S
    ends_at_s = midnight_s + LEASE_DAYS * DAY_S
    if license_end_s is not None:
        ends_at_s = min(ends_at_s, license_end_s)
    return Window(midnight_s - SLOW_CLOCK_S, ends_at_s)


def claims(license_: License, window: Window, issuer: str) -> dict[str, Any]:
    """The claims of a lease: a pure function of grants and window. Nothing personal.

    Registered names are those of RFC 7519; `ent` entitlements, `env` environment, `paid`
    time of payment, `lexp` end of the license (null: never), all times in seconds.
    """
    return {
        "iss": issuer, "aud": license_.product_id, "sub": license_.license_id,
        "env": license_.environment, "ent": list(license_.entitlements),
        "paid": license_.paid_at_s, "lexp": license_.ends_at_s(),
        "nbf": window.starts_at_s, "exp": window.ends_at_s, "v": 1}
