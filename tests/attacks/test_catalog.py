"""docs/security.md and this folder name the same attacks."""

from __future__ import annotations

import re
from pathlib import Path

from tests.attacks import (
    buyer_attacks,
    content_attacks,
    proof_attacks,
    signature_attacks,
    test_answers,
    test_tls,
)

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
TEXT = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
ALL = set(range(1, 77))
NAMED = re.compile(r"(?:Attack|BadProof)\((\d+),|def test_(\d+)_|\"(\d+): |"
                   r"Attacks? (\d+)(?: and (\d+))?[:\s]")


def rows(title: str) -> list[list[str]]:
    """The cells of a section's table, without its head."""
    section = TEXT.split(f"\n## {title}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[2:]]


def numbers(cell: str) -> list[int]:
    """`7–9` or `13`, or `13 and words`."""
    first, _, last = cell.split()[0].partition("\u2013")
    return list(range(int(first), int(last or first) + 1))


IN_BOTH = (50,)
"""Stopped in part: what operators do today is tried, their console is not there yet."""
DEFENDED = {number: row for row in rows("What stops whom") for number in numbers(row[0])}
TESTED = {int(found) for path in HERE.glob("*.py") if path.name != Path(__file__).name
          for match in NAMED.finditer(path.read_text(encoding="utf-8"))
          for found in match.groups() if found}


def test_every_attack_is_either_stopped_or_said_to_be_open() -> None:
    named = [number for title in ("What stops whom", "Not ours, or not yet")
             for row in rows(title) for number in numbers(row[0])]
    assert sorted(named) == sorted([*ALL, *IN_BOTH])


def test_every_attack_that_is_stopped_is_tried() -> None:
    elsewhere = {number for number, row in DEFENDED.items() if "tests/attacks" not in row[4]}
    assert elsewhere == {62}
    assert set(DEFENDED) - elsewhere <= TESTED
    assert TESTED <= ALL


def test_what_stops_it_and_its_tests_are_where_it_says() -> None:
    for row in DEFENDED.values():
        assert len(row) == 5, row
        tests = re.findall(r"`([^`]+)`", row[4])
        assert tests, row
        assert all((ROOT / test).exists() for test in tests), row
        for place in re.findall(r"`([^`]+)`", row[3]):
            places = [ROOT / place, ROOT / "shared" / place, ROOT / "shared/adapters" / place]
            assert any(each.exists() for each in places), place


def test_there_are_many_of_them() -> None:
    differing = (*signature_attacks.ATTACKS, *content_attacks.ATTACKS, *content_attacks.DOORS,
                 *signature_attacks.HOPES, *buyer_attacks.PLACING, *buyer_attacks.POLLING,
                 *buyer_attacks.CLAIMING, *test_answers.ANSWERS, *proof_attacks.PROOFS)
    assert len({(attack.number, attack.name) for attack in differing}) > 270
    assert len(test_tls.BAD) >= 8
