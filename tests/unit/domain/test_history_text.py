"""The one text of an event and the chain over it, written out: heads in rows depend on both."""

from __future__ import annotations

import hashlib

from shared.domain.history import Event, History, begin

EVENT = Event("paid", 7, "operator:张三", "notify", {"b": [1, None], "a": "é"})
TEXT = ('{"actor":"operator:张三","at_s":7,"data":{"a":"é","b":[1,null]},'
        '"kind":"paid","source":"notify"}')


def test_the_text_of_an_event_is_sorted_without_spaces_and_without_escapes() -> None:
    assert EVENT.canonical() == TEXT
    assert Event.from_canonical(TEXT) == EVENT


def test_an_event_without_data_has_an_empty_object() -> None:
    assert Event("closed", 1, "system", "timer").canonical() == (
        '{"actor":"system","at_s":1,"data":{},"kind":"closed","source":"timer"}')


def test_a_chain_begins_at_its_aggregate_and_hashes_head_and_event() -> None:
    root = hashlib.sha256(b"tongbao.history.v1\norder\nID").hexdigest()
    assert begin("order", "ID") == History(root, ())
    first = hashlib.sha256(f"{root}\n{TEXT}".encode()).hexdigest()
    assert begin("order", "ID").add(EVENT) == History(first, (EVENT,))
    second = hashlib.sha256(f"{first}\n{TEXT}".encode()).hexdigest()
    assert begin("order", "ID").add(EVENT).add(EVENT).head == second
