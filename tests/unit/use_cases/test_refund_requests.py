"""Asking for a refund: reserved once, within what was paid and what was agreed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from shared.domain.license import DAY_S, Standing
from shared.domain.money import Money
from shared.domain.order import OrderState
from shared.domain.refund import RefundOrigin, RefundState
from shared.domain.refund_policy import RefundPolicy
from shared.domain.refunding import refundable, standing_of
from shared.errors import (
    Conflict,
    Forbidden,
)
from shared.use_cases.create_order import create_order
from shared.use_cases.decide_refund import APPROVED, DECLINED, decide_refund, decision
from shared.use_cases.give_grant import give_grant
from shared.use_cases.record_payment import record_payment
from tests.unit.use_cases.refunding import HALF, ask, bought, claim, give, license_standing, settle
from tests.unit.use_cases.world import OTHER_KEY, World, request

if TYPE_CHECKING:
    from shared.domain.order import Order


def test_a_request_reserves_suspends_and_calls_nobody(world: World, paid: Order) -> None:
    asked = ask(world, paid)
    assert world.gateway.calls == world.refunds.calls == []
    refund, = asked.refunds
    assert (refund.state, refund.amount, refund.origin) == (
        RefundState.REQUESTED, paid.price, RefundOrigin.BUYER)
    assert asked.state is OrderState.REFUNDING
    assert refundable(asked) == Money(0, "CNY")
    assert license_standing(world) is Standing.SUSPENDED
    with pytest.raises(Forbidden) as caught:
        claim(world, paid)
    assert caught.value.code == "LICENSE_SUSPENDED"
    assert world.calls()[:4] == ["orders.load", "orders.load", "orders.save", "orders.load"]


def test_a_refund_goes_from_request_to_revoked(world: World, paid: Order) -> None:
    claim(world, paid)
    ask(world, paid)
    settle(world, paid)
    after = world.stored(paid)
    assert after.state is OrderState.REFUNDED
    assert after.refunds[0].state is RefundState.SUCCEEDED
    assert license_standing(world) is Standing.REVOKED
    with pytest.raises(Forbidden) as caught:
        claim(world, paid)
    assert caught.value.code == "LICENSE_REVOKED"
    assert sorted(line.kind for line in world.ledger.rows()) == ["payment", "refund"]
    world.run_timers_for(120)
    assert world.work.rows() == []


def test_a_refund_that_the_provider_gives_up_restores_the_license(world: World,
                                                                 paid: Order) -> None:
    ask(world, paid)
    settle(world, paid, RefundState.CLOSED)
    after = world.stored(paid)
    assert (after.state, refundable(after)) == (OrderState.PAID, paid.price)
    assert license_standing(world) is Standing.ACTIVE
    claim(world, paid)
    ask(world, paid, OTHER_KEY)
    settle(world, paid)
    assert world.stored(paid).state is OrderState.REFUNDED


def test_the_same_key_is_the_same_refund(world: World, paid: Order) -> None:
    first = ask(world, paid)
    assert ask(world, paid) == first
    settle(world, paid)
    assert ask(world, paid) == world.stored(paid)
    assert len(world.refunds.refunds) == 1


def test_a_double_click_with_two_keys_refunds_once(world: World, paid: Order) -> None:
    ask(world, paid)
    with pytest.raises(Conflict) as caught:
        ask(world, paid, OTHER_KEY)
    assert caught.value.code == "REFUND_EXCEEDS_PAYMENT"
    settle(world, paid)
    assert len(world.refunds.refunds) == 1


def test_two_equal_parts_do_not_collide_and_leave_the_license_alone(world: World,
                                                                    paid: Order) -> None:
    part = Money(1000, "CNY")
    give(world, paid, part)
    give(world, paid, part, OTHER_KEY)
    settle(world, paid)
    after = world.stored(paid)
    assert [refund.amount for refund in after.refunds] == [part, part]
    assert (after.state, refundable(after)) == (OrderState.PAID, Money(7900, "CNY"))
    assert license_standing(world) is Standing.ACTIVE
    claim(world, paid)


def test_parts_that_make_the_whole_end_the_license(world: World, paid: Order) -> None:
    give(world, paid, HALF)
    settle(world, paid)
    give(world, paid, HALF, OTHER_KEY)
    assert license_standing(world) is Standing.SUSPENDED
    settle(world, paid)
    assert (world.stored(paid).state, license_standing(world)) == (
        OrderState.REFUNDED, Standing.REVOKED)


@pytest.mark.parametrize("amount", [Money(9901, "CNY"), Money(0, "CNY"), Money(1, "USD")])
def test_no_more_than_was_paid_is_reserved(world: World, paid: Order, amount: Money) -> None:
    with pytest.raises(Conflict) as caught:
        give(world, paid, amount)
    assert caught.value.code == "REFUND_EXCEEDS_PAYMENT"
    assert world.stored(paid) == paid


def test_a_key_used_for_another_amount_is_refused(world: World, paid: Order) -> None:
    give(world, paid, HALF)
    with pytest.raises(Conflict) as caught:
        give(world, paid, Money(1, "CNY"))
    assert caught.value.code == "IDEMPOTENCY_KEY_REUSED"


@pytest.mark.parametrize(("policy", "wait_days", "code"), [
    (None, 0, "REFUND_NOT_OFFERED"),
    (RefundPolicy(7), 7, "REFUND_WINDOW_OVER"),
    (RefundPolicy(7, only_if_never_activated=True), 0, "REFUND_AFTER_ACTIVATION")])
def test_the_policy_agreed_to_binds_the_buyer_and_not_the_operator(
        policy: RefundPolicy | None, wait_days: int, code: str) -> None:
    world, order = bought(policy)
    claim(world, order)
    world.clock.advance_s(wait_days * DAY_S)
    with pytest.raises(Conflict) as caught:
        ask(world, order)
    assert caught.value.code == code
    assert give(world, order, None).refunds[0].amount == order.price


def test_a_refund_of_a_never_used_license_that_is_used_meanwhile_is_not_sent() -> None:
    world, order = bought(RefundPolicy(7, only_if_never_activated=True))
    # The claim runs between the policy's look at the license and the write of the refund.
    world.orders.script.before("save", lambda: claim(world, order))
    ask(world, order)
    settle(world, order)
    assert world.refunds.refunds == {}
    assert world.stored(order).refunds[0].state is RefundState.REFUSED
    assert license_standing(world) is Standing.ACTIVE


def test_one_payer_has_only_so_many_refunds() -> None:
    world = World(RefundPolicy(7, most_per_payer=1))
    codes = []
    for key in ("1", "2"):
        order = create_order(request(key * 40), world.shop)
        world.clock.advance_s(10)
        record_payment(world.gateway.pay(order.out_trade_no, world.clock.now_s(),
                                         payer_hash="ab" * 32), world.books)
        try:
            ask(world, order, key * 30)
            ask(world, order, key * 30)
            codes.append("asked")
        except Conflict as conflict:
            codes.append(conflict.code)
    assert codes == ["asked", "REFUND_LIMIT_REACHED"]


@pytest.mark.parametrize("moment", ["before", "after"])
def test_one_payer_who_asks_for_two_orders_at_once_has_only_so_many_refunds(
        moment: str) -> None:
    world = World(RefundPolicy(7, most_per_payer=1))
    orders = [create_order(request(key * 40), world.shop) for key in ("1", "2")]
    for order in orders:
        record_payment(world.gateway.pay(order.out_trade_no, world.clock.now_s(),
                                         payer_hash="ab" * 32), world.books)
    codes = []

    def try_to_ask(order: Order) -> None:
        try:
            ask(world, order)
        except Conflict as conflict:
            codes.append(conflict.code)

    getattr(world.payers.script, moment)("note", lambda: try_to_ask(orders[1]))
    try_to_ask(orders[0])
    world.run_timers_for(600)
    assert len(world.refunds.refunds) <= 1
    assert set(codes) == {"REFUND_LIMIT_REACHED"}


def test_above_the_limit_another_person_approves() -> None:
    world, order = bought(RefundPolicy(7, approval_above_minor=5000))
    refund, = give(world, order, None).refunds
    assert refund.state is RefundState.AWAITING_APPROVAL
    world.run_timers_for(600)
    assert world.refunds.calls == []
    assert world.log.named("refund.needs_approval")[0]["alarm"] is True
    assert license_standing(world) is Standing.SUSPENDED

    def decide(kind: str, actor: str) -> Order:
        event = decision(kind, refund.refund_id, world.clock.now_s(), actor=actor, source="admin")
        return decide_refund(order.order_id, refund.refund_id, event, world.books,
                             world.licenses)

    with pytest.raises(Conflict) as caught:
        decide(APPROVED, "operator:li")
    assert caught.value.code == "NEEDS_ANOTHER_PERSON"
    approved = decide(APPROVED, "operator:wang")
    assert decide(APPROVED, "operator:wang") == approved
    with pytest.raises(Conflict):
        decide(DECLINED, "operator:wang")
    settle(world, order)
    assert world.stored(order).state is OrderState.REFUNDED


@pytest.mark.parametrize(("first", "then"), [
    (3000, RefundState.AWAITING_APPROVAL), (2000, RefundState.REQUESTED)])
def test_parts_that_come_to_more_than_the_limit_wait_as_the_whole_would(
        first: int, then: RefundState) -> None:
    world, order = bought(RefundPolicy(7, approval_above_minor=5000))
    assert give(world, order, Money(first, "CNY")).refunds[-1].state is RefundState.REQUESTED
    assert give(world, order, Money(3000, "CNY"), key=OTHER_KEY).refunds[-1].state is then


def test_a_declined_refund_frees_its_amount_and_the_license() -> None:
    world, order = bought(RefundPolicy(7, approval_above_minor=5000))
    refund, = ask(world, order).refunds
    event = decision(DECLINED, refund.refund_id, world.clock.now_s(), actor="operator:li",
                     source="admin")
    after = decide_refund(order.order_id, refund.refund_id, event, world.books, world.licenses)
    assert (after.state, standing_of(after)) == (OrderState.PAID, Standing.ACTIVE)
    world.run_timers_for(600)
    assert world.refunds.calls == []


def test_the_use_of_a_gift_is_no_use_of_what_was_paid() -> None:
    world, order = bought(RefundPolicy(7, only_if_never_activated=True))
    ask(world, order)
    give_grant(order.order_id, 30, OTHER_KEY, world.books, world.licenses, actor="operator:li")
    claim(world, order)
    assert world.licenses.all()[0].activated_at_s is None
    settle(world, order)
    assert world.stored(order).state is OrderState.REFUNDED


def test_refunds_of_products_without_a_limit_count_where_there_is_one() -> None:
    world = World(RefundPolicy(7))
    order = create_order(request(), world.shop)
    world.clock.advance_s(10)
    record_payment(world.gateway.pay(order.out_trade_no, world.clock.now_s(),
                                     payer_hash="cd" * 32), world.books)
    ask(world, order)
    assert world.payers.list("cd" * 32) == {world.stored(order).refunds[0].refund_id}
