"""The command: runs seeds, shows how far it is, and says how to run a failing one again."""

from __future__ import annotations

import argparse
import sys
import time
import traceback
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import TYPE_CHECKING, NamedTuple

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from scripts.simulation.judge import judge
from scripts.simulation.summary import Summary, summarize
from scripts.simulation.town import Settings, Town
from tests.invariants.ground import Broken

if TYPE_CHECKING:
    from collections.abc import Callable


class Result(NamedTuple):
    """What came of one seed: its counts, or what was broken."""

    seed: int
    digest: str
    summary: Summary | None
    broken: str


def simulate(seed: int, orders: int, on_progress: Callable[[int], None] = lambda _: None,
             on_note: Callable[[str], object] | None = None) -> Result:
    """One run, judged. A mistake that shows as an exception is a broken run as well."""
    town = Town(seed, Settings(orders=orders))
    town.engine.on_note = on_note
    try:
        town.run(on_progress)
        checks = judge(town)
    except Exception as error:
        if not isinstance(error, Broken):
            traceback.print_exc()
        text = str(error) if isinstance(error, Broken) else repr(error)
        return Result(seed, town.engine.digest, None,
                      f"{text} (virtual second {town.engine.now_s})")
    return Result(seed, town.engine.digest, summarize(town, checks), "")


def replay_command(seed: int, orders: int) -> str:
    """What runs this very history again."""
    return f"scripts/simulate --seed {seed} --orders {orders}"


def arguments() -> argparse.ArgumentParser:
    """What the command takes."""
    parser = argparse.ArgumentParser(prog="scripts/simulate", description=(
        "Lets a shop live through days in seconds: buyers, WeChat Pay, timers, operators, clocks "
        "and faults, all decided by a seed. Exit code 0: every invariant held in every run."))
    add = parser.add_argument
    add("--seeds", type=int, default=1, metavar="N", help="how many runs (%(default)s)")
    add("--orders", type=int, default=1_000, metavar="M", help="buyers in each (%(default)s)")
    add("--seed", type=int, default=1, metavar="S", help="the first seed (%(default)s)")
    add("--trace", metavar="FILE",
        help="only write every step of the first seed: milliseconds, who, what")
    add("--jobs", type=int, default=1, metavar="J", help="runs at the same time (%(default)s)")
    return parser


def main(given: list[str]) -> int:
    """The exit code."""
    options = arguments().parse_args(given)
    if min(options.seeds, options.orders, options.jobs) < 1:
        print("scripts/simulate: at least one seed, one order and one job", file=sys.stderr)
        return 2
    if options.trace is not None:
        with open(options.trace, "w", encoding="utf-8") as file:
            simulate(options.seed, options.orders, on_note=file.write)
        return 0
    began = time.monotonic()
    total, failed = Summary(), []
    for result in _results(options):
        if result.summary is None:
            failed.append(result)
        else:
            total.add(result.summary)
        if options.seeds == 1:
            print(f"seed {result.seed}: digest {result.digest}")
    print(total.table())
    print(f"{time.monotonic() - began:.0f} s")
    for result in failed:
        print(f"\nseed {result.seed} is broken: {result.broken}\n"
              f"again: {replay_command(result.seed, options.orders)}")
    return 1 if failed else 0


def _results(options: argparse.Namespace) -> list[Result]:
    seeds = range(options.seed, options.seed + options.seeds)
    with Progress(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
                  TimeElapsedColumn(), console=Console(stderr=True)) as progress:
        bar = progress.add_task("buyers", total=options.seeds * options.orders)
        if options.jobs == 1:
            return [simulate(seed, options.orders, lambda came, place=place: progress.update(
                bar, completed=place * options.orders + came))
                for place, seed in enumerate(seeds)]
        results = []
        with ProcessPoolExecutor(options.jobs) as pool:
            for done in as_completed(
                    [pool.submit(simulate, seed, options.orders) for seed in seeds]):
                results.append(done.result())
                progress.update(bar, advance=options.orders)
        return sorted(results)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
