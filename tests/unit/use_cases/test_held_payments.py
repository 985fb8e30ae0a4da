"""Payments that fit nothing: they wait for a person, and go back once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from shared.domain.held import HeldPayment, HeldState, held_id
from shared.domain.history import verify_chain
from shared.domain.license import DAY_S
from shared.domain.money import Money
from shared.domain.order import OrderState
from shared.domain.payment import Payee
from shared.domain.refund import RefundState
from shared.domain.refunding import RefundMismatch
from shared.errors import Conflict, NotFound, ProviderRefused, ProviderUnavailable
from shared.use_cases.operate import OperatorDesk, list_held
from shared.use_cases.record_payment import PaymentHeld, record_payment
from shared.use_cases.record_refund import RefundUnfit, record_refund
from shared.use_cases.settle_held import dismiss_held, load_held, refund_held
from tests.fakes.script import raises

if TYPE_CHECKING:
    from shared.domain.order import Order
    from tests.unit.use_cases.world import World


def hold(world: World, order: Order, **changes: object) -> HeldPayment:
    """A payment that does not fit this order: the provider was paid another amount."""
    fact = world.gateway.pay(order.out_trade_no, world.clock.now_s(),
                             amount=Money(1, "CNY"))._replace(**changes)
    with pytest.raises(PaymentHeld):
        record_payment(fact, world.books)
    held, = world.held.rows()
    return held


def refund(world: World, held: HeldPayment) -> HeldPayment:
    return refund_held(held, world.held_desk, actor="operator:li", source="admin")


def stored(world: World) -> HeldPayment:
    held, = world.held.rows()
    verify_chain("held_payment", held_id(held.provider, held.transaction_id),
                 held.history.events, held.history.head)
    return held


def test_by_itself_nothing_goes_back(world: World, order: Order) -> None:
    hold(world, order)
    world.run_timers_for(3_600)
    assert stored(world).state is HeldState.WAITING
    assert world.refunds.calls == []
    assert world.log.named("payment.held_waits")[0]["alarm"] is True


def test_a_refund_of_a_held_payment_is_made_once_and_followed(world: World,
                                                              order: Order) -> None:
    held = hold(world, order)
    asked = refund(world, held)
    assert refund(world, asked) == asked
    world.run_timers_for(1_200)
    number, = world.refunds.refunds
    assert stored(world).state is HeldState.REFUND_REQUESTED
    record_refund(world.refunds.settle(number), world.books)
    assert stored(world).state is HeldState.REFUNDED
    world.run_timers_for(1_200)
    assert len(world.refunds.refunds) == 1


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_lost_call_is_repeated_with_the_same_number(world: World, order: Order,
                                                      when: str) -> None:
    refund(world, hold(world, order))
    getattr(world.refunds.script, when)("place", raises(ProviderUnavailable()))
    world.run_timers_for(1_200)
    number, = world.refunds.refunds
    world.refunds.settle(number)
    world.run_timers_for(1_200)
    assert stored(world).state is HeldState.REFUNDED


def test_a_final_no_waits_for_a_person_again(world: World, order: Order) -> None:
    refund(world, hold(world, order))
    world.refunds.script.before("place", raises(ProviderRefused(reason="PARAM_ERROR")))
    world.run_timers_for(1_200)
    assert stored(world).state is HeldState.REFUND_FAILED
    refund(world, stored(world))
    world.run_timers_for(1_200)
    assert len(world.refunds.refunds) == 1


def test_the_provider_gives_the_refund_up(world: World, order: Order) -> None:
    refund(world, hold(world, order))
    world.run_timers_for(120)
    number, = world.refunds.refunds
    record_refund(world.refunds.settle(number, RefundState.CLOSED), world.books)
    assert stored(world).state is HeldState.REFUND_FAILED


def test_where_the_seller_wants_it_held_payments_go_back_by_themselves(world: World,
                                                                       order: Order) -> None:
    world.held_desk = replace(world.held_desk, refunds_by_itself=True)
    hold(world, order)
    world.run_timers_for(120)
    assert len(world.refunds.refunds) == 1
    assert [event.actor for event in stored(world).history.events] == ["provider", "system"]


def test_a_dismissed_payment_is_settled_and_cannot_go_back(world: World, order: Order) -> None:
    held = hold(world, order)
    dismissed = dismiss_held(held, "paid_elsewhere", world.books, actor="operator:li",
                             source="admin")
    assert dismissed.state is HeldState.DISMISSED
    with pytest.raises(Conflict) as caught:
        refund(world, dismissed)
    assert caught.value.code == "HELD_PAYMENT_SETTLED"


def test_a_payment_without_an_amount_cannot_be_refunded_from_here(world: World,
                                                                  order: Order) -> None:
    held = hold(world, order, amount=None)
    with pytest.raises(Conflict) as caught:
        refund(world, held)
    assert caught.value.code == "HELD_PAYMENT_UNREADABLE"


def test_the_honest_payment_beside_a_held_one_is_booked(world: World, order: Order) -> None:
    fact = world.pay(order)
    with pytest.raises(PaymentHeld):
        record_payment(fact._replace(transaction_id="42-other", amount=Money(1, "CNY")),
                       world.books)
    assert record_payment(fact, world.books).state is OrderState.PAID


def test_a_refund_in_the_console_settles_a_held_payment(world: World, order: Order) -> None:
    hold(world, order)
    record_refund(world.refunds.console_refund(order.out_trade_no), world.books)
    assert stored(world).state is HeldState.REFUNDED


def test_an_unknown_held_payment_is_not_found(world: World) -> None:
    with pytest.raises(NotFound) as caught:
        load_held("wechatpay:42", world.books)
    assert caught.value.code == "HELD_PAYMENT_NOT_FOUND"


def foreign_app(world: World, order: Order) -> HeldPayment:
    """Held because a setting named another app; the timer's query then fits."""
    fact = world.pay(order)
    with pytest.raises(PaymentHeld):
        record_payment(fact._replace(payee=Payee("1900000001", "wxother")), world.books)
    world.run_timers_for(180)
    assert world.stored(order).state is OrderState.PAID
    return stored(world)


def test_what_was_booked_after_all_is_no_longer_held(world: World, order: Order) -> None:
    held = foreign_app(world, order)
    with pytest.raises(Conflict) as caught:
        refund(world, held)
    assert caught.value.code == "HELD_PAYMENT_SETTLED"
    world.run_timers_for(DAY_S + 600, every_s=600)
    assert stored(world).state is HeldState.BOOKED
    assert world.work.rows() == []
    desk = OperatorDesk(world.refund_counter, world.held_desk, world.complaint_room,
                        world.audit_room)
    assert list_held(desk, settled=False) == []
    assert list_held(desk, settled=True) == [stored(world)]


def test_a_held_refund_of_what_is_booked_meanwhile_ends_the_license_too(world: World,
                                                                       order: Order) -> None:
    fact = world.pay(order)
    with pytest.raises(PaymentHeld):
        record_payment(fact._replace(payee=Payee("1900000001", "wxother")), world.books)
    refund(world, stored(world))
    record_payment(fact, world.books)
    world.run_timers_for(120)
    number, = world.refunds.refunds
    world.refunds.settle(number)
    world.run_timers_for(1_800)
    assert stored(world).state is HeldState.REFUNDED
    assert world.stored(order).state is OrderState.REFUNDED


def test_an_order_whose_only_payment_went_back_ends(world: World, order: Order) -> None:
    refund(world, hold(world, order))
    world.run_timers_for(120)
    number, = world.refunds.refunds
    record_refund(world.refunds.settle(number), world.books)
    world.run_timers_for(3 * DAY_S, every_s=600)
    assert world.stored(order).state is OrderState.CLOSED
    assert world.work.rows() == []


def test_an_order_whose_payment_still_waits_for_a_person_stays_open(world: World,
                                                                    order: Order) -> None:
    hold(world, order)
    world.run_timers_for(3 * DAY_S, every_s=600)
    assert world.stored(order).is_open()
    assert sorted(work.kind for work in world.work.rows()) == ["held", "order"]


def test_a_part_given_back_in_the_console_does_not_settle_a_held_payment(world: World,
                                                                         order: Order) -> None:
    record_payment(world.pay(order), world.books)
    second = world.gateway.pay(order.out_trade_no, world.clock.now_s(), transaction_id="42-second")
    with pytest.raises(PaymentHeld):
        record_payment(second, world.books)
    with pytest.raises(RefundUnfit) as caught:
        record_refund(world.refunds.console_refund(order.out_trade_no, Money(900, "CNY")),
                      world.books)
    assert caught.value.mismatch is RefundMismatch.AMOUNT
    assert stored(world).state is HeldState.WAITING
    assert world.log.named("refund.unfit")[-1]["alarm"] is True


def test_a_part_given_back_of_what_was_settled_changes_nothing(world: World,
                                                              order: Order) -> None:
    dismiss_held(hold(world, order), "partly", world.books, actor="operator:li", source="admin")
    fact = world.refunds.console_refund(order.out_trade_no)._replace(amount=Money(2, "CNY"))
    assert record_refund(fact, world.books) is None
    assert stored(world).state is HeldState.DISMISSED


def test_another_refund_that_was_given_up_does_not_end_ours(world: World, order: Order) -> None:
    refund(world, hold(world, order))
    world.run_timers_for(120)
    ours, = world.refunds.refunds
    given_up = world.refunds.fact(ours, source="notify")._replace(
        out_refund_no="console-1", state=RefundState.CLOSED)
    assert record_refund(given_up, world.books) is None
    assert stored(world).state is HeldState.REFUND_REQUESTED
    record_refund(world.refunds.settle(ours), world.books)
    assert stored(world).state is HeldState.REFUNDED


def test_a_held_refund_that_the_bank_does_not_take_is_told_daily(world: World,
                                                                order: Order) -> None:
    refund(world, hold(world, order))
    world.run_timers_for(120)
    number, = world.refunds.refunds
    record_refund(world.refunds.settle(number, RefundState.ABNORMAL), world.books)
    world.run_timers_for(3 * DAY_S, every_s=600)
    told = world.log.named("refund.needs_operator")
    assert 3 <= len(told) <= 4
    assert {(line["alarm"], line["state"]) for line in told} == {(True, "abnormal")}
    world.refunds.settle(number)
    world.run_timers_for(DAY_S, every_s=600)
    assert stored(world).state is HeldState.REFUNDED


def test_a_number_that_is_not_of_our_making_never_goes_back_by_itself(world: World,
                                                                     order: Order) -> None:
    """Another shop's, on the same merchant number, may begin as ours do."""
    world.held_desk = replace(world.held_desk, refunds_by_itself=True)
    fact = world.pay(order)._replace(out_trade_no="TB0120261123000042")
    with pytest.raises(PaymentHeld):
        record_payment(fact, world.books)
    world.run_timers_for(600)
    assert world.refunds.refunds == {}
    assert stored(world).state is HeldState.WAITING
    assert world.log.named("payment.held_waits")[0]["alarm"] is True
