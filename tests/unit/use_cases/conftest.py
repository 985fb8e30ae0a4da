"""One shop on fakes, and an order placed in it; a file may put its own order in its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from shared.use_cases.create_order import create_order
from shared.use_cases.record_payment import record_payment
from tests.unit.use_cases.world import World, request

if TYPE_CHECKING:
    from shared.domain.order import Order


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def order(world: World) -> Order:
    """Just placed; what that called is forgotten."""
    placed = create_order(request(), world.shop)
    world.forget_calls()
    return placed


@pytest.fixture
def paid(world: World, order: Order) -> Order:
    """Paid, and the first look of the timer is over."""
    record_payment(world.pay(order), world.books)
    world.run_timers_for(120)
    world.forget_calls()
    return world.stored(order)
