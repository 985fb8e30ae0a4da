"""Timer expressions of Function Compute: six cron fields, `CRON_TZ=` and `@every`.

The timer schedule calls `parse(...)` once and `next_after(...)` for every tick. Fields and ranges
are those of the time-trigger page (document 171746): seconds, minutes, hours, day of month, month,
day of week (1 is Monday), UTC unless `CRON_TZ=<zone>` comes first.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterator

_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
_UNITS_S = {"s": 1, "m": 60, "h": 3600}
_SHORTEST_INTERVAL_S = 60
# A leap day that must also fall on one weekday can be 28 years away, 40 across a skipped leap year.
_SEARCH_DAYS = 41 * 366


class CronError(ValueError):
    """The expression is not one that Function Compute accepts."""


@dataclass(frozen=True)
class _Field:
    name: str
    low: int
    high: int
    names: tuple[str, ...] = ()
    may_be_open: bool = False

    def parse(self, text: str) -> frozenset[int]:
        """The values that the field allows."""
        values: set[int] = set()
        for part in text.split(","):
            values.update(self._parse_part(part))
        return frozenset(values)

    def _parse_part(self, part: str) -> range:
        span, slash, step_text = part.partition("/")
        step = self._number(step_text) if slash else 1
        if step < 1:
            raise CronError(f"{self.name}: a step must be positive in {part!r}")
        if span == "*" or (span == "?" and self.may_be_open):
            return range(self.low, self.high + 1, step)
        first_text, dash, last_text = span.partition("-")
        first = self._value(first_text)
        last = self._value(last_text) if dash else (self.high if slash else first)
        if last < first:
            raise CronError(f"{self.name}: {part!r} runs backwards")
        return range(first, last + 1, step)

    def _value(self, text: str) -> int:
        if text.upper() in self.names:
            return self.names.index(text.upper()) + 1
        number = self._number(text)
        if not self.low <= number <= self.high:
            raise CronError(f"{self.name}: {number} is not within {self.low}-{self.high}")
        return number

    def _number(self, text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,4}", text):
            raise CronError(f"{self.name}: cannot read {text!r}")
        return int(text)


_FIELDS = (
    _Field("seconds", 0, 59),
    _Field("minutes", 0, 59),
    _Field("hours", 0, 23),
    _Field("day of month", 1, 31, may_be_open=True),
    _Field("month", 1, 12, _MONTHS),
    _Field("day of week", 1, 7, _DAYS, may_be_open=True),
)


@dataclass(frozen=True)
class Interval:
    """`@every 5m`: a fixed distance, counted from the moment the trigger was created."""

    every_s: int

    def next_after(self, after_s: int, *, anchor_s: int = 0) -> int:
        """The first firing later than `after_s` (Unix seconds)."""
        passed = max(0, (after_s - anchor_s) // self.every_s)
        return anchor_s + (passed + 1) * self.every_s


@dataclass(frozen=True)
class Calendar:
    """Six cron fields in a time zone."""

    fields: tuple[frozenset[int], ...]
    days_are_alternatives: bool
    zone: tzinfo

    def next_after(self, after_s: int, *, anchor_s: int = 0) -> int:
        """The first firing later than `after_s` (Unix seconds); `anchor_s` does not matter here.

        Raises CronError when there is none, such as for 30 February.
        """
        del anchor_s
        start = datetime.fromtimestamp(after_s, self.zone).date()
        # One day back: a zone change can make yesterday's last hours later than `after_s`.
        for offset in range(-1, _SEARCH_DAYS):
            day = start + timedelta(days=offset)
            if self._day_matches(day):
                for moment_s in self._moments(day, after_s):
                    if moment_s > after_s:
                        return moment_s
        raise CronError("the expression never fires")

    def matches(self, at_s: int) -> bool:
        """Whether the timer fires at exactly this second."""
        local = datetime.fromtimestamp(at_s, self.zone)
        seconds, minutes, hours = self.fields[:3]
        return (
            local.second in seconds
            and local.minute in minutes
            and local.hour in hours
            and self._day_matches(local.date())
        )

    def _day_matches(self, day: date) -> bool:
        _, _, _, days, months, weekdays = self.fields
        if day.month not in months:
            return False
        in_month, in_week = day.day in days, day.isoweekday() in weekdays
        return (in_month or in_week) if self.days_are_alternatives else (in_month and in_week)

    def _moments(self, day: date, after_s: int) -> Iterator[int]:
        """The day's firings in order, without the hours and minutes that end by `after_s`."""
        seconds, minutes, hours = (sorted(values) for values in self.fields[:3])
        for hour in hours:
            if self._at(day, time(hour, 59, 59)) <= after_s:
                continue
            for minute in minutes:
                if self._at(day, time(hour, minute, 59)) > after_s:
                    yield from self._existing(day, hour, minute, seconds)

    def _existing(self, day: date, hour: int, minute: int, seconds: list[int]) -> Iterator[int]:
        for second in seconds:
            at_s = self._at(day, time(hour, minute, second))
            # A local time that a zone change skips does not exist, so it does not fire.
            if datetime.fromtimestamp(at_s, self.zone).hour == hour:
                yield at_s

    def _at(self, day: date, local: time) -> int:
        return int(datetime.combine(day, local, self.zone).timestamp())


def parse(expression: str) -> Interval | Calendar:
    """Read a cronExpression. Raises CronError with the reason."""
    text = expression.strip()
    if text.startswith("@every"):
        return _parse_interval(text)
    zone: tzinfo = timezone.utc
    if text.startswith("CRON_TZ="):
        name, _, text = text.removeprefix("CRON_TZ=").partition(" ")
        zone = _zone(name)
    parts = text.split()
    if len(parts) != len(_FIELDS):
        raise CronError(f"{len(_FIELDS)} fields are needed, seconds first; got {len(parts)}")
    fields = tuple(field.parse(part) for field, part in zip(_FIELDS, parts, strict=True))
    both_restricted = all(not parts[index].startswith(("*", "?")) for index in (3, 5))
    return Calendar(fields, both_restricted, zone)


def _parse_interval(text: str) -> Interval:
    found = re.fullmatch(r"@every\s+([0-9]{1,6})([smh])", text)
    if found is None:
        raise CronError(f"cannot read {text!r}; an interval looks like '@every 5m'")
    every_s = int(found[1]) * _UNITS_S[found[2]]
    if every_s < _SHORTEST_INTERVAL_S:
        raise CronError("the shortest interval is one minute")
    return Interval(every_s)


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise CronError(f"there is no time zone called {name!r}") from error
