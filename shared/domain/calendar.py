"""Days as the provider's bills count them: Beijing time (UTC+8, no daylight saving since 1991)."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

BEIJING = timezone(timedelta(hours=8))
DAY_S = 86_400
FORM = "%Y-%m-%d"


def day_of(at_s: int) -> str:
    """The Beijing day (YYYY-MM-DD) of a time in seconds."""
    return datetime.fromtimestamp(at_s, BEIJING).strftime(FORM)


def start_of(day: str) -> int:
    """When that day began, in seconds; raises ValueError for anything but a real YYYY-MM-DD."""
    found = datetime.strptime(day, FORM).replace(tzinfo=BEIJING)
    if found.strftime(FORM) != day:
        raise ValueError("a day is written YYYY-MM-DD")
    return int(found.timestamp())


def days_after(day: str, count: int) -> str:
    """The day `count` days later (earlier, when negative)."""
    return day_of(start_of(day) + count * DAY_S)
