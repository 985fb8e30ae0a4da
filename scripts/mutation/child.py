"""What happens in the forked process of one mutant: the tests run against the changed file.

Nothing is written into the work tree. The changed text is put in the place of the file when
it is first imported, so constants, tables, properties and decorated functions change as well.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
import traceback
import warnings
from dataclasses import dataclass, field
from importlib.abc import Loader, MetaPathFinder
from importlib.util import spec_from_file_location
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest

from scripts.mutation.targets import ROOT

if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec
    from pathlib import Path
    from types import ModuleType

EXAMPLES = 40
MEMORY_BYTES = 4 * 2**30
WALL_PER_CPU = 20  # a busy machine must not turn a slow test into a killed mutant
SURVIVED, KILLED, IMPORT, ENDLESS = "survived", "killed", "import", "endless"


@dataclass(frozen=True)
class Job:
    """One run: the tests, the module to replace (None: a run without a change), the limits.

    `likely` are test ids, the most promising first; `seconds` are those of the same tests
    without a change.
    """

    tests: tuple[str, ...]
    cpu_s: int
    module: str | None = None
    source: str = ""
    likely: Sequence[str] = ()
    seconds: dict[str, float] = field(default_factory=dict)


class Replacement(MetaPathFinder, Loader):
    """Imports one module from a given text instead of its file."""

    def __init__(self, module: str, source: str) -> None:
        self._module, self._source = module, source
        self._path = str(ROOT / (module.replace(".", "/") + ".py"))

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> ModuleSpec | None:
        if fullname != self._module:
            return None
        return spec_from_file_location(fullname, self._path, loader=self)

    def exec_module(self, module: ModuleType) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # `1 is 2` is worth a warning, and no kill
            code = compile(self._source, self._path, "exec")
        exec(code, module.__dict__)


class Plugin:
    """Runs the tests that are likely to fail first, and remembers how it ended."""

    def __init__(self, job: Job) -> None:
        self._rank = {test: place for place, test in enumerate(job.likely)}
        self._seconds = job.seconds
        self.durations: dict[str, float] = {}
        self.failed: str | None = None
        self.broken = False
        """Whether a test file could not be imported."""

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self) -> None:
        hypothesis.settings.register_profile(
            "mutation", deadline=None, derandomize=True, database=None, max_examples=EXAMPLES,
            phases=(hypothesis.Phase.explicit, hypothesis.Phase.generate))
        hypothesis.settings.load_profile("mutation")

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        last = len(self._rank)
        items.sort(key=lambda item: (self._rank.get(item.nodeid, last),
                                     self._seconds.get(item.nodeid, 0.0)))

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        self.broken |= report.failed

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.durations[report.nodeid] = self.durations.get(report.nodeid, 0) + report.duration
        if report.failed and self.failed is None:
            self.failed = report.nodeid


def run(job: Job, outcome: Path, log: Path) -> None:
    """Run the tests and write {exit, failed, cpu_s, durations}; never returns."""
    try:
        _be_alone(log)
        _limit(job.cpu_s)
        if job.module is not None:
            sys.meta_path.insert(0, Replacement(job.module, job.source))
        code, plugin = _killed_by_the_likely(job) or _pytest(job, job.tests)
        used = resource.getrusage(resource.RUSAGE_SELF)
        outcome.write_text(json.dumps({
            "exit": code, "failed": plugin.failed,
            "cpu_s": used.ru_utime + used.ru_stime,
            "durations": plugin.durations if job.module is None else {}}))
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)


def _killed_by_the_likely(job: Job) -> tuple[int, Plugin] | None:
    """The few tests that killed the neighbors, without collecting the others.

    What fails otherwise proves nothing: a change may take away the ids that are asked for.
    """
    if not job.likely:
        return None
    code, plugin = _pytest(job, job.likely)
    return (code, plugin) if plugin.failed is not None or plugin.broken else None


def _pytest(job: Job, tests: Sequence[str]) -> tuple[int, Plugin]:
    plugin = Plugin(job)
    code = pytest.main(["-x", "-q", "--tb=short", "-p", "no:cacheprovider", "-p", "no:xdist",
                        "-W", "ignore::pytest.PytestAssertRewriteWarning", *tests],
                       plugins=[plugin])
    return int(code), plugin


def _be_alone(log: Path) -> None:
    """Own output, and the signals' own meaning."""
    sys.dont_write_bytecode = True
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # none is needed, and looking costs time
    number = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.dup2(number, 1)
    os.dup2(number, 2)
    os.close(number)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _limit(cpu_s: int) -> None:
    """An endless loop ends by processor time, not by the clock."""
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    signal.alarm(cpu_s * WALL_PER_CPU)
