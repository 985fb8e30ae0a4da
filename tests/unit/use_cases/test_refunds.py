"""Refunds: reserved before they are sent, sent once, followed to their end."""

from __future__ import annotations

from dataclasses import replace
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
    NotifyNotAccepted,
    OrderNotFound,
    ProviderRefused,
    ProviderUnavailable,
    StoreUnavailable,
    StoreUnknown,
)
from shared.use_cases.claim_license import claim_license
from shared.use_cases.create_order import create_order
from shared.use_cases.decide_refund import APPROVED, DECLINED, decide_refund, decision
from shared.use_cases.project_license import project_license
from shared.use_cases.receive_notify import receive_notify
from shared.use_cases.record_payment import record_payment
from shared.use_cases.record_refund import RefundUnfit, record_refund
from shared.use_cases.request_refund import (
    RefundRequest,
    request_own_refund,
    request_refund,
)
from tests.fakes.script import raises
from tests.unit.use_cases.world import KEY, OTHER_KEY, OTHER_SECRET, SECRET, World, request

if TYPE_CHECKING:
    from shared.domain.order import Order

HALF = Money(4950, "CNY")


@pytest.fixture
def paid(world: World, order: Order) -> Order:
    """Paid, and the first look of the timer is over."""
    record_payment(world.pay(order), world.books)
    world.run_timers_for(120)
    world.forget_calls()
    return world.stored(order)


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
    return claim_license(order.order_id, SECRET, world.desk())


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


def test_a_declined_refund_frees_its_amount_and_the_license() -> None:
    world, order = bought(RefundPolicy(7, approval_above_minor=5000))
    refund, = ask(world, order).refunds
    event = decision(DECLINED, refund.refund_id, world.clock.now_s(), actor="operator:li",
                     source="admin")
    after = decide_refund(order.order_id, refund.refund_id, event, world.books, world.licenses)
    assert (after.state, standing_of(after)) == (OrderState.PAID, Standing.ACTIVE)
    world.run_timers_for(600)
    assert world.refunds.calls == []


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_lost_refund_call_is_repeated_with_the_same_number(world: World, paid: Order,
                                                             when: str) -> None:
    ask(world, paid)
    getattr(world.refunds.script, when)("place", raises(ProviderUnavailable()))
    world.run_timers_for(600)
    assert len(world.refunds.refunds) == 1
    assert len({number for _, number in world.refunds.calls}) == 1
    assert world.stored(paid).refunds[0].state is RefundState.PROCESSING


def test_too_little_balance_keeps_the_amount_reserved_until_it_is_there(world: World,
                                                                        paid: Order) -> None:
    world.refunds.has_balance = False
    ask(world, paid)
    world.run_timers_for(3 * 3_600)
    assert world.stored(paid).refunds[0].state is RefundState.REQUESTED
    postponed = world.log.named("refund.postponed")
    assert [it["alarm"] for it in (postponed[0], postponed[-1])] == [False, True]
    world.refunds.has_balance = True
    world.run_timers_for(3 * 3_600)
    settle(world, paid)
    assert world.stored(paid).state is OrderState.REFUNDED


def test_a_final_no_frees_the_amount_with_an_alarm(world: World, paid: Order) -> None:
    ask(world, paid)
    world.refunds.script.before("place", raises(ProviderRefused(reason="PARAM_ERROR")))
    world.run_timers_for(120)
    after = world.stored(paid)
    assert after.refunds[0].state is RefundState.REFUSED
    assert (after.state, license_standing(world)) == (OrderState.PAID, Standing.ACTIVE)
    assert world.log.named("refund.refused")[0]["alarm"] is True


def test_an_abnormal_refund_waits_for_a_person_and_then_ends(world: World, paid: Order) -> None:
    ask(world, paid)
    settle(world, paid, RefundState.ABNORMAL)
    assert license_standing(world) is Standing.SUSPENDED
    assert world.log.named("refund.needs_operator")[0]["alarm"] is True
    refund, = world.stored(paid).refunds
    world.refunds.settle(refund.out_refund_no)
    world.run_timers_for(DAY_S)
    assert world.stored(paid).state is OrderState.REFUNDED


def test_a_console_refund_told_by_notify_is_found(world: World, paid: Order) -> None:
    record_refund(world.refunds.console_refund(paid.out_trade_no), world.books)
    world.run_timers_for(120)
    after = world.stored(paid)
    assert after.refunds[0].origin is RefundOrigin.CONSOLE
    assert (after.state, license_standing(world)) == (OrderState.REFUNDED, Standing.REVOKED)


def test_an_unexplained_refund_suspends_until_it_is_explained(world: World, order: Order) -> None:
    world.pay(order)
    part = Money(100, "CNY")
    explanation = world.refunds.console_refund(order.out_trade_no, part)
    world.run_timers_for(120)
    assert world.stored(order).state is OrderState.REFUNDING
    assert license_standing(world) is Standing.SUSPENDED
    assert world.log.named("refund.unexplained")[0]["alarm"] is True
    record_refund(explanation, world.books)
    world.run_timers_for(120)
    assert world.stored(order).state is OrderState.PAID
    assert license_standing(world) is Standing.ACTIVE


def test_a_late_payment_notify_after_the_refund_changes_nothing(world: World,
                                                                order: Order) -> None:
    fact = world.pay(order)
    record_payment(fact, world.books)
    ask(world, order)
    settle(world, order)
    before = world.stored(order)
    assert record_payment(fact, world.books) == before


def test_a_refund_notify_before_the_payments_is_refused_and_comes_again(world: World,
                                                                        order: Order) -> None:
    world.pay(order)
    fact = world.refunds.console_refund(order.out_trade_no)
    with pytest.raises(NotifyNotAccepted):
        record_refund(fact, world.books)
    assert world.log.named("refund.unfit")[0]["alarm"] is False
    world.run_timers_for(120)
    record_refund(fact, world.books)
    assert world.stored(order).state is OrderState.REFUNDED


@pytest.mark.parametrize("change", [
    {"out_trade_no": "TB01-unknown"}, {"merchant_id": "1900000002"}, {"provider": "other"},
    {"transaction_id": "42-other"}, {"total": Money(9901, "CNY")},
    {"amount": Money(9901, "CNY")}, {"amount": Money(9900, "USD")}])
def test_a_refund_that_fits_nothing_is_told_and_refused(world: World, paid: Order,
                                                        change: dict[str, object]) -> None:
    fact = world.refunds.console_refund(paid.out_trade_no)
    with pytest.raises(RefundUnfit):
        record_refund(fact._replace(**change), world.books)
    assert world.stored(paid) == paid
    assert world.log.named("refund.unfit")[0]["alarm"] is True
    record_refund(fact, world.books)
    assert world.stored(paid).state is OrderState.REFUNDED


@pytest.mark.parametrize("error", [StoreUnavailable(), StoreUnknown()])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_request_whose_write_is_unknown_is_one_refund_when_it_comes_again(
        world: World, paid: Order, when: str, error: Exception) -> None:
    getattr(world.orders.script, when)("save", raises(error))
    with pytest.raises(type(error)):
        ask(world, paid)
    ask(world, paid)
    settle(world, paid)
    assert len(world.stored(paid).refunds) == len(world.refunds.refunds) == 1


def test_a_license_row_that_does_not_answer_is_suspended_by_the_timer(world: World,
                                                                     paid: Order) -> None:
    world.licenses.script.before("save", raises(StoreUnavailable()))
    ask(world, paid)
    assert license_standing(world) is Standing.ACTIVE
    world.run_timers_for(120)
    assert license_standing(world) is Standing.SUSPENDED


def test_who_does_not_know_the_secret_gets_nothing_back(world: World, paid: Order) -> None:
    with pytest.raises(OrderNotFound):
        request_own_refund(paid.order_id, OTHER_SECRET, KEY, world.refund_counter)
    assert world.stored(paid) == paid


def test_an_unpaid_order_has_nothing_to_refund(world: World, order: Order) -> None:
    for attempt in (ask, lambda it, of: give(it, of, None)):
        with pytest.raises(Conflict) as caught:
            attempt(world, order)
        assert caught.value.code == "ORDER_NOT_PAID"


def test_an_old_copy_does_not_restore_a_revoked_license(world: World, paid: Order) -> None:
    ask(world, paid)
    settle(world, paid)
    project_license(replace(paid), world.licenses, world.books, source="slow worker")
    assert license_standing(world) is Standing.REVOKED
