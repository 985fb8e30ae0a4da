"""Stories of complaints: heard of, held for, answered, completed, and made again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.domain.complaint import ComplaintState
from shared.use_cases.watch_complaint import answer_complaint, complete_complaint
from tests.crash_points.acts import (
    ask_back,
    buy,
    claim,
    claim_refused,
    settle,
    wait_placed,
    wait_until,
)
from tests.crash_points.stories import story

if TYPE_CHECKING:
    from shared.domain.complaint import Complaint, ComplaintNotice
    from tests.crash_points.stage import Stage


@story("complaint: notified, answered, completed")
def _completed(stage: Stage) -> None:
    order = buy(stage)
    notice = stage.complaint_desk.complain(order.out_trade_no)
    stage.tell(notice)
    _wait_for_hold(stage)
    claim_refused(stage, order, "LICENSE_SUSPENDED")
    _answer(stage, notice)
    _complete(stage, notice)
    wait_until(stage, lambda: not stage.stored(order).holds)
    claim(stage, order)


@story("complaint: its notify lost")
def _listed(stage: Stage) -> None:
    order = buy(stage)
    notice = stage.complaint_desk.complain(order.out_trade_no)
    _wait_for_hold(stage)
    _complete(stage, notice)
    wait_until(stage, lambda: not stage.stored(order).holds)
    claim(stage, order)


@story("complaint: made again")
def _again(stage: Stage) -> None:
    order = buy(stage)
    notice = stage.complaint_desk.complain(order.out_trade_no)
    stage.tell(notice)
    _wait_for_hold(stage)
    _complete(stage, notice)
    wait_until(stage, lambda: not stage.stored(order).holds)
    stage.tell(stage.complaint_desk.complain_again(notice.complaint_id))
    _wait_for_hold(stage)
    claim_refused(stage, order, "LICENSE_SUSPENDED")
    _complete(stage, notice)
    wait_until(stage, lambda: not stage.stored(order).holds)
    claim(stage, order)


@story("complaint: refunded while it is open")
def _refunded(stage: Stage) -> None:
    order = buy(stage)
    notice = stage.complaint_desk.complain(order.out_trade_no)
    stage.tell(notice)
    _wait_for_hold(stage)
    ask_back(stage, order)
    stage.tell(settle(stage, wait_placed(stage, order)))
    _complete(stage, notice)
    wait_until(stage, lambda: not stage.stored(order).holds)
    claim_refused(stage, order)


@story("complaint: nobody answers")
def _unanswered(stage: Stage) -> None:
    order = buy(stage)
    stage.tell(stage.complaint_desk.complain(order.out_trade_no))
    _wait_for_hold(stage)


def _stored(stage: Stage, notice: ComplaintNotice) -> Complaint | None:
    return next((one for one in stage.complaints.rows()
                 if one.complaint_id == notice.complaint_id), None)


def _wait_for_hold(stage: Stage) -> None:
    wait_until(stage, lambda: any(order.holds for order in stage.orders.all()))


def _answer(stage: Stage, notice: ComplaintNotice) -> None:
    after = stage.until_answered("operator", lambda: answer_complaint(
        notice.complaint_id, "we are sorry", stage.complaint_room, actor="operator:anna"))
    assert after.answered_at_s is not None


def _complete(stage: Stage, notice: ComplaintNotice) -> None:
    stage.until_answered("operator", lambda: complete_complaint(
        notice.complaint_id, stage.complaint_room, actor="operator:anna"))
    wait_until(stage, lambda: (found := _stored(stage, notice)) is not None
               and found.state is ComplaintState.PROCESSED)
