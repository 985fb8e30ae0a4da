"""`scripts/mutate`: mutates, runs the tests, compares with the committed list of survivors."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from scripts.mutation import accepted, report
from scripts.mutation.accepted import Score
from scripts.mutation.child import SURVIVED
from scripts.mutation.forks import Forks, Unsound, Verdict, preload
from scripts.mutation.mutants import generate
from scripts.mutation.relevance import relevant
from scripts.mutation.targets import ROOT, Target, targets

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scripts.mutation.mutants import Name

UNLISTED = ROOT / "build" / "mutation" / "unlisted.json"
"""Where survivors without a reason are put, in the form of survivors.json."""


@dataclass
class Findings:
    """What one run found."""

    scores: dict[str, Score] = field(default_factory=dict)
    survived: list[Verdict] = field(default_factory=list)
    seen: set[Name] = field(default_factory=set)
    """Every mutant of this run."""


def main(arguments: list[str]) -> int:
    """0 when every layer has its score and every survivor its reason."""
    options = _options(arguments)
    chosen = [relevant(it) for it in targets()
              if not options.words or any(word in it.file for word in options.words)]
    if not chosen:
        sys.exit(f"scripts/mutate: no file has one of these words: {' '.join(options.words)}")
    console = Console(width=None if sys.stdout.isatty() else 100)
    began = time.monotonic()
    try:
        found = _measure(console, chosen, options)
    except Unsound as error:
        console.print(f"The tests fail without any change:\n{error}", markup=False)
        return 1
    report.show(console, chosen, found.scores)
    console.print(f"{time.monotonic() - began:.0f} s, {options.workers} at a time")
    return 0 if _compare(console, found) else 1


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/mutate", description="Mutation tests of shared/domain and of the "
        "verification library. docs/mutation.md explains them and has the score.")
    parser.add_argument("words", nargs="*", metavar="WORD",
                        help="only the files whose path has one of these words")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, metavar="N",
                        help="mutants at a time (default: one per core)")
    parser.add_argument("--write", action="store_true",
                        help="write the scores of this run into docs/mutation.md")
    options = parser.parse_args(arguments)
    if options.workers < 1:
        parser.error("at least one worker")
    return options


def _measure(console: Console, chosen: Sequence[Target],
             options: argparse.Namespace) -> Findings:
    """Run all of them; what one file gave is shown and written before the next begins."""
    mutants, left_out = generate(chosen)
    found = Findings(seen={mutant.name for mutant in mutants})
    preload()
    forks = Forks(options.workers)
    # The bar is redrawn by hand: a thread that draws would be lost in every fork.
    with Progress(TextColumn("{task.description:44}"), BarColumn(), MofNCompleteColumn(),
                  TimeElapsedColumn(), console=Console(stderr=True), auto_refresh=False,
                  disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task("", total=len(mutants))

        def advance() -> None:
            progress.advance(task)
            progress.refresh()

        for target in chosen:
            progress.update(task, description=target.file)
            own = [mutant for mutant in mutants if mutant.name.file == target.file]
            verdicts = forks.run(target, own, advance)
            alive = [verdict for verdict in verdicts if verdict.outcome == SURVIVED]
            found.survived += alive
            found.scores[target.file] = Score(len(own), len(own) - len(alive),
                                              left_out[target.file])
            _note(console, found, target.file)
            if options.write:
                _write(found)
    return found


def _note(console: Console, found: Findings, file: str) -> None:
    if not sys.stderr.isatty():
        score = found.scores[file]
        print(f"{file}: {score.killed} of {score.mutants} killed", file=sys.stderr, flush=True)
    unlisted = _unlisted(found)
    report.show_verdicts(console, "survived, and not listed",
                         [it for it in unlisted if it.mutant.name.file == file])
    UNLISTED.parent.mkdir(parents=True, exist_ok=True)
    UNLISTED.write_text(json.dumps([
        {**asdict(it.mutant.name), "kind": "", "reason": ""} for it in unlisted],
        indent=1, ensure_ascii=False), encoding="utf-8")


def _unlisted(found: Findings) -> list[Verdict]:
    listed = {entry.name for entry in accepted.survivors()}
    return [it for it in found.survived if it.mutant.name not in listed]


def _compare(console: Console, found: Findings) -> bool:
    """Say what does not fit the committed list, or is below the mark."""
    listed = {entry.name for entry in accepted.survivors()}
    unlisted = _unlisted(found)
    if unlisted:
        console.print(f"\n{len(unlisted)} survived and are not listed: {UNLISTED}")
    files = set(found.scores)
    alive = {it.mutant.name for it in found.survived}
    gone = [name for name in listed if name.file in files and name not in alive]
    for name in gone:
        state = "is killed" if name in found.seen else "is no mutant any more"
        console.print(f"\nlisted, but {state}: {name}", markup=False)
    low = [layer for layer, score in _layers(found).items()
           if score.percent < report.LEAST_PERCENT]
    for layer in low:
        console.print(f"\n{layer}: less than {report.LEAST_PERCENT:.0f} % killed")
    return not (unlisted or gone or low)


def _layers(found: Findings) -> dict[str, Score]:
    return {title: accepted.total(found.scores[it.file] for it in targets()
                                  if it.layer == layer and it.file in found.scores)
            for layer, title in report.LAYERS.items()}


def _write(found: Findings) -> None:
    """Merge this run's scores with those written before, and write the page."""
    known = {**accepted.scores(), **found.scores} if accepted.SCORE.exists() else found.scores
    accepted.save_scores([it.file for it in targets()], known)
    text = report.document(targets(), accepted.scores(), accepted.survivors())
    report.DOCUMENT.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
