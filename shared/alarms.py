"""Every alarm: how urgent it is, and which page of docs/runbooks says what to do.

An alarm is a line of the log with `"alarm":true`; the log adds its severity from here. Each name
is a heading of its runbook.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple


class Severity(str, Enum):
    """When a person must look."""

    NOW = "now"
    """Buyers are hurt while it lasts: wake somebody."""
    TODAY = "today"
    """Money or a promise waits for a person."""
    WEEK = "week"
    """Nothing is lost; somebody should know."""


class Alarm(NamedTuple):
    """`runbook` is a page of docs/runbooks, without its ending."""

    severity: Severity
    runbook: str


ALARMS: dict[str, Alarm] = {
    "complaint.changed": Alarm(Severity.TODAY, "complaints"),
    "complaint.failed": Alarm(Severity.TODAY, "complaints"),
    "complaint.unanswered": Alarm(Severity.TODAY, "complaints"),
    "complaint.unknown": Alarm(Severity.WEEK, "complaints"),
    "function.crashed": Alarm(Severity.NOW, "functions"),
    "keys.expired": Alarm(Severity.NOW, "keys"),
    "keys.expiring": Alarm(Severity.TODAY, "keys"),
    "notify.refused": Alarm(Severity.NOW, "functions"),
    "order.refused_by_provider": Alarm(Severity.NOW, "payments"),
    "payment.fact_unfit": Alarm(Severity.NOW, "payments"),
    "payment.held": Alarm(Severity.TODAY, "payments"),
    "payment.held_waits": Alarm(Severity.TODAY, "payments"),
    "reconcile.difference": Alarm(Severity.TODAY, "reconciliation"),
    "reconcile.failed": Alarm(Severity.TODAY, "reconciliation"),
    "reconcile.overdue": Alarm(Severity.TODAY, "reconciliation"),
    "reconcile.untrusted_bill": Alarm(Severity.TODAY, "reconciliation"),
    "refund.given_up": Alarm(Severity.TODAY, "refunds"),
    "refund.needs_approval": Alarm(Severity.TODAY, "refunds"),
    "refund.needs_operator": Alarm(Severity.TODAY, "refunds"),
    "refund.postponed": Alarm(Severity.TODAY, "refunds"),
    "refund.refused": Alarm(Severity.TODAY, "refunds"),
    "refund.unexplained": Alarm(Severity.TODAY, "refunds"),
    "refund.unfit": Alarm(Severity.TODAY, "refunds"),
    "timer.failed": Alarm(Severity.NOW, "timers"),
    "work.backlog": Alarm(Severity.NOW, "timers"),
    "work.crashed": Alarm(Severity.NOW, "timers"),
    "work.failed": Alarm(Severity.TODAY, "timers"),
    "work.unreadable": Alarm(Severity.TODAY, "timers"),
}
"""What may be told with `alarm=True`, and nothing else."""
