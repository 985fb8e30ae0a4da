"""The timer's clock may be set back between finding a row and looking at its order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from shared.domain.order import Order
    from tests.unit.use_cases.world import World


@pytest.mark.parametrize("step_s", [0, -30, -3_600])
def test_a_clock_that_is_set_back_during_a_look_loses_no_work(
        step_s: int, world: World, order: Order) -> None:
    world.clock.advance_s(60)
    world.orders.script.before("load", lambda: world.clock.step_s(step_s))
    assert world.run_timer().looked == 1
    assert [work.subject_id for work in world.work.rows()] == [order.order_id]
