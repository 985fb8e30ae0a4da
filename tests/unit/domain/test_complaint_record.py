"""A complaint is kept without a word of the buyer's, and with the deadline that counts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.domain.complaint import (
    KIND,
    Complaint,
    ComplaintFact,
    ComplaintState,
    open_complaint,
    record_act,
    record_complaint,
)
from shared.domain.history import Event, begin, verify_chain
from shared.domain.money import Money

PENDING, PROCESSING = ComplaintState.PENDING, ComplaintState.PROCESSING
PROCESSED = ComplaintState.PROCESSED
FACT = ComplaintFact("wechatpay", "C1", PENDING, ("T1", "T2"), 1000, "REFUND", 1, False,
                     Money(5, "CNY"))
OPENED = open_complaint(FACT, ("O1", "O2"), answer_within_s=100, now_s=1010, source="notify")
ANSWERED = record_act(OPENED, Event("complaint_answered", 1020, "operator:ann", "admin"),
                      answered=True)
ENDED = record_complaint(ANSWERED, FACT._replace(state=PROCESSED), answer_within_s=100,
                         now_s=1030, source="query")


def told(complaint: Complaint, now_s: int = 2000, **changes: object) -> Complaint:
    return record_complaint(complaint, FACT._replace(**changes),  # type: ignore[arg-type]
                            answer_within_s=100, now_s=now_s, source="query")


def test_a_complaint_is_opened_with_what_the_provider_says() -> None:
    event = Event("complained", 1010, "buyer", "notify", {
        "state": "pending", "problem_type": "REFUND", "complained_at_s": 1000,
        "order_ids": ["O1", "O2"]})
    assert Complaint(
        provider="wechatpay", complaint_id="C1", state=PENDING, order_ids=("O1", "O2"),
        complained_at_s=1000, answer_by_s=1100, problem_type="REFUND", user_complaint_times=1,
        is_fully_refunded=False, asked_refund=Money(5, "CNY"), history=begin(KIND, "C1").add(event),
        answered_at_s=None, version=1) == OPENED
    assert OPENED.hold == "complaint:C1"


def test_a_complaint_need_not_ask_for_money() -> None:
    bare = ComplaintFact("wechatpay", "C1", PENDING, (), 1000, "", 1, False)
    assert bare.asked_refund is None
    opened = open_complaint(bare, (), answer_within_s=1, now_s=2, source="notify")
    assert opened.asked_refund is None


@pytest.mark.parametrize(("state", "is_open"), [
    (PENDING, True), (PROCESSING, True), (PROCESSED, False)])
def test_a_complaint_is_open_until_it_is_processed(state: ComplaintState, is_open: bool) -> None:
    assert replace(OPENED, state=state).is_open is is_open


def test_no_news_is_the_same_complaint() -> None:
    assert told(OPENED) is OPENED


@pytest.mark.parametrize(("changes", "again"), [
    ({"state": PROCESSING}, False), ({"is_fully_refunded": True}, False),
    ({"user_complaint_times": 2}, True), ({"user_complaint_times": 2, "state": PROCESSED}, True),
    ({"state": PROCESSED}, False)])
def test_news_is_one_version_and_one_event(changes: dict[str, object], again: bool) -> None:
    after = told(ANSWERED, **changes)
    fact = FACT._replace(**changes)  # type: ignore[arg-type]
    assert (after.state, after.user_complaint_times, after.is_fully_refunded) == (
        fact.state, fact.user_complaint_times, fact.is_fully_refunded)
    assert after.version == ANSWERED.version + 1
    assert after.history.events[:-1] == ANSWERED.history.events
    assert after.history.events[-1] == Event("complaint_changed", 2000, "provider", "query", {
        "state": fact.state.value, "user_complaint_times": fact.user_complaint_times,
        "is_fully_refunded": fact.is_fully_refunded})
    assert after.answer_by_s == (2100 if again else 1100)
    assert after.answered_at_s == (None if again else 1020)


@pytest.mark.parametrize("state", [PENDING, PROCESSING])
def test_a_complaint_that_comes_back_after_its_end_has_a_new_deadline(
        state: ComplaintState) -> None:
    assert (ENDED.answer_by_s, ENDED.answered_at_s) == (1100, 1020)
    again = told(ENDED, state=state)
    assert (again.answer_by_s, again.answered_at_s) == (2100, None)
    assert told(ENDED, state=PROCESSED, is_fully_refunded=True).answer_by_s == 1100


def test_fewer_complaints_than_known_start_no_deadline() -> None:
    twice = told(OPENED, user_complaint_times=2)
    assert told(twice, now_s=3000, user_complaint_times=1).answer_by_s == twice.answer_by_s


def test_an_operators_act_is_an_event_and_an_answer_has_its_time() -> None:
    assert (ANSWERED.answered_at_s, ANSWERED.version) == (1020, 2)
    completed = record_act(ANSWERED, Event("complaint_completed", 1040, "operator:ann", "admin"))
    assert (completed.answered_at_s, completed.version) == (1020, 3)
    assert [event.kind for event in completed.history.events] == [
        "complained", "complaint_answered", "complaint_completed"]
    verify_chain(KIND, "C1", completed.history.events, completed.history.head)
