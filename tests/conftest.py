"""What holds for every test: properties have no deadline, and to make their examples may take
long, for a busy machine is no mistake.

Under CI they try the same examples each time, so that red means the change and not the day;
on a developer's machine new ones. `.ci/run` says so, and so does CI=true.
"""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, settings
from pytest import TestReport

from tests.extension import usability

if TYPE_CHECKING:
    from _pytest.terminal import TerminalReporter

settings.register_profile("tongbao", deadline=None, print_blob=True,
                          suppress_health_check=[HealthCheck.too_slow],
                          derandomize=(os.environ.get("CI") == "true"
                                       or "TONGBAO_SAME_EXAMPLES" in os.environ))
settings.load_profile("tongbao")


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    """Show what tests counted with `record_property`, from all workers.

    A text under "counted" is a line; a dict {row: {column: count}} is summed up into the table
    of its name.
    """
    reports = [report for several in terminalreporter.stats.values() for report in several
               if isinstance(report, TestReport)]
    usability.show(reports, terminalreporter)
    _show_tables(terminalreporter)
    lines = {text for reports in terminalreporter.stats.values() for report in reports
             for name, text in getattr(report, "user_properties", ()) if name == "counted"}
    if lines:
        terminalreporter.section("counted")
        for line in sorted(lines):
            terminalreporter.write_line(line)


def _show_tables(terminalreporter: TerminalReporter) -> None:
    tables: dict[str, dict[str, Counter[str]]] = {}
    for reports in terminalreporter.stats.values():
        for report in reports:
            for name, rows in getattr(report, "user_properties", ()):
                if isinstance(rows, dict) and report.when == "call":
                    for row, counts in rows.items():
                        tables.setdefault(name, {}).setdefault(row, Counter()).update(counts)
    for name, table in sorted(tables.items()):
        terminalreporter.section(f"{name}: {sum(row.total() for row in table.values())}")
        for row, counts in sorted(table.items()):
            shown = ", ".join(f"{column} {count}" for column, count in counts.most_common())
            terminalreporter.write_line(f"{row:52} {counts.total():6}  {shown}")
