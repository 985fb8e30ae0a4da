"""What holds for every test: properties have no deadline, for a busy machine is no mistake."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import settings

if TYPE_CHECKING:
    from _pytest.terminal import TerminalReporter

settings.register_profile("tongbao", deadline=None, print_blob=True)
settings.load_profile("tongbao")


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    """Show what tests counted with `record_property("counted", ...)`, from all workers."""
    lines = {text for reports in terminalreporter.stats.values() for report in reports
             for name, text in getattr(report, "user_properties", ()) if name == "counted"}
    if lines:
        terminalreporter.section("counted")
        for line in sorted(lines):
            terminalreporter.write_line(line)
