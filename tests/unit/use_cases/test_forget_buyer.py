"""Who bought is forgotten in time, or when they ask; what was paid stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from shared.domain.history import verify_chain
from shared.domain.privacy import KEEP_PAYER_S
from shared.errors import OrderNotFound, StoreUnavailable
from shared.use_cases.claim_license import claim_license
from shared.use_cases.create_order import create_order
from shared.use_cases.forget_buyer import collect_buyer, forget_buyer
from shared.use_cases.record_payment import record_payment
from shared.use_cases.restore_license import Claim as Wish
from shared.use_cases.restore_license import Way, restore_license
from tests.fakes.script import raises
from tests.unit.use_cases.refunding import ask
from tests.unit.use_cases.world import DEVICE, SECRET, World, request

if TYPE_CHECKING:
    from shared.domain.order import Order

LI = "operator:li"
PAYER = "ab" * 32


def pay(world: World, payer_hash: str | None = PAYER) -> Order:
    order = create_order(request(), world.shop)
    world.clock.advance_s(10)
    fact = world.gateway.pay(order.out_trade_no, world.clock.now_s(), payer_hash=payer_hash)
    record_payment(fact, world.books)
    return world.stored(order)


@pytest.fixture
def paid(world: World) -> Order:
    return pay(world)


def forget(world: World, order: Order) -> Order:
    return forget_buyer(order.order_id, world.refund_counter, actor=LI, source="admin")


def payer_of(world: World, order: Order) -> str | None:
    payment = world.stored(order).payment
    assert payment is not None
    return payment.payer_hash


def test_the_timer_forgets_the_payer_on_the_day_and_not_before(world: World,
                                                               paid: Order) -> None:
    world.run_timers_for(180)
    assert paid.payment is not None
    world.clock.advance_s(paid.payment.paid_at_s + KEEP_PAYER_S - 1 - world.clock.now_s())
    world.run_timer()
    assert payer_of(world, paid) == PAYER
    world.clock.advance_s(1)
    world.run_timer()
    assert payer_of(world, paid) is None
    assert world.stored(paid).history.events[-1].kind == "payer_forgotten"
    world.run_timers_for(180)
    assert list(world.work.rows()) == []


def test_an_order_without_a_payers_hash_is_looked_at_no_more(world: World) -> None:
    pay(world, payer_hash=None)
    world.run_timers_for(180)
    assert list(world.work.rows()) == []


def test_a_buyer_who_asks_is_forgotten_and_the_accounts_stay(world: World, paid: Order) -> None:
    claim_license(paid.order_id, SECRET, DEVICE, world.desk())
    ask(world, paid)
    assert world.payers.rows()
    before = world.stored(paid)
    after = forget(world, paid)
    assert world.payers.rows() == frozenset()
    assert payer_of(world, paid) is None
    assert world.licenses.all()[0].devices == ()
    assert before.payment is not None
    assert after.payment is not None
    assert after.payment.amount == before.payment.amount
    assert after.payment.transaction_id == before.payment.transaction_id
    assert after.refunds == before.refunds
    assert after.history.events[-1].actor == LI
    verify_chain("order", after.order_id, after.history.events, after.history.head)


def test_what_the_payer_got_back_for_other_orders_still_counts(world: World,
                                                              paid: Order) -> None:
    ask(world, paid)
    world.payers.note(PAYER, "another order's refund")
    forget(world, paid)
    assert world.payers.rows() == {(PAYER, "another order's refund")}


def test_forgetting_twice_changes_nothing(world: World, paid: Order) -> None:
    claim_license(paid.order_id, SECRET, DEVICE, world.desk())
    once = forget(world, paid), world.licenses.all()
    assert (forget(world, paid), world.licenses.all()) == once


@pytest.mark.parametrize("port", ["orders", "licenses"])
def test_a_crash_half_way_is_finished_by_asking_again(world: World, paid: Order,
                                                      port: str) -> None:
    claim_license(paid.order_id, SECRET, DEVICE, world.desk())
    # The license's row is tried twice: once with the order's, where a failure is the timer's.
    getattr(world, port).script.before("save", *[raises(StoreUnavailable())] * 2)
    with pytest.raises(StoreUnavailable):
        forget(world, paid)
    if port == "orders":
        with pytest.raises(StoreUnavailable):
            forget(world, paid)
    forget(world, paid)
    assert payer_of(world, paid) is None
    assert world.licenses.all()[0].devices == ()


def test_the_license_can_be_restored_afterwards(world: World, paid: Order) -> None:
    claim_license(paid.order_id, SECRET, DEVICE, world.desk())
    forget(world, paid)
    wish = Wish(Way.ORDER_NUMBER, paid.out_trade_no)
    assert restore_license(wish, DEVICE, world.desk()).lease is not None


def test_what_is_kept_is_shown_whole(world: World, paid: Order) -> None:
    claim_license(paid.order_id, SECRET, DEVICE, world.desk())
    ask(world, paid)
    kept = collect_buyer(world.stored(paid), world.refund_counter, world.complaints)
    assert kept.order == world.stored(paid)
    assert kept.license == world.licenses.all()[0]
    assert len(kept.payer_refunds) == 1
    assert kept.complaints == ()


def test_nobody_is_forgotten_for_an_order_that_is_not_there(world: World, paid: Order) -> None:
    with pytest.raises(OrderNotFound):
        forget_buyer("0" * 26, world.refund_counter, actor=LI, source="admin")
    assert payer_of(world, paid) == PAYER
