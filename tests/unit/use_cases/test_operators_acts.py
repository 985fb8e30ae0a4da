"""Holds and gifts: every act names who did it, and none touches the money."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from shared.domain.license import DAY_S, License, Standing
from shared.errors import Conflict, Forbidden, OrderNotFound, StoreUnavailable
from shared.use_cases.claim_license import claim_license
from shared.use_cases.give_grant import give_grant
from shared.use_cases.hold_order import hold_order, release_order
from shared.use_cases.record_payment import record_payment
from shared.use_cases.request_refund import request_own_refund
from tests.fakes.script import raises
from tests.unit.use_cases.world import DEVICE, KEY, OTHER_KEY, SECRET

if TYPE_CHECKING:
    from shared.domain.order import Order
    from tests.unit.use_cases.world import World

LI = "operator:li"


@pytest.fixture
def paid(world: World, order: Order) -> Order:
    record_payment(world.pay(order), world.books)
    return world.stored(order)


def hold(world: World, order: Order, name: str = "operator") -> Order:
    return hold_order(order.order_id, name, world.books, world.licenses, actor=LI, source="admin")


def free(world: World, order: Order, name: str = "operator") -> Order:
    return release_order(order.order_id, name, world.books, world.licenses, actor=LI,
                         source="admin")


def give(world: World, order: Order, key: str = KEY, days: int = 30) -> License:
    return give_grant(order.order_id, days, key, world.books, world.licenses, actor=LI)


def test_a_held_license_hands_out_no_lease_until_it_is_freed(world: World, paid: Order) -> None:
    held = hold(world, paid)
    assert held.history.events[-1].actor == LI
    with pytest.raises(Forbidden) as caught:
        claim_license(paid.order_id, SECRET, DEVICE, world.desk())
    assert caught.value.code == "LICENSE_SUSPENDED"
    free(world, paid)
    assert claim_license(paid.order_id, SECRET, DEVICE, world.desk()).lease is not None


def test_each_hold_is_freed_by_itself(world: World, paid: Order) -> None:
    hold(world, paid, "operator")
    hold(world, paid, "complaint:1")
    free(world, paid, "operator")
    assert world.licenses.all()[0].standing is Standing.SUSPENDED
    free(world, paid, "complaint:1")
    assert world.licenses.all()[0].standing is Standing.ACTIVE


def test_holding_and_freeing_again_change_nothing(world: World, paid: Order) -> None:
    assert hold(world, paid) == hold(world, paid)
    freed = free(world, paid)
    assert free(world, paid) == freed


def test_an_unpaid_order_has_nothing_to_hold_or_to_add_to(world: World, order: Order) -> None:
    for act in (hold, give):
        with pytest.raises(Conflict) as caught:
            act(world, order)
        assert caught.value.code == "ORDER_NOT_PAID"


def test_an_unknown_order_is_not_found(world: World) -> None:
    for act in (lambda: hold_order("0" * 26, "operator", world.books, world.licenses, actor=LI,
                                   source="admin"),
                lambda: give_grant("0" * 26, 1, KEY, world.books, world.licenses, actor=LI)):
        with pytest.raises(OrderNotFound):
            act()


def test_a_gift_adds_its_days_once_per_key(world: World, paid: Order) -> None:
    before = claim_license(paid.order_id, SECRET, DEVICE, world.desk()).license.ends_at_s()
    given = give(world, paid)
    assert give(world, paid) == given
    assert before is not None
    assert given.ends_at_s() == before + 30 * DAY_S
    assert give(world, paid, OTHER_KEY, 1).ends_at_s() == before + 31 * DAY_S
    assert given.history.events[-1].actor == LI
    assert given.grants[-1].proof.kind == "gift"
    assert claim_license(paid.order_id, SECRET, DEVICE, world.desk()).lease is not None


def test_a_gift_outlives_the_refund_of_what_was_paid(world: World, paid: Order) -> None:
    give(world, paid)
    request_own_refund(paid.order_id, SECRET, KEY, world.refund_counter)
    handed = claim_license(paid.order_id, SECRET, DEVICE, world.desk())
    end_s = handed.license.ends_at_s()
    assert end_s is not None
    assert end_s <= world.clock.now_s() + 30 * DAY_S


def test_a_rival_of_a_gift_does_not_lose_it(world: World, paid: Order) -> None:
    world.licenses.script.before("save", lambda: give(world, paid, OTHER_KEY))
    give(world, paid)
    assert len(world.licenses.all()[0].grants) == 3


def test_a_gift_that_could_not_be_written_may_be_given_again(world: World, paid: Order) -> None:
    world.licenses.script.before("save", raises(StoreUnavailable()))
    with pytest.raises(StoreUnavailable):
        give(world, paid)
    give(world, paid)
    assert len(world.licenses.all()[0].grants) == 2
