"""Two calls with one key at the same time end in one order and a code that can be paid."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from shared.domain.order import OrderState, close
from shared.errors import StoreUnavailable
from shared.use_cases.create_order import create_order
from tests.fakes.provider import CODE_LIFETIME_S, FakeGateway
from tests.unit.use_cases.world import World, request

if TYPE_CHECKING:
    from shared.domain.order import PaymentInstruction


def test_two_calls_with_one_key_end_in_one_order_and_a_living_code(world: World) -> None:
    """A rival's call makes our code dead: what is stored at the end must be the newest one."""
    rivals: list[object] = []
    world.gateway.script.after("place", lambda: rivals.append(create_order(request(), world.shop)))
    order = create_order(request(), world.shop)
    assert len(rivals) == 1
    assert len(world.orders.all()) == len(world.gateway.trades) == 1
    assert world.stored(order) == order
    assert order.instruction == world.gateway.trades[order.out_trade_no].instruction


class FreshCodes(FakeGateway):
    """As WeChat Pay does: every placing of an order gives a new code and ends the older one."""

    def place(self, provider_request: str, now_s: int) -> PaymentInstruction:
        """See the port."""
        given = super().place(provider_request, now_s)
        number = self.calls[-1][1]
        fresh = replace(given, value=f"{given.value[:40]}-{len(self.calls)}")
        self.trades[number] = replace(self.trades[number], instruction=fresh)
        return fresh


def test_who_lost_to_a_rival_stores_the_code_that_lives(world: World) -> None:
    gateway = FreshCodes()
    shop = replace(world.shop, gateway=gateway)
    world.orders.script.before("save", lambda: create_order(request(), shop))
    order = create_order(request(), shop)
    assert [name for name, _ in gateway.calls] == ["place"] * 3
    assert order.instruction == gateway.trades[order.out_trade_no].instruction
    assert world.stored(order) == order


def test_an_order_that_a_rival_closed_is_told_as_it_is_stored(world: World) -> None:
    shop = replace(world.shop, order_lifetime_s=2 * CODE_LIFETIME_S)
    create_order(request(), shop)
    world.clock.advance_s(CODE_LIFETIME_S)

    def rival() -> None:
        stored = world.orders.all()[0]
        world.orders.save(close(stored, world.clock.now_s(), actor="provider", source="query"))

    world.gateway.script.after("place", rival)
    order = create_order(request(), shop)
    assert order.state is OrderState.CLOSED
    assert world.stored(order) == order


def test_endless_rivals_end_in_try_again(world: World) -> None:
    def rival() -> None:
        stored = world.orders.all()[0]
        world.orders.script.before("save", None)
        world.orders.save(replace(stored, version=stored.version + 1))

    world.gateway.script.after("place", rival, rival, rival)
    with pytest.raises(StoreUnavailable) as caught:
        create_order(request(), world.shop)
    assert caught.value.reason == "too_many_rivals"
    assert len([name for name, _ in world.gateway.calls]) == 3
