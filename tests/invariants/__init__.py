"""What must hold, as functions over a `World`: every proof uses these, and only these.

Each raises `Broken` with its number in docs/reliability.md. `check_rows` may be called at any
moment; `check_end` once all faults are over and the timers and bills have run; `answers` is
called at an answer, `leases` when a device is given one, and `watch.Watch` after a write. What
the fakes do not keep of the world outside the shop is handed over as `Outside`. I11, I12 and I15
are proved elsewhere; I0 is a story that does not go as agreed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.invariants.bills import bill_equals_ledger
from tests.invariants.ends import nothing_is_stuck
from tests.invariants.ground import Broken, Outside, must
from tests.invariants.leases import ends_are_known
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
from tests.invariants.slots import (
    one_slot_per_key,
    secret_bought_one,
    slots_within_limit,
    swaps_within_limit,
)

if TYPE_CHECKING:
    from tests.unit.use_cases.world import World

__all__ = ["ALWAYS", "AT_REST", "Broken", "Outside", "check_end", "check_rows", "must"]

ALWAYS = (one_payment_one_grant, no_grant_without_payment, paid_is_owed, refunds_within_payment,
          sent_is_reserved, one_refund_per_request, slots_within_limit, one_slot_per_key,
          secret_bought_one, swaps_within_limit, ends_are_known)
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
