"""Beijing days, by which bills, the ledger and the anchors count."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

BEIJING = timezone(timedelta(hours=8))


def day_of(at_s: int) -> str:
    """The Beijing day (YYYY-MM-DD) in which this moment lies."""
    return datetime.fromtimestamp(at_s, BEIJING).strftime("%Y-%m-%d")


def start_of(day: str) -> int:
    """When a Beijing day began."""
    return int(datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=BEIJING).timestamp())
