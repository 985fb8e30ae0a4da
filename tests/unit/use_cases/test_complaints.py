"""Complaints: none is missed, each has its deadline, and policy may hold the license back."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from shared.domain.complaint import ComplaintState
from shared.domain.history import verify_chain
from shared.domain.license import DAY_S, Standing
from shared.errors import Forbidden, NotFound, ProviderUnavailable, StoreUnavailable
from shared.use_cases.claim_license import claim_license
from shared.use_cases.receive_notify import receive_notify
from shared.use_cases.record_payment import record_payment
from shared.use_cases.watch_complaint import (
    answer_complaint,
    complete_complaint,
    list_new_complaints,
)
from tests.fakes.script import raises
from tests.unit.use_cases.world import DEVICE, SECRET

if TYPE_CHECKING:
    from shared.domain.complaint import Complaint, ComplaintNotice
    from shared.domain.order import Order
    from tests.unit.use_cases.world import World


@pytest.fixture
def paid(world: World, order: Order) -> Order:
    record_payment(world.pay(order), world.books)
    world.run_timers_for(120)
    return world.stored(order)


def tell(world: World, notice: ComplaintNotice) -> None:
    headers, body = world.verifier.sign(notice)
    receive_notify(headers, body, verifier=world.verifier, books=world.books)


def stored(world: World) -> Complaint:
    complaint, = world.complaints.rows()
    verify_chain("complaint", complaint.complaint_id, complaint.history.events,
                 complaint.history.head)
    return complaint


def standing(world: World) -> Standing:
    return world.licenses.all()[0].standing


def test_a_notify_only_tells_the_timer_which_reads_the_complaint(world: World,
                                                                 paid: Order) -> None:
    notice = world.complaint_desk.complain(paid.out_trade_no)
    tell(world, notice)
    assert world.complaints.rows() == []
    world.run_timers_for(120)
    complaint = stored(world)
    assert complaint.order_ids == (paid.order_id,)
    assert complaint.answer_by_s - complaint.complained_at_s == DAY_S
    assert standing(world) is Standing.SUSPENDED
    with pytest.raises(Forbidden):
        claim_license(paid.order_id, SECRET, DEVICE, world.desk())


def test_a_complaint_whose_notify_was_lost_is_listed(world: World, paid: Order) -> None:
    world.complaint_desk.complain(paid.out_trade_no)
    assert list_new_complaints(world.complaint_room) == 1
    assert list_new_complaints(world.complaint_room) == 0
    assert stored(world).state is ComplaintState.PENDING


def test_without_the_policy_the_license_is_left_alone(world: World, paid: Order) -> None:
    world.complaint_room = replace(world.complaint_room, holds_license=False)
    world.complaint_desk.complain(paid.out_trade_no)
    list_new_complaints(world.complaint_room)
    assert standing(world) is Standing.ACTIVE


def test_answered_and_completed_frees_the_license(world: World, paid: Order) -> None:
    notice = world.complaint_desk.complain(paid.out_trade_no)
    list_new_complaints(world.complaint_room)
    answered = answer_complaint(notice.complaint_id, "We are sorry.", world.complaint_room,
                                actor="operator:li")
    assert answered.answered_at_s == world.clock.now_s()
    assert "sorry" not in str(answered)
    done = complete_complaint(notice.complaint_id, world.complaint_room, actor="operator:li")
    assert done.state is ComplaintState.PROCESSED
    world.run_timers_for(120)
    assert standing(world) is Standing.ACTIVE
    assert [event.actor for event in stored(world).history.events if event.source == "admin"] \
        == ["operator:li", "operator:li", "provider"]


def test_a_buyer_who_is_not_satisfied_starts_a_new_deadline(world: World, paid: Order) -> None:
    notice = world.complaint_desk.complain(paid.out_trade_no)
    list_new_complaints(world.complaint_room)
    answer_complaint(notice.complaint_id, "No.", world.complaint_room, actor="operator:li")
    complete_complaint(notice.complaint_id, world.complaint_room, actor="operator:li")
    world.clock.advance_s(DAY_S)
    tell(world, world.complaint_desk.complain_again(notice.complaint_id))
    world.run_timers_for(120)
    complaint = stored(world)
    assert complaint.answered_at_s is None
    assert complaint.answer_by_s > world.clock.now_s() + DAY_S - 300
    assert standing(world) is Standing.SUSPENDED


def test_an_unanswered_complaint_is_told_ever_more_often(world: World, paid: Order) -> None:
    tell(world, world.complaint_desk.complain(paid.out_trade_no))
    world.run_timers_for(DAY_S, every_s=600)
    told = world.log.named("complaint.unanswered")
    assert 4 <= len(told) <= 10
    assert all(line["alarm"] for line in told)
    assert told[-1]["left_s"] < 3_600


def test_another_shops_complaint_is_left_to_that_shop(world: World, paid: Order) -> None:
    world.complaint_desk.complain("OTHERSHOP0001")
    assert list_new_complaints(world.complaint_room) == 0
    assert world.complaints.rows() == []
    assert world.log.named("complaint.foreign")


def test_a_complaint_about_our_order_and_anothers_is_ours(world: World, paid: Order) -> None:
    world.complaint_desk.complain("OTHERSHOP0001", paid.out_trade_no)
    list_new_complaints(world.complaint_room)
    assert stored(world).order_ids == (paid.order_id,)


def test_a_complaint_about_an_unpaid_order_holds_nothing(world: World, order: Order) -> None:
    world.complaint_desk.complain(order.out_trade_no)
    list_new_complaints(world.complaint_room)
    assert "complaint.without_license" in world.log.names()


def test_an_answer_that_the_provider_did_not_take_is_not_noted(world: World,
                                                               paid: Order) -> None:
    notice = world.complaint_desk.complain(paid.out_trade_no)
    list_new_complaints(world.complaint_room)
    world.complaint_desk.script.before("answer", raises(ProviderUnavailable()))
    with pytest.raises(ProviderUnavailable):
        answer_complaint(notice.complaint_id, "Sorry.", world.complaint_room,
                         actor="operator:li")
    assert stored(world).answered_at_s is None


def test_a_hold_that_was_not_written_is_written_by_the_timer(world: World, paid: Order) -> None:
    world.complaint_desk.complain(paid.out_trade_no)
    world.orders.script.before("save", raises(StoreUnavailable()))
    with pytest.raises(StoreUnavailable):
        list_new_complaints(world.complaint_room)
    world.run_timers_for(120)
    assert standing(world) is Standing.SUSPENDED


def test_an_unknown_complaint_is_not_found(world: World) -> None:
    with pytest.raises(NotFound) as caught:
        answer_complaint("200", "?", world.complaint_room, actor="operator:li")
    assert caught.value.code == "COMPLAINT_NOT_FOUND"
