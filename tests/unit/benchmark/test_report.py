"""The table and the JSON report of the benchmark."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

from rich.console import Console

from scripts.benchmark import report
from scripts.benchmark.figures import Aim, Ratio, Row
from scripts.benchmark.run import Run

if TYPE_CHECKING:
    from pathlib import Path

ROWS = [Row("Cold start", "notify: CPU time", "200 ms", "plain stack", "400 ms",
            Ratio(0.5, 0.45), Aim("≤ 0.6", limit=0.6)),
        Row("Requests", "notify", "2R 1W", aim=Aim("1R 1W", count="1R 1W"))]


def show(**options: bool) -> str:
    out = io.StringIO()
    run = Run(rounds=2, share_rounds=1)
    run.note("Skipped: something [of] note.")
    report.show(Console(file=out, width=report.PLAIN_WIDTH, **options), ROWS, run)
    return out.getvalue()


def test_without_a_terminal_the_table_is_plain_text() -> None:
    text = show()
    assert "\x1b" not in text
    lines = {line.split("|")[0].strip(): line for line in text.splitlines() if "|" in line}
    cells = [cell.strip() for cell in lines["notify: CPU time"].split("|")]
    assert cells == ["notify: CPU time", "200 ms", "plain stack", "400 ms", "0.50", "0.45",
                     "≤ 0.6", "hit"]
    assert "missed" in lines["notify"]


def test_notes_and_the_number_of_hits_follow_the_table() -> None:
    text = show()
    assert "Skipped: something [of] note." in text
    assert "1 of 2 aims hit" in text


def test_a_terminal_gets_colors() -> None:
    assert "\x1b[32mhit" in show(force_terminal=True)


def test_the_json_report_holds_rows_verdicts_and_single_values(tmp_path: Path) -> None:
    run = Run(rounds=2, share_rounds=1)
    run.keep("start", [1.5, 2.5])
    report.save(tmp_path / "report.json", ROWS, run)
    found = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert [row["verdict"] for row in found["rows"]] == ["hit", "missed"]
    assert found["raw"] == {"start": [1.5, 2.5]}
    assert found["machine"]["cpus"] >= 1
