"""Steps of a refund, as the tests of refunds take them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.domain.money import Money
from shared.domain.refund import RefundOrigin, RefundState
from shared.use_cases.claim_license import claim_license
from shared.use_cases.create_order import create_order
from shared.use_cases.receive_notify import receive_notify
from shared.use_cases.record_payment import record_payment
from shared.use_cases.request_refund import (
    RefundRequest,
    request_own_refund,
    request_refund,
)
from tests.unit.use_cases.world import DEVICE, KEY, SECRET, World, request

if TYPE_CHECKING:
    from shared.domain.license import Standing
    from shared.domain.order import Order
    from shared.domain.refund_policy import RefundPolicy

HALF = Money(4950, "CNY")


def bought(policy: RefundPolicy | None) -> tuple[World, Order]:
    """A shop with this policy, and an order that was just paid in it."""
    world = World(policy)
    order = create_order(request(), world.shop)
    record_payment(world.pay(order), world.books)
    return world, order


def ask(world: World, order: Order, key: str = KEY) -> Order:
    return request_own_refund(order.order_id, SECRET, key, world.refund_counter)


def give(world: World, order: Order, amount: Money | None, key: str = KEY,
         actor: str = "operator:li") -> Order:
    wanted = RefundRequest(key, amount, RefundOrigin.OPERATOR, actor, "admin")
    return request_refund(order.order_id, wanted, world.refund_counter)


def claim(world: World, order: Order) -> object:
    return claim_license(order.order_id, SECRET, DEVICE, world.desk())


def settle(world: World, order: Order, state: RefundState = RefundState.SUCCEEDED) -> None:
    """The timer sends what is asked for, and the provider comes to this end."""
    world.run_timers_for(120)
    for refund in world.stored(order).refunds:
        if refund.is_open:
            headers, body = world.verifier.sign(world.refunds.settle(refund.out_refund_no, state))
            receive_notify(headers, body, verifier=world.verifier, books=world.books)
    world.run_timers_for(120)


def license_standing(world: World) -> Standing:
    return world.licenses.all()[0].standing
