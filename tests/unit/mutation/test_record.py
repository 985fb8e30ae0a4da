"""docs/mutation.md, the scores and the list of survivors say one thing, and about today's code."""

from __future__ import annotations

from collections import Counter

import pytest

from scripts.mutation import accepted, report
from scripts.mutation.accepted import KINDS, Accepted
from scripts.mutation.targets import ROOT, targets

SURVIVORS = accepted.survivors()
SCORES = accepted.scores()
BY_FILE = {target.file: target for target in targets()}


@pytest.mark.parametrize("entry", SURVIVORS, ids=lambda it: f"{it.name.file}:{it.name.where}")
def test_a_survivor_names_code_that_is_there_and_has_a_reason(entry: Accepted) -> None:
    assert accepted.names_code(entry.name), entry.name
    assert entry.name.file in BY_FILE
    assert entry.name.before != entry.name.after
    assert entry.kind in KINDS
    assert entry.reason.endswith(".")


def test_no_survivor_is_listed_twice() -> None:
    assert len({entry.name for entry in SURVIVORS}) == len(SURVIVORS)


def test_the_page_is_written_from_the_scores_and_the_list() -> None:
    chosen = [BY_FILE[file] for file in accepted.written()]
    assert report.DOCUMENT.read_text(encoding="utf-8") == report.document(
        chosen, SCORES, SURVIVORS)


def test_as_many_survivors_are_listed_as_were_counted() -> None:
    listed = Counter(entry.name.file for entry in SURVIVORS)
    assert {file: score.mutants - score.killed for file, score in SCORES.items()} == {
        file: listed[file] for file in SCORES}


@pytest.mark.parametrize("layer", report.LAYERS)
def test_every_layer_has_its_score(layer: str) -> None:
    whole = accepted.total(score for file, score in SCORES.items()
                           if BY_FILE[file].layer == layer)
    assert whole.mutants > 500
    assert whole.percent >= report.LEAST_PERCENT


def test_no_score_is_of_a_file_that_is_gone() -> None:
    assert set(accepted.written()) <= set(BY_FILE)


def test_the_tests_of_every_target_exist() -> None:
    for target in targets():
        assert all((ROOT / test).exists() for test in target.tests), target.file
