"""What buying, restoring and refunding cost a buyer in this run: told after it, kept on demand."""

from __future__ import annotations

import math
import os
import statistics
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pytest
    from _pytest.terminal import TerminalReporter

PICTURES_WANTED = "TONGBAO_PICTURES"
"""The variable that says whether what the repository keeps of a run is to be replaced."""
README = Path(__file__).parents[2] / "extension" / "README.md"
BEGIN, END = "<!-- measured in the tests -->\n", "<!-- end of what was measured -->\n"


@dataclass(frozen=True)
class Usability:
    """`steps`: what was done, in clicks and seconds. `waits`: seconds from payment to unlocked."""

    steps: Sequence[tuple[str, int, float]]
    waits: Sequence[float]

    @staticmethod
    def of(reports: Sequence[pytest.TestReport]) -> Usability:
        """As tests recorded it, on whichever worker."""
        told = [pair for report in reports for pair in report.user_properties
                if report.when == "teardown"]
        return Usability([_step(value) for name, value in told if name == "usability"],
                         sorted(float(str(value)) for name, value in told
                                if name == "unlocked_after_s"))

    @property
    def wait(self) -> str:
        """The usual one, and the worst but for one in twenty."""
        p95 = self.waits[math.ceil(0.95 * len(self.waits)) - 1]
        return (f"{len(self.waits)} purchases: median {statistics.median(self.waits):.2f} s, "
                f"p95 {p95:.2f} s")

    def table(self) -> str:
        """In Markdown."""
        rows = [f"| {what} | {clicks} | {seconds:.1f} |" for what, clicks, seconds in self.steps]
        busy = f"on {os.cpu_count()} cores under a load of {os.getloadavg()[0]:.1f}"
        return "\n".join(["| what a buyer does | clicks | seconds |", "|---|---|---|", *rows,
                          "", f"From the payment to the feature, {self.wait}, {busy}.", ""])

    def keep(self) -> None:
        """In extension/README.md, where the table stood before."""
        before, _, rest = README.read_text(encoding="utf-8").partition(BEGIN)
        _, _, after = rest.partition(END)
        README.write_text(f"{before}{BEGIN}{self.table()}{END}{after}", encoding="utf-8")


def show(reports: Sequence[pytest.TestReport], terminal: TerminalReporter) -> None:
    """Tell what this run counted; keep it too, where the pictures are to be replaced."""
    counted = Usability.of(reports)
    if not counted.waits:
        return
    terminal.section("usability of the extension")
    for what, clicks, seconds in counted.steps:
        terminal.line(f"{what}: {clicks} clicks, {seconds:.1f} s")
    terminal.line(f"payment to unlocked, {counted.wait}")
    if os.environ.get(PICTURES_WANTED) == "1" and counted.steps:
        counted.keep()


def _step(value: object) -> tuple[str, int, float]:
    assert isinstance(value, tuple | list)
    what, clicks, seconds = value
    return str(what), int(clicks), float(seconds)
