"""The committed record: which mutants may survive and why, and the score of the last whole run.

survivors.json is written by people, score.json by `scripts/mutate --write`; docs/mutation.md is
made of both (a test holds them together).
"""

from __future__ import annotations

import ast
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scripts.mutation.mutants import Name
from scripts.mutation.targets import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

HERE = Path(__file__).resolve().parent
SURVIVORS = HERE / "survivors.json"
SCORE = HERE / "score.json"
KINDS = {
    "equivalent": "no input can tell it from the original",
    "cosmetic": "only words for people differ",
    "accepted": "it could be told apart, and a test of it would not be worth having",
}


@dataclass(frozen=True)
class Accepted:
    """One mutant that may survive: why (one of KINDS), in a sentence."""

    name: Name
    kind: str
    reason: str


@dataclass(frozen=True)
class Score:
    """Of one file: its mutants, those killed, and the changes of prose that were left out."""

    mutants: int
    killed: int
    left_out: int

    @property
    def percent(self) -> float:
        """100 where there is nothing to kill."""
        return 100 * self.killed / self.mutants if self.mutants else 100.0


def total(scores: Iterable[Score]) -> Score:
    """The sum of several files."""
    every = list(scores)
    return Score(sum(it.mutants for it in every), sum(it.killed for it in every),
                 sum(it.left_out for it in every))


def survivors() -> list[Accepted]:
    """All accepted survivors; `after` in the file may be a list of several changes."""
    found: list[Accepted] = []
    for raw in json.loads(SURVIVORS.read_text(encoding="utf-8")):
        afters = raw["after"] if isinstance(raw["after"], list) else [raw["after"]]
        found += [Accepted(Name(raw["file"], raw["where"], raw["before"], after,
                                raw.get("nth", 1)), raw["kind"], raw["reason"])
                  for after in afters]
    return found


def scores() -> dict[str, Score]:
    """The newest score of every file that was measured."""
    return {file: Score(**values) for file, values in _read().items() if values is not None}


def written() -> list[str]:
    """Every file that the page names, measured or not."""
    return list(_read())


def save_scores(files: Iterable[str], found: Mapping[str, Score]) -> None:
    """Write score.json: null for a file that was not measured."""
    raw = {file: asdict(found[file]) if file in found else None for file in files}
    SCORE.write_text(json.dumps(raw, indent=1) + "\n", encoding="utf-8")


def _read() -> dict[str, Any]:
    raw: dict[str, Any] = json.loads(SCORE.read_text(encoding="utf-8"))
    return raw


def names_code(name: Name) -> bool:
    """Whether the lines that a mutant changes are still where its name says."""
    path = ROOT / name.file
    if not path.exists():
        return False
    text = path.read_text(encoding="utf-8")
    part = text if not name.where else _part(text, name.where)
    return part is not None and name.before in "\n".join(
        line.strip() for line in part.splitlines())


def _part(text: str, where: str) -> str | None:
    """The text of one function or class, by its dotted name."""
    node: ast.AST = ast.parse(text)
    for word in where.split("."):
        inner = [child for child in ast.walk(node) if child is not node and isinstance(
            child, ast.FunctionDef | ast.ClassDef) and child.name == word]
        if not inner:
            return None
        node = inner[0]
    assert isinstance(node, ast.FunctionDef | ast.ClassDef)
    return "\n".join(text.splitlines()[node.lineno - 1:node.end_lineno])
