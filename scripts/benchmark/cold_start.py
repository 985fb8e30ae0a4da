"""Cold start: from a new process until a function could take its first request."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

from scripts.benchmark.figures import Aim, Row, paired_ratio, shown
from scripts.benchmark.quota import NoQuota, cpu_share
from scripts.benchmark.rounds import interleave
from scripts.benchmark.start_up import BARE, FUNCTIONS, PLAIN, start_up

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from scripts.benchmark.run import Run
    from scripts.benchmark.start_up import StartUp

SECTION = "Cold start, net of bare Python"
SHARE_SECTION = "Cold start on 0.1 CPU"
SHARE = 0.1
MEASURES: tuple[tuple[str, str, str], ...] = (
    ("wall_ms", "wall time", "ms"), ("cpu_ms", "CPU time", "ms"),
    ("modules", "modules", ""), ("peak_mib", "peak memory", "MiB"))
MOST = 0.6
AIMS = {("notify", "cpu_ms"), ("license_fetch", "cpu_ms")}
"""CPU time: wall time also tells how busy the machine was."""


def plan(run: Run) -> int:
    """How many steps `measure` takes."""
    return (len(FUNCTIONS) + 2) * (run.rounds + 1)


def measure(run: Run) -> list[Row]:
    """Each function beside the plain stack."""
    variants = {what: _starter(what, run) for what in (BARE, PLAIN, *FUNCTIONS)}
    for start in variants.values():  # writes the .pyc files, and fills the page cache
        start()
        run.step()
    found = interleave(variants, run.rounds, run.random, run.step)
    run.keep("cold_start", {what: [vars(each) for each in starts]
                            for what, starts in found.items()})
    _warn_of_uncompiled(found, run)
    return [_row(function, attribute, title, unit, found)
            for function in FUNCTIONS for attribute, title, unit in MEASURES]


def plan_on_a_share(run: Run) -> int:
    """How many steps `measure_on_a_share` takes."""
    return 3 * run.share_rounds


def measure_on_a_share(run: Run) -> list[Row]:
    """The same at a tenth of a CPU, where seconds are at stake: WeChat waits five."""
    found: dict[str, list[StartUp]] = {}
    try:
        with cpu_share(SHARE) as wrap:
            variants = {what: _starter(what, run, wrap)
                        for what in (PLAIN, "notify", "license_fetch")}
            found = interleave(variants, run.share_rounds, run.random, run.step)
    except NoQuota as error:
        run.note(f"Skipped: cold start on {SHARE} CPU ({error}).")
        return []
    run.keep("cold_start_on_a_share", {what: [start.wall_ms for start in starts]
                                       for what, starts in found.items()})
    plain = [start.wall_ms / 1000 for start in found[PLAIN]]
    rows = []
    for function in ("notify", "license_fetch"):
        ours = [start.wall_ms / 1000 for start in found[function]]
        rows.append(Row(SHARE_SECTION, f"{function}: wall time", shown(ours, "s", 1),
                        "plain stack", shown(plain, "s", 1), paired_ratio(ours, plain)))
    return rows


def _starter(what: str, run: Run, wrap: Sequence[str] = ()) -> Callable[[], StartUp]:
    return lambda: start_up(what, run.merchant.environment(), wrap=wrap)


def _row(function: str, attribute: str, title: str, unit: str,
         found: dict[str, list[StartUp]]) -> Row:
    def values(what: str) -> list[float]:
        return [float(getattr(start, attribute)) for start in found[what]]

    floor = values(BARE)
    ours, plain = ([each - ground for each, ground in zip(values(what), floor, strict=True)]
                   for what in (function, PLAIN))
    aim = Aim(f"≤ {MOST}", limit=MOST) if (function, attribute) in AIMS else None
    return Row(SECTION, f"{function}: {title}", shown(ours, unit), "plain stack",
               shown(plain, unit), paired_ratio(values(function), values(PLAIN), floor), aim)


def _warn_of_uncompiled(found: dict[str, list[StartUp]], run: Run) -> None:
    for what, starts in found.items():
        count = median(start.uncompiled for start in starts)
        if count:
            run.note(f"{what}: {count:.0f} modules had no .pyc and were compiled at each start.")
