"""All checks over one body of evidence, and the table that shows what came of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from scripts.auditing import (
    book_checks,
    device_checks,
    journal_checks,
    license_checks,
    log_checks,
    money_checks,
    row_checks,
)
from scripts.auditing.evidence import Finding

if TYPE_CHECKING:
    from scripts.auditing.evidence import Check, Evidence

CHECKS: tuple[Check, ...] = (
    *row_checks.CHECKS, *money_checks.CHECKS, *license_checks.CHECKS, *device_checks.CHECKS,
    *book_checks.CHECKS, *journal_checks.CHECKS, *log_checks.CHECKS)


class Result(NamedTuple):
    """What one check came to; `looked_at` None: there was nothing to ask it of."""

    check: str
    asks: str
    looked_at: int | None
    findings: list[Finding]


def audit(evidence: Evidence) -> list[Result]:
    """Ask every check."""
    return [_ask(check, evidence) for check in CHECKS]


def _ask(check: Check, evidence: Evidence) -> Result:
    count = check.number(evidence)
    found = [] if count is None else [Finding(check.name, key, text)
                                      for key, text in check.run(evidence)]
    return Result(check.name, check.asks, count, found)


def findings(results: list[Result]) -> list[Finding]:
    """All that is wrong."""
    return [found for result in results for found in result.findings]


MOST_SHOWN = 20
"""So many findings of one check are listed; the rest is counted."""


def table(results: list[Result]) -> str:
    """The results for people."""
    lines = [f"{'check':16}  {'looked at':>9}  {'wrong':>6}  what must hold"]
    for result in results:
        count = "–" if result.looked_at is None else str(result.looked_at)
        wrong = str(len(result.findings)) if result.findings else "·"
        lines.append(f"{result.check:16}  {count:>9}  {wrong:>6}  {result.asks}")
    for result in results:
        shown = result.findings[:MOST_SHOWN]
        lines += [f"  {found.check}: {found.key}: {found.text}" for found in shown]
        if len(result.findings) > len(shown):
            lines.append(f"  {result.check}: and {len(result.findings) - len(shown)} more")
    return "\n".join(lines)
