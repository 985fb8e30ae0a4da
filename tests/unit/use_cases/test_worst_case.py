"""How long a refunded license can live: never longer than the lease that was out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.lease import LEASE_DAYS
from shared.domain.license import DAY_S
from shared.domain.order import OrderState
from shared.errors import Forbidden
from shared.use_cases.claim_license import claim_license
from shared.use_cases.record_refund import record_refund
from tests.fakes.issuer import FakeLicenseIssuer
from tests.unit.use_cases.refunding import bought
from tests.unit.use_cases.world import DEVICE, SECRET

WORST_S = LEASE_DAYS * DAY_S


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
    assert FakeLicenseIssuer.read(lease)["exp"] <= learnt_at_s + WORST_S
    for _ in range(3):
        with pytest.raises(Forbidden) as caught:
            claim_license(order.order_id, SECRET, DEVICE, world.desk())
        assert caught.value.code == "LICENSE_REVOKED"
        world.clock.advance_s(DAY_S)
    assert world.orders.all()[0].state is OrderState.REFUNDED
