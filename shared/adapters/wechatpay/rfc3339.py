"""RFC 3339 times as WeChat Pay writes and wants them (always with an offset; ours is +08:00)."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

_SHAPE = re.compile(r"[12][0-9]{3}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}"
                    r"(?:Z|[+-][0-9]{2}:[0-9]{2})")
_CHINA = timezone(timedelta(hours=8))
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def parse(text: str) -> int:
    """Seconds since 1970 of e.g. 2018-06-08T10:34:56+08:00; raises ValueError.

    The shape is checked first because fromisoformat takes more, and more with every Python.
    """
    if _SHAPE.fullmatch(text) is None:
        raise ValueError("not an RFC 3339 time with an offset")
    since = datetime.fromisoformat(text.replace("Z", "+00:00")) - _EPOCH
    return since.days * 86400 + since.seconds


def format_china(time_s: int) -> str:
    """The moment in Chinese time, independent of the machine's own zone."""
    return datetime.fromtimestamp(time_s, _CHINA).isoformat()
