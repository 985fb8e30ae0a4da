"""The command: gathers the evidence, asks every check, keeps the anchors. See scripts/audit."""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from scripts.auditing import anchors, live
from scripts.auditing.access_log import LogLine, read_log
from scripts.auditing.audit import Result, audit, findings, table
from scripts.auditing.evidence import GRACE_S, SKEW_S, Evidence
from scripts.auditing.journal import UnreadableJournal, from_bills, from_emulator
from scripts.auditing.reading import read

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from scripts.auditing.evidence import Tables
    from scripts.auditing.journal import Journal

ALL_RIGHT, FINDINGS, USAGE = 0, 1, 2
SECOND_LOOK_S = 20


def arguments() -> argparse.ArgumentParser:
    """What the command takes."""
    parser = argparse.ArgumentParser(prog="scripts/audit", description=(
        "Derives again, from the stored rows alone, what must be true of every payment. The rows "
        "are those of the instance that the settings of scripts/create_tables name, or of a "
        "dump. Exit code 0: all is right, 1: findings, 2: called the wrong way."))
    add = parser.add_argument
    add("--rows", type=Path, metavar="FILE", help="read this dump instead of the instance")
    add("--dump", type=Path, metavar="FILE", help="write the rows that were read")
    add("--bill", type=Path, metavar="FILE", action="append", default=[],
        help="a day's trade bill (ALL), plain or .gz, its day in the file's name; again for more")
    add("--gateway", metavar="URL", help="a WeChat Pay emulator, instead of bills")
    add("--log", type=Path, metavar="FILE", action="append", default=[],
        help="log lines of the functions; again for more")
    add("--anchors", type=Path, metavar="DIR",
        help="verify the anchors in this folder, and write today's unless a history is wrong")
    add("--grace", type=int, default=GRACE_S, metavar="S",
        help="what is younger may still be on its way (%(default)s)")
    add("--skew", type=int, default=SKEW_S, metavar="S",
        help="how far clocks may be apart (%(default)s)")
    add("--now", type=int, metavar="S", help="the time of the rows, for a dump; else now")
    return parser


def main(given: list[str], environ: Mapping[str, str],
         sleep: Callable[[float], None] = time.sleep) -> int:
    """The exit code."""
    options = arguments().parse_args(given)
    try:
        source = _source(options, environ)
        results, tables = _look(options, source)
        if findings(results) and options.rows is None:
            # Rows of a living store are not of one moment: only what stays wrong is wrong.
            sleep(SECOND_LOOK_S)
            again, tables = _look(options, source)
            results = [_both(one, two) for one, two in zip(again, results, strict=True)]
    except (UnreadableJournal, anchors.NoAnchors, ValueError, OSError) as error:
        print(f"scripts/audit: {error}", file=sys.stderr)
        return USAGE
    print(table(results))
    if options.dump is not None:
        live.dump(tables, options.dump)
    if options.anchors is not None and not _spoils_anchors(results):
        _anchor(options, tables)
    if findings(results):
        print(f"\n{len(findings(results))} findings.")
        return FINDINGS
    return ALL_RIGHT


def _source(options: argparse.Namespace, environ: Mapping[str, str]) -> Callable[[], Tables]:
    if options.rows is not None:
        return lambda: live.load(options.rows)
    absent = [name for name in live.NEEDED if not environ.get(name)]
    if absent:
        raise ValueError(f"please set {', '.join(absent)}, or give --rows")
    client = live.connect(environ)
    return lambda: live.read_tables(client)


def _look(options: argparse.Namespace,
          source: Callable[[], Tables]) -> tuple[list[Result], Tables]:
    now_s = options.now if options.now is not None else int(time.time())
    tables = source()
    evidence = Evidence(read(tables), now_s, _journal(options), _log(options),
                        options.grace, options.skew)
    results = audit(evidence)
    if options.anchors is not None:
        count, found = anchors.verify(options.anchors, evidence.books)
        results.append(Result(anchors.CHECK, "every anchored head is still in its history",
                              count, found))
    return results, tables


def _journal(options: argparse.Namespace) -> Journal | None:
    if options.gateway is not None:
        return from_emulator(options.gateway)
    return from_bills(options.bill) if options.bill else None


def _log(options: argparse.Namespace) -> list[LogLine] | None:
    if not options.log:
        return None
    return [line for path in options.log
            for line in read_log(path.read_text("utf-8").split("\n"))]


def _both(again: Result, before: Result) -> Result:
    return again._replace(findings=[one for one in again.findings if one in before.findings])


def _spoils_anchors(results: list[Result]) -> bool:
    """Whether something is wrong with histories: they are not anchored as they are then."""
    return any(found.check in (anchors.CHECK, "rows", "chains") for found in findings(results))


def _anchor(options: argparse.Namespace, tables: Tables) -> None:
    now_s = options.now if options.now is not None else int(time.time())
    path = anchors.write(options.anchors, read(tables), now_s)
    if path is None:
        print("\nToday is anchored already.")
    else:
        print(f"\n{path}: keep its digest elsewhere, too:\n{anchors.digest(path)}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
