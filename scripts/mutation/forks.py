"""One process per mutant, a few at a time, all forked from one that has the libraries loaded.

The parent imports pytest, hypothesis and cryptography, and never anything of `shared` or
`tests`: each child imports those anew, with its one change.
"""

from __future__ import annotations

import gc
import importlib
import json
import math
import os
import signal
import tempfile
from collections import defaultdict
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from _pytest.config import default_plugins

from scripts.mutation import child
from scripts.mutation.child import ENDLESS, IMPORT, KILLED, SURVIVED, Job

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from scripts.mutation.mutants import Mutant
    from scripts.mutation.targets import Target

PRELOADED = (
    "_pytest.assertion.rewrite", "hypothesis.stateful", "hypothesis.strategies", "sqlite3",
    "cryptography.x509", "cryptography.hazmat.primitives.asymmetric.rsa",
    "cryptography.hazmat.primitives.asymmetric.padding",
    "cryptography.hazmat.primitives.asymmetric.ed25519",
    "cryptography.hazmat.primitives.ciphers.aead",
    "cryptography.hazmat.primitives.serialization", "wechatpayv3.utils", "decimal", "http.client")
BASELINE_CPU_S = 300
LEAST_CPU_S = 10
CPU_FACTOR = 8
LIKELY = 4
"""How many of the tests that killed the neighbors are tried first."""


class Unsound(Exception):
    """The tests fail without any change: there is nothing to learn from them."""


@dataclass(frozen=True)
class Verdict:
    """How one mutant ended: survived, or killed by a test, at import, or as endless."""

    mutant: Mutant
    outcome: str
    failed: str | None = None
    log: str = ""


@dataclass(frozen=True)
class Baseline:
    """The tests of one layer without a change."""

    cpu_s: float
    seconds: dict[str, float]

    @property
    def limit_s(self) -> int:
        """Processor time after which a mutant counts as endless."""
        return max(LEAST_CPU_S, math.ceil(self.cpu_s * CPU_FACTOR))


def preload() -> None:
    """Load what every child needs and no mutant changes."""
    for name in (*PRELOADED, *(f"_pytest.{plugin}" for plugin in default_plugins)):
        with suppress(ImportError):
            importlib.import_module(name)
    gc.freeze()  # else every child walks, and so copies, all of it


class Forks:
    """Runs jobs in children, at most `workers` at a time."""

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._baselines: dict[tuple[str, ...], Baseline] = {}
        self._killers: dict[tuple[str, str], list[str]] = defaultdict(list)

    def baseline(self, target: Target) -> Baseline:
        """Time the tests of `target` once; raises Unsound when one fails."""
        known = self._baselines.get(target.tests)
        if known is None:
            with tempfile.TemporaryDirectory() as folder:
                outcome, log = Path(folder, "outcome"), Path(folder, "log")
                pid = _start(Job(target.tests, BASELINE_CPU_S), outcome, log)
                os.waitpid(pid, 0)
                if not outcome.exists() or json.loads(outcome.read_text())["exit"] != 0:
                    raise Unsound(log.read_text(errors="replace")[-3000:])
                raw = json.loads(outcome.read_text())
            known = self._baselines[target.tests] = Baseline(raw["cpu_s"], raw["durations"])
        return known

    def run(self, target: Target, mutants: Sequence[Mutant],
            progress: Callable[[], None]) -> list[Verdict]:
        """The verdict on every mutant of one target, in their order."""
        baseline = self.baseline(target)
        verdicts: dict[int, Verdict] = {}
        running: dict[int, int] = {}
        with tempfile.TemporaryDirectory() as folder, _none_left(running):
            for place, mutant in enumerate(mutants):
                if len(running) >= self._workers:
                    self._wait(running, mutants, Path(folder), verdicts)
                    progress()
                job = Job(target.tests, baseline.limit_s, target.module, mutant.source,
                          self._likely(mutant), baseline.seconds)
                running[_start(job, *_paths(Path(folder), place))] = place
            while running:
                self._wait(running, mutants, Path(folder), verdicts)
                progress()
        return [verdicts[place] for place in range(len(mutants))]

    def _wait(self, running: dict[int, int], mutants: Sequence[Mutant], folder: Path,
              verdicts: dict[int, Verdict]) -> None:
        pid, _ = os.waitpid(-1, 0)
        place = running.pop(pid)
        outcome, log = _paths(folder, place)
        verdict = verdicts[place] = _judge(mutants[place], outcome, log)
        if verdict.failed is not None:
            name = verdict.mutant.name
            for key in ((name.file, name.where), (name.file, "")):
                _first(self._killers[key], verdict.failed)
        for path in (outcome, log):
            path.unlink(missing_ok=True)

    def _likely(self, mutant: Mutant) -> Sequence[str]:
        """Tests that killed other mutants of the same function, then of the same file."""
        file, where = mutant.name.file, mutant.name.where
        found = [*self._killers[file, where][:LIKELY], *self._killers[file, ""][:LIKELY]]
        return tuple(dict.fromkeys(found))


@contextmanager
def _none_left(running: dict[int, int]) -> Iterator[None]:
    """Whoever interrupts this command leaves no test running behind."""
    try:
        yield
    finally:
        for pid in running:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def _paths(folder: Path, place: int) -> tuple[Path, Path]:
    return folder / f"{place}.outcome", folder / f"{place}.log"


def _start(job: Job, outcome: Path, log: Path) -> int:
    pid = os.fork()
    if pid == 0:
        child.run(job, outcome, log)
    return pid


def _judge(mutant: Mutant, outcome: Path, log: Path) -> Verdict:
    if not outcome.exists():
        return Verdict(mutant, ENDLESS)
    raw: dict[str, Any] = json.loads(outcome.read_text())
    text = log.read_text(errors="replace")
    if raw["exit"] == 0:
        return Verdict(mutant, SURVIVED)
    return Verdict(mutant, IMPORT if raw["failed"] is None else KILLED, raw["failed"], text)


def _first(tests: list[str], test: str) -> None:
    if test in tests:
        tests.remove(test)
    tests.insert(0, test)
