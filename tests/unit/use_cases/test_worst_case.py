"""How long a refunded device can go on offline: never longer than lease and grace that are out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.calendar import DAY_S
from shared.domain.lease import FIRST_DAYS_S, WORST_CASE_S
from shared.domain.order import OrderState
from shared.errors import Forbidden
from shared.use_cases.claim_license import claim_license
from shared.use_cases.record_refund import record_refund
from tests.fakes.issuer import FakeLicenseIssuer
from tests.unit.use_cases.refunding import bought
from tests.unit.use_cases.world import DEVICE, SECRET

FIRST_WORST_S, LATER_WORST_S = 17 * DAY_S, 21 * DAY_S
"""What docs/licenses.md promises."""


@given(st.integers(0, 300 * DAY_S), st.integers(0, 2 * DAY_S))
def test_the_last_lease_ends_within_its_days_of_our_learning_of_the_refund(
        claimed_after_s: int, refunded_after_s: int) -> None:
    world, order = bought(None)
    world.clock.advance_s(claimed_after_s)
    lease = claim_license(order.order_id, SECRET, DEVICE, world.desk()).lease
    assert lease is not None
    world.clock.advance_s(refunded_after_s)
    record_refund(world.refunds.console_refund(order.out_trade_no), world.books)
    learnt_at_s = world.clock.now_s()
    claims = FakeLicenseIssuer.read(lease)
    promised_s = FIRST_WORST_S if claimed_after_s < FIRST_DAYS_S else LATER_WORST_S
    assert claims["exp"] + claims["grc"] <= learnt_at_s + promised_s
    device, = world.licenses.all()[0].devices
    assert claims["exp"] + claims["grc"] <= device.dark_at_s <= learnt_at_s + WORST_CASE_S
    for _ in range(3):
        with pytest.raises(Forbidden) as caught:
            claim_license(order.order_id, SECRET, DEVICE, world.desk())
        assert caught.value.code == "LICENSE_REVOKED"
        world.clock.advance_s(DAY_S)
    assert world.orders.all()[0].state is OrderState.REFUNDED
