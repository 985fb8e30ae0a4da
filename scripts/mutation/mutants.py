"""A mutant, and how the mutation library's own environment is asked for them."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scripts.mutation.targets import ROOT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scripts.mutation.targets import Target

GENERATOR = ROOT / ".venv-mutation" / "bin" / "python"


@dataclass(frozen=True)
class Name:
    """What a mutant is called: it stays the same while other lines come and go.

    `where` is the function or class ("" for the module); `before` and `after` are the lines
    that differ, without indentation; `nth` counts equal changes in one place, from 1.
    """

    file: str
    where: str
    before: str
    after: str
    nth: int = 1


@dataclass(frozen=True)
class Mutant:
    """One changed file: where the change is, what kind it is, and the whole text."""

    name: Name
    line: int
    operator: str
    source: str


def generate(chosen: Sequence[Target]) -> tuple[list[Mutant], dict[str, int]]:
    """All mutants of these files, and per file how many changes of prose were left out."""
    command = [str(GENERATOR), "-m", "scripts.mutation.generate", *(it.file for it in chosen)]
    output = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout
    found: list[Mutant] = []
    left_out: dict[str, int] = {}
    for line in output.decode().splitlines():
        raw = json.loads(line)
        if "left_out" in raw:
            left_out[raw["file"]] = raw["left_out"]
        else:
            name = Name(raw["file"], raw["where"], raw["before"], raw["after"], raw["nth"])
            found.append(Mutant(name, raw["line"], raw["operator"], raw["source"]))
    return found, left_out
