"""Both verifiers give the published answer to every vector, and the vectors are what they say."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.vectors.leases.make_leases import documents, text_of
from tests.verifier.vectors import (
    FILES,
    FOLDER,
    ROOT,
    answer,
    document,
    name_of,
    numbered,
    verifier_for,
)

if TYPE_CHECKING:
    from tests.verifier.conftest import TypeScript

PLACES = numbered()
BY_NAME = {name_of(place): document(place[0])["cases"][place[1]] for place in PLACES}
WAYS = ("platform", "package", "injected")
GOOD = ("VALID", "VALID_GRACE")
WITH = {"verify_lease": (True, False), "verify_device_proof": (False, True),
        "verify_request": (True, True)}
"""Which claims a good answer gives: the lease's, the proof's."""


@pytest.mark.parametrize("place", PLACES, ids=name_of)
def test_the_python_verifier_gives_the_published_answer(place: tuple[str, int]) -> None:
    source = document(place[0])
    case = source["cases"][place[1]]
    found = answer(verifier_for(source, case), case)
    assert found.code == case["expect"]
    if case["call"] != "load_keys":
        assert found.ok == (case["expect"] in GOOD)
        wanted = WITH[case["call"]] if found.ok else (False, False)
        assert (found.claims is not None, found.proof is not None) == wanted


@pytest.mark.parametrize("place", PLACES, ids=name_of)
def test_the_typescript_verifier_gives_the_published_answer(
        typescript: TypeScript, place: tuple[str, int]) -> None:
    name, number = place
    expected = document(name)["cases"][number]["expect"]
    said = {way: typescript.codes[way][name][number] for way in WAYS}
    assert said == dict.fromkeys(WAYS, expected)


def test_each_way_verified_with_its_own_ed25519(typescript: TypeScript) -> None:
    assert typescript.calls["platform"] > 100
    assert typescript.calls["package"] == 0
    assert typescript.calls["injected"] > 100


def test_there_are_enough_vectors_good_and_bad() -> None:
    bad = [case for case in BY_NAME.values() if case["expect"] not in GOOD]
    assert len(BY_NAME) == len(PLACES), "two cases have one name"
    assert len(BY_NAME) >= 300
    assert len(bad) >= 200
    assert len(BY_NAME) - len(bad) >= 50


@pytest.mark.parametrize("name", FILES)
def test_their_page_says_how_many_there_are(name: str) -> None:
    page = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert f"| `{name}.json` | {len(document(name)['cases'])} " in page


def test_every_code_has_a_vector() -> None:
    text = (ROOT / "docs" / "licenses.md").read_text(encoding="utf-8")
    section = text.partition("## What a verifier answers\n")[2].partition("\n## ")[0]
    codes = set(re.findall(r"`([A-Z_]+)`", section))
    assert len(codes) == 19
    assert {case["expect"] for case in BY_NAME.values()} == codes


def _differences(case: dict[str, Any], other: dict[str, Any]) -> list[str]:
    found = [name for name in ("loaded", "options") if case.get(name) != other.get(name)]
    names = {*case["args"], *other["args"]}
    return found + [name for name in names if case["args"].get(name) != other["args"].get(name)]


def test_a_case_differs_from_its_like_in_one_thing() -> None:
    for name, case in BY_NAME.items():
        if case["like"] is None:
            assert case["expect"] in GOOD, name
            continue
        other = BY_NAME[case["like"]]
        assert case["call"] == other["call"], name
        assert len(_differences(case, other)) == 1, (name, _differences(case, other))
        # Only a case about the order of the checks may differ from a bad one.
        assert name.startswith("order: ") or other["expect"] in GOOD, name


@pytest.mark.parametrize("name", [name for name in FILES if name != "node"])
def test_the_files_are_what_the_generator_makes(name: str) -> None:
    made = documents()[name]
    recorded = document(name)
    assert recorded["made_by"].startswith("make_leases.py, Python cryptography ")
    text = text_of({**made, "made_by": recorded["made_by"]})
    assert (FOLDER / f"{name}.json").read_text(encoding="utf-8") == text
