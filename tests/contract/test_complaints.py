"""What every ComplaintRepository does."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from shared.domain.complaint import KIND, ComplaintState, record_act, record_complaint
from shared.domain.history import Event, verify_chain
from shared.errors import AlreadyExists, VersionConflict
from tests.fakes import samples
from tests.fakes.samples import NOW_S

if TYPE_CHECKING:
    from shared.domain.complaint import Complaint
    from tests.contract.worlds import Stores, World


def answered(complaint: Complaint, by: str = "operator:li") -> Complaint:
    """The complaint after an operator's answer."""
    return record_act(complaint, Event("answered", NOW_S + 400, by, "admin"), answered=True)


def test_an_unknown_complaint_is_none(world: World, stores: Stores) -> None:
    complaint = samples.complaint(next(world.numbers))
    assert stores.complaints.load(complaint.provider, complaint.complaint_id) is None


@pytest.mark.parametrize("change", [
    {}, {"order_ids": ()}, {"order_ids": ("A" * 26, "B" * 26)}, {"asked_refund": None},
    {"is_fully_refunded": True}, {"answered_at_s": NOW_S}])
def test_a_created_complaint_is_loaded_as_it_was(world: World, stores: Stores,
                                                 change: dict[str, object]) -> None:
    complaint = replace(
        samples.complaint(next(world.numbers)), **change)  # type: ignore[arg-type]
    stores.complaints.create(complaint)
    assert stores.complaints.load(complaint.provider, complaint.complaint_id) == complaint


def test_a_complaint_is_created_once(world: World, stores: Stores) -> None:
    complaint = samples.complaint(next(world.numbers))
    stores.complaints.create(complaint)
    with pytest.raises(AlreadyExists):
        stores.complaints.create(replace(complaint, problem_type="OTHERS"))
    assert stores.complaints.load(complaint.provider, complaint.complaint_id) == complaint


def test_every_state_of_a_complaint_comes_back(world: World, stores: Stores) -> None:
    number = next(world.numbers)
    complaint = samples.complaint(number)
    stores.complaints.create(complaint)
    again = record_complaint(
        answered(complaint), samples.complaint_fact(number, ComplaintState.PROCESSING, times=2),
        answer_within_s=86_400, now_s=NOW_S + 900, source="poll")
    done = record_complaint(
        again, samples.complaint_fact(number, ComplaintState.PROCESSED, times=2),
        answer_within_s=86_400, now_s=NOW_S + 950, source="poll")
    for version in (answered(complaint), again, done):
        stores.complaints.save(version)
        assert stores.complaints.load(complaint.provider, complaint.complaint_id) == version
    assert (again.answered_at_s, done.is_open) == (None, False)
    verify_chain(KIND, done.complaint_id, done.history.events, done.history.head)


def test_only_the_first_of_two_answers_wins(world: World) -> None:
    ours, theirs = world.open(), world.open()
    complaint = samples.complaint(next(world.numbers))
    ours.complaints.create(complaint)
    theirs.complaints.save(answered(complaint, "operator:wang"))
    with pytest.raises(VersionConflict):
        ours.complaints.save(answered(complaint))
    assert ours.complaints.load(complaint.provider, complaint.complaint_id) == answered(
        complaint, "operator:wang")


def test_a_complaint_that_is_not_there_cannot_be_saved(world: World, stores: Stores) -> None:
    with pytest.raises(VersionConflict):
        stores.complaints.save(answered(samples.complaint(next(world.numbers))))


def test_all_are_listed_each_once_for_each_provider(world: World, stores: Stores) -> None:
    made = [samples.complaint(next(world.numbers)) for _ in range(5)]
    made.append(replace(made[0], provider="alipay"))
    for complaint in made:
        stores.complaints.create(complaint)
    found = list(stores.complaints.all())
    assert [complaint for complaint in made if complaint not in found] == []
    names = [(complaint.provider, complaint.complaint_id) for complaint in found]
    assert len(names) == len(set(names))
