"""`scripts/bench`: measures everything, or the parts named, and shows one table."""

from __future__ import annotations

import argparse
import logging
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from scripts.benchmark import report
from scripts.benchmark.run import Run

if TYPE_CHECKING:
    from collections.abc import Callable

    from scripts.benchmark.figures import Row

    Part = tuple[str, Callable[[Run], int], Callable[[Run], list[Row]]]

PARTS = ("start", "share", "notify", "license", "call", "requests", "package")
ROUNDS, QUICK_ROUNDS = 15, 3
SHARE_ROUNDS, QUICK_SHARE_ROUNDS = 5, 1


def main(arguments: list[str]) -> int:
    """Exit code 0: a missed aim is a finding, not a failure."""
    options = _options(arguments)
    run = Run(rounds=options.rounds or (QUICK_ROUNDS if options.quick else ROUNDS),
              share_rounds=QUICK_SHARE_ROUNDS if options.quick else SHARE_ROUNDS,
              quick=options.quick)
    logging.getLogger("tablestore").setLevel(logging.ERROR)
    console = Console(width=None if sys.stdout.isatty() else report.PLAIN_WIDTH)
    began = time.monotonic()
    rows = _measure(_chosen(options.parts or PARTS), run)
    report.show(console, rows, run)
    console.print(f"{time.monotonic() - began:.0f} s, {run.rounds} rounds", highlight=False)
    if options.json is not None:
        report.save(options.json, rows, run)
    return 0


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/bench", description="This project beside what one would take instead: "
        "ratios measured in one interleaved run. docs/performance.md explains them.")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of: {' '.join(PARTS)}")
    parser.add_argument("--rounds", type=int, help=f"default {ROUNDS}")
    parser.add_argument("--quick", action="store_true", help="a rough look, within a minute")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every value there")
    options = parser.parse_args(arguments)
    unknown = set(options.parts) - set(PARTS)
    if unknown:
        parser.error(f"no part called {', '.join(sorted(unknown))}; there are: {' '.join(PARTS)}")
    if options.rounds is not None and options.rounds < 1:
        parser.error("at least one round")
    return options


def _chosen(names: tuple[str, ...] | list[str]) -> list[Part]:
    """Imported only when chosen: one part's imports take as long as another's measure."""
    parts: list[Part] = []
    if "start" in names or "share" in names:
        from scripts.benchmark import cold_start

        if "start" in names:
            parts.append(("cold start", cold_start.plan, cold_start.measure))
        if "share" in names:
            parts.append(("cold start on 0.1 CPU", cold_start.plan_on_a_share,
                          cold_start.measure_on_a_share))
    if "notify" in names:
        from scripts.benchmark import notify_cpu

        parts.append(("notify", notify_cpu.plan, notify_cpu.measure))
    if "license" in names:
        from scripts.benchmark import license_cpu

        parts.append(("licenses", license_cpu.plan, license_cpu.measure))
    if "call" in names:
        from scripts.benchmark import api_call

        parts.append(("WeChat call", api_call.plan, api_call.measure))
    if "requests" in names:
        from scripts.benchmark import round_trips

        parts.append(("requests", round_trips.plan, round_trips.measure))
    if "package" in names:
        from scripts.benchmark import sizes

        parts.append(("packages", sizes.plan, sizes.measure))
    return parts


def _measure(parts: list[Part], run: Run) -> list[Row]:
    rows: list[Row] = []
    columns = (TextColumn("{task.description:<22}"), BarColumn(), MofNCompleteColumn(),
               TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        for title, plan, measure in parts:
            task = progress.add_task(title, total=plan(run))
            run.step = lambda task=task: progress.advance(task)  # type: ignore[misc]
            rows += measure(run)
            progress.update(task, completed=plan(run))
    return rows


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
