"""Shows rows as one table, on a terminal or as plain text, and writes the JSON report."""

from __future__ import annotations

import json
import os
import platform
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich.box import ASCII_DOUBLE_HEAD, SIMPLE
from rich.table import Table

from scripts.benchmark.figures import HIT

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rich.console import Console

    from scripts.benchmark.figures import Row
    from scripts.benchmark.run import Run

PLAIN_WIDTH = 200
COLUMNS = ("", "this project", "beside", "it takes", "ratio", "least", "aim", "")


def show(console: Console, rows: Sequence[Row], run: Run) -> None:
    """The table, then what has to be said about it."""
    console.print(_table(rows, is_plain=not console.is_terminal))
    for note in run.notes:
        console.print(note, markup=False, highlight=False, soft_wrap=True)
    missed = [row for row in rows if row.verdict not in ("", HIT)]
    aimed = [row for row in rows if row.verdict]
    console.print(f"{len(aimed) - len(missed)} of {len(aimed)} aims hit. Ratios: this project's "
                  "over the other's, per round; median and least of all rounds. Figures with "
                  "units are medians on this machine, under its load of now.",
                  highlight=False, soft_wrap=True)


def _table(rows: Sequence[Row], *, is_plain: bool) -> Table:
    table = Table(box=ASCII_DOUBLE_HEAD if is_plain else SIMPLE, pad_edge=False,
                  show_edge=False)
    for column in COLUMNS:
        is_ratio = column in ("ratio", "least")
        table.add_column(column, justify="right" if is_ratio else "left",
                         no_wrap=is_plain or is_ratio, overflow="fold")
    section = ""
    for row in rows:
        if row.section != section:
            if section:
                table.add_section()
            section = row.section
            table.add_row(f"[bold]{section}[/]")
        table.add_row(*_cells(row))
    return table


def _cells(row: Row) -> tuple[str, ...]:
    ratio = ("", "") if row.ratio is None else (
        f"{row.ratio.median:.2f}", f"{row.ratio.minimum:.2f}")
    color = {"": "default", HIT: "green"}.get(row.verdict, "red")
    return ("  " + row.what, row.ours, row.beside, row.theirs, *ratio,
            row.aim.text if row.aim else "", f"[{color}]{row.verdict}[/]")


def save(path: Path, rows: Sequence[Row], run: Run) -> None:
    """Rows, notes and every single value as JSON."""
    report = {"machine": machine(), "rounds": run.rounds, "notes": run.notes,
              "rows": [{**asdict(row), "verdict": row.verdict} for row in rows],
              "raw": run.raw}
    path.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def machine() -> dict[str, Any]:
    """What was measured on, and how busy it was."""
    return {"python": platform.python_version(), "system": platform.platform(),
            "processor": platform.machine(), "cpus": os.cpu_count(),
            "load": os.getloadavg() if hasattr(os, "getloadavg") else None,
            "executable": os.path.basename(sys.executable)}
