"""A history that somebody touched no longer leads to its head."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.history import BrokenHistory, Event, History, begin, verify_chain

VALUES = st.one_of(st.none(), st.booleans(), st.integers(-2**63, 2**63 - 1),
                   st.text(st.characters(exclude_categories=["Cs"]), max_size=12))
EVENTS = st.builds(
    Event, st.sampled_from(["placed", "instructed", "paid"]), st.integers(0, 2**40),
    st.sampled_from(["buyer", "provider", "operator:\u5f20\u4e09"]),
    st.sampled_from(["notify", "query"]),
    st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=8), VALUES,
                    max_size=4))
HISTORIES = st.lists(EVENTS, min_size=1, max_size=6)


def history_of(events: list[Event]) -> History:
    history = begin("order", "ID")
    for event in events:
        history = history.add(event)
    return history


def is_broken(events: list[Event], head: str, *, kind: str = "order", name: str = "ID") -> bool:
    try:
        verify_chain(kind, name, events, head)
    except BrokenHistory:
        return True
    return False


@given(HISTORIES)
def test_untouched_events_lead_to_the_head(events: list[Event]) -> None:
    history = history_of(events)
    assert history.events == tuple(events)
    verify_chain("order", "ID", history.events, history.head)


@given(HISTORIES)
def test_every_removed_event_is_found_the_last_ones_too(events: list[Event]) -> None:
    head = history_of(events).head
    for place in range(len(events)):
        assert is_broken(events[:place] + events[place + 1:], head)
        assert is_broken(events[:place], head)


@given(HISTORIES, EVENTS, st.data())
def test_a_foreign_event_is_found_wherever_it_is_put(events: list[Event], foreign: Event,
                                                     data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(events)))
    assert is_broken([*events[:place], foreign, *events[place:]], history_of(events).head)


@given(HISTORIES, st.data())
def test_events_in_another_order_are_found(events: list[Event], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(events))
    if [event.canonical() for event in shuffled] != [event.canonical() for event in events]:
        assert is_broken(shuffled, history_of(events).head)


@pytest.mark.parametrize("edit", [
    {"kind": "closed"}, {"at_s": 8}, {"actor": "system"}, {"source": "bill"},
    {"data": {"amount_minor": 9901}}, {"data": {"amount_minor": "9900"}}, {"data": {}}])
def test_an_edit_of_any_part_of_an_event_is_found(edit: dict[str, Any]) -> None:
    events = [Event("placed", 7, "buyer", "create-order"),
              Event("paid", 7, "provider", "notify", {"amount_minor": 9900}),
              Event("refund_reported", 9, "provider", "query")]
    head = history_of(events).head
    assert is_broken([events[0], replace(events[1], **edit), events[2]], head)


def test_a_history_belongs_to_one_aggregate() -> None:
    events = [Event("placed", 7, "buyer", "create-order")]
    head = history_of(events).head
    assert is_broken(events, head, name="OTHER")
    assert is_broken(events, head, kind="license")
    assert not is_broken(events, head)


@given(EVENTS)
def test_an_event_survives_its_canonical_text(event: Event) -> None:
    text = event.canonical()
    assert Event.from_canonical(text) == event
    assert Event.from_canonical(text).canonical() == text


CANONICAL = Event("paid", 7, "provider", "notify", {"a": 1}).canonical()


@pytest.mark.parametrize("text", [
    "", "{}", "[]", "null", "1", '"x"', CANONICAL + " ", CANONICAL[:-1],
    CANONICAL.replace('"kind"', '"sort"'), CANONICAL.replace(":7", ": 7"),
    CANONICAL.replace('{"actor"', '{"x":1,"actor"'), "[" * 100_000, '{"a":' * 100_000])
def test_a_text_that_canonical_did_not_write_is_refused(text: str) -> None:
    with pytest.raises(BrokenHistory):
        Event.from_canonical(text)
