"""What must hold, as functions over a `World`: every proof uses these, and only these.

Each raises `Broken` with its number. `check_rows` may be called at any moment; `check_end` once
all faults are over and the timers and bills have run; the rest is called at an answer. What the
fakes do not keep of the world outside the shop is handed over as `Outside`.

 I1  one verified payment, one grant      I10 the license follows its order
 I2  no grant without a payment           I11 what is acknowledged is durable
 I3  what was paid is what was owed       I12 nothing is stuck
 I4  what is paid is delivered            I13 no lease for money that went back
 I5  what went back is revoked            I14 alarms have stable names
 I6  no more goes back than was paid      I15 rows move as the rules say
 I7  a request makes one refund           I16 one key, one order
 I8  the bill equals the ledger           I17 what is closed is closed at the provider
 I9  every history leads to its head      I18 refunds are within their policy
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.invariants.bills import bill_equals_ledger
from tests.invariants.ends import nothing_is_stuck
from tests.invariants.ground import Broken, Outside, must
from tests.invariants.money import (
    delivered,
    no_grant_without_payment,
    one_payment_one_grant,
    one_refund_per_request,
    paid_is_owed,
    policy_is_kept,
    refunded_is_revoked,
    refunds_are_known,
    refunds_within_payment,
    sent_is_reserved,
)
from tests.invariants.rows import (
    alarms_have_stable_names,
    closed_is_closed,
    histories_are_whole,
    license_follows_order,
    one_key_one_order,
)

if TYPE_CHECKING:
    from tests.unit.use_cases.world import World

__all__ = ["ALWAYS", "AT_REST", "Broken", "Outside", "check_end", "check_rows", "must"]

ALWAYS = (one_payment_one_grant, no_grant_without_payment, paid_is_owed, refunds_within_payment,
          sent_is_reserved, one_refund_per_request)
AT_REST = (delivered, refunded_is_revoked, refunds_are_known, bill_equals_ledger,
           histories_are_whole, license_follows_order, nothing_is_stuck, one_key_one_order,
           closed_is_closed, alarms_have_stable_names, policy_is_kept)


def check_rows(world: World, outside: Outside) -> None:
    """What holds after every single write."""
    for invariant in ALWAYS:
        invariant(world, outside)


def check_end(world: World, outside: Outside) -> None:
    """Every invariant of the whole store, at rest."""
    for invariant in (*ALWAYS, *AT_REST):
        invariant(world, outside)
