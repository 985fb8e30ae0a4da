"""The runner tells a change that the tests notice from one that they don't.

In a process of its own: it forks, which a process with pytest's threads should not.
"""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache

import pytest

from scripts.mutation.targets import ROOT

SCRIPT = """
import json, sys
from pathlib import Path
from scripts.mutation import forks
from scripts.mutation.mutants import Mutant, Name
from scripts.mutation.targets import DOMAIN, Target

forks.LEAST_CPU_S, forks.CPU_FACTOR = 3, 1
target = Target("shared/domain/money.py", DOMAIN, ("tests/unit/domain/test_money.py",))
code = Path(target.file).read_text(encoding="utf-8")
mutants = [Mutant(Name(target.file, "", old, new), 1, "", code.replace(old, new))
           for old, new in json.load(sys.stdin)]
assert all(mutant.source != code for mutant in mutants[1:])
verdicts = forks.Forks(2).run(target, mutants, lambda: None)
print(json.dumps([[it.outcome, it.failed] for it in verdicts]))
"""
CHANGES = {
    "none": ("", ""),
    "a bound": ("not 0 <= self", "not 1 <= self"),
    "a name": ("class Money:", "class Coin:"),
    "a loop": ("        if type(", "        while True:\n            pass\n        if type("),
}


@cache
def verdicts() -> dict[str, tuple[str, str | None]]:
    done = subprocess.run([sys.executable, "-c", SCRIPT], cwd=ROOT, check=True, text=True,
                          input=json.dumps(list(CHANGES.values())), stdout=subprocess.PIPE)
    return dict(zip(CHANGES, map(tuple, json.loads(done.stdout)), strict=True))


def test_the_code_as_it_is_survives() -> None:
    assert verdicts()["none"] == ("survived", None)


def test_a_changed_bound_is_killed_by_a_test_that_is_named() -> None:
    outcome, failed = verdicts()["a bound"]
    assert outcome == "killed"
    assert failed is not None
    assert failed.startswith("tests/unit/domain/test_money.py::")


@pytest.mark.parametrize(("change", "outcome"), [("a name", "import"), ("a loop", "endless")])
def test_what_cannot_be_imported_or_never_ends_is_told_apart(change: str, outcome: str) -> None:
    assert verdicts()[change] == (outcome, None)
