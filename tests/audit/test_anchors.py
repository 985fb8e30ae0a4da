"""Anchors: what is cut off, written anew or removed after a day was anchored is found."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import TYPE_CHECKING

import pytest

from scripts.auditing import anchors
from scripts.auditing.reading import read
from tests.audit.town import Town, build, retell

if TYPE_CHECKING:
    from pathlib import Path

DAY_S = 86_400


@pytest.fixture(scope="module")
def clean() -> Town:
    return build()


@pytest.fixture
def town(clean: Town) -> Town:
    return Town(clean.world, clean.orders, deepcopy(clean.rows), clean.journal, clean.log,
                clean.now_s)


def texts(folder: Path, town: Town) -> list[str]:
    return [found.text for found in anchors.verify(folder, read(town.rows)).findings]


def test_an_anchored_store_that_only_grew_is_sound(tmp_path: Path, town: Town) -> None:
    assert anchors.write(tmp_path, read(town.rows), town.now_s) is not None
    retell(town.order("paid"), "order", town.orders["paid"],
           lambda events: events.append(dict(events[-1], kind="held", data={"hold": "x"})))
    found = anchors.verify(tmp_path, read(town.rows))
    assert found.findings == []
    assert found.looked_at == 16


def test_events_that_were_cut_off_are_found(tmp_path: Path, town: Town) -> None:
    anchors.write(tmp_path, read(town.rows), town.now_s)
    retell(town.order("paid"), "order", town.orders["paid"], lambda events: events.pop())
    assert texts(tmp_path, town) == ["newer events were cut off"]


def test_a_history_written_anew_with_a_sound_chain_is_found(tmp_path: Path, town: Town) -> None:
    anchors.write(tmp_path, read(town.rows), town.now_s)
    retell(town.order("paid"), "order", town.orders["paid"],
           lambda events: events[-1].update(at_s=1))
    assert texts(tmp_path, town) == ["its history was written anew"]


def test_a_row_that_is_gone_is_found(tmp_path: Path, town: Town) -> None:
    anchors.write(tmp_path, read(town.rows), town.now_s)
    town.rows["orders"].remove(town.order("paid"))
    assert texts(tmp_path, town) == ["the row is gone, or cannot be read"]


def test_days_are_chained_and_a_changed_day_is_found(tmp_path: Path, town: Town) -> None:
    for day in range(3):
        assert anchors.write(tmp_path, read(town.rows), town.now_s + day * DAY_S)
    assert texts(tmp_path, town) == []
    first = anchors.files(tmp_path)[0]
    header, *rows = first.read_text("utf-8").splitlines()
    changed = {**json.loads(header), "at_s": 0}
    first.write_text("\n".join([json.dumps(changed), *rows]) + "\n", "utf-8")
    assert texts(tmp_path, town) == ["it does not follow the file before"]


def test_a_day_that_was_left_out_is_found(tmp_path: Path, town: Town) -> None:
    for day in range(3):
        anchors.write(tmp_path, read(town.rows), town.now_s + day * DAY_S)
    anchors.files(tmp_path)[1].unlink()
    assert texts(tmp_path, town) == ["it does not follow the file before"]


def test_a_day_is_anchored_once(tmp_path: Path, town: Town) -> None:
    path = anchors.write(tmp_path, read(town.rows), town.now_s)
    assert path is not None
    before = path.read_bytes()
    assert anchors.write(tmp_path, read({}), town.now_s) is None
    assert path.read_bytes() == before


def test_a_file_that_is_cut_short_is_refused(tmp_path: Path, town: Town) -> None:
    path = anchors.write(tmp_path, read(town.rows), town.now_s)
    assert path is not None
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(anchors.NoAnchors):
        anchors.verify(tmp_path, read(town.rows))
