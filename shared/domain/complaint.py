"""A buyer's complaint at WeChat Pay (投诉): its state, its deadline, and nothing personal.

The buyer's words, phone number and pictures stay at the provider and are shown from there; the
row keeps ids, amounts, times and what we did.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from shared.domain.history import Event, History, begin

if TYPE_CHECKING:
    from shared.domain.money import Money

KIND = "complaint"


class ComplaintState(str, Enum):
    """Where a complaint stands, as the provider says."""

    PENDING = "pending"
    """Nobody has answered."""
    PROCESSING = "processing"
    PROCESSED = "processed"


class ComplaintFact(NamedTuple):
    """What the provider knows of a complaint now (its detail, read by its id).

    `out_trade_nos` are the orders that it is about; `problem_type` is the provider's word.
    """

    provider: str
    complaint_id: str
    state: ComplaintState
    out_trade_nos: tuple[str, ...]
    complained_at_s: int
    problem_type: str
    user_complaint_times: int
    is_fully_refunded: bool
    asked_refund: Money | None = None


class ComplaintNotice(NamedTuple):
    """A notify that something about a complaint changed: only its id can be relied on."""

    provider: str
    complaint_id: str
    action: str


@dataclass(frozen=True)
class Complaint:
    """One complaint as one row. `answer_by_s` is when it must have been answered."""

    provider: str
    complaint_id: str
    state: ComplaintState
    order_ids: tuple[str, ...]
    complained_at_s: int
    answer_by_s: int
    problem_type: str
    user_complaint_times: int
    is_fully_refunded: bool
    asked_refund: Money | None
    history: History
    answered_at_s: int | None = None
    version: int = 1

    @property
    def is_open(self) -> bool:
        """Whether the provider still counts it against the seller."""
        return self.state is not ComplaintState.PROCESSED

    @property
    def hold(self) -> str:
        """The name of the hold that it puts on its orders, where policy says so."""
        return f"complaint:{self.complaint_id}"


def open_complaint(fact: ComplaintFact, order_ids: tuple[str, ...], *, answer_within_s: int,
                   now_s: int, source: str) -> Complaint:
    """The complaint as first heard of."""
    event = Event("complained", now_s, "buyer", source, {
        "state": fact.state.value, "problem_type": fact.problem_type,
        "complained_at_s": fact.complained_at_s, "order_ids": list(order_ids)})
    return Complaint(
        fact.provider, fact.complaint_id, fact.state, order_ids, fact.complained_at_s,
        fact.complained_at_s + answer_within_s, fact.problem_type, fact.user_complaint_times,
        fact.is_fully_refunded, fact.asked_refund,
        begin(KIND, fact.complaint_id).add(event))


def record_complaint(complaint: Complaint, fact: ComplaintFact, *, answer_within_s: int,
                     now_s: int, source: str) -> Complaint:
    """The complaint after the provider's newest word; the same when that is no news.

    A buyer who complains again, or again after it was processed, starts a new deadline.
    """
    news = {"state": fact.state, "user_complaint_times": fact.user_complaint_times,
            "is_fully_refunded": fact.is_fully_refunded}
    changed = {name: value for name, value in news.items()
               if getattr(complaint, name) != value}
    if not changed:
        return complaint
    again = (fact.user_complaint_times > complaint.user_complaint_times
             or (fact.state is not ComplaintState.PROCESSED and not complaint.is_open))
    event = Event("complaint_changed", now_s, "provider", source, {
        "state": fact.state.value, "user_complaint_times": fact.user_complaint_times,
        "is_fully_refunded": fact.is_fully_refunded})
    return replace(
        complaint, state=fact.state, user_complaint_times=fact.user_complaint_times,
        is_fully_refunded=fact.is_fully_refunded, version=complaint.version + 1,
        answer_by_s=now_s + answer_within_s if again else complaint.answer_by_s,
        answered_at_s=None if again else complaint.answered_at_s,
        history=complaint.history.add(event))


def record_act(complaint: Complaint, event: Event, *, answered: bool = False) -> Complaint:
    """The complaint after an operator's act (answered, completed)."""
    return replace(complaint, version=complaint.version + 1,
                   answered_at_s=event.at_s if answered else complaint.answered_at_s,
                   history=complaint.history.add(event))
